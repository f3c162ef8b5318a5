"""Reliability of each class's probability, by counting and where the answer is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

import genreglm as gg
from genreglm.errors import DataError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(600, 4)


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


def test_bins_by_counting_with_wilsons_interval(rows: pd.DataFrame, result: gg.Result) -> None:
    table, prob = gg.calibration(result, bins=8), result.predict(rows)
    assert len(table) == 32
    for label in result.classes:
        order = np.argsort(prob[label].to_numpy(), kind="stable")
        part = table[table["class"] == label].reset_index(drop=True)
        for number, own in enumerate(np.array_split(order, 8)):
            hits = (rows["genre"].to_numpy()[own] == label).sum()
            assert part.loc[number, ["bin", "count"]].tolist() == [number + 1, len(own)]
            assert part.loc[number, "predicted"] == pytest.approx(prob[label].to_numpy()[own].mean())
            assert part.loc[number, "observed"] == pytest.approx(hits / len(own))
            interval = proportion_confint(hits, len(own), 0.05, "wilson")
            assert part.loc[number, ["conf_low", "conf_high"]].tolist() == pytest.approx(interval)


def test_over_the_rows_of_a_fit_the_means_of_a_class_agree(result: gg.Result) -> None:
    table = gg.calibration(result)
    for _, part in table.groupby("class"):
        assert np.average(part["observed"], weights=part["count"]) == pytest.approx(
            np.average(part["predicted"], weights=part["count"]), rel=1e-6
        )
    slopes = gg.calibration_slopes(result).set_index("term")
    np.testing.assert_allclose(slopes.loc["in_the_large", "estimate"], 0.0, atol=1e-6)


def test_order_of_rows_and_weights_change_nothing(rows: pd.DataFrame) -> None:
    rows = rows.assign(n=np.random.default_rng(0).integers(1, 4, len(rows)))
    fitted = gg.fit(FORMULA, rows, weights="n")
    repeated = rows.loc[rows.index.repeat(rows["n"])].sample(frac=1.0, random_state=1)
    other = gg.fit(FORMULA, repeated)
    pd.testing.assert_frame_equal(gg.calibration(other), gg.calibration(fitted), rtol=1e-7)
    found, expected = (gg.calibration_slopes(r).set_index(["class", "term"]) for r in (other, fitted))
    pd.testing.assert_frame_equal(found[["estimate", "std_error"]], expected[["estimate", "std_error"]], atol=1e-6)


def test_too_extreme_probabilities_have_a_slope_below_one(rows: pd.DataFrame, result: gg.Result) -> None:
    sure = gg.fit(FORMULA, rows, offset=2.0 * rows[["energy"]].to_numpy() @ np.ones((1, 4)), covariance=None)
    assert gg.calibration_slopes(sure)["estimate"].notna().all()
    extreme = replace(result, coefficients=3.0 * result.coefficients)
    timid = replace(result, coefficients=result.coefficients / 3.0)
    for wrong, below in ((extreme, True), (timid, False)):
        slope = gg.calibration_slopes(wrong).query("term == 'slope'")
        assert ((slope["estimate"] < 1.0) == below).all()
        assert ((slope["conf_high"] < 1.0) if below else (slope["conf_low"] > 1.0)).all()
        assert (slope["statistic"] == (slope["estimate"] - 1.0) / slope["std_error"]).all()


def test_new_rows_may_lack_a_class(rows: pd.DataFrame, result: gg.Result) -> None:
    some = tracks(300, 4, seed=9)
    some = some[some["genre"] != "blues"]
    table = gg.calibration(result, some, classes=["blues"], bins=5)
    assert table["observed"].tolist() == [0.0] * 5
    assert (table["conf_high"] > 0).all()
    slopes = gg.calibration_slopes(result, some, classes=["blues", "disco"]).set_index("class")
    assert slopes.loc["blues", "estimate"].isna().all()
    assert slopes.loc["disco", "estimate"].notna().all()


def test_soft_labels_that_are_hard_and_equal_probabilities(rows: pd.DataFrame, result: gg.Result) -> None:
    soft = gg.fit(FORMULA, rows, soft_labels=pd.get_dummies(rows["genre"]).astype(float))
    pd.testing.assert_frame_equal(gg.calibration(soft), gg.calibration(result), rtol=1e-6)
    levels = gg.calibration(gg.fit("genre ~ C(key)", rows), classes=["blues"])
    assert levels["count"].sum() == 600
    assert len(levels) <= 3
    np.testing.assert_allclose(levels["predicted"], levels["observed"], rtol=1e-6)


def test_a_ridge_fit_and_a_loaded_one(rows: pd.DataFrame, result: gg.Result, tmp_path) -> None:
    assert len(gg.calibration(gg.fit(FORMULA, rows, penalty=gg.Ridge(0.1)), bins=2)) == 8
    loaded = gg.load(result.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(gg.calibration(loaded, rows), gg.calibration(result))
    with pytest.raises(DataError, match="pass rows="):
        gg.calibration(loaded)


def test_options_are_checked(result: gg.Result) -> None:
    for ask in (gg.calibration, gg.calibration_slopes):
        for classes in (["polka"], [], "blues"):
            with pytest.raises(OptionError, match="must be a list of classes"):
                ask(result, classes=classes)
    with pytest.raises(OptionError, match="at least 1"):
        gg.calibration(result, bins=0)
    for ask in (gg.calibration, gg.calibration_slopes):
        with pytest.raises(OptionError, match="between 0 and 1"):
            ask(result, conf_level=95)
