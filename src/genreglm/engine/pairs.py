"""Kernels over pairs of classes: what all rows add to a pair, and what a pair gives to each row.

Both p_k p_l and the moments of a row are symmetric in what they pair, so each number is computed once. Pairs
(k, l), k <= l, run by rows of the upper triangle. A tile of pairs times a chunk of rows fits into the
second-level cache beside the chunk's moments; the product of both is nearly all the work.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from genreglm.engine.compiled import inner_njit
from genreglm.engine.register_tiles import HEIGHT, LANES, MOST_ROWS, add_product, in_whole, lay_out

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CHUNK_ROWS = MOST_ROWS
# Pairs whose products are formed together, a multiple of what a matrix product takes at once.
TILE = 192


def padded(moments: int) -> int:
    """Return the numbers of a row of laid-out moments: whole vectors."""
    return in_whole(moments, LANES)


def room(pairs: int, width: int) -> tuple[Floats, Floats]:
    """Return room for a tile of products and for a cell's sums of `width` moments.

    Made outside of the kernels, which take longer to compile where they ask for memory.
    """
    return np.zeros((TILE, CHUNK_ROWS)), np.empty((in_whole(pairs, HEIGHT), width))


@njit(cache=True, nogil=True, fastmath={"contract"})
def lay_out_moments(
    dense: Floats,
    w: Floats,
    start: int,
    stop: int,
    linear: int,
    first: Integers,
    second: Integers,
    made: Floats,
    panels: Floats,
) -> None:
    """Write the weighted moments of a chunk of rows as `add_product` wants them.

    Parameters
    ----------
    dense : (rows, dense columns), w : (rows,) weights
    start, stop : the rows of the chunk
    linear : moments that stand for pairs with a 0/1 column: 1 and the dense columns, or none
    first, second : pairs of dense columns
    made : (padded moments,), zero beyond these; room for a row
    panels : (rows of the chunk * padded moments,), overwritten
    """
    _lay_out_chunk(dense, w, start, stop, linear, first, second, made, panels)


@inner_njit(fastmath={"contract"})
def _lay_out_chunk(
    dense: Floats,
    w: Floats,
    start: int,
    stop: int,
    linear: int,
    first: Integers,
    second: Integers,
    made: Floats,
    panels: Floats,
) -> None:
    for i in range(start, stop):
        row, weight = dense[i], w[i]
        if linear:
            made[0] = weight
            for a in range(len(row)):
                made[1 + a] = weight * row[a]
        for j in range(len(first)):
            made[linear + j] = weight * row[first[j]] * row[second[j]]
        lay_out(made, i - start, stop - start, panels)


@njit(cache=True, nogil=True, fastmath={"contract"})
def add_pairs(
    prob: Floats,
    moments: Floats,
    chunks: Integers,
    cell_of_chunk: Integers,
    starts: Integers,
    targets: Integers,
    squares: Integers,
    pairs: Integers,
    tile: Floats,
    own: Floats,
    sums: Floats,
) -> None:
    """Add sum_i p_ik p_il m_i, spread over pairs of columns, to the rows of `sums`, one for each of some pairs.

    Parameters
    ----------
    prob : (classes, rows) probabilities, rows sorted by cell
    moments : (rows, padded moments), weighted, each chunk's as `lay_out_moments` writes them
    chunks : (chunks + 1,) where chunks of rows begin; none holds two cells
    cell_of_chunk, starts, targets, squares : see `genreglm.engine.cells.Cells.targets`
    pairs : (pairs, 2), the classes k and l of each
    tile, own : as `room` makes them for so many pairs and moments
    sums : (pairs, pairs of columns)
    """
    for chunk in range(len(chunks) - 1):
        start, stop = chunks[chunk], chunks[chunk + 1]
        cell = cell_of_chunk[chunk]
        if chunk == 0 or cell != cell_of_chunk[chunk - 1]:
            _clear(own)
        _add_chunk(prob, start, stop, moments[start:stop].reshape(-1), pairs, tile, own)
        if chunk == len(chunks) - 2 or cell_of_chunk[chunk + 1] != cell:
            _spread(own, starts[cell], targets, squares, sums)


@njit(cache=True, nogil=True, fastmath={"contract"})
def add_all_pairs(
    prob: Floats,
    dense: Floats,
    w: Floats,
    first: Integers,
    second: Integers,
    chunks: Integers,
    cell_of_chunk: Integers,
    starts: Integers,
    targets: Integers,
    squares: Integers,
    pairs: Integers,
    made: Floats,
    panels: Floats,
    tile: Floats,
    own: Floats,
    sums: Floats,
) -> None:
    """Do as `add_pairs` with moments made chunk by chunk, so that they never leave the cache.

    Parameters
    ----------
    dense, w, first, second, made, panels : as for `lay_out_moments`; the others as there
    """
    linear = starts.shape[1] - 1
    for chunk in range(len(chunks) - 1):
        start, stop = chunks[chunk], chunks[chunk + 1]
        cell = cell_of_chunk[chunk]
        if chunk == 0 or cell != cell_of_chunk[chunk - 1]:
            _clear(own)
        _lay_out_chunk(dense, w, start, stop, linear, first, second, made, panels)
        _add_chunk(prob, start, stop, panels, pairs, tile, own)
        if chunk == len(chunks) - 2 or cell_of_chunk[chunk + 1] != cell:
            _spread(own, starts[cell], targets, squares, sums)


@inner_njit()
def _clear(own: Floats) -> None:
    for pair in range(own.shape[0]):
        for j in range(own.shape[1]):
            own[pair, j] = 0.0


@inner_njit(fastmath={"contract"})
def _add_chunk(prob: Floats, start: int, stop: int, panels: Floats, pairs: Integers, tile: Floats, own: Floats) -> None:
    """Add the products of pairs of classes with the moments of the rows from `start` on to `own`, tile by tile."""
    rows = stop - start
    for done in range(0, len(pairs), TILE):
        filled = min(TILE, len(pairs) - done)
        for pair in range(filled):
            one, two = prob[pairs[done + pair, 0], start:stop], prob[pairs[done + pair, 1], start:stop]
            into = tile[pair]
            for i in range(rows):
                into[i] = one[i] * two[i]
        add_product(tile, filled, panels, rows, own, done)


@inner_njit(fastmath={"contract"})
def _spread(own: Floats, starts: Integers, targets: Integers, squares: Integers, sums: Floats) -> None:
    """Add a cell's moments to the pairs of columns that they stand for."""
    linear = len(starts) - 1
    for pair in range(len(sums)):
        for j in range(linear):
            for t in range(starts[j], starts[j + 1]):
                sums[pair, targets[t]] += own[pair, j]
        for j in range(len(squares)):
            sums[pair, squares[j]] += own[pair, linear + j]


