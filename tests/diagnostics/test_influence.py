"""Leverage and influence as tables: against refits, and what must not change them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genreglm as gg
from genreglm.errors import DataError, InferenceError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=600, seed=4)


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


def moved(result: gg.Result, other: gg.Result) -> np.ndarray:
    return result.coefficients - other.coefficients


def test_leverage_is_that_of_influence_and_sums_to_the_parameters(result: gg.Result, rows: pd.DataFrame) -> None:
    hat = gg.leverage(result)["hat"]
    np.testing.assert_allclose(hat, gg.influence(result)["hat"], rtol=1e-10)
    assert hat.sum() == pytest.approx(result.df_model, rel=1e-9)
    assert (gg.leverage(result, rows)["hat"] == hat).all()


def test_one_step_comes_near_the_refit(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.influence(result)
    step = gg.dfbeta(result, terms=list(result.design.terms))
    information = np.linalg.inv(result.inference.covariance)
    for row in table["cooksd"].sort_values().index[[100, 300, 500, 599]]:
        refit = gg.fit(result.design, rows.drop(index=row), gradient_tolerance=1e-12)
        change = moved(result, refit)
        against_last = (change[:, :-1] - change[:, -1:]).T.ravel()
        cook = against_last @ information @ against_last / result.df_model
        assert table.loc[row, "cooksd"] == pytest.approx(cook, rel=0.1)
        fall = result.glance()["deviance"].iloc[0] - refit.glance()["deviance"].iloc[0]
        assert table.loc[row, "delta_deviance"] == pytest.approx(fall, rel=5e-3)
        found = [[step.loc[row, (label, name)] for label in result.classes] for name in result.design.columns]
        np.testing.assert_allclose(found, change, atol=0.1 * np.abs(change).max())


def test_dfbeta_in_standard_errors_has_the_largest_in_influence(result: gg.Result) -> None:
    by_class = gg.dfbeta(result, terms="energy", standardised=True)
    largest = gg.influence(result, dfbeta=["energy", "C(key)"])
    assert {"dfbeta_energy", "dfbeta_C(key)"} <= set(largest.columns)
    np.testing.assert_allclose(largest["dfbeta_energy"].abs(), by_class.abs().max(axis=1), rtol=1e-9)
    errors = result.tidy(reference=None).query("term == 'energy'")["std_error"].to_numpy()
    np.testing.assert_allclose(gg.dfbeta(result, terms="energy") / errors, by_class, rtol=1e-9)


def test_cluster_influence_comes_near_the_refit(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.cluster_influence(result, clusters="artist")
    assert table["cooksd"].is_monotonic_decreasing
    assert table["rows"].sum() == len(rows)
    assert table["hat"].sum() == pytest.approx(result.df_model, rel=1e-9)
    first = table.iloc[0]
    refit = gg.fit(result.design, rows[rows["artist"] != first["cluster"]])
    change = moved(result, refit)
    against_last = (change[:, :-1] - change[:, -1:]).T.ravel()
    information = np.linalg.inv(result.inference.covariance)
    assert first["cooksd"] == pytest.approx(against_last @ information @ against_last / result.df_model, rel=0.05)
    fall = result.glance()["deviance"].iloc[0] - refit.glance()["deviance"].iloc[0]
    assert first["delta_deviance"] == pytest.approx(fall, rel=1e-3)


def test_a_weight_of_two_is_two_rows_deleted_together() -> None:
    rows = tracks(rows=150, seed=8)
    weights = np.random.default_rng(0).integers(1, 3, 150)
    twice = rows.loc[np.repeat(rows.index, weights)].assign(copy=np.repeat(rows.index, weights)).reset_index(drop=True)
    one = gg.influence(gg.fit(FORMULA, rows, weights=weights))
    two = gg.cluster_influence(gg.fit(FORMULA, twice), clusters="copy").set_index("cluster").sort_index()
    np.testing.assert_allclose(one["hat"], two["hat"], rtol=1e-8)
    np.testing.assert_allclose(one["cooksd"], two["cooksd"], rtol=1e-5)
    np.testing.assert_allclose(one["delta_deviance"], two["delta_deviance"], rtol=1e-6)


@given(seed=st.integers(0, 2**31), scale=st.sampled_from([1e-3, 1.0, 1e4]))
def test_order_names_and_scales_change_nothing(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    rows = tracks(rows=150, seed=2)
    expected = gg.influence(gg.fit(FORMULA, rows))
    names = dict(zip(["ambient", "blues", "country"], rng.permutation(["a", "b", "c"]), strict=True))
    keys = dict(zip("CDE", rng.permutation(list("XYZ")), strict=True))
    other = rows.assign(genre=rows["genre"].map(names), key=rows["key"].map(keys), energy=scale * rows["energy"] + 3)
    order = rng.permutation(len(rows))
    shuffled = other.iloc[order]
    found = gg.influence(gg.fit(FORMULA, shuffled), shuffled)
    assert (found.index == order).all()
    pd.testing.assert_frame_equal(found.sort_index(), expected, rtol=1e-6)


def test_robust_and_absent_covariances_mean_the_information(result: gg.Result, rows: pd.DataFrame) -> None:
    expected = gg.influence(result)
    for options in ({"covariance": "clustered", "clusters": "artist"}, {"covariance": None}):
        pd.testing.assert_frame_equal(gg.influence(gg.fit(FORMULA, rows, **options)), expected, rtol=1e-6)
    with pytest.raises(InferenceError, match="no covariance"):
        gg.dfbeta(gg.fit(FORMULA, rows, covariance=None), terms="energy", standardised=True)


def test_rows_of_a_prior_hold_the_rest_of_the_leverage() -> None:
    rows = tracks(rows=300, seed=1)
    rows = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    result = gg.fit(FORMULA, rows, penalty=gg.CellPrior())
    hat = gg.leverage(result)["hat"].sum()
    assert result.df_model - 1.0 < hat < result.df_model
    table = gg.influence(result, dfbeta=["C(key)"])
    assert np.isfinite(table.to_numpy()).all()


def test_a_loaded_result_wants_its_own_rows(result: gg.Result, rows: pd.DataFrame, tmp_path: Path) -> None:
    loaded = gg.load(result.save(tmp_path / "model"))
    with pytest.raises(DataError, match="pass rows="):
        gg.leverage(loaded)
    with pytest.raises(DataError, match="The log-likelihood of these rows"):
        gg.leverage(loaded, rows.assign(energy=rows["energy"] + 1.0))
    pd.testing.assert_frame_equal(gg.leverage(loaded, rows), gg.leverage(result), rtol=1e-8)


def test_refuses_a_ridge_fit_and_an_unknown_term(result: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(InferenceError, match="ridge"):
        gg.influence(gg.fit(FORMULA, rows, penalty=gg.Ridge(0.1)))
    with pytest.raises(OptionError, match="no term of this model; there are energy, valence, C"):
        gg.dfbeta(result, terms="tempo")
    with pytest.raises(DataError, match="no column"):
        gg.cluster_influence(result, clusters="band")


def test_a_column_of_large_mean_costs_no_digits() -> None:
    rows = tracks(rows=200, seed=3)
    expected = gg.influence(gg.fit(FORMULA, rows))
    far = rows.assign(energy=1e7 + 3.0 * rows["energy"])
    found = gg.influence(gg.fit(FORMULA, far))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_row_that_the_estimate_needs_has_no_dfbeta() -> None:
    rows = tracks(rows=120, seed=3).assign(one=0.0)
    rows.loc[7, "one"] = 1.0
    table = gg.influence(gg.fit("genre ~ energy + one", rows, penalty=gg.Jeffreys()), dfbeta=["energy"])
    assert np.isinf(table.loc[7, "cooksd"])
    assert np.isnan(table.loc[7, "dfbeta_energy"])
    assert np.isfinite(table.drop(index=7).to_numpy()).all()


def test_rows_of_a_cluster_are_counted_by_weight_and_must_have_one(result: gg.Result, rows: pd.DataFrame) -> None:
    weights = np.where(np.arange(len(rows)) % 2, 2.5, 1.0)
    table = gg.cluster_influence(gg.fit(FORMULA, rows, weights=weights), clusters="artist")
    assert table["rows"].sum() == pytest.approx(weights.sum())
    with pytest.raises(DataError, match="3 rows have no cluster"):
        gg.cluster_influence(result, clusters=rows["artist"].where(rows.index > 2))
