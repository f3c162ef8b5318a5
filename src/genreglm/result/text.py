"""A summary as text of at most 100 characters a line, but for tables whose names are longer."""

import textwrap

from genreglm.result.summary import Panel, Summary

_WIDTH = 100
_NAME = 24


def as_text(summary: Summary) -> str:
    """Return title, facts, panels and notes as text."""
    facts = [
        textwrap.fill(value, _WIDTH, initial_indent=f"{name:<{_NAME}}", subsequent_indent=" " * _NAME)
        for name, value in summary.facts
    ]
    parts = ["\n".join([summary.title, "=" * _WIDTH, *facts]), *map(_panel, summary.panels)]
    if summary.notes:
        parts.append("\n".join(textwrap.fill(note, _WIDTH, subsequent_indent="  ") for note in summary.notes))
    return "\n\n".join(parts) + "\n"


def _panel(panel: Panel) -> str:
    lines = [panel.header, *panel.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(panel.header))]
    aligned = [_line(line, widths, panel.words) for line in lines]
    return "\n".join([textwrap.fill(panel.title, _WIDTH), "-" * _WIDTH, *aligned])


def _line(cells: tuple[str, ...], widths: list[int], words: int) -> str:
    sides = "<" * words + ">" * (len(cells) - words)
    return "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(cells, sides, widths, strict=True)).rstrip()
