"""From arrays to estimates under a lasso-type penalty, one strength or many, and back to the columns as given."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genreglm.engine import coordinates
from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.coordinates import Standardisation
from genreglm.engine.estimate import Control, Estimate, estimate
from genreglm.engine.newton import Outcome, Solution
from genreglm.engine.objective import Objective
from genreglm.engine.problem import Problem
from genreglm.engine.sparse_path import SparsePath, SparseSolution
from genreglm.engine.sparse_penalties import ColumnPenalty, SparsePenalty, TermLasso
from genreglm.options import GRADIENT_TOLERANCE, STEP_LIMIT

# Steps of a lasso cost a little more than one evaluation of the likelihood, and a strength takes some tens of them,
# hundreds where columns are nearly dependent: so many for each of Newton's that are allowed.
_STEPS = 20
# An eigenvalue of a term's columns below this share of the largest is that of columns that depend on each other.
_DEPENDENT = 1e-12


@dataclass(frozen=True)
class SparseProblem:
    """A problem in standardised columns, all of them, and a path of strengths on it.

    Attributes
    ----------
    problem : as given
    standardisation : of every column, 0/1 columns too: the descent needs columns of one size
    within : (columns, columns), what standardised columns are multiplied by to be orthonormal within a term; None where
        terms do not matter
    path : at the null model; strengths multiply the penalty's own
    """

    problem: Problem
    standardisation: Standardisation
    within: Floats | None
    path: SparsePath

    @classmethod
    def of(
        cls,
        problem: Problem,
        penalty: SparsePenalty,
        factors: Floats,
        spans: Sequence[range],
        tolerance: float = GRADIENT_TOLERANCE,
        max_steps: int = STEP_LIMIT,
    ) -> "SparseProblem":
        """Standardise, and fit the null model: the free columns alone.

        `factors` (columns,) are the penalty's, `spans` the columns of each term, in order.
        """
        standardisation = Standardisation.learn(problem.x, problem.w, problem.intercept, every=True)
        strengths = factors.copy()
        if problem.intercept is not None:
            strengths[problem.intercept] = 0.0
        terms = np.repeat(np.arange(len(spans)), [len(span) for span in spans])
        cost = ColumnPenalty.of(penalty, strengths, standardisation.deviation, terms)
        z, within = standardisation.apply(problem.x), None
        if isinstance(penalty, TermLasso):
            within = _orthonormal_within(z, problem.w, spans)
            z = z @ within
        blocks = Blocks.of(z, problem.y, problem.w, problem.classes, problem.offset)
        return cls(problem, standardisation, within, SparsePath(blocks, cost, tolerance, _STEPS * max_steps))

    def coefficients(self, found: SparseSolution) -> Floats:
        """Return them in the columns as given, (columns, classes); those of the intercept sum to zero."""
        standard = found.coefficients if self.within is None else self.within @ found.coefficients
        given = self.standardisation.back() @ standard
        free = self.path.penalty.corner == 0.0
        given[free] -= given[free].mean(axis=1, keepdims=True)
        return np.asarray(given)


def sparse_estimate(
    problem: Problem,
    penalty: SparsePenalty,
    factors: Floats,
    spans: Sequence[range],
    control: Control,
) -> Estimate:
    """Minimise the mean negative log-likelihood of `problem` plus `penalty`; see `SparseProblem.of` for `factors` and
    `spans`.

    It has converged where the conditions of an optimum hold to the gradient's tolerance, in standardised columns; the
    largest violation of them is the solution's `gradient`.
    """
    without = free_columns_without_optimum(problem, penalty, factors)
    if without is not None:
        return without
    sparse = SparseProblem.of(problem, penalty, factors, spans, control.gradient_tolerance, control.max_steps)
    found = next(sparse.path.walk(np.ones(1)))
    if control.callback is not None:
        for step in found.trace:
            control.callback(step)
    objective = Objective(sparse.path.blocks, np.eye(sparse.path.blocks.columns))
    value, _ = objective.evaluate(found.coefficients)
    value += sparse.path.penalty.value(found.coefficients)
    outcome = Outcome.CONVERGED if found.converged else Outcome.STEP_LIMIT
    if not np.isfinite(value):
        outcome = Outcome.NON_FINITE
    nowhere = np.zeros_like(found.coefficients)
    solution = Solution(found.coefficients, value, found.kkt, outcome, found.trace, nowhere)
    parts = list(zip(sparse.path.blocks.parts, objective.probabilities, strict=True))
    return Estimate(problem, sparse.coefficients(found), outcome, solution, parts=parts)


def free_columns_without_optimum(problem: Problem, penalty: SparsePenalty, factors: Floats) -> Estimate | None:
    """Return how a fit of the free columns alone ended where that was at no optimum, else None.

    A direction along which likelihood and penalty never turn can only be one of the free columns: so there is an
    estimate just where these alone have one. Steps of a lasso would pass off the vanishing slope as an optimum.
    """
    held = penalty.strength * factors
    free = [j for j in range(len(held)) if held[j] == 0.0 or j == problem.intercept]
    if free == [problem.intercept] or not free:
        return None
    dependent = coordinates.aliased_columns(coordinates.triangle(problem.keep(free).blocks()))
    free = [j for place, j in enumerate(free) if place not in dependent]
    found = estimate(problem.keep(free))
    if found.converged:
        return None
    shape = (problem.x.shape[1], problem.classes)
    direction = np.zeros(shape)
    direction[free] = found.direction
    return Estimate(problem, np.full(shape, np.nan), found.outcome, found.solution, direction=direction)


def _orthonormal_within(z: Floats, w: Floats, spans: Sequence[range]) -> Floats:
    """Return T (columns, columns) such that z T has, within each term, columns with mean of squares 1 and products 0.

    T = V L^(-1/2) for the eigenvectors V and eigenvalues L of sum w z_t z_t' / sum w; directions in which a term's
    columns depend on each other are taken out.
    """
    within = np.eye(z.shape[1])
    for span in spans:
        if len(span) == 1:
            continue
        own = z[:, span.start : span.stop]
        values, vectors = np.linalg.eigh(own.T @ (w[:, None] * own) / w.sum())
        apart = values > _DEPENDENT * values[-1]
        lengths = np.sqrt(np.where(apart, values, 1.0))
        within[span.start : span.stop, span.start : span.stop] = np.where(apart, vectors / lengths, 0.0)
    return within
