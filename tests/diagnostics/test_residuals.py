"""Residuals of rows: definitions, distribution under the model, and what they refuse."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, norm

import genreglm as gg
from genreglm.engine.sampling import sample_classes
from genreglm.errors import DataError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
PER_ROW = ("quantile", "deviance", "pearson")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=300, genres=4)


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


def redrawn(result: gg.Result, rows: pd.DataFrame, draws: int) -> np.ndarray:
    """Genres drawn from the model, as codes, (rows, draws)."""
    return sample_classes(result.predict(rows).to_numpy(), draws, seed=0)


@pytest.mark.parametrize("order", [None, ["disco", "ambient", "country", "blues"]])
def test_quantile_residuals_are_standard_normal_under_the_model(
    result: gg.Result, rows: pd.DataFrame, order: list[str] | None
) -> None:
    p_values = []
    for seed, codes in enumerate(redrawn(result, rows, 300).T):
        drawn = replace(result, problem=replace(result.problem, y=codes))
        resid = gg.residuals(drawn, seed=1000 + seed, order=order)["resid"]
        p_values.append(kstest(resid, norm.cdf).pvalue)
    assert 0.01 <= np.mean(np.array(p_values) < 0.05) <= 0.10
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_and_on_the_rows_of_the_fit() -> None:
    p_values = [
        kstest(gg.residuals(gg.fit("genre ~ energy + valence", made))["resid"], norm.cdf).pvalue
        for made in (tracks(seed=seed, strength=0.5) for seed in range(40))
    ]
    assert np.mean(np.array(p_values) < 0.05) <= 0.10


def test_wrong_probabilities_are_found(result: gg.Result, rows: pd.DataFrame) -> None:
    other = rows.assign(genre=np.array(result.classes)[redrawn(result, rows, 1)[:, 0]])
    assert kstest(gg.residuals(result, other)["resid"], norm.cdf).pvalue > 0.05
    rare = other[(other["genre"] != "ambient") | (np.arange(len(other)) % 8 == 0)]
    assert kstest(gg.residuals(result, rare)["resid"], norm.cdf).pvalue < 0.001


def test_a_variable_that_was_left_out_is_found() -> None:
    made = tracks(rows=600, genres=2, strength=1.5, seed=3)
    with_it = gg.residuals(gg.fit("genre ~ energy + valence", made))["resid"]
    without = gg.residuals(gg.fit("genre ~ valence", made))["resid"]
    assert abs(np.corrcoef(with_it, made["energy"])[0, 1]) < 0.12
    assert abs(np.corrcoef(without, made["energy"])[0, 1]) > 0.3


def test_two_classes_give_the_usual_residuals_without_sign() -> None:
    made = tracks(rows=120, genres=2)
    result = gg.fit("genre ~ energy", made)
    p = result.predict(made)["blues"].to_numpy()
    y = (made["genre"] == "blues").to_numpy()
    expected = np.abs(y - p) / np.sqrt(p * (1 - p))
    np.testing.assert_allclose(gg.residuals(result, kind="pearson")["resid"], expected, rtol=1e-9)
    expected = np.sqrt(-2 * (y * np.log(p) + (1 - y) * np.log(1 - p)))
    np.testing.assert_allclose(gg.residuals(result, kind="deviance")["resid"], expected, rtol=1e-9)


@pytest.mark.parametrize("formula", [FORMULA, "genre ~ 0 + energy"])
def test_squares_sum_to_the_deviance_and_responses_to_zero(formula: str, rows: pd.DataFrame) -> None:
    result = gg.fit(formula, rows)
    squares = (gg.residuals(result, kind="deviance")["resid"] ** 2).sum()
    assert squares == pytest.approx(result.glance()["deviance"].iloc[0], rel=1e-10)
    response = gg.residuals(result, kind="response")
    assert response.columns.tolist() == list(result.classes)
    np.testing.assert_allclose(response.sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(rows["energy"].to_numpy() @ response.to_numpy(), 0.0, atol=1e-6)


def test_weights_offset_and_shares_enter_as_in_the_fit(rows: pd.DataFrame) -> None:
    w = np.arange(len(rows)) % 3 + 1.0
    offset = np.random.default_rng(0).normal(size=(len(rows), 4))
    result = gg.fit(FORMULA, rows, weights=w, offset=offset)
    squares = w @ gg.residuals(result, kind="deviance")["resid"] ** 2
    assert squares == pytest.approx(result.glance()["deviance"].iloc[0], rel=1e-10)
    shares = 0.8 * pd.get_dummies(rows["genre"], dtype=float) + 0.05
    soft = gg.fit(FORMULA, rows, soft_labels=shares)
    squares = (gg.residuals(soft, kind="deviance")["resid"] ** 2).sum()
    assert squares == pytest.approx(soft.glance()["deviance"].iloc[0], rel=1e-10)
    response = gg.residuals(soft, kind="response") + soft.predict(rows)
    np.testing.assert_allclose(response, shares, atol=1e-12)
    with pytest.raises(DataError, match=r"Quantile residuals need one class a row"):
        gg.residuals(soft)


@pytest.mark.parametrize("kind", PER_ROW)
def test_rows_may_be_given(result: gg.Result, rows: pd.DataFrame, kind: str, tmp_path) -> None:
    whole = gg.residuals(result, kind=kind)
    assert whole.columns.tolist() == ["resid"]
    pd.testing.assert_frame_equal(gg.residuals(result, rows, kind), whole)
    rows.to_parquet(tmp_path / "rows.parquet")
    loaded = gg.load(result.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(gg.residuals(loaded, tmp_path / "rows.parquet", kind), whole, rtol=1e-9)
    with pytest.raises(DataError, match=r"pass rows="):
        gg.residuals(loaded, kind=kind)
    if kind != "quantile":
        part = rows.sample(50, random_state=0)
        np.testing.assert_allclose(gg.residuals(result, part, kind)["resid"], whole["resid"][part.index])


def test_order_and_seed_are_stated_and_matter(result: gg.Result) -> None:
    first, second = gg.residuals(result), gg.residuals(result, seed=1)
    assert first.attrs == {"kind": "quantile", "seed": 0, "order": list(result.classes)}
    assert (first["resid"] != second["resid"]).all()
    backwards = gg.residuals(result, order=result.classes[::-1])
    assert backwards.attrs["order"] == list(result.classes[::-1])
    np.testing.assert_array_equal(gg.residuals(result)["resid"], gg.residuals(result, order=result.classes)["resid"])
    assert abs(np.corrcoef(first["resid"], backwards["resid"])[0, 1] + 1) < 0.5


@pytest.mark.parametrize("order", [["blues"], ["ambient", "blues", "country", "polka"], ["blues"] * 4])
def test_refuses_what_is_no_order(result: gg.Result, order: list[str]) -> None:
    with pytest.raises(OptionError, match=r"must list each of the 4 classes"):
        gg.residuals(result, order=order)


def test_refuses_an_unknown_kind(result: gg.Result) -> None:
    with pytest.raises(OptionError, match="surrogate"):
        gg.residuals(result, kind="surrogate")


def test_ridge_and_separated_fits_have_residuals(rows: pd.DataFrame) -> None:
    apart = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    for result in (gg.fit(FORMULA, rows, penalty=gg.Ridge(0.01)), gg.fit(FORMULA, apart, penalty=gg.CellPrior())):
        for kind in PER_ROW:
            assert np.isfinite(gg.residuals(result, kind=kind)["resid"]).all()


@pytest.mark.parametrize("kind", [*PER_ROW, "response"])
def test_a_frame_keeps_its_index(result: gg.Result, rows: pd.DataFrame, kind: str, tmp_path) -> None:
    named = rows.set_axis([f"track {number}" for number in range(len(rows))])
    assert gg.residuals(result, named.iloc[::-1], kind).index.tolist() == named.index[::-1].tolist()
    assert gg.residuals(gg.fit(FORMULA, named), kind=kind).index.equals(pd.RangeIndex(len(rows)))
    rows.to_parquet(tmp_path / "rows.parquet")
    assert gg.residuals(result, tmp_path / "rows.parquet", kind).index.equals(pd.RangeIndex(len(rows)))
