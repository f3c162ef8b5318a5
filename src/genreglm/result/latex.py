r"""A summary as LaTeX tables in the manner of booktabs: put \usepackage{booktabs} in the preamble."""

import re

from genreglm.result.summary import Panel, Summary

_SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", **{sign: "\\" + sign for sign in "&%$#_{}"},
}  # fmt: skip
_SIGNS = re.compile("[" + re.escape("".join(_SPECIAL)) + "]")
_MINUS = re.compile(r"-(?=\d|inf)")
_POWER = re.compile(r"(-?)([\d.]+)e([+-]\d+)")


def as_latex(summary: Summary) -> str:
    """Return title, facts, panels and notes as tabulars, one after the other."""
    facts = Panel(summary.title, ("", ""), summary.facts, 2)
    parts = [_tabular(facts, r"lp{0.7\linewidth}"), *(_tabular(panel, _columns(panel)) for panel in summary.panels)]
    parts += [_escaped(note) for note in summary.notes]
    return "\n\n".join(parts) + "\n"


def _columns(panel: Panel) -> str:
    return "l" * panel.words + "r" * (len(panel.header) - panel.words)


def _tabular(panel: Panel, columns: str) -> str:
    head = [_line(panel.header, panel.words), r"\midrule"] if any(panel.header) else []
    lines = [
        r"\begin{tabular}{" + columns + "}",
        rf"\multicolumn{{{len(panel.header)}}}{{l}}{{{_escaped(panel.title)}}} \\",
        r"\toprule",
        *head,
        *(_line(row, panel.words) for row in panel.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _line(cells: tuple[str, ...], words: int) -> str:
    made = [_escaped(cell) if column < words else _number(cell) for column, cell in enumerate(cells)]
    return " & ".join(made) + r" \\"


def _number(cell: str) -> str:
    """Return a number with a minus sign in place of a hyphen, and a power of ten in place of an exponent."""
    power = _POWER.fullmatch(cell)
    if power is not None:
        sign, digits, exponent = power.groups()
        return rf"${sign}{digits}\times 10^{{{int(exponent)}}}$"
    return _MINUS.sub("$-$", _escaped(cell))


def _escaped(text: str) -> str:
    return _SIGNS.sub(lambda found: _SPECIAL[found[0]], text)
