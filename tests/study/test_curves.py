import numpy as np
import pandas as pd
import pytest

from genreglm.fitting import fit
from genreglm.result import Result
from genreglm.study.curves import effect_curves, genre_curves, source_columns
from genreglm.tracks.ledger import Ledger
from genreglm.tracks.recipe import Recipe, clean_rows, learn
from genreglm.tracks.validation import validate
from raw_tables import raw_table


@pytest.fixture(scope="module")
def study() -> tuple[Result, Recipe, pd.DataFrame]:
    """A model in which loudness tells blues and techno apart, and duration next to nothing."""
    raw = raw_table(rows=300)
    shift = raw["track_genre"].map({"ambient": -6.0, "blues": 0.0, "techno": 6.0})
    rng = np.random.default_rng(0)
    raw["loudness"] = -16.0 + shift + 4.0 * rng.normal(size=300)
    raw["duration_ms"] = np.exp(rng.normal(12.2, 0.4, 300)).round()
    rows = clean_rows(validate(raw).rows, Ledger())
    recipe = learn(rows)
    tracks = recipe.apply(rows)
    names = [name for name in recipe.features if "loudness" in name or "duration" in name]
    return fit("track_genre ~ " + " + ".join([*names, "C(mode)"]), tracks, covariance=None), recipe, tracks


def test_features_are_traced_to_the_columns_of_the_table(study: tuple[Result, Recipe, pd.DataFrame]) -> None:
    _, recipe, _ = study
    found = source_columns(recipe, recipe.features)
    assert found["energy"] == "energy"
    assert (
        set(found.values())
        == {name.removeprefix("log_") for name in found.values()}
        <= set(recipe.medians) | {"duration_min"}
    )


def test_curves_are_probabilities_over_the_usual_range(study: tuple[Result, Recipe, pd.DataFrame]) -> None:
    result, recipe, tracks = study
    sources = {
        name: column
        for name, column in source_columns(recipe, recipe.features).items()
        if name in result.design.variables
    }
    table = effect_curves(result, recipe, tracks, sources)
    assert set(table["feature"]) == {"loudness", "duration_min"}
    assert set(table["class"]) == {"ambient", "blues", "techno"}
    loudness = table[table["feature"] == "loudness"]
    np.testing.assert_allclose(
        [loudness["value"].min(), loudness["value"].max()], tracks["loudness"].quantile([0.01, 0.99])
    )
    np.testing.assert_allclose(table.groupby(["feature", "value"])["probability"].sum(), 1.0)
    techno = loudness[loudness["class"] == "techno"].sort_values("value")["probability"]
    assert techno.is_monotonic_increasing
    assert techno.iloc[-1] - techno.iloc[0] > 0.5


def test_curve_is_the_prediction_for_the_typical_track(study: tuple[Result, Recipe, pd.DataFrame]) -> None:
    """Also for minutes, which the recipe makes from milliseconds."""
    result, recipe, tracks = study
    sources = {
        name: column
        for name, column in source_columns(recipe, recipe.features).items()
        if name in result.design.variables
    }
    table = effect_curves(result, recipe, tracks, sources)
    minutes = table[(table["feature"] == "duration_min") & (table["class"] == "blues")]
    assert minutes["probability"].nunique() > 30, "the curve must move with its own feature"
    value = float(minutes["value"].iloc[7])
    typical = tracks.head(1).assign(
        duration_ms=value * 60_000.0,
        loudness=tracks["loudness"].median(),
        mode=tracks["mode"].mode().iloc[0],
    )
    by_hand = result.predict(recipe.apply(typical))["blues"].iloc[0]
    assert minutes["probability"].iloc[7] == pytest.approx(by_hand)


def test_curves_of_every_genre_are_predictions_at_the_same_track(study: tuple[Result, Recipe, pd.DataFrame]) -> None:
    result, recipe, tracks = study
    sources = {name: column for name, column in source_columns(recipe, recipe.features).items() if "loudness" in name}
    whole = genre_curves(result, recipe, tracks, sources)
    np.testing.assert_allclose(whole.groupby(["feature", "value"])["probability"].sum(), 1.0)
    both = whole.merge(
        effect_curves(result, recipe, tracks, sources), on=["feature", "class"], suffixes=("", "_banded")
    )
    same = both[np.isclose(both["value"], both["value_banded"])]
    assert len(same) == len(whole)
    np.testing.assert_allclose(same["probability"], same["probability_banded"])
