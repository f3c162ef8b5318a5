"""The diagonal blocks of the Hessian, class by class, from as many rows as a preconditioner needs.

Where columns are few, one product of rows' probabilities with their pairs of columns gives the blocks of all classes
from the same rows. That takes columns^2 / 2 numbers a row. Where columns are many each class gets rows of its own:
those in which its probability is in doubt, since the others hardly bend its likelihood.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import pair_positions, pair_products
from genreglm.engine.threads import ordered_map

# So many rows of pairs are written and read at a time: they stay in the caches.
_ROWS_OF_PAIRS = 512

Singles = NDArray[np.float32]
Integers = NDArray[np.int64]


def curvatures_on_shared_rows(rows: Sequence[Singles], pairs: Sequence[tuple[Block, Floats]], stride: int) -> Floats:
    """Return sum w p_k (1 - p_k) q q' / sum w for each class k, (classes, columns, columns), on every `stride`-th row.

    Sums of some rows are in single precision, those of these sums in double.

    Parameters
    ----------
    rows : q of each block, (rows, columns) in single precision
    pairs : (block, probabilities) of all rows
    """
    columns, classes = rows[0].shape[1], pairs[0][1].shape[1]

    def task(number: int) -> tuple[float, Floats]:
        q, (block, prob) = rows[number][::stride], pairs[number]
        w, chosen = block.w[::stride], prob[::stride]
        bent = (chosen * (1.0 - chosen) * w[:, None]).astype(np.float32).T
        found = np.zeros((classes, columns * (columns + 1) // 2))
        for first in range(0, len(q), _ROWS_OF_PAIRS):
            some = slice(first, first + _ROWS_OF_PAIRS)
            found += bent[:, some] @ pair_products(q[some])
        return float(w.sum()), found

    weights, parts = zip(*ordered_map(task, range(len(rows))), strict=True)
    return np.asarray(sum(parts)[:, pair_positions(columns)] / sum(weights))


def curvatures_on_own_rows(
    rows: Sequence[Singles], pairs: Sequence[tuple[Block, Floats]], draws: int, total_weight: float
) -> Singles:
    """Return estimates of sum w p_k (1 - p_k) q q' / W for each class k, (classes, columns, columns).

    For each class, `draws` rows are drawn in proportion to v = w p_k (1 - p_k), systematically: the row in which the
    running sum of v passes each of `draws` equidistant points. A row drawn c times stands for c sum(v) / `draws`.

    Parameters
    ----------
    rows : q of each block, (rows, columns) in single precision
    pairs : (block, probabilities) of all rows
    """
    starts = np.cumsum([0, *(len(part) for part in rows)])
    classes = pairs[0][1].shape[1]
    doubts = np.empty((classes, starts[-1]), dtype=np.float32)

    def fill(number: int) -> None:
        block, prob = pairs[number]
        doubts[:, starts[number] : starts[number + 1]] = (block.w[:, None] * prob * (1.0 - prob)).T

    list(ordered_map(fill, range(len(pairs))))
    found = np.empty((classes, rows[0].shape[1], rows[0].shape[1]), dtype=np.float32)

    def one(k: int) -> None:
        chosen, counts, share = _draw(doubts[k], draws)
        gathered = _gather(rows, starts, chosen)
        gathered *= np.sqrt(counts * (share / total_weight), dtype=np.float32)[:, None]
        np.matmul(gathered.T, gathered, out=found[k])

    list(ordered_map(one, range(classes)))
    return found


def _draw(values: Singles, draws: int) -> tuple[Integers, Integers, float]:
    """Return the places drawn in proportion to `values`, how often each, and what one draw stands for."""
    running = np.cumsum(values, dtype=np.float64)
    share = float(running[-1]) / draws
    places = np.searchsorted(running, (np.arange(draws) + 0.5) * share)
    chosen, counts = np.unique(np.minimum(places, len(values) - 1), return_counts=True)
    return chosen, counts, share


def _gather(rows: Sequence[Singles], starts: Any, chosen: Integers) -> Singles:
    """Return the rows at the places `chosen`, which ascend, out of blocks that begin at `starts`."""
    cuts = np.searchsorted(chosen, starts)
    parts = [
        part[chosen[low:high] - start]
        for part, start, (low, high) in zip(rows, starts[:-1], pairwise(cuts), strict=True)
        if high > low
    ]
    return np.concatenate(parts)
