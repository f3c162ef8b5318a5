"""One-step replicates against refits to the same draws."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.engine.one_step import one_step
from genreglm.errors import DataError, InferenceError, OptionError
from genreglm.fitting import ridge_of
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=2_000, genres=4, seed=5, strength=0.8)


@pytest.mark.parametrize("kind", ["none", "ridge", "family"])
def test_a_step_comes_near_the_refit(rows: pd.DataFrame, kind: str) -> None:
    families = dict.fromkeys(rows["genre"].unique(), "x") | {rows["genre"].iloc[0]: "y"}
    penalty = {
        "none": None,
        "ridge": gg.Ridge(0.02, standardise=True),
        "family": gg.FamilyRidge(0.02, families=families, pooling=0.5),
    }[kind]
    result = gg.fit(FORMULA, rows, penalty=penalty, covariance=None)
    rng = np.random.default_rng(1)
    for _ in range(3):
        weights = rng.gamma(20.0, 1.0 / 20.0, size=len(rows))
        weights *= len(rows) / weights.sum()
        ridge = None if penalty is None else ridge_of(result.design, result.problem, penalty, rows)
        (moved,) = one_step(result.problem, result.coefficients, [weights], ridge)
        refit = gg.fit(FORMULA, rows, weights=weights, penalty=penalty, covariance=None).coefficients
        far = abs(refit - result.coefficients).max()
        assert far > 0.003
        assert abs(moved - refit).max() < 0.08 * far
        np.testing.assert_allclose(moved.sum(axis=1), 0.0, atol=1e-9)


def test_the_fits_own_weights_stay_where_they_are(rows: pd.DataFrame) -> None:
    result = gg.fit(FORMULA, rows, covariance=None)
    (same,) = one_step(result.problem, result.coefficients, [result.problem.w])
    np.testing.assert_allclose(same, result.coefficients, atol=1e-8)


def test_spread_is_that_of_the_clustered_covariance(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy + valence", rows, covariance="clustered", clusters="artist")
    found = gg.bootstrap(result, replicates=400, seed=2)
    energy = list(result.design.columns).index("energy")
    differences = found.coefficients[:, energy, 1:] - found.coefficients[:, energy, :1]
    table = result.tidy()
    expected = table.loc[table["term"] == "energy", "std_error"].to_numpy()
    np.testing.assert_allclose(differences.std(axis=0, ddof=1), expected, rtol=0.2)


def test_intervals_hold_the_estimate_and_narrow_with_rows(rows: pd.DataFrame) -> None:
    result = gg.fit(FORMULA, rows, penalty=gg.Ridge(0.01), covariance=None)
    low, high = gg.bootstrap(result, replicates=30).intervals(rows[:50])
    prob = result.predict(rows[:50])
    assert ((low <= prob) & (prob <= high)).to_numpy().mean() > 0.85
    assert (low <= high).all(axis=None)
    fewer = rows[:500]
    wide_low, wide_high = gg.bootstrap(
        gg.fit(FORMULA, fewer, penalty=gg.Ridge(0.01), covariance=None), replicates=30
    ).intervals(rows[:50])
    assert (wide_high - wide_low).mean(axis=None) > 1.3 * (high - low).mean(axis=None)


def test_what_cannot_be_drawn_is_refused(rows: pd.DataFrame, tmp_path) -> None:
    result = gg.fit(FORMULA, rows, covariance=None)
    with pytest.raises(OptionError, match="replicates"):
        gg.bootstrap(result, replicates=1)
    with pytest.raises(DataError, match="groups"):
        gg.bootstrap(result, np.arange(len(rows)) % 4)
    with pytest.raises(DataError, match="with_rows"):
        gg.bootstrap(gg.load(result.save(tmp_path / "model")))
    with pytest.raises(InferenceError, match="Jeffreys"):
        gg.bootstrap(gg.fit("genre ~ energy", rows, penalty=gg.Jeffreys(), covariance=None))
    with pytest.raises(OptionError, match="conf_level"):
        gg.bootstrap(result, replicates=2).intervals(rows, 90)
