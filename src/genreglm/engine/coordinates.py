"""The coordinates that estimation works in, and the linear map back to the columns as given.

columns x  ->  standardised z = (x - centre) / scale  ->  whitened q = z R^-1,  with  sum w q q' / sum w = I.

Whitened columns make the information at the start a multiple of the identity, whatever the units and the
collinearity of the columns. They are never stored: R^-1 is applied to coefficients instead.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine.blocks import Blocks
from genreglm.options import BLOCK_ROWS, RANK_TOLERANCE

Floats = NDArray[np.float64]

_FIRST_ROWS = 256
# A deviation between this and its inverse is free of what happens to squares that are too small or too large.
_SMALLEST_SQUARED = 1e-140
# Units in the last place that sums of many products are certain to.
_UNITS = 4.0
# Rows that are reduced together where columns are few.
_ROWS_TOGETHER, _FEW_COLUMNS = 256, 64


@dataclass(frozen=True)
class Standardisation:
    """Weighted centre and scale of each column, (p,) each, and its deviation, whatever the scale.

    Columns of 0 and 1 stay as they are (centre 0, scale 1) unless `every`, so that factor cells can be seen in them.
    Without an intercept nothing is centred, since a shift could not be undone.
    """

    centre: Floats
    scale: Floats
    deviation: Floats
    intercept: int | None

    @classmethod
    def learn(cls, x: Floats, w: Floats, intercept: int | None, *, every: bool = False) -> "Standardisation":
        """Take the weighted mean and standard deviation of each column (root mean square without intercept)."""
        share = w / w.sum()
        centre = np.zeros(x.shape[1]) if intercept is None else share @ x
        # Two passes: the textbook difference of squares loses a column of mean 1e8 and deviation 1.
        deviation = _root_mean_squares(x, centre, share)
        constant = (deviation <= 1e-13 * np.abs(centre)) | (deviation == 0)
        deviation = np.where(constant, 1.0, deviation)
        plain = np.arange(x.shape[1]) == intercept if every else _zeros_and_ones(x)
        return cls(np.where(plain, 0.0, centre), np.where(plain, 1.0, deviation), deviation, intercept)

    def apply(self, x: Floats) -> Floats:
        """Return z, (rows, p)."""
        z = np.empty(x.shape)
        for cut in _cuts(len(x)):
            np.subtract(x[cut], self.centre, out=z[cut])
            z[cut] /= self.scale
        return z

    def back(self) -> Floats:
        """Return T (p, p) with B_x = T B_z: slopes divided by scale, the intercept minus centre times slope."""
        matrix = np.diag(1.0 / self.scale)
        if self.intercept is not None:
            matrix[self.intercept] -= self.centre / self.scale
        return matrix

    def forth(self, coefficients: Floats) -> Floats:
        """Return B_z for given B_x, both (p, classes)."""
        return np.asarray(np.linalg.solve(self.back(), coefficients), dtype=np.float64)


def _zeros_and_ones(x: Floats) -> NDArray[np.bool_]:
    """Say which columns hold nothing but 0 and 1; the first rows rule most others out."""
    few = x[:_FIRST_ROWS]
    plain = np.asarray(((few == 0.0) | (few == 1.0)).all(axis=0))
    for j in np.flatnonzero(plain):
        plain[j] = ((x[:, j] == 0.0) | (x[:, j] == 1.0)).all()
    return plain


def _cuts(rows: int) -> list[slice]:
    """Return rows some at a time, so that they stay in the cache."""
    return [slice(start, start + BLOCK_ROWS) for start in range(0, rows, BLOCK_ROWS)]


def _root_mean_squares(x: Floats, centre: Floats, share: Floats) -> Floats:
    """Return sqrt(sum share (x - centre)^2) of each column."""
    with np.errstate(over="ignore", under="ignore"):
        found = np.sqrt(np.asarray(sum(share[cut] @ np.square(x[cut] - centre) for cut in _cuts(len(x)))))
    for j in np.flatnonzero((found < _SMALLEST_SQUARED) | ~(found < 1.0 / _SMALLEST_SQUARED)):
        # The squares of a unit like 1e200 overflow, and those of 1e-200 vanish.
        from_centre = np.abs(x[:, j] - centre[j])
        unit = from_centre.max() or 1.0
        found[j] = unit * np.sqrt(share @ np.square(from_centre / unit))
    return np.asarray(found)


def upper_triangle(matrix: Floats) -> Floats:
    """Return R of matrix = Q R, or of each matrix of a stack."""
    return np.asarray(np.linalg.qr(matrix, mode="r"))


def reduced_rows(rows: Floats) -> Floats:
    """Return R of rows = Q R; of few columns, by a few rows at a time, which stay in the cache."""
    columns = rows.shape[1]
    whole = len(rows) // _ROWS_TOGETHER
    if columns > _FEW_COLUMNS or whole < 2:
        return upper_triangle(rows)
    cut = whole * _ROWS_TOGETHER
    stack = upper_triangle(rows[:cut].reshape(whole, _ROWS_TOGETHER, columns))
    return upper_triangle(np.vstack([stack.reshape(-1, columns), rows[cut:]]))


def triangle(blocks: Blocks) -> Floats:
    """Return R (p, p), upper triangular, with R'R = sum w z z' / sum w.

    By orthogonal reduction of one block after the other, so that no square of the condition number enters.
    """
    pieces = blocks.map(lambda block: reduced_rows(np.sqrt(block.w)[:, None] * block.x))
    reduced = next(pieces)
    for piece in pieces:
        reduced = upper_triangle(np.vstack([reduced, piece]))
    square = np.zeros((blocks.columns, blocks.columns))
    square[: len(reduced)] = reduced
    return np.asarray(square / np.sqrt(blocks.total_weight))


def aliased_columns(triangular: Floats, tolerance: float = RANK_TOLERANCE) -> list[int]:
    """Return the columns that depend linearly on columns before them, in order.

    |R_jj| is the length of what column j adds to the columns before it. A dependent column is taken out
    before the next is judged: its own remainder is rounding error, and points anywhere. Standardised columns
    are about 1 long; one that is constant but for rounding is nearly 0, which is no reason to believe in it.
    """
    kept = list(range(triangular.shape[1]))
    lengths = np.maximum(np.linalg.norm(triangular, axis=0), 1e-6)
    aliased: list[int] = []
    while True:
        pivots = np.abs(np.diag(upper_triangle(triangular[:, kept])))
        small = np.flatnonzero(pivots <= tolerance * lengths[kept])
        if not len(small):
            return sorted(aliased)
        aliased.append(kept.pop(int(small[0])))


def whiten(triangular: Floats, coefficients: Floats) -> Floats:
    """Return U = R B_z."""
    return triangular @ coefficients


def unwhiten(triangular: Floats, whitened: Floats) -> Floats:
    """Return B_z = R^-1 U."""
    # LAPACK by itself: the checks around it cost more than the work, tens of times a fit.
    return np.asarray(linalg.lapack.dtrtrs(triangular, whitened)[0])


def rounding(triangular: Floats) -> float:
    """Return what rounding may leave of a mean gradient for U: a few units in the last place, times cond(R).

    Coefficients of nearly dependent columns are large and of opposite signs, and predictors are what is left of them.
    """
    inverse_condition, _ = linalg.lapack.dtrcon(triangular)
    return float(_UNITS * np.finfo(float).eps / max(inverse_condition, np.finfo(float).tiny))


def whiten_gradient(triangular: Floats, gradient: Floats) -> Floats:
    """Return R'^-1 G, the gradient for U where G is that for B_z."""
    return np.asarray(linalg.lapack.dtrtrs(triangular, gradient, trans=1)[0])
