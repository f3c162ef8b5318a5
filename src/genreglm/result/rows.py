"""The rows that a table is about, as arrays: those of the fit, the same read anew, or others.

A fit's weights, offset and soft labels belong to its own rows. Rows that are given count once each and have no
offset, unless they are the very rows of the fit.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from genreglm import inputs
from genreglm.engine.blocks import Floats
from genreglm.engine.fitted import log_likelihood, probabilities
from genreglm.engine.problem import Problem
from genreglm.errors import DataError
from genreglm.result.model import Result
from genreglm.sources import Source, read_rows

# Another order of the rows changes the sum of their log-likelihoods by less, relatively; other rows by more.
_SAME_ROWS = 1e-9
_SAME_WEIGHT = 1e-12


def problem_of_fit(result: Result, rows: Source | None = None) -> Problem:
    """Return the arrays of the fit, or those of `rows` once they are seen to be the same.

    Raises
    ------
    DataError
        For a loaded result or a fit in passes without `rows`, and for rows that are not those of its fit.
    """
    if rows is None:
        if result.problem is None:
            raise result.holds_no_rows()
        return result.problem
    problem = problem_of(result, rows)
    other = _why_not_of_fit(result, problem)
    if other is not None:
        raise DataError(other)
    return problem


def is_of_fit(result: Result, problem: Problem) -> bool:
    """Whether these are the rows of the fit: its arrays, or rows of the same total weight and log-likelihood."""
    return _why_not_of_fit(result, problem) is None


def require_same(result: Result, nobs: float, log_likelihood_of: Callable[[], float]) -> None:
    """Refuse rows of another total weight, or another log-likelihood under the model, than those of the fit.

    Raises
    ------
    DataError
        With both.
    """
    other = _why_other(result, nobs, log_likelihood_of)
    if other is not None:
        raise DataError(other)


def _why_not_of_fit(result: Result, problem: Problem) -> str | None:
    if problem is result.problem:
        return None
    return _why_other(result, float(problem.w.sum()), lambda: log_likelihood(problem, result.coefficients))


def _why_other(result: Result, nobs: float, log_likelihood_of: Callable[[], float]) -> str | None:
    fitted = result.statistics
    if abs(nobs - fitted.nobs) > _SAME_WEIGHT * fitted.nobs:
        return (
            f"These are {nobs:,.0f} rows, but the model was fitted to {fitted.nobs:,.10g} (the sum of their weights). "
            "Pass the rows of the fit. A fit with weights is only refitted by the result that gg.fit returned."
        )
    found = log_likelihood_of()
    if abs(found - fitted.log_likelihood) > _SAME_ROWS * abs(fitted.log_likelihood):
        return (
            f"The log-likelihood of these rows is {found:,.6f}, that of the fit {fitted.log_likelihood:,.6f}: they are "
            "other rows, or the fit had weights, an offset or soft labels, which only the result that gg.fit returned "
            "still holds."
        )
    return None


def index_of(result: Result, rows: Source | None) -> pd.Index:
    """Return the index of a frame that was given, else the running one of the rows read.

    Raises
    ------
    DataError
        For a path that cannot be read, and for a loaded result without `rows`.
    """
    if isinstance(rows, pd.DataFrame):
        return rows.index
    return result.require_rows(None if rows is None else read_rows(rows)).index


def problem_of(result: Result, rows: Source | None = None) -> Problem:
    """Return the arrays of any rows that have the response; those of the fit for None, and for its own rows.

    Unlike those of a fit, they need not show every class.

    Raises
    ------
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.
    """
    if rows is None:
        return problem_of_fit(result)
    frame = read_rows(rows)
    if result.problem is not None and result.source is not None and frame.equals(result.source):
        return result.problem
    return inputs.unweighted(result.design, frame)


def covariates_of(result: Result, rows: Source | None = None) -> tuple[Floats, Floats, Floats | None]:
    """Return columns (rows, p), weights (rows,) and offset of rows that need no response.

    Raises
    ------
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.
    """
    if rows is not None:
        frame = read_rows(rows)
        if result.problem is None or result.source is None or not frame.equals(result.source):
            x = result.design.matrix(frame)
            return x, np.ones(len(x)), None
    problem = problem_of_fit(result)
    return problem.x, problem.w, problem.offset


def fitted_probabilities(result: Result, problem: Problem) -> Floats:
    """Return the probabilities that the model gives the rows of `problem`, (rows, classes)."""
    return probabilities(problem, result.coefficients)
