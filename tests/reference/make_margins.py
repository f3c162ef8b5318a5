"""Write NAME_margins.csv: effects from the Python package marginaleffects and from statsmodels' `get_margeff`.

    python tests/reference/make_margins.py    # 1 min; needs marginaleffects, which genreglm does not

marginaleffects takes derivatives numerically, those by the coefficients by forward differences: the standard errors
of its slopes have an error in proportion to that step. They are taken with the step to both sides, twice, and
extrapolated to none (Richardson).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import statsmodels.formula.api as smf
from marginaleffects import avg_comparisons, avg_predictions, avg_slopes

HERE = Path(__file__).parent
EPS = 1e-3
STEP = 1e-4

# Data, response, right-hand side; numbers; factors; one number's contrast (variable, low, high).
PROBLEMS = {
    "womenlf": ("partic", "hincome + C(children) + C(region)", ["hincome"], ["children", "region"], ("hincome", 5, 25)),
    "birthwt": ("low", "age + lwt + C(race) + C(smoke)", ["age", "lwt"], ["race", "smoke"], ("lwt", 100, 150)),
    "beps": (
        "vote",
        "np.log(age) + I(Europe**2) + Europe * C(gender) + Blair",
        ["age", "Europe", "Blair"],
        ["gender"],
        ("Europe", 2, 8),
    ),
}


def table(found: object, kind: str, contrast: str | None = None) -> pd.DataFrame:
    """One of marginaleffects' tables in plain columns."""
    frame = found.data.to_pandas() if hasattr(found, "data") else found.to_pandas()
    return pd.DataFrame(
        {
            "kind": kind,
            "class": frame["group"].astype(int),
            "variable": frame.get("term", ""),
            "contrast": frame["contrast"] if contrast is None and "contrast" in frame else contrast or "",
            "estimate": frame["estimate"],
            "std_error": frame["std_error"],
        }
    )


def slopes(fit: object, numbers: list[str], newdata: pl.DataFrame | None, kind: str) -> pd.DataFrame:
    """Slopes, with standard errors in the limit of small steps of the coefficients."""
    steps = (STEP, -STEP, STEP / 2.0, -STEP / 2.0)
    tables = [
        table(avg_slopes(fit, variables=numbers, newdata=newdata, eps=EPS, eps_vcov=step), kind) for step in steps
    ]
    coarse, fine = (sum(part["std_error"] for part in pair) / 2.0 for pair in (tables[:2], tables[2:]))
    return tables[0].assign(std_error=(4.0 * fine - coarse) / 3.0)


def by_statsmodels(fit: object, numbers: list[str], at: str) -> pd.DataFrame:
    """Slopes along all columns; only those of numbers that are columns by themselves are what they say."""
    found = fit.get_margeff(at=at)
    names = [name for name in fit.model.exog_names if name != "Intercept"]
    parts = []
    for place, name in enumerate(names):
        if name in numbers:
            parts.append(
                pd.DataFrame(
                    {
                        "kind": f"statsmodels {at}",
                        "class": range(found.margeff.shape[1]),
                        "variable": name,
                        "contrast": "dY/dX",
                        "estimate": found.margeff[place],
                        "std_error": found.margeff_se[place],
                    }
                )
            )
    return pd.concat(parts)


def margins(name: str) -> pd.DataFrame:
    response, right, numbers, factors, (variable, low, high) = PROBLEMS[name]
    rows = pd.read_csv(HERE / f"{name}.csv", keep_default_na=False)
    classes = sorted(rows[response].unique())
    used = rows[[*numbers, *factors]].astype({**dict.fromkeys(factors, str), **dict.fromkeys(numbers, float)})
    used = used.astype(dict.fromkeys(factors, "category"))
    used["y"] = rows[response].map(classes.index)
    fit = smf.mnlogit(f"y ~ {right}", used).fit(method="newton", tol=1e-14, maxiter=200, disp=0)
    assert np.abs(fit.model.score(fit.params.to_numpy().ravel(order="F"))).max() < 1e-8
    typical = pl.DataFrame({number: [used[number].mean()] for number in numbers})
    for factor in factors:
        typical = typical.with_columns(
            pl.lit(used[factor].mode()[0]).cast(pl.Enum(used[factor].cat.categories)).alias(factor)
        )
    typical = typical.with_columns(pl.lit(0).alias("y"))
    parts = [slopes(fit, numbers, None, "slopes"), slopes(fit, numbers, typical, "slopes at mean")]
    for factor in factors:
        parts.append(table(avg_comparisons(fit, variables={factor: "reference"}), "changes"))
    number = {variable: [low, high]}
    parts.append(table(avg_comparisons(fit, variables=number), "contrast", f"{high} - {low}"))
    parts.append(table(avg_comparisons(fit, variables=number, comparison="lnratioavg"), "log ratio", f"{high} / {low}"))
    for value in (low, high):
        shifted = pl.from_pandas(used.assign(**{variable: float(value)}))
        found = avg_predictions(fit, newdata=shifted, by="group")
        parts.append(table(found, "curve", str(value)).assign(variable=variable))
    if all(term in numbers or term.startswith("C(") for term in right.split(" + ")):
        parts.append(by_statsmodels(fit, numbers, "overall"))
    made = pd.concat(parts, ignore_index=True)
    made["class"] = made["class"].map(dict(enumerate(classes)))
    return made.assign(formula=f"{response} ~ {right}")


if __name__ == "__main__":
    for problem in PROBLEMS:
        margins(problem).to_csv(HERE / f"{problem}_margins.csv", index=False, float_format="%.15g")
