"""The maximum of the likelihood under any linear constraints on the coefficients, by Newton's method."""

from dataclasses import dataclass, field

import numpy as np
from scipy import linalg

from genreglm.engine.blocks import Floats
from genreglm.engine.information import information
from genreglm.engine.memory import require_covariance
from genreglm.engine.nested import RESTRICTED, Family, Point
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import ConvergenceError, InferenceError

_STEP_LIMIT = 50
_SHORTEST_STEP = 2.0**-20
_NEAR = 1e-4
_TRUSTED = 2.0


@dataclass(frozen=True)
class Constrained:
    """A constrained maximum: coefficients (columns, classes), log-likelihood, and s' I^-1 s there."""

    coefficients: Floats = field(repr=False)
    log_likelihood: float
    score_statistic: float


def constrained(family: Family, start: Floats, constraints: Floats, values: Floats) -> Constrained:
    """Maximise the likelihood subject to L theta = r, from `start`, (columns, classes).

    theta are the coefficients of the first K - 1 classes against the last, class by class, in the columns as given;
    `constraints` is L (q, m) of full row rank, `values` r (q,).

    1. At theta take score s and information I (m, m). Newton's step to the constraint is
       d = I^-1 s - I^-1 L' (L I^-1 L')^-1 (L (theta + I^-1 s) - r).
    2. Stop when the constraint holds and d' I d is below the tolerance.
    3. Until the constraint is met, take as much of d as moves no linear predictor by more than 2: so far Newton's
       model of the likelihood is to be trusted. After that, halve d until the likelihood rises.

    Each step computes one information matrix, so this is for constraints that no model on fewer columns expresses.
    It also gives the score statistic s' I^-1 s.

    Raises
    ------
    ConvergenceError, InferenceError
        Where no maximum is found, or the information is not positive definite there or does not fit in memory.

    Source: Nocedal and Wright (2006), Numerical Optimization, section 16.2.
    """
    standardisation, (width, classes) = family.problem.standardisation, start.shape
    require_covariance(width, classes)
    rows = (constraints.reshape(-1, classes - 1, width) @ standardisation.back()).reshape(constraints.shape)
    theta = _free(standardisation.forth(start))
    point = family.at(start)
    met = False
    for _ in range(_STEP_LIMIT):
        direction, decrement, statistic = _step(family, point, theta, rows, values)
        if met and decrement <= RESTRICTED.decrement_tolerance:
            return Constrained(_coefficients(family, theta), point.log_likelihood, statistic)
        length = 1.0 if met else min(1.0, _TRUSTED / _largest_change(family, direction))
        # So near the maximum a whole step is right, and rounding could hide what it gains.
        while met and decrement > _NEAR and not _rises(family, point, theta + length * direction):
            length /= 2.0
            if length < _SHORTEST_STEP:
                raise ConvergenceError("The constrained fit found no step that raises the likelihood.")
        theta, met = theta + length * direction, met or length == 1.0
        point = family.at(_coefficients(family, theta))
    raise ConvergenceError(f"The constrained fit did not converge in {_STEP_LIMIT} steps.")


def _rises(family: Family, point: Point, theta: Floats) -> bool:
    return family.at(_coefficients(family, theta)).log_likelihood >= point.log_likelihood


@single_threaded_blas()
def _largest_change(family: Family, direction: Floats) -> float:
    """Return the most that any linear predictor changes along `direction`, not quite 0."""
    change = family.problem.x @ _coefficients(family, direction)
    return max(float(np.abs(change).max(initial=0.0)), 1e-300)


def _free(standard: Floats) -> Floats:
    """Return (columns, classes) as the vector of the first classes against the last."""
    return np.ascontiguousarray((standard[:, :-1] - standard[:, -1:]).T).ravel()


def _coefficients(family: Family, theta: Floats) -> Floats:
    """Return coefficients in the columns as given, each row with sum zero."""
    classes = family.problem.classes
    full = np.zeros((len(theta) // (classes - 1), classes))
    full[:, :-1] = theta.reshape(classes - 1, -1).T
    return np.asarray(family.problem.standardisation.back() @ (full - full.mean(axis=1, keepdims=True)))


@single_threaded_blas()
def _step(family: Family, point: Point, theta: Floats, rows: Floats, values: Floats) -> tuple[Floats, float, float]:
    """Return d, d' I d, and s' I^-1 s."""
    score = _score(point)
    matrix = information(point.parts, family.problem.classes)
    if point.prior:
        matrix += information(point.prior, family.problem.classes)
    factor, status = linalg.lapack.dpotrf(matrix.T, lower=1)
    if status != 0:
        raise InferenceError(
            "The information matrix under the hypothesis is not positive definite. Look for separated cells "
            "(gg.separation) and for nearly dependent columns (gg.vif), or use test='wald'."
        )
    half = linalg.solve_triangular(factor, np.column_stack([rows.T, score]), lower=True, check_finite=False)
    across, own = half[:, :-1], half[:, -1]
    gap = rows @ theta + across.T @ own - values
    step = own - across @ np.linalg.solve(across.T @ across, gap)
    direction = linalg.solve_triangular(factor, step, lower=True, trans=1, check_finite=False)
    return direction, float(step @ step), float(own @ own)


def _score(point: Point) -> Floats:
    return np.ascontiguousarray(point.score[:, :-1].T).ravel()
