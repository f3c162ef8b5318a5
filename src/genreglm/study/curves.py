"""Adjusted predictions: how the probability of genres moves with one feature, all others at a typical track."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.effects import curve
from genreglm.result import Result
from genreglm.tracks.recipe import Recipe

Floats = NDArray[np.float64]

_POINTS = 41
_FEWER_POINTS = 21
_SHOWN = 6
_COLUMNS = ["feature", "value", "class", "probability", "conf_low", "conf_high"]


def effect_curves(result: Result, recipe: Recipe, tracks: pd.DataFrame, sources: Mapping[str, str]) -> pd.DataFrame:
    """Return feature, value, class, probability, conf_low, conf_high for the genres that each feature moves most.

    Parameters
    ----------
    result : the model
    recipe : turns a value of the table's own column into the model's feature
    tracks : the clean rows; the typical track has their medians and most frequent levels
    sources : for each feature of the model, the column that it is made from

    Values run from the 1st to the 99th percentile in the column's own units (dB, BPM, minutes). Six genres are
    kept a feature: those whose probability differs most between two of its values. Bands are pointwise, see
    `genreglm.effects.curve`.
    """
    at = recipe.apply(pd.DataFrame([_typical(tracks, recipe)]))
    parts = []
    for feature, column in sources.items():
        values, made = _along(column, recipe, tracks, _POINTS)
        probability = result.predict(made)
        swing = (probability.max() - probability.min()).sort_values(ascending=False)
        shown = list(swing.index[:_SHOWN])
        table = curve(result, at, feature, values=made[feature].to_list(), classes=shown)
        own_units = dict(zip(made[feature].to_list(), values.tolist(), strict=True))
        parts.append(table.assign(feature=column, value=table["value"].map(own_units))[_COLUMNS])
    return pd.concat(parts, ignore_index=True)


def genre_curves(result: Result, recipe: Recipe, tracks: pd.DataFrame, sources: Mapping[str, str]) -> pd.DataFrame:
    """Return feature, value, class, probability of every genre, without bands and at half as many values.

    Parameters are those of `effect_curves`.
    """
    parts: list[pd.DataFrame] = []
    for column in sources.values():
        values, made = _along(column, recipe, tracks, _FEWER_POINTS)
        wide = result.predict(made).assign(feature=column, value=values)
        parts.append(wide.melt(["feature", "value"], var_name="class", value_name="probability"))
    return pd.concat(parts, ignore_index=True)


def source_columns(recipe: Recipe, features: Sequence[str]) -> dict[str, str]:
    """Return for each feature of the model the column of the table that it is made from."""
    made = {transform.name: transform.column for transform in recipe.transforms}
    return {feature: made.get(feature, feature) for feature in features}


def _along(column: str, recipe: Recipe, tracks: pd.DataFrame, points: int) -> tuple[Floats, pd.DataFrame]:
    """Return values of a column, and the typical track at each of them with the model's features."""
    low, high = tracks[column].quantile([0.01, 0.99])
    values = np.linspace(low, high, points)
    rows = pd.DataFrame([_typical(tracks, recipe)] * points)
    rows[column] = values
    if column == "duration_min":
        rows["duration_ms"] = values * 60_000.0
    return values, recipe.apply(rows)


def _typical(tracks: pd.DataFrame, recipe: Recipe) -> dict[str, object]:
    columns = [name for name in (*recipe.medians, *recipe.modes, "beat_found") if name in tracks]
    return {
        name: tracks[name].mode().iloc[0] if name in (*recipe.modes, "beat_found") else float(tracks[name].median())
        for name in columns
    }
