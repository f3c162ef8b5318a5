"""Independence of irrelevant alternatives, on request and with its warning."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from genreglm.engine.inference import ChiSquareTest
from genreglm.engine.irrelevant import hausman_mcfadden, small_hsiao
from genreglm.engine.problem import Problem
from genreglm.errors import EstimationError, InferenceError
from genreglm.options import IndependenceTest, check_choice
from genreglm.result import Result
from genreglm.result.positions import class_positions
from genreglm.result.refits import tests_likelihoods
from genreglm.result.rows import problem_of_fit
from genreglm.sources import Source

WARNING = (
    "These tests often reject where independence holds, and accept where it fails, in large samples too (Cheng and "
    "Long 2007): judge by whether the classes are distinct"
)


def independence(
    result: Result,
    rows: Source | None = None,
    test: IndependenceTest = "hausman-mcfadden",
    *,
    omit: Any | Sequence[Any],
    seed: int = 0,
) -> pd.DataFrame:
    """Return omitted, test, statistic, df, p_value, log10_p, note: do the odds of other classes survive without one?

    A multinomial logit says that the odds of two classes do not depend on which others there are. For each class of
    `omit` its rows are dropped and the others fitted anew; see `genreglm.engine.irrelevant` for both statistics.

    **Cheng and Long (2007, Sociol. Methods Res. 35:583) found neither test of use**: their size is far from nominal
    even in large samples and depends on the data, and the two often disagree. `note` repeats it in each row, with what
    went wrong where something did. Ask first, as McFadden (1974) did, whether classes can plausibly be told apart.

    Parameters
    ----------
    rows : the rows of the fit, which a loaded result needs
    test : "hausman-mcfadden" compares coefficients, intercepts among them, with df the rank of the difference of
        covariances. A negative statistic has no p-value; Hausman and McFadden took it as no evidence against
        independence. "small-hsiao" compares log-likelihoods of random halves of the rows: another `seed` is another
        answer. Both are as Stata's `mlogtest` defines them
    omit : a class, or several of them in a list, each left out by itself; a fit (with its covariance) for each
    seed : of the halves

    Raises
    ------
    OptionError
        For an unknown test, no class, or a class that is not of the model.
    DataError
        For a loaded result without rows.
    InferenceError
        For fewer than three classes, soft labels, a penalty, a covariance other than "observed" (none for
        "hausman-mcfadden").
    """
    check_choice("test", test, IndependenceTest)
    problem = problem_of_fit(result, rows)
    _require_plain_fit(result, problem, test)
    order = np.random.default_rng(seed).permutation(len(problem.w))
    halves = (order[: len(order) // 2], order[len(order) // 2 :])
    covariance = result.require_inference().covariance if test == "hausman-mcfadden" else np.empty((0, 0))
    records = []
    for k in class_positions(result, omit if isinstance(omit, list | tuple) else [omit], "omit"):
        try:
            if test == "small-hsiao":
                found = small_hsiao(problem, halves, k)
            else:
                found = hausman_mcfadden(problem, result.coefficients, covariance, k)
            said = "negative statistic: no evidence against independence; " if found.statistic < 0 else ""
        except EstimationError as error:
            found, said = ChiSquareTest(float("nan"), 0, float("nan"), float("nan")), f"{error}; "
        records.append((result.classes[k], test, *vars(found).values(), said + WARNING))
    return pd.DataFrame(records, columns=["omitted", "test", "statistic", "df", "p_value", "log10_p", "note"])


def _require_plain_fit(result: Result, problem: Problem, test: IndependenceTest) -> None:
    if len(result.classes) < 3:
        raise InferenceError("With two classes there is no other whose presence could matter; this needs three.")
    if problem.y.ndim == 2:
        raise InferenceError("Soft labels have no rows of one class to leave out.")
    if result.penalty is not None:
        raise InferenceError(f"{test!r} compares fits by maximum likelihood, and this is one under {result.penalty!r}.")
    if not tests_likelihoods(result):
        kind = result.require_inference().kind
        raise InferenceError(
            f"{test!r} holds for independent rows, and this fit was given the covariance {kind!r}, which says that "
            "they are not. Fit with covariance='observed'."
        )
