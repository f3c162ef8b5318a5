"""The rows of the popularity models: one a track, checked, split by artist, features in standard deviations.

Popularity belongs to a track, and the table repeats a track under each of its genres; counted once a row,
such a track would weigh more. So the first row of every track is kept, and everything that is learnt here
(means, deviations, levels) is learnt from the training rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError
from genreglm.naming import MODES, PITCH_CLASSES

POPULARITY_MAX = 100.0
# A level that fewer artists use has a clustered standard error near zero whatever the truth: it joins the
# most frequent level.
MIN_LEVEL_ARTISTS = 5
# Below these the clustered tests mean nothing.
MIN_ARTISTS = 20
MIN_TRACKS = 60


@dataclass(frozen=True)
class Scale:
    """How one feature becomes standard deviations; a value outside the training range counts as its end."""

    mean: float
    sd: float
    low: float
    high: float

    def standardise(self, values: pd.Series) -> pd.Series:
        """Return (values - mean) / sd, values first held within the training range."""
        return (values.astype("float64").clip(self.low, self.high) - self.mean) / self.sd


@dataclass(frozen=True)
class PopularityRows:
    """Training and test tracks, ready for a design.

    `train` and `test` hold popularity (0..100), artist, the features in standard deviations, and the factors
    as categories whose first level, the most frequent one, is the reference. `notes` says in sentences
    what was left out or merged.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    scales: dict[str, Scale]
    factors: tuple[str, ...]
    counts: dict[str, int]
    notes: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The continuous features, in the caller's order."""
        return tuple(self.scales)

    @property
    def clusters(self) -> NDArray[np.int64]:
        """The number of each training row's artist."""
        return pd.factorize(self.train["artist"])[0].astype(np.int64)


def prepare(tracks: pd.DataFrame, features: Sequence[str], factors: Sequence[str]) -> PopularityRows:
    """Check the clean track frame and make the rows of the popularity models.

    Raises
    ------
    DataError
        Columns missing, values missing or infinite, popularity outside 0..100 or constant, or too few tracks.
    """
    _check_columns(tracks, features, factors)
    known = tracks[tracks["popularity"].notna()]
    distinct, two_values = _one_row_a_track(known, [*features, *factors])
    _check_values(distinct, features, factors)
    held_out = (distinct["split_artist"] == "test").to_numpy()
    train, test = distinct[~held_out], distinct[held_out]
    _check_size(train, test)
    scales, constant = _learn_scales(train, features)
    levels, notes = _learn_levels(train, factors)
    counts = {
        "tracks": len(distinct),
        "train_tracks": len(train),
        "test_tracks": len(test),
        "train_artists": int(train["artist"].nunique()),
        "test_artists": int(test["artist"].nunique()),
        "popularity_missing": len(tracks) - len(known),
        "repeats_dropped": len(known) - len(distinct),
        "tracks_with_two_popularities": two_values,
    }
    return PopularityRows(
        _apply(train, scales, levels),
        _apply(test, scales, levels),
        scales,
        tuple(levels),
        counts,
        (*_constant_notes(constant), *notes),
    )


def _check_columns(tracks: pd.DataFrame, features: Sequence[str], factors: Sequence[str]) -> None:
    needed = ["popularity", "artist", "split_artist", *features, *factors]
    absent = [name for name in needed if name not in tracks]
    if absent:
        raise DataError(
            f"The popularity model needs the columns {', '.join(absent)}, which the table of "
            f"{len(tracks.columns)} columns lacks. Leave them out of the features and factors, or run the "
            "preprocessing stage first."
        )
    doubled = sorted({name for name in needed if needed.count(name) > 1})
    if doubled:
        raise DataError(
            f"{', '.join(doubled)} would enter the popularity model twice, or explain itself: name each "
            "predictor once, and never popularity, artist or the split."
        )


def _one_row_a_track(rows: pd.DataFrame, predictors: list[str]) -> tuple[pd.DataFrame, int]:
    """Keep the first row of every track; also count the tracks whose rows disagree about popularity.

    Without `track_id`, rows by one artist that agree in name, popularity and every predictor are one track.
    """
    if "track_id" not in rows:
        names = [name for name in ("track_name", "album_name") if name in rows]
        return rows.drop_duplicates(["artist", *names, "popularity", *predictors]), 0
    identified = rows["track_id"].notna()
    repeated = rows["track_id"].duplicated() & identified
    values = rows[identified].groupby("track_id", observed=True, sort=False)["popularity"]
    return rows[~repeated], int((values.max() > values.min()).sum())


