"""Maximum likelihood under Jeffreys' prior where rows are met in passes; see `genreglm.engine.jeffreys`.

The fit begins where half a row in each empty cell leads. A step takes an information matrix, the forms of all rows, and
unless steps are short a second information with weights that count the prior: each as long as some eighty passes.
"""

from collections.abc import Callable, Sequence

import numpy as np

from genreglm.engine import coordinates
from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.estimate import Control, ridge_strengths
from genreglm.engine.information import information
from genreglm.engine.jeffreys import START, START_ROWS, Point, Scoring, maximise, point, score_and_heavier, scoring_by
from genreglm.engine.newton import Outcome, Solution
from genreglm.engine.passes.cells import prior_blocks
from genreglm.engine.passes.estimate import Measured, PassEstimate, estimate_in_passes
from genreglm.engine.passes.rows import Rows, added
from genreglm.engine.passes.sums import fitted, information_over, loss_and_gradient
from genreglm.engine.problem import Problem
from genreglm.engine.separation import EmptyCell


def jeffreys_in_passes(
    rows: Rows,
    measured: Measured,
    sample: Problem,
    factors: Sequence[range],
    cells: Sequence[EmptyCell],
    *,
    start: Floats | None = None,
    control: Control | None = None,
    reached: Callable[[Floats], object] = lambda standardised: None,
) -> PassEstimate:
    """Maximise the penalised log-likelihood of `rows`; see `estimate_in_passes` for what is given."""
    control = control or Control()
    prior = prior_blocks(rows, cells, START_ROWS) if cells else None
    first = estimate_in_passes(rows, measured, sample, factors, prior=prior, start=start, control=START)
    if first.outcome is Outcome.SINGULAR:
        return first
    if not first.converged:
        deviations = measured.deviations(sample.standardisation)
        strength = START_ROWS / measured.total_weight
        ridge = ridge_strengths(sample, strength, np.ones(rows.columns), standardise=True, deviation=deviations)
        first = estimate_in_passes(rows, measured, sample, factors, ridge=ridge, start=start, control=START)
    climb = _PassClimb(rows, measured.total_weight, reached)
    at, outcome, size, trace = maximise(climb, first.standardised, control)
    full = np.full((rows.columns, rows.classes), np.nan)
    if at is not None:
        full = np.column_stack([at.against_last, np.zeros(rows.columns)])
        full -= full.mean(axis=1, keepdims=True)
    triangular = measured.triangular / np.sqrt(measured.total_weight)
    value = np.nan if at is None else -at.value
    solution = Solution(coordinates.whiten(triangular, full), value, size, outcome, trace, np.zeros(full.shape))
    back = sample.standardisation.back()
    return PassEstimate(back @ full, full, outcome, solution)


def jeffreys_sums(blocks: Blocks, coefficients: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Return the rows' score, (columns, classes - 1), and the information with weights that count the prior."""
    free = blocks.classes - 1
    if not blocks.rows:
        return np.zeros((blocks.columns, free)), np.zeros((blocks.columns * free,) * 2)
    score, heavier = score_and_heavier(list(fitted(blocks, coefficients)), covariance, blocks.classes)
    return score, information(heavier, blocks.classes)


def jeffreys_score(blocks: Blocks, coefficients: Floats, covariance: Floats) -> tuple[Floats]:
    """Return the rows' score, (columns, classes - 1)."""
    if not blocks.rows:
        return (np.zeros((blocks.columns, blocks.classes - 1)),)
    return (score_and_heavier(list(fitted(blocks, coefficients)), covariance, blocks.classes)[0],)


class _PassClimb:
    """The penalised log-likelihood of rows that are met in passes."""

    def __init__(self, rows: Rows, total_weight: float, reached: Callable[[Floats], object]) -> None:
        self.rows, self.total_weight = rows, total_weight
        self._reached = reached

    def at(self, coefficients: Floats) -> Point | None:
        """Evaluate at standardised coefficients (columns, classes); None where l* is not finite."""
        self._coefficients = coefficients
        loss, _ = self.rows.reduce(loss_and_gradient, added, coefficients)
        if not np.isfinite(loss):
            return None
        matrix = information_over(self.rows, coefficients)
        return point(coefficients, loss / self.total_weight, matrix, self.total_weight)

    def score(self, at: Point, kept: Scoring | None = None) -> tuple[Floats, Scoring]:
        """Return the score at the point last evaluated, and the scoring step of any score; see `Climb`."""
        self._reached(self._coefficients)
        if kept is not None:
            return self.rows.reduce(jeffreys_score, added, self._coefficients, at.covariance)[0], kept
        score, heavier = self.rows.reduce(jeffreys_sums, added, self._coefficients, at.covariance)
        return score, scoring_by(heavier)
