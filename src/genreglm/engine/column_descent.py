"""Block coordinate descent on a quadratic model of the objective plus a lasso-type penalty, group by group of columns.

    minimise over B:  sum_jk G_jk (B - A)_jk + (1 / 2) sum_k (B - A)_k' H_k (B - A)_k
                      + sum_g [corner_g P(B_g) + ridge_g / 2 ||B_g||**2]

A is where the model was made, G the gradient there, and H_k the curvature of class k, which does not couple classes.
Within a group of several columns their part of H_k gives way to its largest row sum times the identity, which is no
smaller (Gershgorin): a step then lowers the model, and comes to rest where the model does.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

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
    starts: Integers,
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
    starts : (groups + 1,) where the columns of each group begin; one column each unless `grouped`
    tolerance, most : where to stop, in units of the gradient, and after how many sweeps
    """
    columns, classes = b.shape
    widest = np.max(starts[1:] - starts[:-1])
    room, fresh, own = np.empty((widest, classes)), np.empty((widest, classes)), np.empty(classes)
    for sweep in range(most):
        moved = 0.0
        for group in range(len(starts) - 1):
            first, last = starts[group], starts[group + 1]
            pull, new = room[: last - first], fresh[: last - first]
            _bound(curvature, first, last, own)
            for j in range(first, last):
                for k in range(classes):
                    pull[j - first, k] = own[k] * b[j, k] - model[j, k]
            if grouped:
                _shrink_together(pull, own, corner[first], ridge[first], new)
            else:
                for k in range(classes):
                    over = max(abs(pull[0, k]) - corner[first], 0.0)
                    new[0, k] = np.sign(pull[0, k]) * over / (own[k] + ridge[first])
            change = 0.0
            for j in range(first, last):
                for k in range(classes):
                    new[j - first, k] -= b[j, k]
                    b[j, k] += new[j - first, k]
                    change = max(change, own[k] * abs(new[j - first, k]))
            if change > 0.0:
                for i in range(columns):
                    for j in range(first, last):
                        for k in range(classes):
                            model[i, k] += curvature[i, j, k] * new[j - first, k]
            moved = max(moved, change)
        if moved <= tolerance:
            return sweep + 1
    return most


@njit(cache=True, nogil=True)
def _bound(curvature: Floats, first: int, last: int, own: Floats) -> None:
    """Leave in `own` (classes,) a bound on the largest eigenvalue of each H_k on the columns from `first` to `last`."""
    own[:] = 0.0
    for i in range(first, last):
        for k in range(len(own)):
            total = 0.0
            for j in range(first, last):
                total += abs(curvature[i, j, k])
            own[k] = max(own[k], total)


@njit(cache=True, nogil=True)
def _shrink_together(pull: Floats, own: Floats, corner: float, ridge: float, new: Floats) -> Any:
    """Minimise sum_jk [own_k b_jk^2 / 2 - pull_jk b_jk] + corner ||b|| + ridge / 2 ||b||^2 over b, left in `new`.

    b_jk = pull_jk s / ((own_k + ridge) s + corner) with s = ||b||, the root of sum_jk (b_jk / s)^2 = 1. Its left side
    falls in s and is convex, so that Newton's method from s = 0 rises to the root and never passes it.
    """
    columns, classes = pull.shape
    length = 0.0
    for j in range(columns):
        for k in range(classes):
            length += pull[j, k] ** 2
    if np.sqrt(length) <= corner:
        new[:] = 0.0
        return
    if corner == 0.0:
        for j in range(columns):
            for k in range(classes):
                new[j, k] = pull[j, k] / (own[k] + ridge)
        return
    s = 0.0
    for _ in range(_NEWTON_STEPS):
        value, slope = -1.0, 0.0
        for k in range(classes):
            below = (own[k] + ridge) * s + corner
            square = 0.0
            for j in range(columns):
                square += (pull[j, k] / below) ** 2
            value += square
            slope -= 2.0 * square * (own[k] + ridge) / below
        step = -value / slope
        s += step
        if step <= _ROUNDING * s:
            break
    for j in range(columns):
        for k in range(classes):
            new[j, k] = pull[j, k] * s / ((own[k] + ridge) * s + corner)