def _check_values(rows: pd.DataFrame, features: Sequence[str], factors: Sequence[str]) -> None:
    numbers = rows[["popularity", *features]].astype("float64")
    broken = [str(name) for name in numbers if not np.isfinite(numbers[name]).all()]
    broken += [name for name in factors if rows[name].isna().any()]
    if broken:
        raise DataError(
            f"Missing or infinite values in {', '.join(broken)}: the popularity model takes the clean track "
            "frame, in which preprocessing has filled or removed them."
        )
    low, high = numbers["popularity"].min(), numbers["popularity"].max()
    if low < 0 or high > POPULARITY_MAX:
        raise DataError(
            f"Popularity runs from {low:g} to {high:g}; it must lie within 0 and 100. "
            "Rescale the column, or leave it out."
        )
    odd = sorted(set(rows["split_artist"].astype(str)) - {"train", "valid", "test"})
    if odd:
        raise DataError(f"split_artist holds {odd[:3]}; it may hold train, valid and test only.")


def _check_size(train: pd.DataFrame, test: pd.DataFrame) -> None:
    artists = train["artist"].nunique()
    if len(train) < MIN_TRACKS or artists < MIN_ARTISTS or test.empty:
        raise DataError(
            f"Too few tracks for a popularity model: {len(train)} to learn from by {artists} artists, and "
            f"{len(test)} to test on; it needs at least {MIN_TRACKS}, {MIN_ARTISTS} and 1. "
            "Add tracks, or leave the popularity column out."
        )
    if train["popularity"].min() == train["popularity"].max():
        raise DataError(
            f"Popularity is {train['popularity'].iloc[0]:g} on all {len(train)} training tracks; a model of "
            "it needs it to vary. Leave the popularity column out."
        )


def _learn_scales(train: pd.DataFrame, features: Sequence[str]) -> tuple[dict[str, Scale], list[str]]:
    """Learn each feature's scale; name the features that do not vary on the training rows."""
    scales: dict[str, Scale] = {}
    constant: list[str] = []
    for name in features:
        values = train[name].astype("float64").to_numpy()
        low, high, mean, sd = values.min(), values.max(), values.mean(), values.std()
        if sd > 1e-10 * max(abs(low), abs(high)):
            scales[name] = Scale(float(mean), float(sd), float(low), float(high))
        else:
            constant.append(name)
    return scales, constant


def _constant_notes(names: list[str]) -> list[str]:
    return [f"{name} has one value on the training tracks and cannot enter." for name in names]


def _learn_levels(train: pd.DataFrame, factors: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Choose the levels of each factor, the most frequent first and the others in order of their value.

    Returns the levels by factor (factors with a single usable level are left out) and the notes.
    """
    levels: dict[str, list[str]] = {}
    notes: list[str] = []
    for name in factors:
        in_order = dict.fromkeys(level_label(name, value) for value in sorted(train[name].unique()))
        labels = level_labels(name, train[name])
        artists = train.groupby(labels, observed=True)["artist"].nunique()
        common = str(labels.value_counts(sort=True).sort_index(kind="stable").idxmax())
        rare = [lab for lab in in_order if artists[lab] < MIN_LEVEL_ARTISTS and lab != common]
        usable = [lab for lab in in_order if lab not in rare and lab != common]
        if rare:
            notes.append(f"{name}: fewer than {MIN_LEVEL_ARTISTS} artists use {', '.join(rare)}, counted as {common}.")
        if usable:
            levels[name] = [common, *usable]
        else:
            notes.append(f"{name} has one usable level ({common}) and cannot enter.")
    return levels, notes


def level_labels(name: str, values: pd.Series) -> pd.Series:
    """Name the levels of a factor: pitch classes, minor and major, no and yes; else the value as text."""
    codes, distinct = pd.factorize(values)
    labels = np.array([level_label(name, value) for value in distinct], dtype=object)
    return pd.Series(labels[codes], index=values.index)


def level_label(name: str, value: object) -> str:
    """Name one level of a factor."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, int | float | np.number):
        return str(value)
    names = {"key": PITCH_CLASSES, "mode": MODES}.get(name, ())
    position = float(value)
    return names[int(position)] if position in range(len(names)) else f"{position:g}"


def _apply(rows: pd.DataFrame, scales: dict[str, Scale], levels: dict[str, list[str]]) -> pd.DataFrame:
    """Bring rows into the learnt scales and levels; a level not learnt counts as the most frequent one."""
    columns: dict[str, object] = {
        "popularity": rows["popularity"].astype("float64"),
        "artist": rows["artist"].astype(str),
    }
    for name, scale in scales.items():
        columns[name] = scale.standardise(rows[name])
    for name, names in levels.items():
        labels = level_labels(name, rows[name])
        columns[name] = pd.Categorical(labels.where(labels.isin(names), names[0]), categories=names)
    return pd.DataFrame(columns, index=rows.index).reset_index(drop=True)
