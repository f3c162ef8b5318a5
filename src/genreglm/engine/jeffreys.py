"""Maximum likelihood under Jeffreys' prior, which is finite whatever is separated.

    l*(B) = l(B) + 1/2 log det I(B)

With M_i the covariance of row i's linear predictor under Sigma = I^-1 and V_i = diag(p_i) - p_i p_i', row i adds
to the score

    [w_i (t_i - p_i) + w_i / 2 V_i (diag(M_i) - 2 M_i p_i)] (x) z_i.

With two classes it is the score of a likelihood in which row i counts w_i (1 + h_i) times, h_i its leverage
tr(V_i M_i): so strong is the prior in a row. With K classes it is w_i (1 + h_i K / (2 (K - 1))), exactly so for the
levels of one factor; the inverse of the information with those weights, times the score, is the step. Where leverages
are small that is Fisher's scoring; where a few rows decide many coefficients, scoring would overshoot. What the last
steps have shown of the curvature of l* is added to it (limited-memory BFGS).

Sources: Firth (1993), Biometrika 80:27; Bull, Mak and Greenwood (2002), Comput. Stat. Data Anal. 39:57; Kosmidis
and Firth (2009), Biometrika 96:793; Nocedal (1980), Math. Comput. 35:773.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine import coordinates
from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import Cells, find_cells
from genreglm.engine.estimate import Control, Estimate, estimate, ridge_strengths
from genreglm.engine.information import information
from genreglm.engine.newton import Outcome, Solution, Step
from genreglm.engine.objective import Objective
from genreglm.engine.problem import Problem
from genreglm.engine.row_forms import row_forms
from genreglm.engine.separation import EmptyCell
from genreglm.engine.symmetric import inverse

Scoring = Callable[[Floats], Floats]
Parts = Sequence[tuple[Block, Floats]]

_SHORTEST_STEP = 2.0**-20
_ROUNDING = 1e-13
START_ROWS = 0.5
_STEPS_REMEMBERED = 6
START = Control(gradient_tolerance=1e-4, decrement_tolerance=1.0)
# The squared distance to the optimum in standard errors at which scoring stops: 1e-7 of one; or 1e-5 where some steps
# have not halved it, so that it is nothing but rounding.
JEFFREYS_DECREMENT = 1e-14
_ROUNDED_DECREMENT, _SOME = 1e-10, 3
# After a step so short (squared, in standard errors, on average over coefficients) that hardly anything bends
# otherwise, the information with its weights is kept.
_SETTLED = 1e-4
# With less of it to go, rounding of l* may hide what a step gains; after so many that halve nothing, no more are taken.
_UNSEEN, _IDLE = 1e-8, 8


@dataclass(frozen=True)
class Point:
    """Coefficients against the last class, (columns, classes - 1), with l* per unit of weight and Sigma there."""

    against_last: Floats
    value: float
    covariance: Floats


class Climb(Protocol):
    """l* of some rows, its score, and what turns a score into a step."""

    @property
    def total_weight(self) -> float:
        """Sum of the rows' weights."""
        ...

    def at(self, coefficients: Floats) -> Point | None:
        """Evaluate at standardised coefficients (columns, classes); None where l* is not finite."""
        ...

    def score(self, at: Point, kept: Scoring | None = None) -> tuple[Floats, Scoring]:
        """Return the score, (columns, classes - 1), at the point last evaluated, and the scoring step of any score:
        the `kept` one where it is given.
        """
        ...


def jeffreys(
    problem: Problem,
    start: Floats | None = None,
    control: Control | None = None,
    cells: Sequence[EmptyCell] = (),
) -> Estimate:
    """Maximise l* by scoring with step halving; see `genreglm.engine.estimate.estimate`.

    1. Start from a given point, or from the estimate with half a row in each of the empty `cells`, which is about
       what Jeffreys' prior is worth there, or where that has none, under a ridge worth half a row.
    2. Evaluate probabilities, I, Sigma and the score at the point.
    3. Stop where the mean score is small, and so is score' Sigma score, the squared distance still to go in standard
       errors.
    4. Step by the inverse of the weighted information, of this point or where steps are short of an earlier one, times
       the score, halved until l* rises. Go to 2; where no step makes it rise, though the top is far, begin again from
       zero.
    """
    control = control or Control()
    own = problem.blocks()
    triangular = coordinates.triangle(own)
    aliased = tuple(coordinates.aliased_columns(triangular))
    if aliased:
        nothing = np.full((problem.x.shape[1], problem.classes), np.nan)
        return Estimate(problem, nothing, Outcome.SINGULAR, aliased=aliased)
    climb = _Climb(problem, Objective(own, triangular), find_cells([part.x for part in own.parts]))
    beginning = problem.standardisation.forth(_first(problem, cells) if start is None else start)
    return climb.estimate(*maximise(climb, beginning, control))


