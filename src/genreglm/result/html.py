"""A summary as a piece of HTML for notebooks: everything escaped, nothing loaded, at home on light and dark pages."""

from html import escape

from genreglm.result.summary import Panel, Summary

# Colours come from the page (currentColor), so that dark pages need no rules of their own.
_STYLE = """
.genreglm-summary {font-size: 0.9em; line-height: 1.4; max-width: 60em; overflow-x: auto; color: inherit}
.genreglm-summary table {border-collapse: collapse; margin: 0.3em 0 1em; border: 0; color: inherit; background: none}
.genreglm-summary caption {caption-side: top; text-align: left; font-weight: 600; padding: 0.3em 0; color: inherit}
.genreglm-summary tr, .genreglm-summary tr:nth-child(n) {background: none}
.genreglm-summary th, .genreglm-summary td {padding: 0.15em 0.9em 0.15em 0; text-align: left; vertical-align: top;
  border: 0; white-space: normal; font-variant-numeric: tabular-nums}
.genreglm-summary thead th {border-bottom: 1px solid currentColor}
.genreglm-summary .number {text-align: right; white-space: nowrap}
.genreglm-summary .facts th {font-weight: 400; opacity: 0.7; white-space: nowrap}
.genreglm-summary .notes {opacity: 0.85; margin: 0.2em 0}
""".strip()


def as_html(summary: Summary) -> str:
    """Return title, facts, panels and notes as one <div> with its own small style."""
    facts = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in summary.facts
    )
    notes = "".join(f'<p class="notes">{escape(note)}</p>' for note in summary.notes)
    return (
        f'<div class="genreglm-summary"><style>{_STYLE}</style>'
        f'<table class="facts"><caption>{escape(summary.title)}</caption><tbody>{facts}</tbody></table>'
        f"{''.join(map(_panel, summary.panels))}{notes}</div>"
    )


def _panel(panel: Panel) -> str:
    header = _row(panel.header, panel.words, 'th scope="col"')
    body = "".join(_row(row, panel.words, "td") for row in panel.rows)
    return f"<table><caption>{escape(panel.title)}</caption><thead>{header}</thead><tbody>{body}</tbody></table>"


def _row(cells: tuple[str, ...], words: int, tag: str) -> str:
    close = tag.split()[0]
    made = [
        f"<{tag}>{escape(cell)}</{close}>" if column < words else f'<{tag} class="number">{escape(cell)}</{close}>'
        for column, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(made)}</tr>"
