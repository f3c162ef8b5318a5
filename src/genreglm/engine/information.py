"""The information matrix of all classes and columns at once.

    I = sum_i w_i (diag(p_i) - p_i p_i') (x) z_i z_i'

Its block for classes k and l is [k = l] sum w p_k z z' - sum w p_k p_l z z'. Both p_k p_l and z_a z_b are
symmetric in their indices, so one product of the K(K+1)/2 pairs of probabilities with the p(p+1)/2 pairs of
columns gives every number once: n K(K+1) p(p+1) / 2 flops, half of what a rank-k update needs. Rows that share
their 0/1 columns need far fewer pairs of columns still (see cells.py).

The last class is left out: with it the matrix is singular. Rows and columns run class by class.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from genreglm.engine.batches import Batch, batches, cut
from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import Cells, Integers, find_cells, pair_positions
from genreglm.engine.pairs import CHUNK_ROWS, TILE, add_all_pairs, add_pairs, padded, room
from genreglm.engine.threads import ordered_map, single_threaded_blas

Spread = tuple[Integers, Integers, Integers]

# Sums, pairs of classes times pairs of columns, that stay in the second-level cache.
_FEW_SUMS = 60_000


@single_threaded_blas()
def information(parts: Sequence[tuple[Block, Floats]], classes: int, cells: Cells | None = None) -> Floats:
    """Return I for (block, probabilities) pairs: (m, m) with m = (classes - 1) * columns.

    `cells` are those of the rows, found here unless given.
    """
    columns = parts[0][0].x.shape[1]
    return unpacked(packed_information(parts, classes, cells), columns, classes)


@single_threaded_blas()
def packed_information(parts: Sequence[tuple[Block, Floats]], classes: int, cells: Cells | None = None) -> Floats:
    """Return every number of I once, so that it may be added to that of other rows: (pairs of classes, of columns)."""
    return pair_sums(parts, classes, cells or find_cells([block.x for block, _ in parts]))


def packed_shape(columns: int, classes: int) -> tuple[int, int]:
    """Return that of what `packed_information` returns."""
    return int(first_pairs(classes)[-1]), columns * (columns + 1) // 2


def unpacked(sums: Floats, columns: int, classes: int, *, singles: bool = True) -> Floats:
    """Return I, (m, m), for its packed numbers; without the part of diag(p_i) unless `singles`."""
    free = classes - 1
    matrix = np.empty((free, columns, free, columns))
    _unpack(sums, singles, pair_positions(columns), first_pairs(classes), matrix)
    return matrix.reshape(free * columns, free * columns)


def outer_products(parts: Sequence[tuple[Block, Floats]], classes: int) -> Floats:
    """Return sum_i w_i r_i r_i' (x) z_i z_i' for (block, r) pairs, r (rows, classes) without its last class: (m, m)."""
    found = unpacked(packed_information(parts, classes), parts[0][0].x.shape[1], classes, singles=False)
    return np.negative(found, out=found)


def pair_sums(parts: Sequence[tuple[Block, Floats]], classes: int, cells: Cells) -> Floats:
    """Return sum w p_k p_l z_a z_b, (pairs of classes, pairs of columns that the cells say are wanted).

    Pairs of classes begin at `first_pairs`; pairs of columns stand where `pair_positions` says.
    """
    columns = parts[0][0].x.shape[1]
    spread, first_pair = cells.targets(columns), first_pairs(classes)
    wanted = int(pair_positions(columns, cells.wanted).max()) + 1
    sums = np.zeros((first_pair[-1], wanted))
    if cells.wanted is None and sums.size <= _FEW_SUMS:
        _by_rows(parts, cells, spread, class_pairs(classes), sums)
    else:
        _by_pairs(parts, cells, spread, class_pairs(classes), sums)
    return sums


def first_pairs(classes: int) -> Integers:
    """Return where the pairs of each free class begin, and the number of them all.

    Those of class k: with itself, with each class after it, and last with the one that stands for no class.
    """
    return np.concatenate([[0], np.cumsum(np.arange(classes, 1, -1))])


def class_pairs(classes: int) -> Integers:
    """Return the two classes of each pair that `first_pairs` counts, (pairs, 2)."""
    return np.column_stack(np.triu_indices(classes))[:-1].astype(np.int64)


def _by_pairs(
    parts: Sequence[tuple[Block, Floats]], cells: Cells, spread: Spread, pairs: Integers, sums: Floats
) -> None:
    """Fill `sums` with tasks over pairs of classes: each owns its own, so that no two add to the same number."""
    for batch in batches(parts, cells, int(pairs.max()) + 1, weighted=True):

        def task(first: int, batch: Batch = batch) -> None:
            own = slice(first, first + TILE)
            laid_out = (batch.prob, batch.moments, batch.chunks, batch.cell_of_chunk, *spread)
            some = pairs[own]
            add_pairs(*laid_out, some, *room(len(some), batch.moments.shape[1]), sums[own])

        list(ordered_map(task, range(0, len(pairs), TILE)))


def _by_rows(
    parts: Sequence[tuple[Block, Floats]], cells: Cells, spread: Spread, pairs: Integers, sums: Floats
) -> None:
    """Fill `sums` with tasks over blocks of rows, each with sums of its own: where these are few."""
    starts = np.cumsum([0, *(len(block) for block, _ in parts)])
    width = padded(cells.moments)

    def task(number: int) -> Floats:
        block, prob = parts[number]
        codes = cells.codes[starts[number] : starts[number + 1]]
        order = np.argsort(codes, kind="stable") if len(cells.patterns) > 1 else np.arange(len(codes))
        chunks, cell_of_chunk = cut(codes[order])
        across = np.ones((prob.shape[1], len(block)))
        across[:-1] = prob[order, :-1].T
        dense = block.x[order[:, None], cells.dense]
        own = np.zeros_like(sums)
        made, panels = np.zeros(width), np.empty(CHUNK_ROWS * width)
        laid_out = (across, dense, block.w[order], *cells.squares, chunks, cell_of_chunk, *spread)
        add_all_pairs(*laid_out, pairs, made, panels, *room(len(pairs), width), own)
        return own

    for own in ordered_map(task, range(len(parts))):
        sums += own


@njit(cache=True, nogil=True)
def _unpack(sums: Floats, singles: bool, position: Integers, first_pair: Integers, matrix: Floats) -> None:
    """Spread pair sums over the square matrix: block (k, l) = [k = l] D_k - S_kl, without D unless `singles`."""
    free, columns = matrix.shape[:2]
    for k in range(free):
        alone = sums[first_pair[k + 1] - 1]
        for other in range(k, free):
            pair = sums[first_pair[k] + other - k]
            for a in range(columns):
                for b in range(columns):
                    value = -pair[position[a, b]]
                    if singles and k == other:
                        value += alone[position[a, b]]
                    matrix[k, a, other, b] = value
                    matrix[other, b, k, a] = value