def maximise(climb: Climb, start: Floats, control: Control) -> tuple[Point | None, Outcome, float, list[Step]]:
    """Climb from standardised coefficients (columns, classes) to the top: return where that ended, how, the largest
    mean score there, and the trace.

    Where classes are separated a start may lie so far out that no step leads back: the climb then begins again at zero.
    """
    at, outcome, size, trace = _climbed(climb, climb.at(start), control)
    lost = outcome is Outcome.NON_FINITE or (outcome is Outcome.STALLED and trace[-1].decrement > _UNSEEN)
    if not lost or not start.any() or not np.isfinite(start).all():
        return at, outcome, size, trace
    at, left = None, replace(control, max_steps=control.max_steps - len(trace))
    at, outcome, size, again = _climbed(climb, climb.at(np.zeros_like(start)), left)
    return at, outcome, size, [*trace, *again]


def _climbed(climb: Climb, at: Point | None, control: Control) -> tuple[Point | None, Outcome, float, list[Step]]:
    """Climb from a point; see `maximise`."""
    trace: list[Step] = []
    memory: deque[tuple[Floats, Floats]] = deque(maxlen=_STEPS_REMEMBERED)
    before: tuple[Floats, Floats] | None = None
    least, idle = np.inf, 0
    kept: Scoring | None = None
    afresh = True
    while True:
        if at is None:
            return at, Outcome.NON_FINITE, np.nan, trace
        score, scoring = climb.score(at, kept)
        if before is not None:
            memory.append((at.against_last - before[0], before[1] - score))
        going = float(score.T.ravel() @ at.covariance @ score.T.ravel())
        size = float(np.abs(score).max()) / climb.total_weight
        halved = going < 0.5 * least
        least = going if halved else least
        # A step that gained nothing by the information of an earlier point says nothing of rounding.
        idle = 0 if halved else idle + afresh
        near = max(control.decrement_tolerance, _ROUNDED_DECREMENT if idle >= _SOME else JEFFREYS_DECREMENT)
        if size <= control.gradient_tolerance and going <= near:
            return at, Outcome.CONVERGED, size, trace
        if len(trace) >= control.max_steps:
            return at, Outcome.STEP_LIMIT, size, trace
        direction = _bent(scoring, score, memory)
        afresh = kept is None
        kept = scoring if halved and going <= _SETTLED * score.size else None
        length, following = _next(climb, at, direction, float(np.vdot(score, direction)), going, idle)
        trace.append(Step(-at.value, size, going, length, 0))
        if control.callback is not None:
            control.callback(trace[-1])
        if length == 0.0:
            return at, Outcome.STALLED, size, trace
        before, at = (at.against_last, score), following


def _next(
    climb: Climb, at: Point, direction: Floats, slope: float, going: float, idle: int
) -> tuple[float, Point | None]:
    """Return how much of a step to take, and the point there; length 0 where none leads any further.

    So near the top that l* rises by less than its rounding the whole step is right, until steps no longer pay.
    """
    if going > _UNSEEN:
        return _along(climb, at, direction, slope)
    following = _moved(climb, at, direction) if idle < _IDLE else None
    return (0.0, None) if following is None else (1.0, following)


def _moved(climb: Climb, at: Point, step: Floats) -> Point | None:
    """Return the point a step away."""
    moved = at.against_last + step
    return climb.at(np.column_stack([moved, np.zeros(len(moved))]))


def _along(climb: Climb, at: Point, direction: Floats, going: float) -> tuple[float, Point | None]:
    """Return the first step 1, 1/2, 1/4, ... at which l* rises, and the point there."""
    length = 1.0
    while length >= _SHORTEST_STEP:
        found = _moved(climb, at, length * direction)
        enough = at.value + 1e-4 * length * going / climb.total_weight
        if found is not None and found.value >= enough - _ROUNDING * abs(at.value):
            return length, found
        found, length = None, 0.5 * length  # its covariance goes before the next is made
    return 0.0, None


