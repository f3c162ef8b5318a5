"""Bins of equal mass, and sums over bins."""

import numpy as np
from scipy import sparse

from genreglm.engine.blocks import Codes, Floats, Targets


def equal_mass_bins(values: Floats, w: Floats, bins: int) -> Codes:
    """Return each row's bin, (rows,), counted from the smallest values; at most `bins` of about equal weight.

    Equal values share a bin: with w(v) the weight of a value and W(v) that of the values below it, v is put where
    the middle of its weight lies,

        bin(v) = floor(bins (W(v) + w(v) / 2) / sum w).

    So a value that many rows have fills a bin by itself. With no more than `bins` different values each has its own.
    """
    distinct, place = np.unique(values, return_inverse=True)
    if len(distinct) <= bins:
        return np.asarray(place, dtype=np.int64)
    mass = np.bincount(place, weights=w)
    middle = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    wanted = np.minimum((bins * middle).astype(np.int64), bins - 1)
    return np.asarray(np.unique(wanted, return_inverse=True)[1][place], dtype=np.int64)


def sums_by_bin(codes: Codes, bins: int, w: Floats, values: Floats) -> Floats:
    """Return sum of w_i v_i over the rows of each bin, (bins, columns), for `values` (rows, columns)."""
    rows = np.arange(len(codes))
    return np.asarray(sparse.csr_array((w, (codes, rows)), shape=(bins, len(codes))) @ values)


def targets_by_bin(codes: Codes, bins: int, w: Floats, targets: Targets, classes: int) -> Floats:
    """Return the weight of each class in each bin, (bins, classes), for class codes or shares."""
    if targets.ndim == 2:
        return sums_by_bin(codes, bins, w, np.asarray(targets, dtype=np.float64))
    found = np.bincount(codes * classes + targets, weights=w, minlength=bins * classes)
    return np.asarray(found.reshape(bins, classes))
