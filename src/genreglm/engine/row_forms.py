"""What a covariance says of each row: the quadratic forms of its classes, without a K p x K p matrix a row.

With Sigma (m, m) the covariance of the first K - 1 classes against the last, M_i = (I (x) z_i)' Sigma (I (x) z_i)
is the covariance of row i's linear predictor. Its diagonal and M_i p_i are all that leverage and Jeffreys'
penalty need, and the same pairs of classes and moments that make an information matrix give them for all rows, at
its price.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from genreglm.engine.batches import Batch, batches
from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import Cells, Integers, find_cells, pair_positions
from genreglm.engine.pairs import take_pairs
from genreglm.engine.threads import ordered_map, single_threaded_blas

_CHUNKS_A_TASK = 8


@single_threaded_blas()
def row_forms(
    parts: Sequence[tuple[Block, Floats]], covariance: Floats, classes: int, cells: Cells | None = None
) -> tuple[Floats, Floats]:
    """Return diag(M_i) and M_i p_i, (rows, classes) each; zero in the last class.

    Parameters
    ----------
    parts : (block, probabilities) of all rows
    covariance : (m, m), m = (classes - 1) * columns, in the blocks' columns
    cells : those of the rows, found here unless given
    """
    columns, free = parts[0][0].x.shape[1], classes - 1
    rows = sum(len(block) for block, _ in parts)
    cells = cells or find_cells([block.x for block, _ in parts])
    spread = cells.targets(columns)
    packed = packed_forms(covariance, columns)
    diagonals, products = np.zeros((rows, classes)), np.zeros((rows, classes))
    for batch in batches(parts, cells, classes, weighted=False):
        diagonal, product = np.empty_like(batch.prob[:-1]), np.empty_like(batch.prob[:-1])

        def task(first: int, batch: Batch = batch, diagonal: Floats = diagonal, product: Floats = product) -> None:
            last = min(first + _CHUNKS_A_TASK, len(batch.cell_of_chunk))
            laid_out = (batch.prob[:-1], batch.moments, batch.chunks, batch.cell_of_chunk, *spread)
            take_pairs(*laid_out, first, last, packed, diagonal, product)
            own = slice(batch.chunks[first], batch.chunks[last])
            diagonals[batch.rows[own], :free] = diagonal[:, own].T
            products[batch.rows[own], :free] = product[:, own].T

        list(ordered_map(task, range(0, len(batch.cell_of_chunk), _CHUNKS_A_TASK)))
    return diagonals, products


def packed_forms(covariance: Floats, columns: int) -> Floats:
    """Return the coefficients of z_a z_b in z' S_kl z, (pairs of classes k <= l, pairs of columns a <= b)."""
    free = len(covariance) // columns
    packed = np.empty((free * (free + 1) // 2, columns * (columns + 1) // 2))
    _pack(covariance.reshape(free, columns, free, columns), pair_positions(columns), packed)
    return packed


@njit(cache=True, nogil=True)
def _pack(covariance: Floats, position: Integers, packed: Floats) -> None:
    """Write the coefficient of z_a z_b in z' S_kl z, for each pair of classes and of columns."""
    free, columns = covariance.shape[:2]
    pair = 0
    for k in range(free):
        for other in range(k, free):
            for a in range(columns):
                packed[pair, position[a, a]] = covariance[k, a, other, a]
                for b in range(a + 1, columns):
                    packed[pair, position[a, b]] = covariance[k, a, other, b] + covariance[k, b, other, a]
            pair += 1
