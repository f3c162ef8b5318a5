"""From rows that are met in passes to an estimate: a fit of a sample, and a few steps over all rows from there.

The estimate of a sample of n rows of N is about sqrt(N / n) standard errors of the whole's from where it leads, so that
Newton's steps over all rows begin where they converge quadratically. In the sample a class may miss a level, or be set
apart otherwise: half a row in each empty cell, and a trace of ridge, keep its estimate finite.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from genreglm.engine import coordinates
from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.coordinates import Standardisation
from genreglm.engine.coupled import Quadratic
from genreglm.engine.estimate import Control, estimate, ridge_strengths, solved, with_ridge
from genreglm.engine.newton import Outcome, Solution
from genreglm.engine.objective import Objective
from genreglm.engine.passes.objective import PassObjective
from genreglm.engine.passes.rows import Followed, Rows, added
from genreglm.engine.passes.sums import class_weights, stacked, triangle_of
from genreglm.engine.problem import Problem

_ROWS_A_CELL, _TRACE_OF_RIDGE = 0.5, 1e-3
# The sample's fit ends at a hundredth of what it leaves uncertain, which is a unit of decrement for each parameter.
_START_GRADIENT, _START_DECREMENT = 1e-3, 0.01


@dataclass(frozen=True)
class Measured:
    """What two passes over rows measure: the sum of the weights, those of the classes, and R with R'R = sum w z z'."""

    total_weight: float
    class_weights: Floats
    triangular: Floats

    @classmethod
    def of(cls, rows: Rows) -> "Measured":
        """Measure all rows, in standardised columns."""
        weight, by_class = rows.reduce(class_weights, added)
        return cls(weight, by_class, rows.reduce(triangle_of, stacked)[0])

    def followed_by(self, blocks: Blocks) -> "Measured":
        """Return what these rows and those of `blocks` measure together."""
        weight, by_class = class_weights(blocks)
        together = stacked((self.triangular,), triangle_of(blocks))[0]
        return Measured(self.total_weight + weight, self.class_weights + by_class, together)

    def keep(self, columns: Sequence[int]) -> "Measured":
        """Return what is measured of the same rows in some of their columns."""
        kept = np.ascontiguousarray(self.triangular[:, list(columns)])
        return Measured(self.total_weight, self.class_weights, coordinates.upper_triangle(kept))

    def deviations(self, standard: Standardisation) -> Floats:
        """Return the standard deviation of each column as given (root mean square without an intercept)."""
        return self.standardisation(standard).deviation * standard.scale

    def standardisation(self, standard: Standardisation) -> Standardisation:
        """Return that of all rows, of columns that were standardised by a sample's `standard`."""
        moments = self.triangular.T @ self.triangular / self.total_weight
        intercept, squares = standard.intercept, np.diag(moments).copy()
        centre = np.zeros(len(squares)) if intercept is None else moments[intercept].copy()
        if intercept is not None:
            squares -= centre**2
            squares[intercept] = 1.0
        deviation = np.sqrt(np.maximum(squares, 0.0))
        plain = (standard.centre == 0.0) & (standard.scale == 1.0)
        return Standardisation(np.where(plain, 0.0, centre), np.where(plain, 1.0, deviation), deviation, intercept)


@dataclass(frozen=True)
class PassEstimate:
    """Where an estimation ended; see `genreglm.engine.estimate.Estimate`.

    Attributes
    ----------
    standardised : (columns, classes), the coefficients of standardised columns
    coefficients : those of the columns as given
    """

    coefficients: Floats
    standardised: Floats
    outcome: Outcome
    solution: Solution | None = None
    aliased: tuple[int, ...] = ()
    direction: Floats | None = field(default=None, repr=False)

    @property
    def converged(self) -> bool:
        """Whether it ended at the optimum."""
        return self.outcome is Outcome.CONVERGED


def estimate_in_passes(
    rows: Rows,
    measured: Measured,
    sample: Problem,
    factors: Sequence[range],
    *,
    ridge: Quadratic | None = None,
    prior: Blocks | None = None,
    start: Floats | None = None,
    control: Control | None = None,
    reached: Callable[[Floats], object] = lambda coefficients: None,
) -> PassEstimate:
    """Minimise the mean negative log-likelihood of `rows`; see `genreglm.engine.estimate.estimate`.

    Parameters
    ----------
    rows : all rows, standardised as the sample says
    measured : of them, without those of a prior
    sample : some of them, in the columns as given; it needs a row of each class
    factors : the columns of each term
    start : (columns, classes) coefficients of standardised columns to start from, in place of the sample's
    reached : hears of the best coefficients of standardised columns so far
    """
    control = control or Control()
    everything: Rows = rows if prior is None else Followed(rows, prior)
    whole = measured if prior is None else measured.followed_by(prior)
    triangular = _square(whole.triangular, rows.columns) / np.sqrt(whole.total_weight)
    quadratic: Quadratic | None = None
    free: Floats | None = None
    if ridge is None:
        aliased = tuple(coordinates.aliased_columns(triangular))
        if aliased:
            nothing = np.full((rows.columns, rows.classes), np.nan)
            return PassEstimate(nothing, nothing, Outcome.SINGULAR, aliased=aliased)
    else:
        triangular, quadratic, free = with_ridge(sample, triangular, ridge)
    first = _of_sample(sample, factors, ridge) if start is None else start
    whitened = coordinates.whiten(triangular, first - first.mean(axis=1, keepdims=True))
    some = sample.blocks() if prior is None else _followed(sample, prior, whole.total_weight)
    in_sample = Objective(some, triangular, quadratic, free)
    objective = PassObjective(everything, whole.total_weight, triangular, quadratic, in_sample, reached)
    solution, outcome, direction = solved(objective, whitened, control)
    standardised = coordinates.unwhiten(triangular, solution.whitened)
    return PassEstimate(
        sample.standardisation.back() @ standardised,
        standardised,
        outcome,
        solution,
        (),
        direction,
    )


def _followed(sample: Problem, prior: Blocks, total_weight: float) -> Blocks:
    """Return the sample's rows and a prior's, which counts there for as much as it does among all rows."""
    own = sample.blocks()
    share = own.total_weight / total_weight
    return own.followed_by(Blocks([replace(part, w=part.w * share) for part in prior.parts], prior.classes))


def _of_sample(sample: Problem, factors: Sequence[range], ridge: Quadratic | None) -> Floats:
    """Return the sample's own estimate, (columns, classes) of standardised columns."""
    prior = None
    if ridge is None:
        ones = np.ones(sample.x.shape[1])
        ridge = ridge_strengths(sample, _TRACE_OF_RIDGE / float(sample.w.sum()), ones, standardise=True)
        cells = sample.empty_cells(factors)
        prior = sample.prior_blocks(cells, _ROWS_A_CELL) if cells else None
    parameters = sample.x.shape[1] * (sample.classes - 1)
    control = Control(gradient_tolerance=_START_GRADIENT, decrement_tolerance=_START_DECREMENT * parameters)
    found = estimate(sample, ridge=ridge, prior=prior, control=control)
    return sample.standardisation.forth(found.coefficients)


def _square(reduced: Floats, columns: int) -> Floats:
    square = np.zeros((columns, columns))
    square[: len(reduced)] = reduced
    return square