@njit(cache=True, nogil=True, fastmath={"contract"})
def take_pairs(
    prob: Floats,
    moments: Floats,
    chunks: Integers,
    cell_of_chunk: Integers,
    starts: Integers,
    targets: Integers,
    squares: Integers,
    first: int,
    last: int,
    packed: Floats,
    diagonal: Floats,
    product: Floats,
) -> None:
    """Evaluate M_kl = z' S_kl z for the rows of chunks [first, last): its diagonal, and M p.

    Parameters
    ----------
    prob, chunks, cell_of_chunk, starts, targets, squares : as for `add_pairs`
    moments : (rows, moments), not weighted
    packed : (pairs of classes, pairs of columns), the coefficients of the quadratic forms S
    diagonal, product : (classes, rows), overwritten for these rows
    """
    classes = prob.shape[0]
    width = moments.shape[1]
    linear = starts.shape[1] - 1
    own = np.empty((packed.shape[0], width))
    forms = np.empty(TILE * CHUNK_ROWS)
    for chunk in range(first, last):
        start, stop = chunks[chunk], chunks[chunk + 1]
        rows = stop - start
        cell = cell_of_chunk[chunk]
        if chunk == first or cell != cell_of_chunk[chunk - 1]:
            for pair in range(len(own)):
                for j in range(linear):
                    total = 0.0
                    for t in range(starts[cell, j], starts[cell, j + 1]):
                        total += packed[pair, targets[t]]
                    own[pair, j] = total
                for j in range(len(squares)):
                    own[pair, linear + j] = packed[pair, squares[j]]
        across = np.ascontiguousarray(moments[start:stop].T)
        tile = forms[: TILE * rows].reshape(TILE, rows)
        product[:, start:stop] = 0.0
        pair, filled, done = 0, 0, 0
        for k in range(classes):
            for other in range(k, classes):
                if pair == done + filled:
                    done, filled = pair, min(TILE, len(own) - pair)
                    np.dot(own[done : done + filled], across, tile[:filled])
                form = tile[pair - done]
                pair += 1
                if other == k:
                    for i in range(rows):
                        diagonal[k, start + i] = form[i]
                        product[k, start + i] += form[i] * prob[k, start + i]
                else:
                    for i in range(rows):
                        product[k, start + i] += form[i] * prob[other, start + i]
                        product[other, start + i] += form[i] * prob[k, start + i]
