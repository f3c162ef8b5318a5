"""Does leaving a class out change the odds of the others? By independence of irrelevant alternatives it must not.

Hausman and McFadden (1984), Econometrica 52:1219: b_f and V_f are the coefficients of all classes and their
covariance, b_r and V_r those of a fit without one class and its rows; over what both hold,

    (b_r - b_f)' (V_r - V_f)^- (b_r - b_f).

V_r - V_f need not be positive definite in a sample, and then the statistic can be negative.

Small and Hsiao (1985), Int. Econ. Rev. 26:619: rows are halved at random into A and B. With b = b_A / sqrt(2) +
(1 - 1 / sqrt(2)) b_B from fits of all classes, and l the log-likelihood of B's rows of the other classes, among these
alone, at most l_r,

    -2 (l(b) - l_r).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine.blocks import Floats
from genreglm.engine.covariance import covariance_of
from genreglm.engine.estimate import Estimate, estimate
from genreglm.engine.fitted import log_likelihood
from genreglm.engine.inference import ChiSquareTest, chi_square_test
from genreglm.engine.problem import Problem
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import EstimationError

# Eigenvalues of V_r - V_f, in units of V_f's deviations, that are rounding beside the largest.
_ROUNDING = 1e-9


def without_class(problem: Problem, k: int) -> Problem:
    """Return the problem of the rows that are not of class k, among the other classes."""
    rows = problem.y != k
    codes = problem.y[rows]
    offset = None if problem.offset is None else np.delete(problem.offset[rows], k, axis=1)
    codes = codes - (codes > k)
    return Problem(problem.x[rows], codes, problem.w[rows], problem.classes - 1, problem.intercept, offset)


def hausman_mcfadden(problem: Problem, coefficients: Floats, covariance: Floats, k: int) -> ChiSquareTest:
    """Test a fit, `coefficients` (columns, classes) and `covariance` (m, m), by one without class k.

    Degrees of freedom are the rank of V_r - V_f; p-values are NaN where the statistic is negative.

    Raises
    ------
    EstimationError
        Where the fit without the class has no finite estimate, or no covariance.
    """
    restricted = _converged(without_class(problem, k), "the fit without the class", np.delete(coefficients, k, axis=1))
    own, _ = covariance_of(restricted, "observed", (), "frequency")
    full = _among_others(covariance, len(coefficients), problem.classes, k)
    difference = _against_last(restricted.coefficients) - _against_last(np.delete(coefficients, k, axis=1))
    statistic, rank = _quadratic_form(difference, own, full)
    if statistic < 0.0:
        return ChiSquareTest(statistic, rank, float("nan"), float("nan"))
    return chi_square_test(statistic, rank)


def small_hsiao(problem: Problem, halves: tuple[NDArray[np.intp], NDArray[np.intp]], k: int) -> ChiSquareTest:
    """Test by rows in two `halves`, without class k. Degrees of freedom are the parameters of the fit without it.

    Raises
    ------
    EstimationError
        Where the fit of a half, of all classes or without the class, has no finite estimate.
    """
    parts = [_rows(problem, half) for half in halves]
    first, second = (
        _converged(part, f"the fit of the {name} half").coefficients
        for part, name in zip(parts, ("first", "second"), strict=True)
    )
    mixed = np.delete(first / np.sqrt(2.0) + (1.0 - 1.0 / np.sqrt(2.0)) * second, k, axis=1)
    others = without_class(parts[1], k)
    best = _converged(others, "the fit of the second half without the class")
    statistic = -2.0 * (log_likelihood(others, mixed) - best.log_likelihood)
    return chi_square_test(max(statistic, 0.0), problem.x.shape[1] * (problem.classes - 2))


def _converged(problem: Problem, what: str, start: Floats | None = None) -> Estimate:
    if not (problem.class_weights > 0).all():
        raise EstimationError(f"{what} lacks a class")
    found = estimate(problem, start=start)
    if not found.converged:
        raise EstimationError(f"{what} has no finite estimate")
    return found


def _rows(problem: Problem, rows: NDArray[np.intp]) -> Problem:
    offset = None if problem.offset is None else problem.offset[rows]
    return replace(problem, x=problem.x[rows], y=problem.y[rows], w=problem.w[rows], offset=offset)


def _against_last(coefficients: Floats) -> Floats:
    return np.ascontiguousarray((coefficients[:, :-1] - coefficients[:, -1:]).T).ravel()


def _among_others(covariance: Floats, columns: int, classes: int, k: int) -> Floats:
    """Return the covariance of the other classes against the last of them, class by class."""
    grid = covariance.reshape(classes - 1, columns, classes - 1, columns)
    if k < classes - 1:
        kept = [c for c in range(classes - 1) if c != k]
        return np.asarray(grid[kept][:, :, kept]).reshape((classes - 2) * columns, -1)
    base, first = classes - 2, slice(0, classes - 2)
    cut = (
        grid[first, :, first]
        - grid[first, :, base][:, :, None, :]
        - grid[base][:, first][None]
        + grid[base, :, base][None, :, None, :]
    )
    return np.asarray(cut).reshape((classes - 2) * columns, -1)


@single_threaded_blas()
def _quadratic_form(difference: Floats, restricted: Floats, full: Floats) -> tuple[float, int]:
    """Return d' (V_r - V_f)^- d and the rank, negative eigenvalues and all."""
    scale = np.sqrt(np.diag(full))
    values, vectors = linalg.eigh((restricted - full) / np.outer(scale, scale))
    known = np.abs(values) > _ROUNDING * np.abs(values).max()
    projected = vectors[:, known].T @ (difference / scale)
    return float(np.sum(projected**2 / values[known])), int(known.sum())
