"""Large symmetric matrices on the thread pool: sums of outer products, congruences, inverses, negative parts.

A matrix is worked on in bands of rows whose number depends on its size alone, each band by one task with BLAS at
one thread. So no number depends on how many threads there are.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine.threads import ordered_map, single_threaded_blas

Floats = NDArray[np.float64]

_BANDS = 24
# An eigenvalue below minus this share of the largest is negative by more than rounding.
_ROUNDING = 1e-13


def add_gram(rows: Floats, matrix: Floats) -> None:
    """Add rows' rows to the lower triangle of `matrix` (m, m), for rows (r, m): r m^2 flops."""

    def task(band: tuple[int, int]) -> None:
        start, stop = band
        matrix[start:stop, :stop] += rows[:, start:stop].T @ rows[:, :stop]

    list(ordered_map(task, _bands(len(matrix), triangular=True)))


def congruence(outer: Floats, inner: Floats) -> Floats:
    """Return outer inner outer for symmetric matrices, in the memory of `inner`: 3 m^3 flops."""
    half = np.empty_like(inner)

    def first(band: tuple[int, int]) -> None:
        half[slice(*band)] = outer[slice(*band)] @ inner

    def second(band: tuple[int, int]) -> None:
        start, stop = band
        inner[start:stop, :stop] = half[start:stop] @ outer[:, :stop]

    list(ordered_map(first, _bands(len(inner), triangular=False)))
    list(ordered_map(second, _bands(len(inner), triangular=True)))
    mirror(inner)
    return inner


def inverse(matrix: Floats, overwrite: bool = False) -> Floats | None:
    """Return the inverse of a symmetric matrix by its Cholesky factor, None where it is not positive definite.

    L^-1 in bands of columns, then (L^-1)' L^-1: 4/3 m^3 flops. LAPACK's own `potri` takes less, but its last bits
    depend on which thread calls it.
    """
    with single_threaded_blas():
        # LAPACK counts by columns: what it calls the upper triangle of the transpose is our lower one.
        factor, status = linalg.lapack.dpotrf(matrix.T, lower=0, overwrite_a=int(overwrite))
    # LAPACK lets a NaN through.
    if status != 0 or not np.isfinite(np.trace(factor)):
        return None
    rows = np.zeros_like(matrix)

    def task(band: tuple[int, int]) -> None:
        start, stop = band
        unit = np.zeros((len(matrix) - start, stop - start), order="F")
        np.fill_diagonal(unit, 1.0)
        rows[start:, start:stop] = linalg.blas.dtrsm(1.0, factor[start:, start:], unit, trans_a=1, overwrite_b=1)

    list(ordered_map(task, _bands(len(matrix), triangular=False)))
    found = matrix if overwrite else np.empty_like(matrix)
    found[:] = 0.0
    add_gram(rows, found)
    mirror(found)
    return found


def without_negative_part(matrix: Floats) -> Floats:
    """Make a symmetric matrix sum_j max(l_j, 0) q_j q_j', l_j its eigenvalues and q_j its eigenvectors; return it.

    A matrix without negative eigenvalues, but for rounding, stays as it is.
    """
    with single_threaded_blas():
        if linalg.lapack.dpotrf(matrix.T, lower=0)[1] == 0:
            return matrix
        values, vectors = linalg.eigh(matrix)
    if values[0] >= -_ROUNDING * values[-1]:
        return matrix
    vectors *= np.sqrt(np.maximum(values, 0.0))
    matrix[:] = 0.0
    add_gram(vectors.T, matrix)
    mirror(matrix)
    return matrix


def mirror(matrix: Floats) -> None:
    """Write the lower triangle of `matrix` over its upper one."""
    for start, stop in _bands(len(matrix), triangular=False):
        matrix[:start, start:stop] = matrix[start:stop, :start].T
        corner = matrix[start:stop, start:stop]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T


def _bands(size: int, *, triangular: bool) -> list[tuple[int, int]]:
    """Cut rows into bands of nearly equal numbers, of the lower triangle or of the whole matrix."""
    shares = np.linspace(0.0, 1.0, _BANDS + 1)
    cuts = np.unique(np.rint(size * (np.sqrt(shares) if triangular else shares)).astype(np.int64))
    return list(pairwise(cuts.tolist()))
