"""Rows of a fit in large batches, sorted by factor cell and laid out for the kernels over pairs of classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import Cells, fill_moments
from genreglm.engine.pairs import CHUNK_ROWS
from genreglm.engine.threads import ordered_map

Integers = NDArray[np.int64]

# A batch holds about so many bytes of probabilities or moments, whichever are more: long enough that its cells are
# well filled, short enough that its memory is had again for the next one.
_BATCH_BYTES = 32e6
_ROWS_A_TASK = 1024


@dataclass(frozen=True)
class Batch:
    """Some rows sorted by cell.

    Attributes
    ----------
    rows : (rows,) their positions among all rows
    prob : (classes, rows) probabilities, with ones in place of the last class's: a pair with it is a class alone
    moments : (rows, moments), times the rows' weights where that was asked
    chunks : (chunks + 1,) where chunks of at most `CHUNK_ROWS` rows begin; none holds two cells
    cell_of_chunk : (chunks,)
    """

    rows: Integers
    prob: Floats
    moments: Floats
    chunks: Integers
    cell_of_chunk: Integers


def batches(parts: Sequence[tuple[Block, Floats]], cells: Cells, classes: int, *, weighted: bool) -> Iterator[Batch]:
    """Yield the rows of (block, probabilities) pairs in batches, their moments `weighted` or as they are."""
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
    weights = np.concatenate([block.w for block, _ in group])
    sorted_prob, row_moments = np.empty((free + 1, len(x))), np.empty((len(x), cells.moments))

    def fill(start: int) -> None:
        own = order[start : start + _ROWS_A_TASK]
        sorted_prob[:free, start : start + _ROWS_A_TASK] = prob[own, :free].T
        sorted_prob[free, start : start + _ROWS_A_TASK] = 1.0
        fill_moments(x[own], cells, weights[own] if weighted else None, row_moments[start : start + _ROWS_A_TASK])

    list(ordered_map(fill, range(0, len(x), _ROWS_A_TASK)))
    chunks, cell_of_chunk = cut(codes[order])
    return Batch(done + order, sorted_prob, row_moments, chunks, cell_of_chunk)


def cut(codes: Integers) -> tuple[Integers, Integers]:
    """Cut rows sorted by cell into chunks of nearly equal length within each cell."""
    runs = np.concatenate([[0], np.flatnonzero(np.diff(codes)) + 1, [len(codes)]])
    starts = [
        np.linspace(start, stop, -(-(stop - start) // CHUNK_ROWS) + 1).astype(np.int64)[:-1]
        for start, stop in pairwise(runs)
    ]
    chunks = np.concatenate([*starts, [len(codes)]])
    return chunks, codes[chunks[:-1]]
