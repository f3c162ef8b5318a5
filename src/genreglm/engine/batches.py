"""Rows of a fit in large batches, sorted by factor cell and laid out for the kernels over pairs of classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import Cells, fill_moments
from genreglm.engine.pairs import CHUNK_ROWS, lay_out_moments, padded
from genreglm.engine.threads import ordered_map

Integers = NDArray[np.int64]

# A batch holds about so many bytes of probabilities or moments, whichever are more: long enough that its cells are
# well filled, short enough that its memory is had again for the next one.
_BATCH_BYTES = 32e6
_CHUNKS_A_TASK = 4


@dataclass(frozen=True)
class Batch:
    """Some rows sorted by cell.

    Attributes
    ----------
    rows : (rows,) their positions among all rows
    prob : (classes, rows) probabilities, with ones in place of the last class's: a pair with it is a class alone
    moments : (rows, moments), or weighted and each chunk's laid out as `pairs.lay_out_moments` does, (rows, padded)
    chunks : (chunks + 1,) where chunks of at most `CHUNK_ROWS` rows begin; none holds two cells
    cell_of_chunk : (chunks,)
    """

    rows: Integers
    prob: Floats
    moments: Floats
    chunks: Integers
    cell_of_chunk: Integers


def batches(parts: Sequence[tuple[Block, Floats]], cells: Cells, classes: int, *, weighted: bool) -> Iterator[Batch]:
    """Yield the rows of (block, probabilities) pairs in batches; moments `weighted` and laid out, or as they are."""
    wanted = max(CHUNK_ROWS, int(_BATCH_BYTES / (8 * max(classes, cells.moments))))
    done = 0
    group: list[tuple[Block, Floats]] = []
    for number, part in enumerate(parts):
        group.append(part)
        rows = sum(len(block) for block, _ in group)
        if rows >= wanted or number == len(parts) - 1:
            yield _batch(group, cells, done, classes - 1, weighted)
            done += rows
            group = []


def _batch(group: Sequence[tuple[Block, Floats]], cells: Cells, done: int, free: int, weighted: bool) -> Batch:
    x = np.concatenate([block.x for block, _ in group])
    prob = np.concatenate([p for _, p in group])
    codes = cells.codes[done : done + len(x)]
    order = np.argsort(codes, kind="stable")
    chunks, cell_of_chunk = cut(codes[order])
    sorted_prob = np.empty((free + 1, len(x)))
    moments = np.empty((len(x), padded(cells.moments) if weighted else cells.moments))
    weights = np.concatenate([block.w for block, _ in group])

    def fill(first: int) -> None:
        last = min(first + _CHUNKS_A_TASK, len(cell_of_chunk))
        own = slice(chunks[first], chunks[last])
        rows = order[own]
        sorted_prob[:free, own] = prob[rows, :free].T
        sorted_prob[free, own] = 1.0
        if not weighted:
            fill_moments(x[rows], cells, moments[own])
            return
        dense, w, made = x[rows[:, None], cells.dense], weights[rows], np.zeros(moments.shape[1])
        for start, stop in pairwise(chunks[first : last + 1]):
            chunk, laid_out = (start - own.start, stop - own.start), moments[start:stop].reshape(-1)
            lay_out_moments(dense, w, *chunk, cells.linear, *cells.squares, made, laid_out)

    list(ordered_map(fill, range(0, len(cell_of_chunk), _CHUNKS_A_TASK)))
    return Batch(done + order, sorted_prob, moments, chunks, cell_of_chunk)


def cut(codes: Integers) -> tuple[Integers, Integers]:
    """Cut rows sorted by cell into chunks of nearly equal length within each cell."""
    runs = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [len(codes)]])
    starts = [
        np.linspace(start, stop, -(-(stop - start) // CHUNK_ROWS) + 1).astype(np.int64)[:-1]
        for start, stop in pairwise(runs)
    ]
    chunks = np.concatenate([*starts, [len(codes)]])
    return chunks, codes[chunks[:-1]]
