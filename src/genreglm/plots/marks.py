"""The mark of a label that is no sound, on figures with a name for each genre."""

from __future__ import annotations

import pandas as pd

MARK = "*"
_NOTE = " * no sound: the label names a language or nation, a mood, or a use."


def marked(table: pd.DataFrame, name: str = "genre") -> pd.Series:
    """The names of a table, those whose `kind` is another than sound with a mark; as they are without that column."""
    names = table[name].astype(str)
    if "kind" not in table:
        return names
    return names.where(table["kind"].fillna("sound") == "sound", names + MARK)


def mark_note(table: pd.DataFrame) -> str:
    """What the mark means, to be added to a figure's note; empty where no name carries it."""
    return _NOTE if "kind" in table and (table["kind"].fillna("sound") != "sound").any() else ""
