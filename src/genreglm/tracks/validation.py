"""The track schema: a raw table of any origin -> the canonical track frame, or one clear refusal.

The canonical frame has `source_row` (0-based data row of the input) and those columns of `columns.CANONICAL`
that the input has, in that order: text as `str`, numbers as float64 with NaN for missing, `explicit` as
nullable boolean. Notations are converted here; values are judged in `cleaning`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from genreglm.errors import DataError
from genreglm.tracks import cells, notation
from genreglm.tracks.columns import (
    AUDIO,
    CANONICAL,
    DURATION_UNITS,
    FACTORS,
    GENRE,
    REQUIRED,
    UNIT_FEATURES,
    Assignment,
    assign,
    plain,
)
from genreglm.tracks.ledger import Entry, Ledger

OPTIONAL = tuple(name for name in CANONICAL if name not in REQUIRED)


@dataclass(frozen=True)
class Validated:
    """The canonical frame and everything that was decided on the way to it.

    `notes` are sentences for the log; `missing_optional` the optional columns that the table lacks;
    `unusable` maps feature columns without information to the reason; `entries` are lines for the ledger.
    """

    rows: pd.DataFrame
    notes: tuple[str, ...]
    missing_optional: tuple[str, ...]
    unusable: Mapping[str, str]
    entries: tuple[Entry, ...]


def validate(
    raw: pd.DataFrame,
    *,
    genre_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    genre_required: bool = True,
    ledger: Ledger | None = None,
) -> Validated:
    """Recognise the columns of a raw table and read their cells.

    `genre_column` names the column of genres; `columns` maps canonical names to the table's own ("" leaves an
    optional column out). With `genre_required=False` (new tracks, to be tagged) neither a genre column nor
    enough rows for a study are asked for. `ledger` takes the lines; a `RowLedger` lets no column be refused for its
    cells.

    Raises `DataError` for a table that cannot be used, `OptionError` for a `columns` key that is unknown.
    """
    ledger, notes = Ledger() if ledger is None else ledger, list(raw.attrs.get("notes", ()))
    table = _without_row_numbers(raw, notes)
    _refuse_doubled_names(table.columns)
    if table.empty:
        raise DataError("The table has no rows. Expected one row for each track and genre.")
    assignment = assign(table.columns, genre_column, columns, genre_required)
    notes.extend(assignment.notes)
    rows = _canonical(table, assignment, ledger, notes)
    unusable: dict[str, str] = {}
    if genre_required:
        _refuse_too_few_genres(rows[GENRE], assignment.source[GENRE])
        unusable = _without_information(rows, ledger, notes)
    rows = rows.drop(columns=[name for name in OPTIONAL if unusable.get(name) == NO_VALUE])
    missing = tuple(name for name in OPTIONAL if name not in rows)
    return Validated(rows, tuple(notes), missing, unusable, ledger.entries)


NO_VALUE = "no value in any row"


def uninformative(rows: pd.DataFrame, names: Iterable[str]) -> dict[str, str]:
    """The columns that cannot tell rows apart, or repeat an earlier one, each with the reason."""
    reasons: dict[str, str] = {}
    kept: dict[str, cells.Floats] = {}
    for name in names:
        values = rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
        known = values[~np.isnan(values)]
        twin = next((k for k, other in kept.items() if np.array_equal(values, other, equal_nan=True)), None)
        if not len(known):
            reasons[name] = NO_VALUE
        elif known.min() == known.max():
            reasons[name] = f"the same value, {known[0]:g}, in every row"
        elif twin is not None:
            reasons[name] = f"equal to {twin} in every row"
        else:
            kept[name] = values
    return reasons


def _without_row_numbers(raw: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """The table without nameless columns that only number its rows, or are empty."""
    table = raw.set_axis([_clean_name(name) for name in raw.columns], axis=1).reset_index(drop=True)
    keep = np.ones(table.shape[1], dtype=bool)
    for at, name in enumerate(table.columns):
        if name:
            continue
        if not _numbers_rows(table.iloc[:, at]):
            raise DataError(
                f"Column {at + 1} of the table has no name and does not number the rows (its first cell is "
                f"{str(table.iloc[0, at])[:40]!r}). Give it a name in the header, or take it out."
            )
        keep[at] = False
        notes.append(f"Column {at + 1} has no name and only numbers the rows; it was left out.")
    return table.loc[:, keep]


def _clean_name(name: object) -> str:
    """A column's name; "" for the names that pandas gives to nameless columns."""
    label = str(name).strip().strip("\ufeff")
    return "" if label.startswith("Unnamed:") else label


