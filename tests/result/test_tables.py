"""Tidy, glance, anova and predict against explicit linear algebra."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import softmax
from statsmodels.stats.multitest import multipletests

import genreglm as gg
from genreglm.errors import DataError, FormulaError, InferenceError, OptionError
from genreglm.result.adjust import adjusted

COLUMNS = ["class", "term", "estimate", "std_error", "statistic", "p_value", "log10_p", "conf_low", "conf_high"]


def contrast(result: gg.Result, weights: dict[tuple[str, str], float]) -> tuple[float, float]:
    """Estimate and standard error of a linear combination of (class, column) coefficients, written out."""
    columns, classes = result.design.columns, result.classes
    grid = np.zeros((len(classes), len(columns)))
    for (label, column), weight in weights.items():
        grid[classes.index(label), columns.index(column)] = weight
    free = grid[:-1].ravel()
    variance = free @ result.require_inference().covariance @ free
    return float(np.vdot(grid.T, result.coefficients)), float(np.sqrt(variance))


def wald_of(result: gg.Result, columns: list[str]) -> float:
    """The Wald statistic of some columns, from explicit contrasts against the first class."""
    first, others = result.classes[0], result.classes[1:]
    rows = []
    for label in others:
        for column in columns:
            grid = np.zeros((len(result.classes), len(result.design.columns)))
            at = result.design.columns.index(column)
            grid[result.classes.index(label), at], grid[result.classes.index(first), at] = 1.0, -1.0
            rows.append(grid)
    estimate = np.array([np.vdot(grid.T, result.coefficients) for grid in rows])
    free = np.array([grid[:-1].ravel() for grid in rows])
    return float(estimate @ np.linalg.solve(free @ result.require_inference().covariance @ free.T, estimate))


@pytest.mark.parametrize("reference", ["ambient", "blues", "country"])
def test_tidy_against_a_class(result: gg.Result, reference: str) -> None:
    table = result.tidy(reference=reference)
    assert table.columns.tolist() == COLUMNS
    assert table["class"].unique().tolist() == [label for label in result.classes if label != reference]
    for row in table.itertuples():
        weights = {(row[1], row.term): 1.0, (reference, row.term): -1.0}
        estimate, error = contrast(result, weights)
        assert row.estimate == pytest.approx(estimate, rel=1e-10)
        assert row.std_error == pytest.approx(error, rel=1e-9)


def test_tidy_against_the_mean(result: gg.Result) -> None:
    for row in result.tidy(reference=None).itertuples():
        weights = {(label, row.term): (label == row[1]) - 1 / 3 for label in result.classes}
        estimate, error = contrast(result, weights)
        assert row.estimate == pytest.approx(estimate, rel=1e-10, abs=1e-12)
        assert row.std_error == pytest.approx(error, rel=1e-9)


def test_tests_and_intervals(result: gg.Result) -> None:
    table = result.tidy(conf_level=0.9)
    z = table["estimate"] / table["std_error"]
    np.testing.assert_allclose(table["statistic"], z, rtol=1e-12)
    np.testing.assert_allclose(table["p_value"], 2 * stats.norm.sf(np.abs(z)), rtol=1e-10)
    np.testing.assert_allclose(table["log10_p"], np.log10(table["p_value"]), rtol=1e-9)
    margin = stats.norm.ppf(0.95) * table["std_error"]
    np.testing.assert_allclose(table["conf_low"], table["estimate"] - margin, rtol=1e-10)
    np.testing.assert_allclose(table["conf_high"], table["estimate"] + margin, rtol=1e-10)


def test_risk_ratios_are_exponentials(result: gg.Result) -> None:
    plain, ratios = result.tidy(), result.tidy(exponentiate=True)
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(ratios[name], np.exp(plain[name]), rtol=1e-12)
    same = ["class", "term", "std_error", "p_value"]
    pd.testing.assert_frame_equal(ratios[same], plain[same])


def test_symmetric_form_leaves_a_separated_cell_out_of_the_mean(separated: gg.Result) -> None:
    table = separated.tidy(reference=None).set_index(["term", "class"])
    cell = "C(key)[T.D]"
    assert np.isnan(table.loc[(cell, "blues"), "std_error"])
    others = table.loc[cell].drop(index="blues")
    assert others["estimate"].sum() == pytest.approx(0.0, abs=1e-10)
    _, error = contrast(separated, {("ambient", cell): 0.5, ("country", cell): -0.5})
    assert others.loc["ambient", "std_error"] == pytest.approx(error, rel=1e-9)


def test_contrasts_with_a_separated_reference_are_unknown(separated: gg.Result) -> None:
    table = separated.tidy(reference="blues").set_index(["term", "class"])["std_error"]
    assert table.loc["C(key)[T.D]"].isna().all()
    assert table[table.index.get_level_values("term") != "C(key)[T.D]"].notna().all()


def test_options_of_tidy(result: gg.Result) -> None:
    with pytest.raises(OptionError, match=r"reference='polka' is no class of this model: 'ambient'"):
        result.tidy(reference="polka")
    for level in (0.0, 1.0, 95.0):
        with pytest.raises(OptionError, match="conf_level"):
            result.tidy(conf_level=level)


def test_glance_is_its_formulas(result: gg.Result, rows: pd.DataFrame) -> None:
    glance = result.glance()
    assert len(glance) == 1
    row = glance.iloc[0]
    prob = result.predict(rows).to_numpy()
    likelihood = np.log(prob[np.arange(len(rows)), result.design.codes(rows)]).sum()
    counts = rows["genre"].value_counts().to_numpy()
    right = (result.predict(rows, kind="class") == rows["genre"]).sum()
    owned = [(rows["genre"] == label).to_numpy() for label in result.classes]
    null, n, free = float(counts @ np.log(counts / counts.sum())), len(rows), 10
    expected = {
        "nobs": n, "classes": 3, "df_model": free, "log_likelihood": likelihood, "null_log_likelihood": null,
        "deviance": -2 * likelihood, "null_deviance": -2 * null, "aic": 2 * free - 2 * likelihood,
        "bic": np.log(n) * free - 2 * likelihood, "mcfadden_r2": 1 - likelihood / null,
        "mcfadden_r2_adjusted": 1 - (likelihood - free) / null,
        "cox_snell_r2": 1 - np.exp(2 * (null - likelihood) / n),
        "nagelkerke_r2": (1 - np.exp(2 * (null - likelihood) / n)) / (1 - np.exp(2 * null / n)),
        "aicc": 2 * free - 2 * likelihood + 2 * free * (free + 1) / (n - free - 1),
        "caic": (np.log(n) + 1) * free - 2 * likelihood,
        "hqic": 2 * np.log(np.log(n)) * free - 2 * likelihood,
        "count_r2": right / n, "count_r2_adjusted": (right - counts.max()) / (n - counts.max()),
        "tjur_r2": np.mean([prob[own, k].mean() - prob[~own, k].mean() for k, own in enumerate(owned)]),
    }  # fmt: skip
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-10), name
    assert row["gradient_norm"] <= 1e-9
    assert row["iterations"] == result.statistics.iterations


def test_anova_is_the_explicit_wald_test(result: gg.Result, clustered: gg.Result) -> None:
    for fitted in (result, clustered):
        table = fitted.anova().set_index("term")
        assert table.index.tolist() == ["energy", "valence", "C(key)"]
        for term, columns in (("energy", ["energy"]), ("C(key)", ["C(key)[T.D]", "C(key)[T.E]"])):
            statistic, df = wald_of(fitted, columns), 2 * len(columns)
            assert table.loc[term, "statistic"] == pytest.approx(statistic, rel=1e-8)
            assert table.loc[term, "df"] == df
            assert table.loc[term, "p_value"] == pytest.approx(stats.chi2.sf(statistic, df), rel=1e-7)


def test_type_two_sets_the_terms_that_contain_one_to_zero(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy * valence", rows)
    second, third = (result.anova(kind).set_index("term")["statistic"] for kind in ("II", "III"))
    assert third["energy"] == pytest.approx(wald_of(result, ["energy"]), rel=1e-8)
    assert second["energy:valence"] == pytest.approx(third["energy:valence"], rel=1e-10)
    both = wald_of(result, ["energy", "energy:valence"]) - wald_of(result, ["energy:valence"])
    assert second["energy"] == pytest.approx(both, rel=1e-8)


def test_a_separated_cell_takes_its_degrees_of_freedom_along(separated: gg.Result) -> None:
    assert separated.anova().set_index("term")["df"].to_dict() == {"energy": 2, "valence": 2, "C(key)": 3}


def test_options_of_anova(result: gg.Result) -> None:
    with pytest.raises(OptionError, match="'I', 'II', 'III'"):
        result.anova("IV")
    with pytest.raises(OptionError, match="'wald', 'lr', 'score'"):
        result.anova(test="rao")


def test_tjur_of_each_class(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.tjur_r2(result)
    assert table["class"].tolist() == list(result.classes)
    assert table["tjur_r2"].mean() == pytest.approx(result.glance()["tjur_r2"].iloc[0], rel=1e-14)
    prob, own = result.predict(rows)["blues"], rows["genre"] == "blues"
    assert table["tjur_r2"][1] == pytest.approx(prob[own].mean() - prob[~own].mean(), rel=1e-10)


def test_information_criteria_at_few_rows(result: gg.Result) -> None:
    few = replace(result, statistics=replace(result.statistics, nobs=11.0))
    assert few.glance()["aicc"].iloc[0] == np.inf


@pytest.mark.parametrize(
    ("adjust", "name"), [("bh", "fdr_bh"), ("by", "fdr_by"), ("holm", "holm"), ("bonferroni",) * 2]
)
@pytest.mark.parametrize("reference", ["first", None])
def test_adjusted_p_values(adjust: Any, name: str, reference: Any, separated: gg.Result) -> None:
    table = separated.tidy(reference, adjust=adjust)
    tested = (table["term"] != "(Intercept)") & table["p_value"].notna()
    assert 0 < tested.sum() < (table["term"] != "(Intercept)").sum()
    expected = multipletests(table.loc[tested, "p_value"], method=name)[1]
    np.testing.assert_allclose(table.loc[tested, "p_adjusted"], expected, rtol=1e-12)
    assert table.loc[~tested, "p_adjusted"].isna().all()


def test_adjusting_by_benjamini_and_hochberg_written_out(result: gg.Result) -> None:
    slopes = result.tidy(adjust="bh").query("term != '(Intercept)'").sort_values("p_value")
    raw = slopes["p_value"].to_numpy() * len(slopes) / np.arange(1, len(slopes) + 1)
    np.testing.assert_allclose(slopes["p_adjusted"], np.minimum.accumulate(raw[::-1])[::-1].clip(max=1), rtol=1e-12)
    assert "p_adjusted" not in result.tidy().columns
    with pytest.raises(OptionError, match="'bh', 'by', 'holm', 'bonferroni'"):
        result.tidy(adjust="fdr")  # type: ignore[arg-type]


def test_a_vanishing_p_value_is_adjusted_to_zero() -> None:
    p = np.array([0.0, np.nan, 1e-300, 0.5])
    np.testing.assert_allclose(adjusted(p, "bh"), [0.0, np.nan, 1.5e-300, 0.5], rtol=1e-12)
    assert np.isnan(adjusted(np.array([np.nan]), "holm")).all()


def test_aliased_columns_are_rows_of_nan(rows: pd.DataFrame, result: gg.Result, tmp_path: Path) -> None:
    twice = rows.assign(twice=2 * rows["energy"] + 1)
    dropped = gg.fit("genre ~ energy + twice + valence + C(key)", twice, aliased="drop")
    for table in (dropped.tidy(adjust="bh"), gg.load(dropped.save(tmp_path / "m", covariance=True)).tidy(adjust="bh")):
        aliased = table["term"] == "twice"
        assert table[aliased].drop(columns=["class", "term"]).isna().all(axis=None)
        assert table["class"].tolist() == ["blues"] * 6 + ["country"] * 6
        known = table[~aliased].reset_index(drop=True)
        pd.testing.assert_frame_equal(known, result.tidy(adjust="bh"), rtol=1e-7)
    assert "linearly on columns before them: twice" in dropped.summary()
    assert dropped.anova()["term"].tolist() == ["energy", "valence", "C(key)"]


def test_a_ridge_fit_has_estimates_and_no_inference(ridge: gg.Result) -> None:
    table = ridge.tidy()
    assert table["estimate"].notna().all()
    assert table[["std_error", "statistic", "p_value", "conf_low"]].isna().all(axis=None)
    assert ridge.glance()[["aic", "bic", "mcfadden_r2_adjusted"]].isna().all(axis=None)
    with pytest.raises(InferenceError, match=r"ridge penalty.*gg\.CellPrior.*10 parameters"):
        ridge.anova()


def test_a_fit_without_covariance_says_how_to_get_one(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy", rows, covariance=None)
    with pytest.raises(InferenceError, match="covariance='observed'"):
        result.anova()


def test_predictions_are_the_softmax_of_the_linear_predictor(result: gg.Result, rows: pd.DataFrame) -> None:
    few = rows.iloc[[5, 2, 100]].drop(columns="genre")
    linear = result.predict(few, kind="linear")
    np.testing.assert_allclose(linear.sum(axis=1), 0.0, atol=1e-10)
    prob = result.predict(few)
    np.testing.assert_allclose(prob, softmax(linear.to_numpy(), axis=1), rtol=1e-12)
    assert prob.index.tolist() == [5, 2, 100]
    assert prob.columns.tolist() == list(result.classes)
    best = result.predict(few, kind="class")
    assert best.name == "genre"
    assert best.tolist() == prob.idxmax(axis=1).tolist()


def test_predictions_refuse_what_they_cannot_use(result: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="'prob', 'class', 'linear'"):
        result.predict(rows, kind="odds")
    with pytest.raises(FormulaError, match="'key'"):
        result.predict(rows.drop(columns="key"))
    with pytest.raises(DataError, match="level that was not there"):
        result.predict(rows.assign(key="H"))


def test_a_class_may_be_a_number_or_a_truth_value(rows: pd.DataFrame) -> None:
    numbered = gg.fit("octave ~ energy", rows.assign(octave=np.arange(len(rows)) % 3))
    assert numbered.tidy()["class"].unique().tolist() == [1, 2]
    assert numbered.tidy(reference=2)["class"].unique().tolist() == [0, 1]
    truth = gg.fit("sharp ~ energy", rows.assign(sharp=np.arange(len(rows)) % 2 == 1))
    assert truth.tidy(reference=True)["class"].unique().tolist() == [False]
    assert truth.predict(rows, kind="class").dtype == bool
