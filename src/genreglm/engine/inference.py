"""Wald tests and their tail areas.

Everything is in the parameters of the first K - 1 classes against the last, class by class, so that the
covariance is square, regular, and free of the redundant direction. Any other reference is a linear map.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from genreglm.engine.blocks import Floats
from genreglm.engine.threads import single_threaded_blas

# Squared pivots of a correlation matrix above this leave its inverse eight digits.
_REGULAR = 1e-8


@dataclass(frozen=True)
class ChiSquareTest:
    """Statistic, degrees of freedom, p-value, and its decimal logarithm, which does not vanish at 1e-308."""

    statistic: float
    df: int
    p_value: float
    log10_p: float


def chi_square_test(statistic: float, df: int) -> ChiSquareTest:
    """Judge a statistic by chi-square's upper tail; NaN on no degrees of freedom, for then nothing was tested."""
    if df == 0:
        return ChiSquareTest(0.0, 0, np.nan, np.nan)
    return ChiSquareTest(statistic, df, _tail(statistic, df), chi2_log_sf(statistic, df) / float(np.log(10.0)))


def _tail(statistic: float, df: int) -> float:
    """Return chi-square's upper tail; `scipy.stats` takes 50 times as long for the same number."""
    return float(special.chdtrc(df, statistic))


@single_threaded_blas()
def wald(estimate: Floats, covariance: Floats) -> ChiSquareTest:
    """Test estimate = 0: b' V^-1 b against chi-square with as many degrees of freedom as V has rank.

    A clustered covariance has rank at most the number of clusters; the pseudo-inverse is taken on the
    directions that it determines.
    """
    if not len(estimate):
        return chi_square_test(0.0, 0)
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    return chi_square_test(*_squared_length(estimate / scale, covariance / np.outer(scale, scale)))


def _squared_length(scaled: Floats, correlation: Floats) -> tuple[float, int]:
    """Return s' R^-1 s and the rank of R: by Cholesky where R is clearly regular, else by its eigenvalues."""
    factor, status = linalg.lapack.dpotrf(correlation, lower=1)
    if status == 0 and np.diag(factor).min() ** 2 > _REGULAR:
        solved = linalg.solve_triangular(factor, scaled, lower=True)
        return float(solved @ solved), len(scaled)
    values, vectors = linalg.eigh(correlation)
    known = values > 1e-10 * values.max()
    projected = vectors[:, known].T @ scaled
    return float(np.sum(projected**2 / values[known])), int(known.sum())


def chi2_log_sf(statistic: float, df: int) -> float:
    """Return the log of chi-square's upper tail, also where the tail itself is too small for a double.

    There, with a = df / 2 and x = statistic / 2, by Legendre's continued fraction (Abramowitz and Stegun 6.5.31)

        Q(a, x) = e^-x x^a / Gamma(a) * 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - ...)))

    taken from its 200th level upwards; it converges fast, since x is beyond a wherever the tail vanishes.
    """
    tail = _tail(statistic, df)
    if tail > 1e-290 or not np.isfinite(statistic):
        return float(np.log(tail)) if tail > 0.0 else -np.inf if statistic > 0.0 else np.nan
    a, x = 0.5 * df, 0.5 * statistic
    below = x + 401.0 - a
    for level in range(200, 0, -1):
        below = x + 2.0 * level - 1.0 - a - level * (level - a) / below
    return float(a * np.log(x) - x - special.gammaln(a) - np.log(below))


def two_sided_log10_p(z: Floats) -> Floats:
    """Return log10 of the two-sided normal p-value, exact far into the tail."""
    return np.asarray((special.log_ndtr(-np.abs(z)) + np.log(2.0)) / np.log(10.0))
