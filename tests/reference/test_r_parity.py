"""The engine against R: see README.md here for where the reference numbers come from.

Tolerances. A coefficient's error is measured against the larger of itself and its standard error, so that one
that happens to be near zero is not asked for digits that the data do not hold: 1e-8. Standard errors: 1e-6
relative. Log-likelihoods: 1e-10 relative.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from parity import (
    COEFFICIENT,
    LIKELIHOOD,
    LOG10_P,
    NAMES,
    STANDARD_ERROR,
    STATISTIC,
    assert_within,
    fitted,
    matched,
    names_with,
    problem,
    read,
)

import genreglm as gg

WITH_CLUSTERS = ["bacteria", "infert"]
WITH_GVIF = names_with("gvif")


def variables(term: str) -> set[str]:
    return set(term.split(":"))


def containing(terms: list[str], term: str) -> list[str]:
    """The interactions of which `term` is a part."""
    return [other for other in terms if variables(term) < variables(other)]


def test_problems_are_varied() -> None:
    problems = [problem(name) for name in NAMES]
    assert len(problems) >= 6
    assert {len(read(f"{name}_coefficients")["reference"].unique()) for name in NAMES} == {3}
    assert any(p.weights for p in problems)
    assert any((p.frequencies == 0).any() for p in problems)
    assert [p.name for p in problems if p.clusters] == WITH_CLUSTERS
    assert {p.rows[p.formula.split(" ~ ")[0]].nunique() for p in problems} == {2, 3, 4, 5, 6}


@pytest.mark.parametrize("which", ["first", "last", "symmetric"])
@pytest.mark.parametrize("name", NAMES)
def test_coefficients(name: str, which: str) -> None:
    expected = read(f"{name}_coefficients")
    first, last, _ = expected["reference"].unique()
    result = fitted(name)
    table, label = {
        "first": (result.tidy(), first),
        "last": (result.tidy(reference=last), last),
        "symmetric": (result.tidy(reference=None), "symmetric"),
    }[which]
    both = matched(table, expected[expected["reference"] == label], ["class", "term"])
    labels = both[["class", "term"]]
    scale = np.maximum(both["estimate_r"].abs(), both["std_error_r"])
    assert_within(both["estimate"], both["estimate_r"], scale, COEFFICIENT, labels)
    assert_within(both["std_error"], both["std_error_r"], both["std_error_r"], STANDARD_ERROR, labels)
    tail = np.maximum(both["log10_p_r"].abs(), 1.0)
    assert_within(both["log10_p"], both["log10_p_r"], tail, LOG10_P, labels)


@pytest.mark.parametrize("name", NAMES)
def test_named_reference_is_the_default_one(name: str) -> None:
    first = read(f"{name}_coefficients")["reference"].iloc[0]
    pd.testing.assert_frame_equal(fitted(name).tidy(), fitted(name).tidy(reference=first))


@pytest.mark.parametrize("name", NAMES)
def test_likelihoods(name: str) -> None:
    expected = problem(name).expected
    glance = fitted(name).glance().iloc[0]
    likelihood, null = float(expected["log_likelihood"]), float(expected["null_log_likelihood"])
    parameters, nobs = int(expected["df"]), int(expected["nobs"])
    assert glance["nobs"] == nobs
    assert glance["classes"] == problem(name).rows[problem(name).formula.split(" ~ ")[0]].nunique()
    assert glance["log_likelihood"] == pytest.approx(likelihood, rel=LIKELIHOOD)
    assert glance["null_log_likelihood"] == pytest.approx(null, rel=LIKELIHOOD)
    assert glance["deviance"] == pytest.approx(float(expected["deviance"]), rel=LIKELIHOOD)
    assert glance["aic"] == pytest.approx(2 * parameters - 2 * likelihood, rel=LIKELIHOOD)
    assert glance["bic"] == pytest.approx(np.log(nobs) * parameters - 2 * likelihood, rel=LIKELIHOOD)
    assert glance["mcfadden_r2"] == pytest.approx(1 - likelihood / null, abs=2 * LIKELIHOOD)


@pytest.mark.parametrize("name", NAMES)
def test_wald_anova(name: str) -> None:
    both = matched(fitted(name).anova(type="II", test="wald"), read(f"{name}_anova"), ["term"])
    assert both["df"].tolist() == both["df_r"].tolist()
    assert_within(both["statistic"], both["wald_chisq"], both["wald_chisq"], STATISTIC, both[["term"]])
    tail = np.maximum(both["wald_log10_p"].abs(), 1.0)
    assert_within(both["log10_p"], both["wald_log10_p"], tail, LOG10_P, both[["term"]])


@pytest.mark.parametrize("name", NAMES)
def test_type_three_wald_anova(name: str) -> None:
    both = matched(fitted(name).anova(type="III", test="wald"), read(f"{name}_anova"), ["term"])
    expected = both["wald_chisq_type_three"]
    assert_within(both["statistic"], expected, expected, STATISTIC, both[["term"]])


@pytest.mark.parametrize("name", NAMES)
def test_likelihood_ratios_by_refitting(name: str) -> None:
    """Every smaller model that a type II analysis of deviance compares is fitted as exactly as R does."""
    case = problem(name)
    expected = read(f"{name}_anova")

    @cache
    def likelihood(formula: str) -> float:
        return float(case.fit(formula).glance()["log_likelihood"].iloc[0])

    for term, ratio in zip(expected["term"], expected["lr_chisq"], strict=True):
        above = containing(case.terms, term)
        found = 2 * (likelihood(case.without(above)) - likelihood(case.without([*above, term])))
        rounding = 4 * LIKELIHOOD * abs(float(case.expected["null_log_likelihood"]))
        assert found == pytest.approx(ratio, rel=LIKELIHOOD, abs=rounding), term


@pytest.mark.parametrize("name", NAMES)
def test_robust_standard_errors(name: str) -> None:
    """HC1: R's sandwich times n / (n - 1); a frequency counts as that many rows."""
    case = problem(name)
    nobs = float(case.frequencies.sum())
    both = matched(case.fit(covariance="robust").tidy(), read(f"{name}_robust"), ["class", "term"])
    expected = both["hc0_std_error"] * np.sqrt(nobs / (nobs - 1))
    assert_within(both["std_error"], expected, expected, STANDARD_ERROR, both[["class", "term"]])


