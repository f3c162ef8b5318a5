"""Rules that every row must pass before anything is learnt from it, each with its line in the ledger.

A rule either drops rows, or sets cells to missing (to be imputed from training rows, see `recipe`), or only
counts. Rows in = rows out + rows dropped is checked at the end.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError
from genreglm.tracks import genres
from genreglm.tracks.columns import AUDIO, FACTORS, GENRE, UNIT_FEATURES
from genreglm.tracks.ledger import DROPPED, Ledger

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEP = "clean"
MS_PER_MINUTE = 60_000


def _whole(low: int, high: int) -> Callable[[Floats], Flags]:
    return lambda v: (v >= low) & (v <= high) & (v % 1 == 0)


# What a measured value can be. Loudness is relative to full scale; Spotify's runs from about -60 to +5 dB.
_POSSIBLE: tuple[tuple[str, tuple[str, ...], Callable[[Floats], Flags]], ...] = (
    ("duration not above 0", ("duration_ms",), lambda v: (v > 0) & np.isfinite(v)),
    ("tempo below 0", ("tempo",), lambda v: (v >= 0) & np.isfinite(v)),
    ("feature outside 0 to 1", UNIT_FEATURES, lambda v: (v >= 0) & (v <= 1)),
    ("loudness outside -80 to 20 dB", ("loudness",), lambda v: (v >= -80) & (v <= 20)),
    ("popularity outside 0 to 100", ("popularity",), lambda v: (v >= 0) & (v <= 100)),
    ("key not in 0 to 11", ("key",), _whole(0, 11)),
    ("mode not 0 or 1", ("mode",), _whole(0, 1)),
    ("time signature not a whole number of 0 to 16", ("time_signature",), _whole(0, 16)),
)
# In the full Spotify table these are 0 together, and speechiness and danceability are 0 nowhere else.
NEED_BEAT = ("tempo", "time_signature", "danceability", "speechiness", "valence")


def clean_rows(
    rows: pd.DataFrame, ledger: Ledger, *, merge_identical: bool = True, min_genre_rows: int = 10, part: bool = False
) -> pd.DataFrame:
    """Apply every rule to a canonical frame, in a fixed order, and add what follows from the rows alone.

    Of a `part` of a table no genre is merged, rare or the only one, since its other rows would have a say in that.

    Adds `artist`, `beat_found`, `labels`, `duration_min` and, where there is a popularity,
    `popularity_known`. Values that were not measured are NaN; the index is 0..n-1.

    Raises `DataError` where fewer than two genres are left, `GenreglmError` if the ledger does not balance.
    """
    before, rows_in = ledger.rows_dropped, len(rows)
    ledger.add("load", "rows read", "rows", rows_in, "read")
    rows = _drop(rows, rows[GENRE].isna(), ledger, "no genre")
    rows = _drop(rows, _repeated(rows), ledger, "exact duplicate of an earlier row")
    _count_nameless(rows, ledger)
    rows = measured(rows, ledger)
    rows = _drop(rows, _mostly_missing(rows), ledger, "more than half of the features missing")
    if not part:
        rows = _without_rare_genres(rows, ledger, min_genre_rows)
        rows = _with_merged_genres(rows, ledger, merge_identical)
        _refuse_single_genre(rows, min_genre_rows)
    rows = rows.reset_index(drop=True)
    rows = rows.assign(artist=_artist(rows, ledger), labels=_labels(rows, ledger))
    ledger.check(rows_in, len(rows), before)
    ledger.add(STEP, "rows left", "rows", len(rows), "kept", f"{rows[GENRE].nunique()} genres")
    return _ordered(rows)


def measured(rows: pd.DataFrame, ledger: Ledger | None = None) -> pd.DataFrame:
    """Rows with every value that cannot be a measurement set to NaN; adds `beat_found` and `duration_min`.

    Where Spotify finds no beat it writes 0 for what rests on beats (`NEED_BEAT`): such rows stay, with
    `beat_found` False. Needs no genre, so new rows go the same way. A second pass changes nothing.
    """
    ledger = Ledger() if ledger is None else ledger
    rows = rows.copy()
    for rule, names, possible in _POSSIBLE:
        counts = {}
        for name in [name for name in names if name in rows]:
            values = floats(rows[name])
            impossible = ~possible(values)
            ledger.mark(f"{name}: {rule}", impossible & ~np.isnan(values))
            counts[name] = _clear(rows, name, impossible)
        ledger.add(STEP, rule, "cells", sum(counts.values()), "set to missing", _nonzero(counts))
    _clear_beatless(rows, ledger)
    rows["duration_min"] = rows["duration_ms"] / MS_PER_MINUTE
    if "popularity" in rows and "popularity_known" not in rows:
        rows["popularity_known"] = rows["popularity"].notna()
    return rows


def floats(column: pd.Series) -> Floats:
    """A numeric or boolean column as float64 with NaN for missing."""
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _clear(rows: pd.DataFrame, name: str, where: Flags) -> int:
    """Set cells to NaN, in place; the number of them that held a value."""
    values = floats(rows[name])
    count = int((where & ~np.isnan(values)).sum())
    if count:
        rows[name] = np.where(where, np.nan, values)
    return count


def _clear_beatless(rows: pd.DataFrame, ledger: Ledger) -> None:
    zeros = [floats(rows[name]) == 0 for name in ("tempo", "time_signature") if name in rows]
    beatless = np.logical_or.reduce(zeros)
    counts = {name: _clear(rows, name, beatless & (floats(rows[name]) == 0)) for name in NEED_BEAT if name in rows}
    ledger.add(STEP, "no beat found: tempo or time signature 0", "rows", int(beatless.sum()), "flagged")
    ledger.add(STEP, "0 where no beat was found", "cells", sum(counts.values()), "set to missing", _nonzero(counts))
    known = rows["beat_found"].to_numpy(dtype=bool) if "beat_found" in rows else True
    rows["beat_found"] = known & ~beatless


def _drop(rows: pd.DataFrame, where: pd.Series, ledger: Ledger, rule: str, detail: str = "") -> pd.DataFrame:
    ledger.add(STEP, rule, "rows", int(where.sum()), DROPPED, detail)
    return rows[~where]


def _repeated(rows: pd.DataFrame) -> pd.Series:
    return rows.duplicated([name for name in rows.columns if name != "source_row"])


def _count_nameless(rows: pd.DataFrame, ledger: Ledger) -> None:
    names = [name for name in ("artists", "album_name", "track_name") if name in rows]
    nameless = rows[names].isna()
    detail = _nonzero({name: int(nameless[name].sum()) for name in names})
    ledger.add(STEP, "artists, album or title missing", "rows", int(nameless.any(axis=1).sum()), "kept", detail)


def _mostly_missing(rows: pd.DataFrame) -> pd.Series:
    features = [name for name in (*AUDIO, "duration_ms", *FACTORS) if name in rows]
    return rows[features].isna().mean(axis=1) > 0.5


def _without_rare_genres(rows: pd.DataFrame, ledger: Ledger, min_rows: int) -> pd.DataFrame:
    rare = genres.rare_genres(rows, min_rows)
    rule = f"genre with fewer than {min_rows} rows"
    return _drop(rows, rows[GENRE].isin(list(rare)), ledger, rule, _nonzero(rare))


def _with_merged_genres(rows: pd.DataFrame, ledger: Ledger, merge: bool) -> pd.DataFrame:
    groups = genres.identical_genres(rows)
    names = genres.merged_names(groups)
    pairs = ", ".join(f"{theirs} = {ours}" for theirs, ours in sorted(names.items()))
    count = int(rows[GENRE].isin(list(names)).sum())
    action = "merged" if merge else "left apart"
    ledger.add(STEP, "genre with exactly the tracks of another", "rows", count, action, pairs)
    if not merge:
        return rows
    merged = rows[GENRE].isin([name for group in groups for name in group])
    rows = rows.assign(**{GENRE: genres.rename(rows[GENRE], names)})
    repeated = merged & _repeated(rows[merged]).reindex(rows.index, fill_value=False)
    return _drop(rows, repeated, ledger, "exact duplicate made by merging genres")


def _refuse_single_genre(rows: pd.DataFrame, min_rows: int) -> None:
    left = rows[GENRE].unique()
    if len(left) < 2:
        raise DataError(
            f"After cleaning, {'one genre is' if len(left) else 'no genre is'} left with at least {min_rows} "
            "rows; the study compares genres and needs two. Give more rows of each genre, or lower "
            "min_genre_rows in study.toml."
        )


def _artist(rows: pd.DataFrame, ledger: Ledger) -> pd.Series:
    """The first named artist, one spelling each; the track where no artist is named.

    Honest splits rest on this column. Names that differ only in case or spaces are one artist: if they are
    two after all, nothing leaks by keeping them together. The spelling shown is the most frequent one.
    """
    unnamed = _fallback_names(rows)
    if "artists" not in rows:
        ledger.add(STEP, "no artist named", "rows", len(rows), "artist named by track")
        return unnamed
    codes, cells = pd.factorize(rows["artists"])
    first = [" ".join(str(cell).split(";", maxsplit=1)[0].split()) for cell in cells]
    shown = _one_spelling(first, np.bincount(codes[codes >= 0], minlength=len(first)))
    named = np.array([*shown, ""], dtype=object)[codes]  # code -1, missing, takes the last
    respelt = np.array([a != b for a, b in zip(first, shown, strict=True)] + [False])[codes]
    ledger.add(STEP, "no artist named", "rows", int((named == "").sum()), "artist named by track")
    ledger.add(STEP, "artist spelt in several ways", "rows", int(respelt.sum()), "given the most frequent spelling")
    return pd.Series(np.where(named == "", unnamed, named), index=rows.index).astype(unnamed.dtype)


def _fallback_names(rows: pd.DataFrame) -> pd.Series:
    by_row = "row " + rows["source_row"].astype(str)
    return rows["track_id"].fillna(by_row) if "track_id" in rows else by_row


def _one_spelling(names: Sequence[str], rows: NDArray[np.int64]) -> list[str]:
    """Each name in the spelling that most rows have; among equals the alphabetically first."""
    spellings: dict[str, Counter[str]] = {}
    for name, count in zip(names, rows, strict=True):
        spellings.setdefault(name.casefold(), Counter())[name] += int(count)
    best = {folded: min(found, key=lambda n: (-found[n], n)) for folded, found in spellings.items()}
    return [best[name.casefold()] for name in names]


def _labels(rows: pd.DataFrame, ledger: Ledger) -> pd.Series:
    tracks = genres.track_codes(rows)
    labels = genres.label_sets(rows)
    several = labels.str.contains(genres.SEPARATOR, regex=False)
    count = len(np.unique(tracks[several.to_numpy(dtype=bool)]))
    detail = f"{count:,} tracks; one genre a track can be right for {genres.label_ceiling(rows):.1%} of rows"
    ledger.add(STEP, "track under several genres", "rows", int(several.sum()), "kept", detail)
    again = pd.DataFrame({"track": tracks, GENRE: rows[GENRE]}).duplicated()
    ledger.add(STEP, "track again in its genre, with other values", "rows", int(again.sum()), "kept")
    return labels


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    derived = ["artist", "beat_found", "labels", "duration_min", "popularity_known"]
    canonical = [name for name in rows.columns if name not in derived]
    return rows[canonical + [name for name in derived if name in rows]]


def _nonzero(counts: Mapping[str, int], limit: int = 20) -> str:
    """`name count` for what was found, at most `limit` of them."""
    found = [f"{name[:60]} {count:,}" for name, count in counts.items() if count]
    return ", ".join(found[:limit]) + (f" and {len(found) - limit} more" if len(found) > limit else "")
