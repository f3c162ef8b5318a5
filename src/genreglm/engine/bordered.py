"""The information of a model's columns, and of candidates beside them, without what candidates have to do with others.

With r the columns kept and t those of one candidate, a score test asks for I_rr, I_rt and I_tt. Of c candidates of
one column beside p columns that is p (p + 1) / 2 + c (p + 1) pairs of columns; a whole matrix has (p + c)^2 / 2. All
wanted pairs are summed at once by the kernels of the whole matrix (see information.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import Cells, Integers, Pairs, find_cells, pair_positions
from genreglm.engine.information import first_pairs, pair_sums
from genreglm.engine.threads import single_threaded_blas

Columns = Sequence[int]


@dataclass(frozen=True)
class Bordered:
    """Sums over rows for the wanted pairs of columns.

    Attributes
    ----------
    sums : (pairs of classes, pairs of columns) sums of w p_k p_l z_a z_b
    position : (columns, columns) where a pair of columns stands among these, -1 where it was not wanted
    pair : (classes - 1, classes - 1) where a pair of classes stands
    alone : (classes - 1,) where a class by itself does
    """

    sums: Floats
    position: Integers
    pair: Integers
    alone: Integers

    def block(self, rows: Columns, columns: Columns) -> Floats:
        """Return the information between two sets of columns, both sides class by class."""
        free, (height, width) = len(self.alone), (len(rows), len(columns))
        place = self.position[_crossed(rows, columns)].ravel()
        assert not len(place) or place.min() >= 0, "a pair of columns that was not summed"
        found = np.negative(self.sums[:, place])[self.pair]
        diagonal = np.arange(free)
        found[diagonal, diagonal] += self.sums[np.ix_(self.alone, place)]
        cut = found.reshape(free, free, height, width)
        return np.ascontiguousarray(cut.transpose(0, 2, 1, 3)).reshape(free * height, free * width)


@single_threaded_blas()
def bordered(
    parts: Sequence[tuple[Block, Floats]],
    classes: int,
    kept: Columns,
    groups: Sequence[Columns],
    *,
    inner: bool = True,
    cells: Cells | None = None,
) -> Bordered:
    """Sum what is needed of (block, probabilities) pairs for I_rr (with `inner`), and I_rt and I_tt of each group.

    `cells` are those of all columns of the rows, found here unless given.
    """
    columns = parts[0][0].x.shape[1]
    wanted = wanted_pairs(columns, kept, groups, inner=inner)
    cells = cells or find_cells([block.x for block, _ in parts])
    sums = pair_sums(parts, classes, replace(cells, wanted=wanted))
    first, free = first_pairs(classes), classes - 1
    low, high = np.minimum.outer(range(free), range(free)), np.maximum.outer(range(free), range(free))
    return Bordered(sums, pair_positions(columns, wanted), first[low] + high - low, first[1:] - 1)


def wanted_pairs(columns: int, kept: Columns, groups: Sequence[Columns], *, inner: bool) -> Pairs:
    """Return which pairs of columns are needed, (columns, columns)."""
    wanted = np.zeros((columns, columns), dtype=bool)
    if inner:
        wanted[_crossed(kept, kept)] = True
    for group in groups:
        wanted[_crossed(kept, group)] = wanted[_crossed(group, group)] = True
    return wanted | wanted.T


def _crossed(rows: Columns, columns: Columns) -> tuple[Integers, Integers]:
    """Return the index of all pairs; NumPy's own `ix_` takes no empty lists."""
    return np.array(rows, dtype=np.int64)[:, None], np.array(columns, dtype=np.int64)[None, :]
