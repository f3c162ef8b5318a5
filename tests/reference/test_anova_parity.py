"""Tests of whole terms against R: types I, II and III by likelihood ratio, Wald and score.

What a type compares is written at the head of `anova.R`. Likelihood ratios of types II and III are `car::Anova`'s,
those of type I the successive differences of deviance; score tests of two classes are `anova.glm(test = "Rao")`'s.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from parity import LIKELIHOOD, NAMES, STATISTIC, assert_tails, assert_within, fitted, matched, read
from scipy import stats

import genreglm as gg

CROSSED = read("crossed").set_index("name")
EVERY = [*NAMES, *CROSSED.index]
SUFFIX = {"I": "_type_one", "II": "", "III": "_type_three"}


@cache
def result_of(name: str) -> gg.Result:
    if name in NAMES:
        return fitted(name)
    case = CROSSED.loc[name]
    return gg.fit(case["formula"], read(case["data"]), weights=case["weights"] or None)


@pytest.mark.parametrize("test", ["wald", "lr", "score"])
@pytest.mark.parametrize("type", ["I", "II", "III"])
@pytest.mark.parametrize("name", EVERY)
def test_anova(name: str, type: str, test: str) -> None:
    result = result_of(name)
    table = result.anova(type=type, test=test)
    assert table.columns.tolist() == ["term", "statistic", "df", "p_value", "log10_p"]
    both = matched(table, read(f"{name}_anova"), ["term"])
    assert both["df"].tolist() == both["df_r"].tolist()
    expected = both[f"{test}_chisq{SUFFIX[type]}"]
    scale, tolerance = expected, STATISTIC
    if test == "lr":  # differences of log-likelihoods: their rounding remains
        null = abs(float(result.glance()["null_log_likelihood"].iloc[0]))
        scale, tolerance = expected * 1e-8 + 4 * LIKELIHOOD * null, 1.0
    assert_within(both["statistic"], expected, scale, tolerance, both[["term"]])
    if type == "II":
        assert_tails(both["log10_p"], both[f"{test}_log10_p"], both[["term"]])
    moderate = both[both["statistic"] < 600].reset_index(drop=True)  # beyond, scipy's tail is 0
    tails = pd.Series(stats.chi2.logsf(moderate["statistic"], moderate["df"]) / np.log(10))
    assert_tails(moderate["log10_p"], tails, moderate[["term"]])
    np.testing.assert_allclose(both["p_value"], 10.0 ** both["log10_p"], rtol=1e-10)


@pytest.mark.parametrize("name", EVERY)
def test_terms_come_in_the_order_of_the_formula(name: str) -> None:
    """Type I is sequential, so the order is a part of what it says."""
    expected = read(f"{name}_anova")["term"].tolist()
    for test in ("wald", "lr", "score"):
        assert result_of(name).anova(type="I", test=test)["term"].tolist() == expected


def test_type_three_speaks_of_main_effects_in_sum_contrasts() -> None:
    """The crossed problems tell the types apart: each gives another statistic for a term in an interaction."""
    table = read("housing_crossed_anova").iloc[0]
    assert len({round(table[f"lr_chisq{suffix}"], 6) for suffix in SUFFIX.values()}) == 3
