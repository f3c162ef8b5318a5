"""Factor cells: rows that share all their 0/1 columns, and what that saves.

Sums of products over rows need one number for each pair of columns. Within a cell the 0/1 columns do not change,
so every pair is one of a few moments of the other ("dense") columns d: 1, d and d d'. With 10 dense columns of 23
that is 66 moments in place of 276 pairs; sums of the moments over a cell are then added to the pairs that they
stand for, cell by cell. An intercept is a 0/1 column like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Pairs = NDArray[np.bool_]

# A cell of fewer rows costs more to spread than its short products save.
_FEWEST_ROWS = 48
_FIRST_ROWS = 256


@dataclass(frozen=True)
class Cells:
    """Which rows share a cell, and which pairs of columns each moment stands for.

    Attributes
    ----------
    codes : (rows,) the cell of each row
    dense : columns that vary within a cell
    patterns : (cells, columns), True where a 0/1 column is 1 in the cell
    wanted : (columns, columns), symmetric, True for the pairs of columns whose sums are wanted; None for all
    """

    codes: Integers
    dense: Integers
    patterns: NDArray[np.bool_]
    wanted: Pairs | None = None

    @property
    def linear(self) -> int:
        """Moments that stand for pairs with a 0/1 column: 1 and the dense columns; none where no column is 0/1."""
        return 1 + len(self.dense) if self.patterns.any() else 0

    @property
    def squares(self) -> tuple[Integers, Integers]:
        """Pairs of dense columns that are wanted, as places among these, upper triangle by rows."""
        first, second = np.triu_indices(len(self.dense))
        if self.wanted is None:
            return first, second
        asked = self.wanted[self.dense[first], self.dense[second]]
        return first[asked], second[asked]

    @property
    def moments(self) -> int:
        """Numbers a row has: 1, the dense columns, and their products in pairs."""
        return self.linear + len(self.squares[0])

    def targets(self, columns: int) -> tuple[Integers, Integers, Integers]:
        """Return `starts`, `pairs`, `squares`: the pairs of columns, as positions in the upper triangle by rows.

        Moment j of cell c (1, then each dense column) belongs to pairs[starts[c, j] : starts[c, j + 1]]; the
        products of dense columns belong to `squares`, whatever the cell.
        """
        position = pair_positions(columns, self.wanted)
        dense = self.squares
        squares = position[self.dense[dense[0]], self.dense[dense[1]]]
        starts = np.zeros((len(self.patterns), self.linear + 1), dtype=np.int64)
        pairs: list[Integers] = [np.zeros(0, dtype=np.int64)]
        filled = 0
        for cell, pattern in enumerate(self.patterns):
            ones = np.flatnonzero(pattern)
            first, second = np.triu_indices(len(ones))
            owned = [position[ones[first], ones[second]], *(position[ones, column] for column in self.dense)]
            for moment, part in enumerate(owned[: self.linear]):
                starts[cell, moment] = filled
                pairs.append(part[part >= 0])
                filled += len(pairs[-1])
            starts[cell, -1] = filled
        return starts, np.concatenate(pairs), squares


def pair_positions(columns: int, wanted: Pairs | None = None) -> Integers:
    """Return (columns, columns): where the pair (a, b) stands in the upper triangle taken row by row.

    Only pairs that are `wanted` are counted there; the others stand at -1.
    """
    first, second = np.triu_indices(columns)
    if wanted is not None:
        asked = wanted[first, second]
        first, second = first[asked], second[asked]
    position = np.full((columns, columns), -1, dtype=np.int64)
    position[first, second] = position[second, first] = np.arange(len(first))
    return position


def find_cells(parts: Sequence[Floats]) -> Cells:
    """Group the rows of all parts by their 0/1 columns, taken in turn as long as cells keep enough rows.

    The other columns are dense.
    """
    rows, columns = sum(len(part) for part in parts), parts[0].shape[1]
    codes, count = np.zeros(rows, dtype=np.int64), 1
    kept = np.zeros(columns, dtype=bool)
    # A few rows tell most of the dense columns.
    few = parts[0][:_FIRST_ROWS]
    for column in np.flatnonzero(((few == 0.0) | (few == 1.0)).all(axis=0)):
        values = np.concatenate([part[:, column] for part in parts])
        ones = values == 1.0
        if not (ones | (values == 0.0)).all():
            continue
        finer = 2 * codes + ones
        occupied = np.bincount(finer, minlength=2 * count) > 0
        if occupied.sum() * _FEWEST_ROWS <= rows or occupied.sum() == count:
            codes, count, kept[column] = (np.cumsum(occupied) - 1)[finer], int(occupied.sum()), True
    patterns = np.zeros((count, columns), dtype=bool)
    starts = np.cumsum([0, *(len(part) for part in parts)])
    for part, start in zip(parts, starts[:-1], strict=True):
        # Any row of a cell shows its pattern.
        shown = np.full(count, -1)
        shown[codes[start : start + len(part)]] = np.arange(len(part))
        seen = np.flatnonzero(shown >= 0)
        patterns[seen] = (part[shown[seen]] == 1.0) & kept
    return Cells(codes, np.flatnonzero(~kept), patterns)


def fill_moments(x: Floats, cells: Cells, found: Floats) -> None:
    """Write the moments of rows x (rows, columns) to `found` (rows, moments).

    Those are 1 and the dense columns, where some column is 0/1, then the products of dense columns in pairs.
    """
    own, linear = x[:, cells.dense], cells.linear
    if linear:
        found[:, 0] = 1.0
        found[:, 1:linear] = own
    filled = linear
    for column in range(own.shape[1]):
        stop = filled + own.shape[1] - column
        np.multiply(own[:, column : column + 1], own[:, column:], out=found[:, filled:stop])
        filled = stop


def pair_products(x: NDArray[Any]) -> NDArray[Any]:
    """Return the products of columns in pairs, upper triangle by rows, (rows, pairs), column after column in memory.

    A column is long where a row of columns is short, and numpy's loops are as long as what lies together.
    """
    columns = np.ascontiguousarray(x.T)
    width, rows = columns.shape
    found, filled = np.empty((width * (width + 1) // 2, rows), x.dtype), 0
    for column in range(width):
        stop = filled + width - column
        np.multiply(columns[column], columns[column:], out=found[filled:stop])
        filled = stop
    return found.T
