"""Genres as sets of tracks: identical genres, label sets, rare genres, and the label ceiling.

A track is known by its `track_id`, where the table lacks that by artists and title together, and else by its
row: then no track can be seen twice.
"""

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from genreglm.dependence import same_codes
from genreglm.tracks.columns import GENRE

SEPARATOR = "|"


def track_codes(rows: pd.DataFrame) -> np.ndarray:
    """(rows,) int64: equal where two rows are the same track; a row without a name is a track of its own."""
    names = ["track_id"] if "track_id" in rows else ["artists", "track_name"]
    if not set(names) <= set(rows.columns):
        return np.arange(len(rows))
    return np.unique(same_codes(rows, names), return_inverse=True)[1]


def identical_genres(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """Genres that hold exactly the same tracks, two at least: groups of genres, each sorted, in sorted order."""
    pairs = pd.DataFrame({"track": track_codes(rows), GENRE: rows[GENRE]}).drop_duplicates()
    tracks = pairs.sort_values("track").groupby(GENRE, sort=True)["track"]
    same: dict[Hashable, list[str]] = {}
    for genre, codes in tracks:
        if len(codes) > 1:  # genres of a single track may share it by chance
            same.setdefault(codes.to_numpy().tobytes(), []).append(str(genre))
    return [tuple(group) for group in same.values() if len(group) > 1]


def merged_names(groups: Sequence[Sequence[str]]) -> dict[str, str]:
    """Every genre that loses its name -> the alphabetically first genre of its group."""
    return {name: min(group) for group in groups for name in group if name != min(group)}


def rename(genres: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """Genres under their merged names."""
    return genres.replace(dict(names)) if names else genres


def rare_genres(rows: pd.DataFrame, min_rows: int) -> dict[str, int]:
    """Genres with fewer than `min_rows` rows, with their rows, in sorted order."""
    counts = rows[GENRE].value_counts().sort_index()
    return {str(genre): int(count) for genre, count in counts[counts < min_rows].items()}


def label_sets(rows: pd.DataFrame) -> pd.Series:
    """For each row all genres of its track, sorted and joined by `|`."""
    tracks = track_codes(rows)
    codes, levels = pd.factorize(rows[GENRE], sort=True)
    names = np.asarray(levels, dtype=object)
    labels = names[codes]
    track, genre = np.divmod(np.unique(tracks * len(names) + codes), len(names))  # by track, then by name
    bounds = np.append(np.flatnonzero(np.diff(track, prepend=-1)), len(track))
    joined = {
        track[start]: SEPARATOR.join(names[genre[start:end]]) for start, end in pairwise(bounds) if end - start > 1
    }
    shared = np.isin(tracks, list(joined))
    labels[shared] = [joined[code] for code in tracks[shared]]
    return pd.Series(labels, index=rows.index, name="labels")


def label_ceiling(rows: pd.DataFrame) -> float:
    """The largest share of rows that a scorer can have right which gives each track one genre.

    A track under m genres can be right for one of its m rows, and no features can tell these rows apart:
    sum over tracks of the rows of its most frequent genre, divided by all rows.
    """
    counts = pd.DataFrame({"track": track_codes(rows), GENRE: rows[GENRE]}).value_counts()
    return float(counts.groupby("track").max().sum() / len(rows))
