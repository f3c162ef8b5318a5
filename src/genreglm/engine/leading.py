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
    eta : (rows, classes)
    places, prob : (rows, top), overwritten
    """
    rows, classes = eta.shape
    top = places.shape[1]
    flat_scaled, flat_odds = np.empty(ROWS_IN_CACHE * classes), np.empty(ROWS_IN_CACHE * classes)
    scaled, odds = flat_scaled.reshape(ROWS_IN_CACHE, classes), flat_odds.reshape(ROWS_IN_CACHE, classes)
    logs, scales = np.empty(ROWS_IN_CACHE), np.empty(ROWS_IN_CACHE)
    for start in range(0, rows, ROWS_IN_CACHE):
        held = min(ROWS_IN_CACHE, rows - start)
        for i in range(held):
            for k in range(classes):
                scaled[i, k] = scale * eta[start + i, k]
        odds_of_rows(scaled, odds, flat_scaled, flat_odds, held, logs, scales)
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
