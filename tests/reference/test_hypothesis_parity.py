"""Linear hypotheses, pairs of classes, and adjusted p-values against R.

R's Wald statistics are `car::linearHypothesis`'s; likelihood-ratio and score statistics come from fits under the
constraints (`fit_constrained` in multinomial.R).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from parity import LIKELIHOOD, NAMES, STATISTIC, assert_tails, assert_within, fitted, matched, names_with, problem, read

import genreglm as gg

HYPOTHESES = read("hypotheses")
LABELS = [f"{row['name']}: {row['hypothesis']}" for _, row in HYPOTHESES.iterrows()]


def table_of(row: pd.Series, test: str) -> pd.DataFrame:
    against = {"reference": row["reference"]} if row["reference"] else {}
    return gg.linear_hypothesis(fitted(row["name"]), row["hypothesis"], test=test, **against)


@pytest.mark.parametrize("test", ["wald", "lr", "score"])
@pytest.mark.parametrize("at", range(len(HYPOTHESES)), ids=LABELS)
def test_linear_hypothesis(at: int, test: str) -> None:
    expected = HYPOTHESES.iloc[[at]].reset_index(drop=True)
    table = table_of(expected.iloc[0], test)
    assert table.columns.tolist() == ["hypothesis", "statistic", "df", "p_value", "log10_p"]
    assert table["df"].tolist() == expected["df"].tolist()
    statistic = expected[f"{test}_chisq"]
    scale, tolerance = statistic, STATISTIC
    if test == "lr":  # a difference of log-likelihoods: its rounding remains
        null = abs(float(problem(expected["name"].iloc[0]).expected["null_log_likelihood"]))
        scale, tolerance = statistic * 1e-8 + 4 * LIKELIHOOD * null, 1.0
    assert_within(table["statistic"], statistic, scale, tolerance, expected[["hypothesis"]])
    assert_tails(table["log10_p"], expected[f"{test}_log10_p"], expected[["hypothesis"]])
    np.testing.assert_allclose(table["p_value"], 10.0 ** table["log10_p"], rtol=1e-10)


@pytest.mark.parametrize("name", names_with("combine"))
def test_combine_classes(name: str) -> None:
    table = gg.combine_classes(fitted(name))
    assert table.columns.tolist() == ["first", "second", "statistic", "df", "p_value", "log10_p", "p_adjusted"]
    both = matched(table, read(f"{name}_combine"), ["first", "second"])
    labels = both[["first", "second"]]
    assert both["df"].tolist() == both["df_r"].tolist()
    assert_within(both["statistic"], both["statistic_r"], both["statistic_r"], STATISTIC, labels)
    assert_tails(both["log10_p"], both["log10_p_r"], labels)
    assert_tails(np.log10(both["p_adjusted"]), np.log10(both["p_adjusted_r"]), labels)


@pytest.mark.parametrize("which", ["first", "last", "symmetric"])
@pytest.mark.parametrize("name", NAMES)
def test_adjusted_p_values(name: str, which: str) -> None:
    """R's p.adjust(p, "BH") over all rows of the table but the intercepts."""
    expected = read(f"{name}_coefficients")
    first, last, _ = expected["reference"].unique()
    table, label = {
        "first": (fitted(name).tidy(adjust="bh"), first),
        "last": (fitted(name).tidy(reference=last, adjust="bh"), last),
        "symmetric": (fitted(name).tidy(reference=None, adjust="bh"), "symmetric"),
    }[which]
    both = matched(table, expected[expected["reference"] == label], ["class", "term"])
    intercepts = both["term"] == "(Intercept)"
    assert both.loc[intercepts, "p_adjusted"].isna().all()
    slopes = both[~intercepts].reset_index(drop=True)
    adjusted = pd.to_numeric(slopes["p_adjusted_r"])
    assert_tails(np.log10(slopes["p_adjusted"]), np.log10(adjusted), slopes[["class", "term"]])


def test_tables_are_not_adjusted_unless_asked() -> None:
    assert "p_adjusted" not in fitted("womenlf").tidy().columns
