"""From arrays to an estimate: coordinates, start, Newton, and back to the columns as given.

Nothing is raised for what the data do; how it ended is the estimate's `outcome`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Protocol

import numpy as np

from genreglm.engine import coordinates
from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.coupled import Coupled, Quadratic, column_form
from genreglm.engine.newton import Outcome, Solution, Step, minimise
from genreglm.engine.objective import Objective, PenalisedLikelihood
from genreglm.engine.problem import Problem
from genreglm.engine.separation import separating_direction, separating_step, sharp_step
from genreglm.engine.start import best_start
from genreglm.errors import OptionError
from genreglm.options import DECREMENT_TOLERANCE, GRADIENT_TOLERANCE, STEP_LIMIT

# Eigenvalues of a penalty in units of its own strengths that are zero but for rounding.
_FREE = 1e-12


@dataclass(frozen=True)
class Control:
    """When to stop, and whom to tell of each step; see `genreglm.engine.newton.minimise`."""

    gradient_tolerance: float = GRADIENT_TOLERANCE
    decrement_tolerance: float = DECREMENT_TOLERANCE
    max_steps: int = STEP_LIMIT
    callback: Callable[[Step], object] | None = None

    def __post_init__(self) -> None:
        for name in ("gradient_tolerance", "decrement_tolerance"):
            value = getattr(self, name)
            if not (isinstance(value, Real) and 0.0 < float(value) < np.inf):
                raise OptionError(f"{name}={value!r} must be a finite number > 0.")
        if not (isinstance(self.max_steps, Integral) and self.max_steps >= 1):
            raise OptionError(f"max_steps={self.max_steps!r} must be a whole number >= 1.")
        if not (self.callback is None or callable(self.callback)):
            raise OptionError(f"callback={self.callback!r} must be a function of a Step, or None.")


class Ending(Protocol):
    """How an estimation ended, whatever its rows: see `Estimate` for what each says."""

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        ...

    @property
    def solution(self) -> Solution | None:
        """The solver's account."""
        ...

    @property
    def aliased(self) -> tuple[int, ...]:
        """Columns that depend linearly on those before them."""
        ...

    @property
    def direction(self) -> Floats | None:
        """The last direction, or that which separates the rows."""
        ...


@dataclass(frozen=True)
class Estimate:
    """Where an estimation ended.

    Attributes
    ----------
    problem : what was estimated
    coefficients : (columns, classes) in the columns as given; each row sums to zero over the classes
    outcome : how it ended
    solution : the solver's account; None where columns are linearly dependent and nothing was solved
    aliased : columns that depend linearly on those before them
    parts : (block, probabilities) of the problem's rows, in standardised columns
    prior : the same of the rows that stand for a prior
    direction : (columns, classes) in standardised columns, the last one taken, or that which separates the rows
    """

    problem: Problem
    coefficients: Floats
    outcome: Outcome
    solution: Solution | None = None
    aliased: tuple[int, ...] = ()
    parts: Sequence[tuple[Block, Floats]] = field(default=(), repr=False)
    prior: Sequence[tuple[Block, Floats]] = field(default=(), repr=False)
    direction: Floats | None = field(default=None, repr=False)

    @property
    def converged(self) -> bool:
        """Whether it ended at the optimum."""
        return self.outcome is Outcome.CONVERGED

    @property
    def log_likelihood(self) -> float:
        """Sum of w_i sum_k t_ik log p_ik over the problem's rows, without those of a prior."""
        total = 0.0
        for block, prob in self.parts:
            if block.y.ndim == 1:
                total += float(block.w @ np.log(prob[np.arange(len(block)), block.y]))
            else:
                logs = np.log(prob, out=np.zeros_like(prob), where=block.y > 0)
                total += float(block.w @ np.einsum("ik,ik->i", block.y, logs))
        return total


def estimate(
    problem: Problem,
    *,
    ridge: Quadratic | None = None,
    prior: Blocks | None = None,
    start: Floats | None = None,
    control: Control | None = None,
) -> Estimate:
    """Minimise the mean negative log-likelihood of `problem`, with an optional penalty or prior.

    Parameters
    ----------
    ridge : (columns,) strengths: half of strength_j times the sum of B_jk^2 is added; or a form Q (columns, columns),
        which adds half of b_k' Q b_k for each class k; or one that couples the classes, see
        `genreglm.engine.coupled.Coupled`; None without a penalty
    prior : rows that stand for a prior, in standardised columns
    start : (columns, classes) coefficients to start from, in the columns as given
    control : tolerances, limits and callback
    """
    control = control or Control()
    own = problem.blocks()
    everything = own if prior is None else own.followed_by(prior)
    objective = objective_of(problem, everything, ridge)
    triangular = objective.triangular
    if ridge is None:
        aliased = tuple(coordinates.aliased_columns(triangular))
        if aliased:
            nothing = np.full((problem.x.shape[1], problem.classes), np.nan)
            return Estimate(problem, nothing, Outcome.SINGULAR, aliased=aliased)
    given = None if start is None else coordinates.whiten(triangular, problem.standardisation.forth(start))
    solution, outcome, direction = solved(objective, best_start(objective, given), control)
    pairs = list(zip(everything.parts, objective.probabilities, strict=True))
    return Estimate(
        problem,
        problem.standardisation.back() @ coordinates.unwhiten(triangular, solution.whitened),
        outcome,
        solution,
        (),
        pairs[: len(own.parts)],
        pairs[len(own.parts) :],
        direction,
    )


