"""Block coordinate descent on a quadratic model of the objective plus a lasso-type penalty, column by column.

    minimise over B:  sum_jk G_jk (B - A)_jk + (1 / 2) sum_k (B - A)_k' H_k (B - A)_k
                      + sum_j [corner_j P(B_j) + ridge_j / 2 ||B_j||**2]

A is where the model was made, G the gradient there, and H_k the curvature of class k, which does not couple classes.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NEWTON_STEPS = 60
_ROUNDING = 1e-14


@njit(cache=True, nogil=True)
def descend(
    b: Floats,
    model: Floats,
    curvature: Floats,
    corner: Floats,
    ridge: Floats,
    grouped: bool,
    tolerance: float,
    most: int,
) -> int:
    """Lower the model over `b` in place until no sweep moves any gradient by more than `tolerance`; return the sweeps.

    Parameters
    ----------
    b : (columns, classes), A at the beginning
    model : (columns, classes), the gradient of the smooth model at `b` without the ridge; kept up to date
    curvature : (columns, columns, classes), H_k in its last axis
    corner, ridge : (columns,)
    grouped : whether classes share a column
    tolerance, most : where to stop, in units of the gradient, and after how many sweeps
    """
    columns, classes = b.shape
    pull, new = np.empty(classes), np.empty(classes)
    for sweep in range(most):
        moved = 0.0
        for j in range(columns):
            own = curvature[j, j]
            for k in range(classes):
                pull[k] = own[k] * b[j, k] - model[j, k]
            if grouped:
                _shrink_together(pull, own, corner[j], ridge[j], new)
            else:
                for k in range(classes):
                    over = max(abs(pull[k]) - corner[j], 0.0)
                    new[k] = np.sign(pull[k]) * over / (own[k] + ridge[j])
            change = 0.0
            for k in range(classes):
                new[k] -= b[j, k]
                b[j, k] += new[k]
                change = max(change, own[k] * abs(new[k]))
            if change > 0.0:
                for i in range(columns):
                    for k in range(classes):
                        model[i, k] += curvature[i, j, k] * new[k]
            moved = max(moved, change)
        if moved <= tolerance:
            return sweep + 1
    return most


@njit(cache=True, nogil=True)
def _shrink_together(pull: Floats, own: Floats, corner: float, ridge: float, new: Floats) -> Any:
    """Minimise sum_k [own_k b_k^2 / 2 - pull_k b_k] + corner ||b|| + ridge / 2 ||b||^2 over b, left in `new`.

    b_k = pull_k s / ((own_k + ridge) s + corner) with s = ||b||, the root of sum_k (b_k / s)^2 = 1. Its left side falls
    in s and is convex, so that Newton's method from s = 0 rises to the root and never passes it.
    """
    length = 0.0
    for k in range(len(pull)):
        length += pull[k] ** 2
    if np.sqrt(length) <= corner:
        new[:] = 0.0
        return
    if corner == 0.0:
        for k in range(len(pull)):
            new[k] = pull[k] / (own[k] + ridge)
        return
    s = 0.0
    for _ in range(_NEWTON_STEPS):
        value, slope = -1.0, 0.0
        for k in range(len(pull)):
            below = (own[k] + ridge) * s + corner
            square = (pull[k] / below) ** 2
            value += square
            slope -= 2.0 * square * (own[k] + ridge) / below
        step = -value / slope
        s += step
        if step <= _ROUNDING * s:
            break
    for k in range(len(pull)):
        new[k] = pull[k] * s / ((own[k] + ridge) * s + corner)
