"""What the cells of a column mean: text, names, numbers, durations.

Each function takes a raw column as a file gave it and returns values with NaN for missing. What is certain is
converted and said; a stray unreadable cell is missing and counted in the ledger; a column in which more
than one cell in a hundred cannot be read is refused. Messages call a column by the name it has in the file,
and name its canonical name (`name`) in what to write in study.toml.
"""

import ast
import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError
from genreglm.tracks.ledger import Ledger

Floats = NDArray[np.float64]

STEP = "validate"
MISSING = frozenset({"", "?", "-", "--", ".", "na", "n/a", "#n/a", "nan", "<na>", "null", "none", "\\n"})
# "empty_field" is what a known table of genres (Kaggle's music_genre.csv) writes for an absent artist.
_NO_NAME = frozenset({"", "empty_field"})
_STRAY = 0.01  # the largest share of cells that may be unreadable
_IMPOSSIBLE = 0.05  # the largest share of a 0..1 feature above 1 that is taken for single wrong values

_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_CLOCK = r"^(?:(\d+):)?(\d{1,3}):(\d\d(?:\.\d+)?)$"
# The median track lasts half a minute to twenty minutes: in these units that gives ranges that do not touch.
_UNIT_NAMES = {1.0: "milliseconds", 1_000.0: "seconds", 60_000.0: "minutes"}
_SHORTEST, _LONGEST = 1_000.0, 86_400_000.0  # ms; a median outside is in another unit than its name says
_EXPECTED = {
    "key": "a pitch class (0 to 11, or C, C#, Db, ...)",
    "mode": "0, 1, minor or major",
    "explicit": "true or false",
    "time_signature": "beats in a bar (4 or 4/4)",
}


def text(raw: pd.Series) -> pd.Series:
    """Every cell as stripped text, "" where missing; several names in one cell joined by `;`."""
    if isinstance(raw.dtype, pd.CategoricalDtype):
        raw = raw.astype(raw.cat.categories.dtype)
    if isinstance(raw.dtype, pd.StringDtype):
        return raw.fillna("").str.strip()
    known = raw.notna().to_numpy(dtype=bool)
    written = [_written(value) if there else "" for value, there in zip(raw, known, strict=True)]
    return pd.Series(written, index=raw.index, name=raw.name, dtype=None if written else object).str.strip()


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple, np.ndarray)):
        return ";".join(str(part) for part in value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def names(raw: pd.Series) -> pd.Series:
    """A column of names; only an empty cell is missing, since "NA" and "None" name tracks and bands."""
    return _where_known(text(raw), frozenset({""}))


def artists(raw: pd.Series) -> pd.Series:
    """Artists, several joined by `;`; a cell written as a Python list, "['A', 'B']", becomes "A;B"."""
    cells = text(raw)
    lists = cells.str.startswith("[") & cells.str.endswith("]")
    if lists.any():
        cells = cells.where(~lists, cells[lists].map(_joined))
    return _where_known(cells, _NO_NAME)


def _joined(cell: str) -> str:
    try:
        parts = ast.literal_eval(cell)
    except (ValueError, SyntaxError):
        return cell
    return ";".join(str(part).strip() for part in parts)


def _where_known(cells: pd.Series, missing: frozenset[str]) -> pd.Series:
    return cells.where(~cells.isin(list(missing)))


def genres(raw: pd.Series) -> pd.Series:
    """One genre a row, or missing. Raises `DataError` where cells hold several genres."""
    cells = text(raw)
    several = cells[cells.str.startswith("[") | cells.str.contains("|", regex=False)]
    if len(several):
        raise DataError(
            f"The genre column {_called(raw)} holds several genres in a cell "
            f"({_at(several.index[0], cells)}); the study needs one row for each track and genre. "
            "Split such cells into rows (pandas: str.split and explode), or name a column of single genres."
        )
    codes, levels = pd.factorize(cells)
    known = np.array([str(level).casefold() not in MISSING for level in levels], dtype=bool)
    return cells.where(pd.Series(known[codes], index=cells.index))


def numbers(raw: pd.Series, name: str, ledger: Ledger, notes: list[str]) -> Floats:
    """A numeric column; text is read with decimal points, or with decimal commas where that is certain.

    Infinities become missing, with a line in the ledger. Raises `DataError` for a column of other text.
    """
    if pd.api.types.is_numeric_dtype(raw.dtype):
        values = raw.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    else:
        values = _parsed(raw, name, ledger, notes)
    infinite = np.isinf(values)
    ledger.mark(f"{name} is infinite", infinite)
    if infinite.any():
        count = int(infinite.sum())
        where = _at(int(np.flatnonzero(infinite)[0]), raw)
        ledger.add(STEP, f"infinite {name}", "cells", count, "set to missing", f"first in {where}")
        notes.append(f"{count:,} infinite values of {name} count as missing.")
        values[infinite] = np.nan
    return values


def _parsed(raw: pd.Series, name: str, ledger: Ledger, notes: list[str]) -> Floats:
    cells = raw if isinstance(raw.dtype, pd.StringDtype) else text(raw)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan).copy()
    left = text(cells[np.isnan(values)])
    left = left[~left.str.casefold().isin(list(MISSING))]
    unreadable = np.zeros(len(values), dtype=bool)
    if len(left):
        at = left.index.to_numpy()
        values[at] = _with_signs(left, values, raw, name, notes)
        unreadable[at] = np.isnan(values[at])
    account_unreadable(unreadable, int((~np.isnan(values)).sum()), raw, name, ledger, notes)
    return values