def solved(objective: PenalisedLikelihood, start: Floats, control: Control) -> tuple[Solution, Outcome, Floats]:
    """Return the solver's account from a whitened start, how it ended, and the last direction, (columns, classes).

    Where it ended on its way to infinity it is separated, whatever the solver took it for, along that direction.
    """
    solution = minimise(
        objective,
        start,
        gradient_tolerance=control.gradient_tolerance,
        decrement_tolerance=control.decrement_tolerance,
        max_steps=control.max_steps,
        callback=control.callback,
        diverges=separating_step,
    )
    apart = None if solution.outcome is Outcome.NON_FINITE else _leads_away(objective, solution)
    if apart is not None:
        return solution, Outcome.SEPARATED, apart
    return solution, solution.outcome, coordinates.unwhiten(objective.triangular, solution.last_direction)


def _leads_away(objective: PenalisedLikelihood, solution: Solution) -> Floats | None:
    """Return the direction (columns, classes) along which a fit that ended was on its way to infinity, None if none.

    Roughly solved steps leave out a direction in which hardly any slope and still less curvature is left, and make it
    look like an optimum. Where steps near the end shrank by a mere factor the next one is therefore solved sharply.
    """
    apart = separating_direction(objective, solution.whitened, solution.last_direction, solution.value)
    if apart is not None or not solution.crawled or not objective.has_free_directions:
        return apart
    sharp = sharp_step(objective, objective.evaluate(solution.whitened)[1])
    return separating_direction(objective, solution.whitened, sharp, solution.value)


def objective_of(problem: Problem, rows: Blocks, ridge: Quadratic | None) -> Objective:
    """Return the objective over `rows` in coordinates that whiten it; their columns may be dependent under a ridge."""
    triangular = coordinates.triangle(rows)
    if ridge is None:
        return Objective(rows, triangular, None)
    return Objective(rows, *with_ridge(problem, triangular, ridge))


def null_log_likelihood(problem: Problem) -> float:
    """Return the log-likelihood of intercepts alone: the classes' shares, or a small fit beside an offset."""
    if problem.offset is None:
        counts = problem.class_weights
        return float(counts @ np.log(counts / counts.sum()))
    ones = Problem(np.ones((len(problem.w), 1)), problem.y, problem.w, problem.classes, 0, problem.offset)
    return estimate(ones).log_likelihood


def ridge_strengths(
    problem: Problem, strength: float, factors: Floats, standardise: bool, deviation: Floats | None = None
) -> Floats:
    """Return the strength of each column, (columns,), for B in the columns' own units.

    `factors` (columns,) multiply it; with `standardise` it is meant per standard deviation of the column, `deviation`
    where that is not the problem's own. The intercept is free.
    """
    strengths = strength * factors
    if standardise:
        strengths = strengths * (problem.standardisation.deviation if deviation is None else deviation) ** 2
    if problem.intercept is not None:
        strengths[problem.intercept] = 0.0
    return np.asarray(strengths)


def with_ridge(problem: Problem, triangular: Floats, ridge: Quadratic) -> tuple[Floats, Quadratic, Floats]:
    """Return a triangle that whitens the Hessian at equal probabilities, K times the penalty included, the penalty's
    quadratic form there, and the directions of standardised columns that it leaves free. That also lets linearly
    dependent columns in.

    Where classes are coupled, the penalty counts in full, as it does for how classes differ within a family.
    """
    given = column_form(ridge)
    strengths = (given if given.ndim == 2 else np.diag(given)) / np.outer(*2 * [problem.standardisation.scale])
    triangular = coordinates.upper_triangle(np.vstack([triangular, np.sqrt(problem.classes) * _root(strengths)]))
    # Where strength is 0 and columns are dependent, a trace of ridge keeps the triangle regular.
    triangular = triangular + np.diag(np.where(np.abs(np.diag(triangular)) < 1e-10, 1e-8, 0.0))
    inverse = coordinates.unwhiten(triangular, np.eye(len(strengths)))
    form = inverse.T @ strengths @ inverse
    free = _free_directions(given) * problem.standardisation.scale[:, None]
    if problem.intercept is not None and free.shape[1] == 1:
        # Each class has rows, so that an intercept by itself sets none apart.
        free = free[:, :0]
    return triangular, Coupled(form, ridge.classes) if isinstance(ridge, Coupled) else form, free


def _free_directions(form: Floats) -> Floats:
    """Return the directions (columns, some) along which a form, or its diagonal, does not rise, whatever the units."""
    if form.ndim == 1:
        return np.eye(len(form))[:, form == 0.0]
    unit = np.sqrt(np.diag(form))
    unit[unit == 0.0] = 1.0
    values, vectors = np.linalg.eigh(form / np.outer(unit, unit))
    return np.asarray(vectors[:, values <= _FREE] / unit[:, None])


def _root(form: Floats) -> Floats:
    """Return L with L'L = `form`, symmetric and positive semidefinite."""
    values, vectors = np.linalg.eigh(form)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)
