"""Which class and which direction run to infinity (Albert and Anderson 1984, Biometrika 71:1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Block, Blocks, Codes, Floats, Targets, class_sums
from genreglm.engine.coordinates import unwhiten
from genreglm.engine.newton import conjugate_gradients
from genreglm.engine.objective import PenalisedLikelihood

# A converging fit's last step changes no linear predictor by as much; a diverging one's changes some by ~1.
_RUNAWAY_STEP = 1e-3
# Violations of a separation, relative to the largest change of the linear predictor, that are taken for rounding.
_CERTAIN = 1e-7
# The same in a roughly solved direction that is worth solving sharply, to be certified.
_ALL_BUT = 1e-4
_SHARP = 1e-9
# Below this mean loss a fit that converged is asked whether it classifies every row.
_NOTHING_LEFT = 1e-3
# A column that is neither 0 nor 1 in so many rows needs no look at the others.
_FIRST_ROWS = 256


@dataclass(frozen=True)
class EmptyCell:
    """A level of a factor that never occurs in a class.

    `columns` are the 0/1 columns of the factor that tell the level: one column that is never 1 in the class
    (`value=1`), or, for the level without a column of its own, all of the factor's (`value=0`: never all 0).
    """

    class_code: int
    columns: tuple[int, ...]
    value: int

    def has_level(self, x: Floats) -> NDArray[np.bool_]:
        """Say for each row of `x` whether it has the level."""
        present = x[:, list(self.columns)].any(axis=1)
        return np.asarray(present if self.value else ~present)


def empty_cells(x: Floats, y: Targets, w: Floats, classes: int, factors: Sequence[range]) -> list[EmptyCell]:
    """Find the empty cells of class x level by counting.

    Each is a quasi-complete separation: the likelihood has no maximum. Rows of weight 0 do not count. For the
    level without a column of its own that needs a constant among the combinations of the terms' columns.

    Parameters
    ----------
    x : (rows, p)
    y : (rows,) class codes, or (rows, classes) shares
    w : (rows,) weights
    classes : how many
    factors : the columns of each term; those of a factor are 0/1 and at most one of them is 1 in a row
    """
    if not (w > 0).all():
        x, y = x[w > 0], y[w > 0]
    rows_of_class = class_sums(y, np.ones(len(y)), classes)
    columns_of_terms = [column for span in factors for column in span]
    constant = _holds_constant(x if len(columns_of_terms) == x.shape[1] else x[:, columns_of_terms])
    found = []
    for span in factors:
        own = x[:, span.start : span.stop]
        if not np.isin(own[:_FIRST_ROWS], (0.0, 1.0)).all() or not np.isin(own, (0.0, 1.0)).all() or own.all():
            continue
        levels: list[tuple[tuple[int, ...], int, Floats]]
        levels = [((column,), 1, own[:, column - span.start]) for column in span]
        if constant and (own.sum(axis=1) <= 1).all():
            levels.append((tuple(span), 0, 1.0 - own.max(axis=1)))
        for columns, value, indicator in levels:
            seen = class_sums(y, indicator, classes)
            if 0 < indicator.sum() < len(y):
                empty = np.flatnonzero((seen == 0) & (rows_of_class > 0))
                found += [EmptyCell(int(k), columns, value) for k in empty]
    return found


def _holds_constant(x: Floats) -> bool:
    """Say whether some combination of the columns is 1 in every row: an intercept, or a factor in full."""
    if any((x[:, j] == 1.0).all() for j in np.flatnonzero((x[:_FIRST_ROWS] == 1.0).all(axis=0))):
        return True
    ones = np.ones(len(x))
    return bool(np.allclose(x @ np.linalg.lstsq(x, ones)[0], ones, rtol=0.0, atol=1e-8))


def pseudo_rows(x: Floats, w: Floats, cells: Sequence[EmptyCell], count: float) -> tuple[Floats, Codes, Floats]:
    """Return the rows (x, y, w) of a `CellPrior`: each cell's class at the weighted mean of its level's rows."""
    means = {}
    for cell in cells:
        own = cell.has_level(x)
        means[cell.columns, cell.value] = w[own] @ x[own] / w[own].sum()
    rows = np.array([means[cell.columns, cell.value] for cell in cells]).reshape(len(cells), x.shape[1])
    return rows, np.array([cell.class_code for cell in cells], dtype=np.int64), np.full(len(cells), count)


def certify(objective: PenalisedLikelihood, direction: Floats, tolerance: float = _CERTAIN) -> bool:
    """Say whether `direction` (columns, classes) separates the rows, checked on every one of them.

    It does when x'(d_y - d_l) >= 0 for all rows and classes l, and > 0 for one: then the likelihood rises
    along it for ever. `tolerance` is relative to the largest change of the linear predictor.
    """
    lowest, highest = objective.extremes(margins, direction)
    return highest > 0.0 and lowest >= -tolerance * highest


def margins(blocks: Blocks, direction: Floats) -> tuple[float, float]:
    """Return the least and the largest x'(d_y - d_l) of the rows, 0 among them."""

    def task(block: Block) -> tuple[float, float]:
        live = block.w > 0
        change = block.x[live] @ direction
        # The least over the classes that a row has a share of: each of them must win against every other.
        own = np.where(block.shares(direction.shape[1])[live] > 0, change, np.inf).min(axis=1, initial=np.inf)
        margin = own[:, None] - change
        return float(margin.min(initial=0.0)), float(margin.max(initial=0.0))

    lowest, highest = np.array([(0.0, 0.0), *blocks.map(task)]).T
    return float(lowest.min()), float(highest.max())


