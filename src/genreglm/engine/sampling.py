"""Responses drawn from probabilities: many for each row, at one pass over its classes."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from genreglm.engine.threads import ordered_map
from genreglm.options import BLOCK_ROWS

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def sample_classes(prob: Floats, draws: int, seed: int) -> Codes:
    """Return class codes (rows, draws): each column one response of all rows, drawn from `prob` (rows, classes).

    Each block of rows has its own stream of `seed`, so the answer does not depend on the number of threads. Takes
    8 * rows * draws bytes.
    """
    starts = range(0, len(prob), BLOCK_ROWS)
    streams = np.random.SeedSequence(seed).spawn(len(starts))
    codes = np.empty((len(prob), draws), dtype=np.int64)

    def task(block: int) -> None:
        own = slice(starts[block], starts[block] + BLOCK_ROWS)
        part = prob[own]
        _draw(part, np.random.default_rng(streams[block]).random((len(part), draws)), codes[own])

    list(ordered_map(task, range(len(starts))))
    return codes


@njit(cache=True, nogil=True)
def _draw(prob: Floats, uniforms: Floats, codes: Codes) -> None:
    """Leave in `codes` the class whose part of a row's cumulative probabilities holds each uniform number."""
    rows, classes = prob.shape
    cumulative = np.empty(classes)
    for i in range(rows):
        total = 0.0
        for k in range(classes):
            total += prob[i, k]
            cumulative[k] = total
        for draw in range(uniforms.shape[1]):
            low, high = 0, classes - 1  # the last class takes what rounding leaves
            while low < high:
                middle = (low + high) // 2
                if cumulative[middle] > uniforms[i, draw] * total:
                    high = middle
                else:
                    low = middle + 1
            codes[i, draw] = low
