"""Columns of few levels in any notation: key, mode, time signature, explicit.

Numbers are read as numbers and -1 is missing, whatever the column; beyond that each has its own words.
"""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from genreglm.tracks.cells import MISSING, STEP, Floats, account_unreadable, minus_one_missing, text
from genreglm.tracks.ledger import Ledger

_KEY = re.compile(r"([a-g])(#|♯|sharp|b|♭|flat)?(m|min|minor|maj|major)?")
_PITCH = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ALTERATION = {"#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
_MODES = {"major": 1.0, "maj": 1.0, "minor": 0.0, "min": 0.0}
_YES = frozenset({"true", "t", "yes", "y", "explicit"})
_NO = frozenset({"false", "f", "no", "n", "clean", "notexplicit", "nonexplicit"})

# The value of a cell and, for a key that names it, the mode; None: unreadable.
Reading = tuple[float, float] | None


def keys(raw: pd.Series, ledger: Ledger, notes: list[str]) -> tuple[Floats, Floats]:
    """Pitch classes 0..11 and, where a cell names it ("C♯ minor"), the mode 0/1; NaN elsewhere."""
    both = _by_level(raw, "key", _key, ledger, notes)
    return both[:, 0], both[:, 1]


def modes(raw: pd.Series, ledger: Ledger, notes: list[str]) -> Floats:
    """1 for major, 0 for minor."""
    return _by_level(raw, "mode", lambda cell: _single(_MODES.get(cell)), ledger, notes)[:, 0]


def time_signatures(raw: pd.Series, ledger: Ledger, notes: list[str]) -> Floats:
    """Beats in a bar, from 4 or "4/4"."""
    return _by_level(raw, "time_signature", _beats, ledger, notes)[:, 0]


def explicit(raw: pd.Series, ledger: Ledger, notes: list[str]) -> pd.Series:
    """A nullable boolean column."""
    values = _by_level(raw, "explicit", _flag, ledger, notes)[:, 0]
    odd = ~np.isin(values, (0.0, 1.0)) & ~np.isnan(values)
    ledger.mark("explicit neither 0 nor 1", odd)
    if odd.any():
        ledger.add(STEP, "explicit neither 0 nor 1", "cells", int(odd.sum()), "set to missing")
    return pd.Series(np.where(odd, np.nan, values), index=raw.index).astype("boolean")


def _by_level(raw: pd.Series, name: str, read: Callable[[str], Reading], ledger: Ledger, notes: list[str]) -> Floats:
    """(rows, 2): what `read` makes of each distinct cell, in lower case."""
    codes, levels = pd.factorize(text(raw) if raw.dtype == object else raw)
    cells = text(pd.Series(levels, dtype=object))
    cells = cells.str.replace(r"(?<=[A-G#♯b♭ ])M$", "maj", regex=True).str.casefold()  # "CM" is not "Cm"
    table = np.full((len(levels) + 1, 2), np.nan)  # the last row is what code -1, missing, takes
    unreadable = np.zeros(len(levels) + 1, dtype=bool)
    for at, cell in enumerate(cells):
        reading = None if cell in MISSING else _number(cell) or read(cell)
        unreadable[at] = reading is None and cell not in MISSING
        table[at] = reading or (np.nan, np.nan)
    values = table[codes]
    account_unreadable(unreadable[codes], int((~np.isnan(values[:, 0])).sum()), raw, name, ledger, notes)
    values[:, 0] = minus_one_missing(values[:, 0], name, ledger)
    return values


def _single(value: float | None) -> Reading:
    return None if value is None else (value, np.nan)


def _number(cell: str) -> Reading:
    try:
        value = float(cell.replace(",", "."))
    except ValueError:
        return None
    return (value, np.nan) if np.isfinite(value) else None


def _key(cell: str) -> Reading:
    """Pitch class and mode of a name such as "c#", "d♭/c♯", "b flat minor", "am"."""
    readings = {_one_key(part) for part in cell.split("/")}
    return readings.pop() if len(readings) == 1 else None


def _one_key(cell: str) -> Reading:
    match = _KEY.fullmatch(re.sub(r"[\s_-]", "", cell))
    if match is None:
        return None
    letter, alteration, mode = match.groups()
    pitch = (_PITCH[letter] + _ALTERATION.get(alteration or "", 0)) % 12
    return float(pitch), np.nan if mode is None else float(mode.startswith("maj"))


def _beats(cell: str) -> Reading:
    match = re.fullmatch(r"(\d+)/\d+", cell)
    return None if match is None else (float(match[1]), np.nan)


def _flag(cell: str) -> Reading:
    word = re.sub(r"[\s_-]", "", cell)
    return _single(1.0 if word in _YES else 0.0 if word in _NO else None)