@pytest.mark.parametrize("name", WITH_CLUSTERS)
def test_clustered_standard_errors(name: str) -> None:
    """R's sandwich over clusters times G / (G - 1)."""
    case = problem(name)
    assert case.clusters is not None
    groups = case.rows[case.clusters].nunique()
    result = case.fit(covariance="clustered", clusters=case.clusters)
    both = matched(result.tidy(), read(f"{name}_robust"), ["class", "term"])
    expected = both["clustered_std_error"] * np.sqrt(groups / (groups - 1))
    assert_within(both["std_error"], expected, expected, STANDARD_ERROR, both[["class", "term"]])


@pytest.mark.parametrize("name", WITH_GVIF)
def test_generalised_variance_inflation_of_the_coefficients(name: str) -> None:
    both = matched(gg.vif(fitted(name), kind="model"), read(f"{name}_gvif"), ["term"])
    assert both["df"].tolist() == both["coefficient_df"].tolist()
    assert_within(both["gvif"], both["coefficient_gvif"], both["coefficient_gvif"], COEFFICIENT, both[["term"]])


@pytest.mark.parametrize("name", WITH_GVIF)
def test_variance_inflation_of_the_design(name: str) -> None:
    both = matched(gg.vif(fitted(name), problem(name).rows), read(f"{name}_gvif"), ["term"])
    assert both["df"].tolist() == both["df_r"].tolist()
    for column in ("gvif", "gvif_adjusted"):
        expected = both[f"{column}_r"]
        assert_within(both[column], expected, expected, STANDARD_ERROR, both[["term"]])
