"""Which class and which direction run to infinity (Albert and Anderson 1984, Biometrika 71:1)."""

from dataclasses import dataclass

import numpy as np

from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.coordinates import unwhiten
from genreglm.engine.objective import Objective

# A converging fit's last step changes no linear predictor by as much; a diverging one's changes some by ~1.
_RUNAWAY_STEP = 1e-3


@dataclass(frozen=True)
class EmptyCell:
    """A 0/1 column that is never 1 in a class (`value=1`), or always 1 in it while not elsewhere (`value=0`)."""

    class_code: int
    column: int
    value: int


def empty_cells(x: Floats, y: np.ndarray, w: Floats, classes: int) -> list[EmptyCell]:
    """Find the empty cells of class x level among the 0/1 columns of `x` by counting, (rows, p).

    Each is a quasi-complete separation: the likelihood has no maximum. Rows of weight 0 do not count.
    """
    x, y = x[w > 0], y[w > 0]
    rows_of_class = np.bincount(y, minlength=classes)
    found = []
    for column in range(x.shape[1]):
        values = x[:, column]
        if not np.isin(values[:1000], (0.0, 1.0)).all() or not np.isin(values, (0.0, 1.0)).all():
            continue
        ones = np.bincount(y, weights=values, minlength=classes)
        if ones.sum() in (0, len(y)):
            continue
        found += [EmptyCell(int(k), column, 1) for k in np.flatnonzero((ones == 0) & (rows_of_class > 0))]
        full = (ones == rows_of_class) & (rows_of_class > 0)
        found += [EmptyCell(int(k), column, 0) for k in np.flatnonzero(full)]
    return found


def pseudo_rows(x: Floats, cells: list[EmptyCell], count: float) -> tuple[Floats, np.ndarray, Floats]:
    """Return the rows (x, y, w) of a `CellPrior`: each cell's class at the mean of the rows with its level."""
    means = {(cell.column, cell.value): x[x[:, cell.column] == cell.value].mean(axis=0) for cell in cells}
    rows = np.array([means[cell.column, cell.value] for cell in cells]).reshape(len(cells), x.shape[1])
    return rows, np.array([cell.class_code for cell in cells], dtype=np.int64), np.full(len(cells), count)


def certify(blocks: Blocks, direction: Floats, tolerance: float = 1e-7) -> bool:
    """Say whether `direction` (columns, classes) separates the rows, checked on every one of them.

    It does when x'(d_y - d_l) >= 0 for all rows and classes l, and > 0 for one: then the likelihood rises
    along it for ever. `tolerance` is relative to the largest change of the linear predictor.
    """

    def task(block: Block) -> tuple[float, float]:
        live = block.w > 0
        change = block.x[live] @ direction
        margin = np.take_along_axis(change, block.y[live][:, None], axis=1) - change
        return float(margin.min(initial=0.0)), float(margin.max(initial=0.0))

    lowest, highest = np.array(list(blocks.map(task))).T
    return bool(highest.max() > 0.0 and lowest.min() >= -tolerance * highest.max())


def runs_away(objective: Objective, last_direction: Floats) -> bool:
    """Say whether a fit that seems to have ended was in truth walking towards infinity."""
    if objective.quadratic is not None:
        return False
    direction = unwhiten(objective.triangular, last_direction)
    largest = max(objective.blocks.map(lambda block: float(np.abs(block.x @ direction).max(initial=0.0))))
    return largest > _RUNAWAY_STEP and certify(objective.blocks, direction)