def _bent(scoring: Callable[[Floats], Floats], score: Floats, memory: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Return the scoring step, corrected for the (step, fall of the score) pairs remembered, the oldest first.

    Pairs along which l* did not bend downwards tell nothing and are passed over.
    """
    known = [(step, fall, float(np.vdot(step, fall))) for step, fall in memory]
    known = [(step, fall, bend) for step, fall, bend in known if bend > 0.0]
    remaining, shares = score.copy(), []
    for step, fall, bend in reversed(known):
        shares.append(float(np.vdot(step, remaining)) / bend)
        remaining -= shares[-1] * fall
    direction = scoring(remaining)
    for (step, fall, bend), share in zip(known, reversed(shares), strict=True):
        direction += (share - float(np.vdot(fall, direction)) / bend) * step
    return direction


class _Climb:
    """The penalised log-likelihood of a problem, its score, and steps along it."""

    def __init__(self, problem: Problem, objective: Objective, cells: Cells) -> None:
        self.problem, self.objective, self.cells = problem, objective, cells
        self.total_weight = objective.total_weight
        self.parts = list(zip(objective.blocks.parts, objective.probabilities, strict=True))

    def at(self, coefficients: Floats) -> Point | None:
        """Evaluate at standardised coefficients (columns, classes); None where l* is not finite."""
        value, _ = self.objective.evaluate(coordinates.whiten(self.objective.triangular, coefficients))
        if not np.isfinite(value):
            return None
        return point(coefficients, value, information(self.parts, self.problem.classes, self.cells), self.total_weight)

    def score(self, at: Point, kept: Scoring | None = None) -> tuple[Floats, Scoring]:
        """Return the score at the point last evaluated, and the scoring step of any score; see `Climb`."""
        score, heavier = score_and_heavier(self.parts, at.covariance, self.problem.classes, self.cells)
        return score, kept or scoring_by(information(heavier, self.problem.classes, self.cells))

    def estimate(self, at: Point | None, outcome: Outcome, gradient: float, trace: list[Step]) -> Estimate:
        """Return where the climb ended, in the columns as given."""
        shape = (self.problem.x.shape[1], self.problem.classes)
        if at is None:
            solution = Solution(np.full(shape, np.nan), np.nan, gradient, outcome, trace, np.zeros(shape))
            return Estimate(self.problem, np.full(shape, np.nan), outcome, solution)
        full = np.column_stack([at.against_last, np.zeros(shape[0])])
        full -= full.mean(axis=1, keepdims=True)
        whitened = coordinates.whiten(self.objective.triangular, full)
        solution = Solution(whitened, -at.value, gradient, outcome, trace, np.zeros(shape))
        return Estimate(self.problem, self.problem.standardisation.back() @ full, outcome, solution, (), self.parts)


def _first(problem: Problem, cells: Sequence[EmptyCell]) -> Floats:
    """Return coefficients that are finite, and not far from those sought."""
    prior = problem.prior_blocks(cells, START_ROWS) if cells else None
    found = estimate(problem, prior=prior, control=START)
    if not found.converged:
        ones = np.ones(problem.x.shape[1])
        ridge = ridge_strengths(problem, START_ROWS / float(problem.w.sum()), ones, standardise=True)
        found = estimate(problem, ridge=ridge, control=START)
    return found.coefficients


def point(coefficients: Floats, value: float, matrix: Floats, total_weight: float) -> Point | None:
    """Return the point of coefficients with a mean loss `value` and an information `matrix`, which is lost."""
    log_determinant = _log_determinant(matrix)
    if not np.isfinite(log_determinant):
        return None
    covariance = inverse(matrix, overwrite=True)
    if covariance is None:
        return None
    against_last = coefficients[:, :-1] - coefficients[:, -1:]
    return Point(against_last, 0.5 * log_determinant / total_weight - value, covariance)


def score_and_heavier(
    parts: Parts, covariance: Floats, classes: int, cells: Cells | None = None
) -> tuple[Floats, list[tuple[Block, Floats]]]:
    """Return the rows' score, (columns, classes - 1), and the rows with weights that count the prior."""
    diagonal, product = row_forms(parts, covariance, classes, cells)
    score, heavier, done = np.zeros((parts[0][0].x.shape[1], classes)), [], 0
    for block, prob in parts:
        own = slice(done, done + len(block))
        leverage = block.w * np.einsum("ik,ik->i", prob, diagonal[own] - product[own])
        pull = diagonal[own] - 2.0 * product[own]
        pull = prob * (pull - np.einsum("ik,ik->i", prob, pull)[:, None])
        score += block.x.T @ (0.5 * block.w[:, None] * pull - block.residual(prob))
        heavier.append((replace(block, w=block.w * (1.0 + leverage * classes / (2.0 * (classes - 1)))), prob))
        done += len(block)
    return score[:, :-1], heavier


def scoring_by(matrix: Floats) -> Scoring:
    """Return what multiplies by the inverse of an information, which is lost."""
    factor = linalg.cho_factor(matrix, overwrite_a=True)

    def step(score: Floats) -> Floats:
        return np.asarray(linalg.cho_solve(factor, score.T.ravel()).reshape(score.shape[1], -1).T)

    return step


def _log_determinant(matrix: NDArray[np.float64]) -> float:
    """Return log det of a symmetric matrix, NaN where it is not positive definite."""
    factor, status = linalg.lapack.dpotrf(matrix, lower=1)
    return float("nan") if status else 2.0 * float(np.log(np.diag(factor)).sum())
