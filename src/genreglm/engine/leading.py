"""The classes that come first in each row, with their probabilities, without those of all others."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from genreglm.engine.softmax import FUSE, ROWS_IN_CACHE, odds_of_rows

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@njit(cache=True, nogil=True, fastmath=FUSE)
def leading_rows(eta: Floats, scale: float, places: Codes, prob: Floats) -> None:
    """Leave the largest probabilities of softmax(scale eta) of each row in `prob`, and their classes in `places`.

    The largest comes first; of equal ones the class that comes first.

    Parameters
    ----------
    eta : (rows, classes), overwritten
    places, prob : (rows, top), overwritten
    """
    rows, classes = eta.shape
    top = places.shape[1]
    odds = np.empty((ROWS_IN_CACHE, classes))
    logs, scales = np.empty(ROWS_IN_CACHE), np.empty(ROWS_IN_CACHE)
    for start in range(0, rows, ROWS_IN_CACHE):
        stop = min(start + ROWS_IN_CACHE, rows)
        for i in range(start, stop):
            for k in range(classes):
                eta[i, k] *= scale
        held = stop - start
        odds_of_rows(eta[start:stop], odds[:held], logs[:held], scales[:held])
        for i in range(held):
            row = odds[i]
            for rank in range(top):
                best = 0
                for k in range(1, classes):
                    if row[k] > row[best]:
                        best = k
                places[start + i, rank] = best
                prob[start + i, rank] = row[best] * scales[i]
                row[best] = -1.0