def _with_signs(left: pd.Series, plain: Floats, raw: pd.Series, name: str, notes: list[str]) -> Floats:
    """Numbers from cells such as "0,53" and "53 %"; NaN for what is no number.

    Raises `DataError` where it is open whether a comma parts decimals or thousands.
    """
    bare = left.str.removesuffix("%").str.rstrip()
    comma = bare.map(lambda cell: _COMMA_NUMBER.fullmatch(cell) is not None).to_numpy(dtype=bool)
    if comma.any():
        where = _at(left.index[comma][0], raw)
        if bare[comma].map(lambda cell: _THOUSANDS.fullmatch(cell) is not None).all():
            raise DataError(
                f"The column {_called(raw)} has numbers in which a comma may part decimals or thousands "
                f"({where}). Write them without commas, with a point before the decimals."
            )
        if (np.nan_to_num(plain) % 1 != 0).any():
            raise DataError(
                f"The column {_called(raw)} mixes decimal points and decimal commas ({where}). Write all of "
                "it with points."
            )
        notes.append(f"{name} was read with decimal commas.")
        bare = bare.str.replace(",", ".", regex=False)
    return pd.to_numeric(bare, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def minus_one_missing(values: Floats, name: str, ledger: Ledger) -> Floats:
    """-1 is how several tables write a missing value."""
    coded = values == -1
    if coded.any():
        ledger.add(STEP, f"-1 for missing in {name}", "cells", int(coded.sum()), "set to missing")
    return np.where(coded, np.nan, values)


def unit_scaled(values: Floats, name: str, ledger: Ledger, notes: list[str]) -> Floats:
    """A feature of the scale 0..1; one that is plainly a percentage is divided by 100.

    Up to one positive value in twenty above 1 is left as it is: an impossible value, which cleaning counts.
    Raises `DataError` where the scale is open.
    """
    positive = values[values > 0]
    above = float((positive > 1).mean()) if len(positive) else 0.0
    if above <= _IMPOSSIBLE:
        return values
    whole = bool((positive % 1 == 0).all())
    if positive.max() <= 100 and (above >= 0.5 or whole):
        notes.append(f"{name} runs to {positive.max():g}: taken as a percentage and divided by 100.")
        ledger.add(STEP, f"{name} on the scale 0 to 100", "cells", len(positive), "divided by 100")
        return values / 100
    raise DataError(
        f"The column of {name} has {above:.0%} of its positive values above 1, the largest "
        f"{positive.max():g}; expected the scale 0 to 1 (or 0 to 100 throughout). Bring it to that scale, or "
        "empty the wrong cells."
    )


def milliseconds(raw: pd.Series, unit: float | None, ledger: Ledger, notes: list[str]) -> Floats:
    """Durations in ms. `unit` is the ms in one unit of the column, None where its name does not tell."""
    clock = _clock_seconds(raw)
    if clock is not None:
        notes.append(f"{_called(raw)} was read as minutes:seconds.")
        return clock * 1_000
    values = minus_one_missing(numbers(raw, "duration_ms", ledger, notes), "duration_ms", ledger)
    positive = values[values > 0]
    if not len(positive):
        return values
    typical = float(np.median(positive))
    if unit is None:
        unit = next((u for u in _UNIT_NAMES if 30_000 <= typical * u <= 1_200_000), np.nan)
        notes.append(f"{_called(raw)} was taken as {_UNIT_NAMES.get(unit, 'no known unit')} by its size.")
    if not _SHORTEST <= typical * unit <= _LONGEST:
        raise DataError(
            f"The column {_called(raw)} has the median {typical:g}, which is no length of a track in the unit "
            "that its name tells, or in any if it tells none. Call it by its unit (duration_ms, duration_s or "
            'duration_min), or name another column in study.toml: columns.duration_ms = "..."'
        )
    return values * unit


def _clock_seconds(raw: pd.Series) -> Floats | None:
    """Seconds where every known cell is written as 3:45 or 1:02:10, else None."""
    if pd.api.types.is_numeric_dtype(raw.dtype):
        return None
    cells = text(raw)
    known = ~cells.str.casefold().isin(list(MISSING))
    if not known.any() or not cells[known].str.contains(":", regex=False).all():
        return None
    parts = cells.str.extract(_CLOCK)
    if parts[1][known].isna().any():
        return None
    hours, minutes, seconds = (pd.to_numeric(parts[i]).to_numpy(dtype=np.float64) for i in range(3))
    return np.asarray(np.nan_to_num(hours) * 3_600 + minutes * 60 + seconds)


def account_unreadable(
    unreadable: NDArray[np.bool_], good: int, raw: pd.Series, name: str, ledger: Ledger, notes: list[str]
) -> None:
    """Count stray cells as missing; refuse (`DataError`) a column with more than one in a hundred of them."""
    ledger.mark(f"{name} cannot be read as {_EXPECTED.get(name, 'a number')}", unreadable)
    count = int(unreadable.sum())
    if not count:
        return
    example = _at(int(np.flatnonzero(unreadable)[0]), raw)
    if ledger.strict and count > _STRAY * (good + count):
        leave_out = f' (columns.{name} = "" leaves it out)' if name in _EXPECTED or name == "popularity" else ""
        raise DataError(
            f"The column {_called(raw)} has {count:,} of {good + count:,} cells that cannot be read as "
            f"{_EXPECTED.get(name, 'a number')} ({example}). Put them right or empty them, or name another "
            f'column in study.toml: columns.{name} = "..."{leave_out}.'
        )
    ledger.add(STEP, f"unreadable {name}", "cells", count, "set to missing", example)
    notes.append(f"{count:,} cells of {name} cannot be read ({example}) and count as missing.")


def _called(raw: pd.Series) -> str:
    return f'"{str(raw.name)[:60]}"'


def _at(position: int, cells: pd.Series) -> str:
    shown = str(cells.iloc[position])
    return f"data row {position + 1}: {shown[:40] + ('...' if len(shown) > 40 else '')!r}"
