"""Half-normal plots with simulated envelopes."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import genreglm as gg
from genreglm.errors import DataError, EstimationError, OptionError
from simulated import tracks

COLUMNS = ["point", "theoretical", "observed", "low", "median", "high", "inside"]
FORMULA = "genre ~ energy + valence"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=300)


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


@pytest.mark.parametrize("kind", ["deviance", "quantile"])
def test_points_are_ordered_residuals_at_half_normal_quantiles(result: gg.Result, kind: str) -> None:
    table = gg.envelope(result, kind=kind)
    assert table.columns.tolist() == COLUMNS
    assert len(table) <= 200
    assert (table["point"].iloc[0], table["point"].iloc[-1]) == (1, 300)
    expected = norm.ppf((table["point"] + 300 - 0.125) / 600.5)
    np.testing.assert_allclose(table["theoretical"], expected, rtol=1e-12)
    assert (table["point"].diff().dropna() >= 1).all()
    assert len(table) > 100
    if kind == "deviance":
        ordered = np.sort(gg.residuals(result, kind="deviance")["resid"])
        np.testing.assert_allclose(table["observed"], ordered[table["point"] - 1])
    assert (table["low"] <= table["median"]).all()
    assert (table["median"] <= table["high"]).all()
    assert (table["inside"] == table["observed"].between(table["low"], table["high"])).all()


def test_few_rows_are_all_listed() -> None:
    table = gg.envelope(gg.fit("genre ~ energy", tracks(rows=60)))
    assert table["point"].tolist() == list(range(1, 61))


@pytest.mark.parametrize("kind", ["deviance", "quantile"])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_limits_hold_the_share_that_they_promise(
    result: gg.Result, rows: pd.DataFrame, kind: str, level: float
) -> None:
    prob = result.predict(rows).to_numpy()
    rng = np.random.default_rng(0)
    inside = []
    for seed in range(30):
        drawn = (rng.gumbel(size=prob.shape) + np.log(prob)).argmax(axis=1)
        made = rows.assign(genre=np.array(result.classes)[drawn])
        table = gg.envelope(result, made, kind, simulations=39, seed=seed, conf_level=level)
        inside.append(table["inside"].mean())
    assert np.mean(inside) == pytest.approx(level, abs=0.08)


def test_a_model_that_is_too_sure_is_found(result: gg.Result, rows: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    blind = rows.assign(genre=rng.choice(list(result.classes), len(rows)))
    assert gg.envelope(result, blind)["inside"].mean() < 0.5


@pytest.mark.parametrize("kind", ["deviance", "quantile"])
@pytest.mark.parametrize("penalty", [None, gg.Ridge(0.001)])
def test_refitting_gives_smaller_residuals_where_parameters_are_many(kind: str, penalty: gg.Ridge | None) -> None:
    made = tracks(rows=90, seed=2).assign(
        **{f"noise{j}": np.random.default_rng(100 + j).normal(size=90) for j in range(6)}
    )
    formula = "genre ~ energy + " + " + ".join(f"noise{j}" for j in range(6))
    result = gg.fit(formula, made, penalty=penalty)
    known, refitted = (gg.envelope(result, kind=kind, simulations=39, refit=refit) for refit in (False, True))
    np.testing.assert_array_equal(known["observed"], refitted["observed"])
    if kind == "deviance":
        assert refitted["median"].mean() < 0.97 * known["median"].mean()
    assert refitted["inside"].mean() > 0.8


def test_a_weight_is_so_many_rows(rows: pd.DataFrame) -> None:
    w = np.arange(len(rows)) % 3
    result = gg.fit(FORMULA, rows, weights=w.astype(float))
    repeated = rows.loc[rows.index.repeat(w)]
    for kind in ("deviance", "quantile"):
        table = gg.envelope(result, kind=kind, simulations=39)
        again = gg.envelope(gg.fit(FORMULA, repeated), kind=kind, simulations=39)
        pd.testing.assert_frame_equal(table, again, rtol=1e-6)
    pd.testing.assert_frame_equal(
        gg.envelope(result, simulations=39, refit=True),
        gg.envelope(gg.fit(FORMULA, repeated), simulations=39, refit=True),
        rtol=1e-5,
    )


def test_an_offset_is_kept_when_refitted(rows: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    offset = 2.0 * rng.normal(size=(len(rows), 3))
    drawn = (offset + rng.gumbel(size=offset.shape)).argmax(axis=1)
    made = rows.assign(genre=np.array(["ambient", "blues", "country"])[drawn])
    table = gg.envelope(gg.fit(FORMULA, made, offset=offset), simulations=39, refit=True)
    assert table["inside"].mean() > 0.8


def test_a_seed_is_an_answer(result: gg.Result) -> None:
    pd.testing.assert_frame_equal(gg.envelope(result), gg.envelope(result))
    assert (gg.envelope(result)["low"] != gg.envelope(result, seed=1)["low"]).any()


def test_refusals(result: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"at least 39"):
        gg.envelope(result, simulations=38)
    with pytest.raises(OptionError, match="pearson"):
        gg.envelope(result, kind="pearson")
    with pytest.raises(OptionError, match="between 0 and 1"):
        gg.envelope(result, conf_level=1.0)
    with pytest.raises(DataError, match=r"no whole numbers \(e.g. 0.5\)"):
        gg.envelope(gg.fit(FORMULA, rows, weights=np.full(len(rows), 0.5)))
    soft = gg.fit(FORMULA, rows, soft_labels=pd.get_dummies(rows["genre"], dtype=float) + 0.1)
    with pytest.raises(DataError, match="need one class a row"):
        gg.envelope(soft)
    with pytest.raises(DataError, match="Pass the rows of the fit"):
        gg.envelope(result, rows.head(50), refit=True)


def test_a_response_without_an_estimate_is_named() -> None:
    made = tracks(rows=40, seed=4).assign(genre=["blues"] * 2 + ["disco"] * 38)
    with pytest.raises(EstimationError, match="no rows of 'blues'"):
        gg.envelope(gg.fit("genre ~ energy", made), refit=True)
    apart = pd.DataFrame({"genre": ["a", "b"] * 4, "x": [0.0, 1.0, 2.0, 1.5, 3.0, 8.0, 5.0, 9.0]})
    with pytest.raises(EstimationError, match=r"has no estimate\. Use refit=False"):
        gg.envelope(gg.fit("genre ~ x", apart), refit=True)
