"""Simplification: backward, by whole terms, with the criterion stated and every step on record.

The default criterion is the Wald test clustered by artist, at 0.05: with tens of thousands of tracks, AIC and
BIC, which count every track as independent, keep nearly everything.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.options import check_choice
from genreglm.result.adjust import adjusted
from genreglm.study.popularity.design import Design, Form
from genreglm.study.popularity.model import PopularityFit, Vector, WaldTest, fit, wald_term

Criterion = Literal["wald", "aic", "bic"]
LEVEL = 0.05

STATED: dict[Criterion, str] = {
    "wald": f"the term with the largest p-value (Wald test clustered by artist) goes, while above {LEVEL:g}",
    "aic": "the term whose removal lowers AIC most goes, while one does",
    "bic": "the term whose removal lowers BIC most goes, while one does",
}


@dataclass(frozen=True)
class Simplification:
    """The last fit and the trace: one row a model passed through, the initial one first.

    Trace columns: step, dropped (empty at step 0), df, r2_change (what the model lost with the term), statistic,
    p_value (the dropped term's clustered Wald F test, in the model before), p_adjusted (Benjamini and Hochberg's, over
    the steps), aic_before, aic_after, bic_before, bic_after.
    """

    fitted: PopularityFit
    trace: pd.DataFrame
    criterion: Criterion

    @property
    def dropped(self) -> list[str]:
        """The terms dropped, in order."""
        return list(self.trace["dropped"].iloc[1:])


@dataclass(frozen=True)
class Removal:
    """What a model would be without one term: the term's test in the model, AIC and BIC of the rest."""

    test: WaldTest
    aic: float
    bic: float


def simplify(
    initial: PopularityFit,
    design: Design,
    popularity: Vector,
    clusters: NDArray[np.int64],
    criterion: Criterion = "wald",
) -> Simplification:
    """Drop whole terms of a Gaussian model, one at a time, until the criterion keeps all that are left."""
    check_choice("criterion", criterion, Criterion)
    current = initial
    rows: list[dict[str, object]] = [_step(0, "", None, None, initial)]
    while current.terms:
        candidates = removals(current, design)
        worst = _choose(candidates, current, criterion)
        if worst is None:
            break
        terms: dict[str, Form] = {name: form for name, form in current.terms.items() if name != worst}
        smaller = fit(design, terms, popularity, clusters, "gaussian")
        rows.append(_step(len(rows), worst, candidates[worst].test, current, smaller))
        current = smaller
    return Simplification(current, with_adjusted(pd.DataFrame(rows)), criterion)


def with_adjusted(trace: pd.DataFrame) -> pd.DataFrame:
    """Return a trace with `p_adjusted` beside its `p_value`."""
    found = trace.copy()
    place = list(trace.columns).index("p_value")
    found.insert(place + 1, "p_adjusted", adjusted(trace["p_value"].to_numpy(dtype=float), "bh"))
    return found


def removals(fitted: PopularityFit, design: Design) -> dict[str, Removal]:
    """Say what each term's removal would do, without refitting.

    With V the (X'X)^-1 block of the term's coefficients b, the residual sum of squares grows by b' V^-1 b.
    """
    answers = {}
    for name in fitted.terms:
        test = wald_term(fitted, name, design)
        where = fitted.positions(name, design)
        b, V = fitted.params[where], fitted.normalised_covariance[np.ix_(where, where)]
        growth = float(fitted.tracks * np.log1p(b @ np.linalg.solve(V, b) / fitted.deviance))
        bic = fitted.bic + growth - np.log(fitted.tracks) * len(where)
        answers[name] = Removal(test, fitted.aic + growth - 2.0 * len(where), float(bic))
    return answers


def _choose(candidates: dict[str, Removal], current: PopularityFit, criterion: Criterion) -> str | None:
    """Return the term to drop, or None where the criterion keeps all."""
    if criterion == "wald":
        worst = max(candidates, key=lambda name: candidates[name].test.p_value)
        return worst if candidates[worst].test.p_value > LEVEL else None
    worst = min(candidates, key=lambda name: getattr(candidates[name], criterion))
    return worst if getattr(candidates[worst], criterion) < getattr(current, criterion) else None


def _step(
    step: int, dropped: str, test: WaldTest | None, before: PopularityFit | None, after: PopularityFit
) -> dict[str, object]:
    return {
        "step": step,
        "dropped": dropped,
        "df": test.df if test else np.nan,
        "r2_change": after.deviance_explained - before.deviance_explained if before else np.nan,
        "statistic": test.statistic if test else np.nan,
        "p_value": test.p_value if test else np.nan,
        "aic_before": before.aic if before else np.nan,
        "aic_after": after.aic,
        "bic_before": before.bic if before else np.nan,
        "bic_after": after.bic,
    }
