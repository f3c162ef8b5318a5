"""Kernels on rows of the linear predictor eta. They never see the design matrix.

Each works on one block of rows in place, without the interpreter's lock. The exponential is a polynomial
that the compiler vectorises over a row: without AVX-512 a scalar `exp` costs more than the matrix products
of a gradient. Its largest relative error on [-708, 600] is 2e-16 (tests/engine/test_softmax.py).
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from genreglm.engine.compiled import inner_njit

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_LOG2_E = 1.4426950408889634
# ln 2 in two parts (Cody and Waite 1980): the first has trailing zeros, so that k * high is exact.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10

# Adding it moves the integer part of a double into its last bits, where shifts can reach it.
_ROUNDER = 1.5 * 2.0**52

# A row whose exponentials add up to between this and its inverse has lost nothing to the ends of their range.
_LEAST_SUM = 1e-200

# So many rows go through all the passes of a kernel together, and stay in the first-level cache.
ROWS_IN_CACHE = 16

# Multiply-adds may be fused everywhere. Only the two reductions may reorder, so that they vectorise: in the
# exponential it would undo the rounding. None may assume that there is no NaN: one must reach the loss.
FUSE = {"contract"}
_REORDER = {"contract", "reassoc", "nsz"}


@inner_njit(fastmath=FUSE)
def _exp(x: float) -> Any:
    """Return e**x, of the nearer end where x is outside [-708, 600]: 2**k times a polynomial in r, |r| <= ln(2) / 2.

    Its coefficients are those of the polynomial of degree 11 that meets e**r in the twelve Chebyshev nodes; it is
    within 2e-17 of it, relatively, where Taylor's would need degree 13.
    """
    x = -708.0 if x < -708.0 else x  # a NaN stays one
    x = 600.0 if x > 600.0 else x  # so that sums of them do not overflow
    shifted = x * _LOG2_E + _ROUNDER
    k = shifted - _ROUNDER
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    q = 2.511012922579197e-08
    q = q * r + 2.7632643410763155e-07
    q = q * r + 2.755723995583389e-06
    q = q * r + 2.4801485466819368e-05
    q = q * r + 1.9841269892208963e-04
    q = q * r + 1.3888888952339367e-03
    q = q * r + 8.33333333331779e-03
    q = q * r + 4.1666666666487925e-02
    q = q * r + 1.6666666666666685e-01
    q = q * r + 5.000000000000019e-01
    q = q * r + 1.0
    q = q * r + 1.0
    return q * np.int64((np.float64(shifted).view(np.int64) + np.int64(1023)) << np.int64(52)).view(np.float64)


@inner_njit(fastmath=FUSE)
def _exponentials(values: Floats, shift: float, found: Floats) -> None:
    """Leave e**(value - shift) in `found`: one long loop, since short rows spend their time in remainders."""
    for k in range(len(values)):
        found[k] = _exp(values[k] - shift)


@inner_njit(fastmath=_REORDER)
def _largest(values: Floats) -> Any:
    largest = values[0]
    for k in range(len(values)):
        largest = values[k] if values[k] > largest else largest
    return largest


@inner_njit(fastmath=_REORDER)
def _total(values: Floats) -> Any:
    total = 0.0
    for k in range(len(values)):
        total += values[k]
    return total


@inner_njit(fastmath=_REORDER)
def _dot(first: Floats, second: Floats) -> Any:
    total = first[0] * second[0]  # in the precision of what is given
    for k in range(1, len(first)):
        total += first[k] * second[k]
    return total


@inner_njit(fastmath=FUSE)
def odds_of_rows(
    eta: Floats, odds: Floats, flat_eta: Floats, flat_odds: Floats, rows: int, logs: Floats, scales: Floats
) -> None:
    """Leave a multiple of the probabilities in `odds`, what takes it to them in `scales`, log sum exp eta in `logs`.

    Predictors are not shifted by their largest unless a row needs it: few do, and looking for it and taking it away
    would be two more passes. `flat_eta` and `flat_odds` are the same numbers, row after row.
    """
    classes = eta.shape[1]
    for start in range(0, rows, ROWS_IN_CACHE):
        stop = min(start + ROWS_IN_CACHE, rows)
        here = slice(start * classes, stop * classes)
        _exponentials(flat_eta[here], 0.0, flat_odds[here])
        for i in range(start, stop):
            shift, total = 0.0, _total(odds[i])
            if not _LEAST_SUM < total < 1.0 / _LEAST_SUM:  # nor is a NaN
                shift = _largest(eta[i])
                _exponentials(eta[i], shift, odds[i])
                total = _total(odds[i])
            logs[i] = shift + np.log(total)
            scales[i] = 1.0 / total


def loss_of_rows(eta: Floats, targets: Codes | Floats, w: Floats, prob: Floats) -> float:
    """Return the block's loss; leave probabilities in `prob` and weighted residuals in `eta`.

    loss = sum_i w_i (log sum_l exp eta_il - sum_k t_ik eta_ik),  residual_ik = w_i (p_ik - t_ik).

    Parameters
    ----------
    eta : (rows, classes), row after row in memory; overwritten by the residuals
    targets : (rows,) class codes, or (rows, classes) shares t that sum to one in each row
    w : (rows,) weights
    prob : (rows, classes), row after row in memory; overwritten
    """
    assert eta.flags.c_contiguous  # so that it is flattened without a copy
    assert prob.flags.c_contiguous
    # Here, since kernels take longer to compile where they flatten or ask for memory.
    flat, room = (eta.reshape(-1), prob.reshape(-1)), np.empty((2, len(w)))
    kernel: Any = _softmax_rows if targets.ndim == 1 else _softmax_shares
    return float(kernel(eta, targets, w, prob, *flat, *room))


@njit(cache=True, nogil=True, fastmath=FUSE)
def _softmax_rows(
    eta: Floats,
    y: Codes,
    w: Floats,
    prob: Floats,
    flat_eta: Floats,
    flat_prob: Floats,
    logs: Floats,
    scales: Floats,
) -> float:
    """Do as `loss_of_rows` says where each row has one class, with room for numbers of each row."""
    rows, classes = eta.shape
    odds_of_rows(eta, prob, flat_eta, flat_prob, rows, logs, scales)
    loss = 0.0
    for i in range(rows):
        loss += w[i] * (logs[i] - eta[i, y[i]])
        for k in range(classes):
            prob[i, k] *= scales[i]
            eta[i, k] = w[i] * prob[i, k]
        eta[i, y[i]] -= w[i]
    return loss


@njit(cache=True, nogil=True, fastmath=FUSE)
def _softmax_shares(
    eta: Floats,
    shares: Floats,
    w: Floats,
    prob: Floats,
    flat_eta: Floats,
    flat_prob: Floats,
    logs: Floats,
    scales: Floats,
) -> float:
    """Do as `_softmax_rows` where a row is spread over classes."""
    rows, classes = eta.shape
    odds_of_rows(eta, prob, flat_eta, flat_prob, rows, logs, scales)
    loss = 0.0
    for i in range(rows):
        loss += w[i] * (logs[i] - _dot(shares[i], eta[i]))
        for k in range(classes):
            prob[i, k] *= scales[i]
            eta[i, k] = w[i] * (prob[i, k] - shares[i, k])
    return loss


@njit(cache=True, nogil=True, fastmath=FUSE)
def curvature_rows(tangent: Floats, prob: Floats, w: Floats) -> None:
    """Replace each row t of `tangent` by w (diag(p) - p p') t."""
    rows, classes = tangent.shape
    for i in range(rows):
        changes, shares = tangent[i], prob[i]
        mean = _dot(shares, changes)
        for k in range(classes):
            changes[k] = w[i] * shares[k] * (changes[k] - mean)


@njit(cache=True, nogil=True)
def cluster_sums(x: Floats, residual: Floats, cluster: Codes, sums: Floats) -> None:
    """Add residual_i (x) x_i to row `cluster[i]` of `sums`, class by class: (clusters, classes * columns)."""
    rows, columns = x.shape
    classes = residual.shape[1]
    for i in range(rows):
        for k in range(classes):
            for j in range(columns):
                sums[cluster[i], k * columns + j] += residual[i, k] * x[i, j]
