"""The pieces that a section is made of, each a plain dict that JSON can hold.

Kinds: `text`, `note` (stands out), `heading`, `list`, `facts` (label and value), `figure`, `matrix`,
`table`. Builders
return None for nothing, and `section` leaves out what is None.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from genreglm.study.report.columns import Column, column
from genreglm.study.report.words import known, short

Block = dict[str, Any]
Sentence = str | None

FOLD_ABOVE = 15  # a table with more rows is folded away
MOST_ROWS = 400  # and one with still more is cut; the file has them all


def text(*sentences: Sentence) -> Block | None:
    """Make a paragraph of the sentences that could be said."""
    said = [sentence for sentence in sentences if sentence]
    return {"kind": "text", "text": short(" ".join(said))} if said else None


def note(title: str, *sentences: Sentence) -> Block | None:
    """Make a paragraph that stands out, for what would mislead if it were missed."""
    paragraph = text(*sentences)
    return {**paragraph, "kind": "note", "title": title} if paragraph else None


def heading(title: str, identifier: str = "") -> Block:
    """Make a heading below that of the section; with an identifier it can be linked to."""
    return {"kind": "heading", "text": title, "id": identifier}


def bullets(items: Iterable[Sentence]) -> Block | None:
    """Make a list of the items that could be said."""
    said = [short(item) for item in items if item]
    return {"kind": "list", "items": said} if said else None


def facts(pairs: Iterable[tuple[str, str | None]]) -> Block | None:
    """Make a short list of labels with their values."""
    held = [[label, value] for label, value in pairs if value]
    return {"kind": "facts", "pairs": held} if held else None


def figure(name: str, caption: str, alt: str) -> Block:
    """Place a figure; its picture is handed to `render` under the same name."""
    return {"kind": "figure", "name": name, "caption": short(caption), "alt": alt}


def matrix(name: str, title: str, note: str, choices: Sequence[tuple[str, str]] = ()) -> Block:
    """Place squares that the page's script draws, in an order that the reader may choose (value and words of each)."""
    return {"kind": "matrix", "name": name, "title": title, "note": note, "choices": [list(one) for one in choices]}


def table(
    frame: pd.DataFrame | None,
    title: str,
    file: str,
    columns: Sequence[str] | None = None,
    *,
    folded: bool | None = None,
    most: int = MOST_ROWS,
) -> Block | None:
    """Make a table of the named columns that the frame has (all without `columns`), values as they are.

    `file` is where the output folder has the whole of it. Long tables are folded unless `folded` says no.
    """
    if frame is None or frame.empty:
        return None
    shown = frame if columns is None else frame[[name for name in columns if name in frame]]
    shown = shown.loc[:, shown.notna().any()]
    if shown.empty:
        return None
    kinds: list[Column] = [column(str(name), shown[name], list(map(str, shown))) for name in shown]
    return {
        "kind": "table",
        "title": title,
        "file": file,
        "columns": [{"key": kind.key, "label": kind.label, "format": kind.format} for kind in kinds],
        "rows": [[_plain(value) for value in row] for row in shown.head(most).itertuples(index=False, name=None)],
        "rows_in_file": len(frame),
        "folded": len(shown) > FOLD_ABOVE if folded is None else folded,
    }


def section(identifier: str, title: str, blocks: Iterable[Block | None], short: str | None = None) -> Block:
    """Make a section of what there is; `short` is its name in the table of contents."""
    held = [block for block in blocks if block is not None]
    return {"id": identifier, "title": title, "short": short or title, "blocks": _without_bare_headings(held)}


def _without_bare_headings(blocks: Sequence[Block]) -> list[Block]:
    """Leave out headings with nothing below them."""
    following = [*blocks[1:], {"kind": "heading"}] if blocks else []
    pairs = zip(blocks, following, strict=True)
    return [block for block, after in pairs if not (block["kind"] == "heading" == after["kind"])]


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold; NaN and missing become None."""
    if value is pd.NA or value is pd.NaT:
        return None
    return known(value.item() if isinstance(value, np.generic) else value)
