"""Binned residuals: by hand, with a known answer, and their summary."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, OptionError
from simulated import tracks

COLUMNS = [
    *("variable", "bin", "level", "low", "high", "mean", "class", "count"),
    *("observed", "expected", "resid", "std_error", "z", "conf_low", "conf_high"),
]
FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=300).assign(live=lambda table: table["energy"] > 0.2)


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


def test_one_cell_by_hand(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.binned_residuals(result, by="energy", bins=5)
    assert table.columns.tolist() == COLUMNS
    assert table["count"].tolist() == [60.0] * 15
    cell = table[(table["bin"] == 2) & (table["class"] == "blues")].iloc[0]
    own = rows["energy"].rank().between(61, 120).to_numpy()
    p = result.predict(rows)["blues"].to_numpy()[own]
    t = (rows["genre"] == "blues").to_numpy()[own]
    values = rows["energy"][own]
    assert cell[["low", "high", "mean"]].tolist() == pytest.approx([values.min(), values.max(), values.mean()])
    assert cell[["observed", "expected"]].tolist() == pytest.approx([t.mean(), p.mean()])
    error = np.sqrt((p * (1 - p)).sum()) / 60
    assert cell[["resid", "std_error", "z"]].tolist() == pytest.approx(
        [(t - p).mean(), error, (t - p).mean() / error], rel=1e-9
    )
    assert cell[["conf_low", "conf_high"]].tolist() == pytest.approx([-1.959964 * error, 1.959964 * error])


def test_all_variables_of_the_formula_unless_named(result: gg.Result) -> None:
    table = gg.binned_residuals(result)
    assert table["variable"].unique().tolist() == ["energy", "key", "valence"]
    keys = table[table["variable"] == "key"]
    assert keys["level"].unique().tolist() == ["C", "D", "E"]
    assert keys[["low", "high", "mean"]].isna().all(axis=None)
    np.testing.assert_allclose(keys["resid"], 0.0, atol=1e-9)  # the fit gives each level its own mean
    some = gg.binned_residuals(result, by=["valence", "live", ".fitted"], classes=["country"], bins=4)
    assert some["variable"].value_counts().to_dict() == {"valence": 4, "live": 2, ".fitted": 4}
    assert set(some["class"]) == {"country"}


def test_by_fitted_probability_is_calibration(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.binned_residuals(result, by=".fitted", bins=6)
    own = table[table["class"] == "blues"]
    p = result.predict(rows)["blues"]
    np.testing.assert_allclose(own["mean"], own["expected"], rtol=1e-9)
    np.testing.assert_allclose(own["expected"], np.sort(p).reshape(6, 50).mean(axis=1), rtol=1e-9)
    assert (own["observed"] * own["count"]).sum() == pytest.approx((rows["genre"] == "blues").sum())


def test_residuals_of_a_bin_sum_to_zero_over_classes(result: gg.Result) -> None:
    table = gg.binned_residuals(result, by=["energy", "key"], bins=7)
    np.testing.assert_allclose(table.groupby(["variable", "bin"])["resid"].sum(), 0.0, atol=1e-12)


def test_a_curve_that_the_model_lacks_stands_out() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 6000)
    eta = np.column_stack([3 * x**2, np.zeros(6000), 0.5 * x])
    genre = np.array(["a", "b", "c"])[(eta + rng.gumbel(size=eta.shape)).argmax(axis=1)]
    made = pd.DataFrame({"genre": genre, "x": x})
    table = gg.binned_residuals(gg.fit("genre ~ x", made), by="x", bins=9)
    sign = np.sign(table[table["class"] == "a"]["resid"]).tolist()
    assert (sign[0], sign[4], sign[8]) == (1.0, -1.0, 1.0)
    wrong = gg.binned_summary(table).iloc[0]
    right = gg.binned_summary(gg.binned_residuals(gg.fit("genre ~ x + I(x**2)", made), by="x", bins=9)).iloc[0]
    assert wrong["share_outside"] > 0.5
    assert wrong["class"] == "a"
    assert right["share_outside"] < 0.2


def test_limits_hold_most_bins_of_the_right_model() -> None:
    shares = [
        gg.binned_summary(gg.binned_residuals(gg.fit("genre ~ energy + valence + C(key)", made), bins=10))
        for made in (tracks(rows=600, seed=seed) for seed in range(8))
    ]
    found = pd.concat(shares)
    of = found[found["variable"] != "key"]
    assert 0.01 < of["outside"].sum() / of["checked"].sum() < 0.08


def test_a_weight_is_so_many_rows_and_none_is_no_row(rows: pd.DataFrame) -> None:
    w = np.arange(len(rows)) // 5 % 3
    weighted = gg.binned_residuals(gg.fit(FORMULA, rows, weights=w.astype(float)), by=["energy", "key", ".fitted"])
    repeated = rows.loc[rows.index.repeat(w)]
    again = gg.binned_residuals(gg.fit(FORMULA, repeated), by=["energy", "key", ".fitted"])
    pd.testing.assert_frame_equal(weighted, again, rtol=1e-5, atol=1e-8)


def test_soft_labels_count_by_their_shares(rows: pd.DataFrame) -> None:
    shares = 0.7 * pd.get_dummies(rows["genre"], dtype=float) + 0.1
    result = gg.fit(FORMULA, rows, soft_labels=shares)
    table = gg.binned_residuals(result, by=["energy", ".fitted"], bins=3)
    cell = table[(table["variable"] == "energy") & (table["class"] == "ambient")]
    codes = np.argsort(np.argsort(rows["energy"])) // 100
    np.testing.assert_allclose(cell["observed"], shares["ambient"].groupby(codes).mean())
    own = table[(table["variable"] == ".fitted") & (table["class"] == "ambient")]
    assert (own["observed"] * own["count"]).sum() == pytest.approx(shares["ambient"].sum())


def test_the_order_of_rows_and_their_source_do_not_matter(result: gg.Result, rows: pd.DataFrame, tmp_path) -> None:
    shuffled = rows.sample(frac=1.0, random_state=0)
    shuffled.to_parquet(tmp_path / "rows.parquet")
    by = ["energy", "live", ".fitted"]
    expected = gg.binned_residuals(result, by=by)
    pd.testing.assert_frame_equal(gg.binned_residuals(result, tmp_path / "rows.parquet", by), expected, rtol=1e-9)
    loaded = gg.load(result.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(gg.binned_residuals(loaded, rows, by), expected, rtol=1e-9)
    with pytest.raises(DataError, match=r"pass rows="):
        gg.binned_residuals(loaded)


def test_the_summary_checks_only_well_filled_cells() -> None:
    table = pd.DataFrame(
        {"variable": ["x", "x", "x", "y"], "bin": [1, 2, 3, 1], "mean": [0.0, 1.0, 2.0, 0.0], "class": list("abab"),
         "count": [100.0] * 4, "expected": [0.1, 0.5, 0.01, 0.99], "resid": [0.1, 0.05, 0.5, 0.01],
         "z": [3.3, 1.0, 50.0, 1.0], "conf_low": [-0.06, -0.1, -0.02, -0.02], "conf_high": [0.06, 0.1, 0.02, 0.02]}
    )  # fmt: skip
    summary = gg.binned_summary(table)
    assert summary.iloc[0].tolist() == ["x", 3, 2, 1, 0.5, "a", 1, 0.0, 3.3]
    assert summary.iloc[1][["variable", "cells", "checked", "outside"]].tolist() == ["y", 1, 0, 0]
    assert summary.iloc[1][["share_outside", "class", "bin", "mean", "z"]].isna().all()
    assert summary.columns.tolist() == [
        *("variable", "cells", "checked", "outside", "share_outside", "class", "bin", "mean", "z")
    ]


def test_refusals(result: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="at least 2"):
        gg.binned_residuals(result, bins=1)
    for classes in (["blues", "polka"], [], "blues"):
        with pytest.raises(OptionError, match="must be a list of classes"):
            gg.binned_residuals(result, classes=classes)
    with pytest.raises(OptionError, match="names no variable"):
        gg.binned_residuals(gg.fit("genre ~ 1", rows))
    with pytest.raises(DataError, match="by='tempo' is no column"):
        gg.binned_residuals(result, by="tempo")
    with pytest.raises(DataError, match="1 missing"):
        gg.binned_residuals(result, rows.assign(tempo=[np.nan] + [1.0] * 299), by="tempo")
    with pytest.raises(DataError, match="infinite"):
        gg.binned_residuals(result, rows.assign(tempo=[np.inf] + [1.0] * 299), by="tempo")
