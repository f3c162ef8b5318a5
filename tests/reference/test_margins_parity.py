"""Effects against the Python package marginaleffects (as written to the CSV files here) and against statsmodels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from parity import STANDARD_ERROR, names_with, read

import genreglm as gg

NAMES = names_with("margins")
ESTIMATE = 1e-6


@cache
def fitted(name: str) -> gg.Result:
    return gg.fit(read(f"{name}_margins")["formula"].iloc[0], read(name))


def expected(name: str, kind: str) -> pd.DataFrame:
    table = read(f"{name}_margins")
    return table[table["kind"] == kind]


def assert_parity(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Errors are measured in standard errors, those of standard errors relative to themselves."""
    keys = ["class", "variable", "contrast"]
    both = found.merge(wanted, on=keys, suffixes=("", "_wanted"), validate="1:1")
    assert len(both) == len(wanted) > 0
    scale = both["std_error_wanted"]
    np.testing.assert_allclose(both["estimate"] / scale, both["estimate_wanted"] / scale, rtol=0.0, atol=ESTIMATE)
    np.testing.assert_allclose(both["std_error"], scale, rtol=STANDARD_ERROR)


@pytest.mark.parametrize("name", NAMES)
def test_slopes(name: str) -> None:
    wanted = expected(name, "slopes")
    assert_parity(gg.marginal_effects(fitted(name)), wanted)
    assert_parity(gg.marginal_effects(fitted(name), at="mean"), expected(name, "slopes at mean"))


@pytest.mark.parametrize("name", NAMES)
def test_changes_of_factors(name: str) -> None:
    assert_parity(gg.marginal_effects(fitted(name)), expected(name, "changes"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["contrast", "log ratio"])
def test_contrasts(name: str, kind: str) -> None:
    wanted = expected(name, kind)
    high, _, low = wanted["contrast"].iloc[0].split()
    found = gg.contrasts(
        fitted(name),
        variable=wanted["variable"].iloc[0],
        low=int(low),
        high=int(high),
        comparison="difference" if kind == "contrast" else "ratio",
    )
    assert_parity(found if kind == "contrast" else found.assign(estimate=np.log(found["estimate"])), wanted)


@pytest.mark.parametrize("name", NAMES)
def test_average_predictions(name: str) -> None:
    wanted = expected(name, "curve")
    values = [int(value) for value in wanted["contrast"].unique()]
    found = gg.curve(fitted(name), None, wanted["variable"].iloc[0], values=values)
    found = found.rename(columns={"feature": "variable", "probability": "estimate"})
    assert_parity(found.assign(contrast=found["value"].astype(str)), wanted)


@pytest.mark.parametrize(("statsmodels_at", "at"), [("overall", "average"), ("mean", "mean")])
@pytest.mark.parametrize("name", ["birthwt", "beps"])
def test_slopes_of_numbers_against_statsmodels(name: str, statsmodels_at: str, at: str) -> None:
    """Of plain columns alone, where the means of columns are the columns of means."""
    columns = {"birthwt": ["age", "lwt", "ftv"], "beps": ["age", "Europe", "Blair", "Hague"]}[name]
    rows = read(name)
    response = {"birthwt": "low", "beps": "vote"}[name]
    fit = gg.fit(f"{response} ~ {' + '.join(columns)}", rows)
    model = sm.MNLogit(pd.Categorical(rows[response]).codes, sm.add_constant(rows[columns].astype(float)))
    margins = model.fit(method="newton", maxiter=12, disp=0, warn_convergence=False, tol=1e-12).get_margeff(
        at=statsmodels_at
    )
    found = gg.marginal_effects(fit, at=at, variables=columns)
    shape = (len(columns), len(fit.classes))
    errors = found["std_error"].to_numpy().reshape(shape)
    np.testing.assert_allclose(errors, margins.margeff_se, rtol=STANDARD_ERROR)
    np.testing.assert_allclose(
        found["estimate"].to_numpy().reshape(shape) / errors, margins.margeff / errors, rtol=0.0, atol=ESTIMATE
    )


def test_dummies_against_statsmodels() -> None:
    """A truth value changes from False to True, as statsmodels' dummy=True has it."""
    rows = read("womenlf").assign(children=lambda t: t["children"] == "present")
    fit = gg.fit("partic ~ hincome + children", rows)
    exog = sm.add_constant(rows[["hincome", "children"]].astype(float))
    model = sm.MNLogit(pd.Categorical(rows["partic"]).codes, exog)
    margins = model.fit(method="newton", maxiter=12, disp=0, warn_convergence=False).get_margeff(dummy=True)
    found = gg.marginal_effects(fit, variables=["hincome", "children"])
    np.testing.assert_allclose(found["estimate"], margins.margeff.ravel(), atol=1e-9)
    np.testing.assert_allclose(found["std_error"], margins.margeff_se.ravel(), rtol=STANDARD_ERROR)