def changes(blocks: Blocks, direction: Floats) -> tuple[float, float]:
    """Return 0 and the largest change of a linear predictor along `direction`."""
    return 0.0, max(blocks.map(lambda block: float(np.abs(block.product(direction)).max(initial=0.0))), default=0.0)


def free_part(objective: PenalisedLikelihood, whitened: Floats) -> Floats:
    """Return the part of a step along which a penalty does not rise, (columns, classes) in standardised columns."""
    if objective.quadratic is None:
        return unwhiten(objective.triangular, whitened)
    return np.asarray(objective.free @ np.linalg.lstsq(objective.triangular @ objective.free, whitened)[0])


def runs_away(objective: PenalisedLikelihood, last_direction: Floats, tolerance: float = _CERTAIN) -> bool:
    """Say whether a fit is walking towards infinity: its last step was long, and separates the rows (see `certify`).

    Under a penalty that is asked of the part of the step that it leaves free.
    """
    if not objective.has_free_directions:
        return False
    direction = free_part(objective, last_direction)
    return objective.extremes(changes, direction)[1] > _RUNAWAY_STEP and certify(objective, direction, tolerance)


def sharp_step(objective: PenalisedLikelihood, gradient: Floats) -> Floats:
    """Return Newton's step, (columns, classes) whitened, solved to as many digits as a certificate needs."""
    return conjugate_gradients(objective)(gradient, _SHARP)


def separating_step(
    objective: PenalisedLikelihood, whitened: Floats, last_direction: Floats, gradient: Floats
) -> Floats | None:
    """Return the next step of a fit, (columns, classes) whitened, where it leads to infinity, or the one after it.

    What is finite in a step shrinks quadratically from one to the next, and what leads to infinity hardly at all: so a
    step that all but separates the rows may be followed by one that does.

    Parameters
    ----------
    whitened : where the last step ended, and the objective was evaluated
    last_direction : solved roughly; only where it all but separates the rows is the next one solved sharply
    gradient : at `whitened`
    """
    if not runs_away(objective, last_direction, _ALL_BUT):
        return None
    sharp = sharp_step(objective, gradient)
    if runs_away(objective, sharp):
        return sharp
    further = sharp_step(objective, objective.evaluate(whitened + sharp)[1])
    objective.evaluate(whitened)
    return further if runs_away(objective, further) else None


def separating_direction(
    objective: PenalisedLikelihood, coefficients: Floats, last_direction: Floats, value: float
) -> Floats | None:
    """Return the direction (columns, classes) along which an ended fit was on its way to infinity, None if it was not.

    Either its last step, or, where every row has all but all its probability in its own class, the coefficients
    themselves: they then separate the rows completely. Both are certified on all rows.

    Parameters
    ----------
    coefficients, last_direction : whitened
    value : the objective where the fit ended
    """
    if runs_away(objective, last_direction):
        return free_part(objective, last_direction)
    if value >= _NOTHING_LEFT or not objective.has_free_directions:
        return None
    direction = free_part(objective, coefficients)
    return direction if certify(objective, direction) else None