def _numbers_rows(column: pd.Series) -> bool:
    written = cells.text(column)
    values = pd.to_numeric(written[written != ""], errors="coerce")
    return bool((values % 1 == 0).all())


def _refuse_doubled_names(names: pd.Index) -> None:
    doubled = names[names.duplicated()].unique()
    if len(doubled):
        raise DataError(
            f"The table has more than one column called {', '.join(doubled[:5])}. Rename or remove the "
            "others, so that it is clear which one is meant."
        )


def _canonical(table: pd.DataFrame, assignment: Assignment, ledger: Ledger, notes: list[str]) -> pd.DataFrame:
    source = assignment.source
    read = {name: _read(name, table[source[name]], ledger, notes) for name in source if name != "key"}
    if "key" in source:
        read["key"], named_mode = notation.keys(table[source["key"]], ledger, notes)
        if "mode" not in read and not np.isnan(named_mode).all():
            read["mode"] = named_mode
            notes.append("mode was read from the names of the keys.")
    return pd.DataFrame({"source_row": np.arange(len(table))} | {n: read[n] for n in CANONICAL if n in read})


def _read(name: str, raw: pd.Series, ledger: Ledger, notes: list[str]) -> pd.Series | cells.Floats:
    match name:
        case "artists":
            return cells.artists(raw)
        case "track_id" | "album_name" | "track_name":
            return cells.names(raw)
        case "track_genre":
            return cells.genres(raw)
        case "explicit":
            return notation.explicit(raw, ledger, notes)
        case "mode":
            return notation.modes(raw, ledger, notes)
        case "time_signature":
            return notation.time_signatures(raw, ledger, notes)
        case "duration_ms":
            return cells.milliseconds(raw, DURATION_UNITS.get(plain(str(raw.name))), ledger, notes)
    values = cells.numbers(raw, name, ledger, notes)
    if name != "loudness":  # a loudness of -1 dB is a loudness
        values = cells.minus_one_missing(values, name, ledger)
    return cells.unit_scaled(values, name, ledger, notes) if name in UNIT_FEATURES else values


def _refuse_empty_features(rows: pd.DataFrame) -> None:
    empty = [name for name in (*AUDIO, "duration_ms") if rows[name].isna().all()]
    if empty:
        raise DataError(
            f"The table has no value in {', '.join(empty)}. The study needs numbers there: fill the column, "
            f'or name another one in study.toml, columns.{empty[0]} = "..."'
        )


def _refuse_too_few_genres(genres: pd.Series, column: str) -> None:
    counts = genres.value_counts()
    if len(counts) < 2:
        only = f"{counts.index[0][:60]!r} in every row" if len(counts) else "no genre in any row"
        raise DataError(
            f'The genre column "{column}" has {only}. A study compares genres: give a table with at least '
            'two, or name another column, genre_column = "..." in study.toml.'
        )
    if (counts >= 2).sum() < 2:
        raise DataError(
            f'The genre column "{column}" has {len(counts):,} genres in {len(genres):,} rows, and fewer than '
            "two of them have more than one row. Expected many rows for each genre: is it the right column?"
        )


def _without_information(rows: pd.DataFrame, ledger: Ledger, notes: list[str]) -> dict[str, str]:
    """Features that the study can go on without."""
    _refuse_empty_features(rows)
    found = uninformative(rows, (*AUDIO, "duration_ms"))
    for name in ("popularity", *FACTORS):
        found |= uninformative(rows, [name]) if name in rows else {}
    for name, reason in found.items():
        ledger.add(cells.STEP, "column without information", "columns", 1, "no feature", f"{name}: {reason}")
        notes.append(f"{name} is no feature of this study: {reason}.")
    return found
