"""Covariances of the coefficients and Wald tests.

Everything is in the parameters of the first K - 1 classes against the last, class by class, so that the
covariance is square, regular, and free of the redundant direction. Any other reference is a linear map.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, special, stats

from genreglm.engine.blocks import Block, Codes, Floats
from genreglm.engine.softmax import cluster_sums
from genreglm.errors import InferenceError

_CLUSTERS_AT_ONCE = 1024
# Squared pivots of a correlation matrix above this leave its inverse eight digits.
_REGULAR = 1e-8


@dataclass(frozen=True)
class WaldTest:
    """Statistic, degrees of freedom, p-value, and its decimal logarithm, which does not vanish at 1e-308."""

    statistic: float
    df: int
    p_value: float
    log10_p: float


def bread(information_matrix: Floats) -> Floats:
    """Return the inverse of the information by its Cholesky factor.

    Raises
    ------
    InferenceError
        Where the matrix is not positive definite.
    """
    factor, status = linalg.lapack.dpotrf(information_matrix, lower=1)
    if status == 0:
        inverse, status = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    if status != 0:
        raise InferenceError(
            "The information matrix is not positive definite: some combination of coefficients is not "
            "determined by the rows. Look for separated cells (gg.separation) and for nearly dependent columns "
            "(gg.vif), or use covariance=None."
        )
    lower = np.tril(inverse)
    return np.asarray(lower + np.tril(lower, -1).T)


def scores(parts: list[tuple[Block, Floats]], classes: int) -> tuple[Floats, Floats]:
    """Return x (rows, p) and w (p_i - y_i) without the last class, (rows, classes - 1), of all blocks.

    Row i's score is the Kronecker product of the two, which is never stored for all rows at once.
    """
    residuals = []
    for block, prob in parts:
        residual = prob * block.w[:, None]
        residual[np.arange(len(block)), block.y] -= block.w
        residuals.append(residual[:, : classes - 1])
    return np.concatenate([block.x for block, _ in parts]), np.concatenate(residuals)


def cluster_meat(x: Floats, residual: Floats, clusters: Codes) -> tuple[Floats, int]:
    """Return sum_c s_c s_c' and the number of clusters, s_c the scores summed over cluster c.

    `clusters` (rows,) holds a code for each row. A thousand clusters are summed at a time, so memory is
    8 * 1024 * m bytes beyond the result, m the number of parameters.
    """
    codes, clusters = np.unique(clusters, return_inverse=True)
    order = np.argsort(clusters, kind="stable")
    clusters, x, residual = clusters[order], x[order], residual[order]
    parameters = x.shape[1] * residual.shape[1]
    meat = np.zeros((parameters, parameters))
    for first in range(0, len(codes), _CLUSTERS_AT_ONCE):
        start, stop = np.searchsorted(clusters, [first, first + _CLUSTERS_AT_ONCE])
        sums = np.zeros((min(_CLUSTERS_AT_ONCE, len(codes) - first), parameters))
        cluster_sums(x[start:stop], residual[start:stop], clusters[start:stop] - first, sums)
        meat += sums.T @ sums
    return meat, len(codes)


def sandwich(inverse_information: Floats, meat: Floats, units: float) -> Floats:
    """Return G / (G - 1) times bread meat bread, G the number of clusters (of rows, for the robust one).

    The factor is that of Stata's maximum-likelihood commands; without clusters it is HC1's n / (n - 1).

    Raises
    ------
    InferenceError
        Where there are fewer than two clusters.
    """
    if units < 2:
        raise InferenceError(
            f"This covariance needs at least 2 clusters; {units:g} was found. Use covariance='observed'."
        )
    return np.asarray(units / (units - 1) * (inverse_information @ meat @ inverse_information))


def wald(estimate: Floats, covariance: Floats) -> WaldTest:
    """Test estimate = 0: b' V^-1 b against chi-square with as many degrees of freedom as V has rank.

    A clustered covariance has rank at most the number of clusters; the pseudo-inverse is taken on the
    directions that it determines.
    """
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    statistic, df = _squared_length(estimate / scale, covariance / np.outer(scale, scale))
    return WaldTest(statistic, df, float(stats.chi2.sf(statistic, df)), chi2_log_sf(statistic, df) / np.log(10.0))


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
    tail = float(stats.chi2.sf(statistic, df))
    if tail > 1e-290 or not np.isfinite(statistic):
        return float(np.log(tail)) if tail > 0.0 else -np.inf if statistic > 0.0 else np.nan
    a, x = 0.5 * df, 0.5 * statistic
    below = x + 401.0 - a
    for level in range(200, 0, -1):
        below = x + 2.0 * level - 1.0 - a - level * (level - a) / below
    return float(a * np.log(x) - x - special.gammaln(a) - np.log(below))


def two_sided_log10_p(z: Floats) -> Floats:
    """Return log10 of the two-sided normal p-value, exact far into the tail."""
    return np.asarray((stats.norm.logsf(np.abs(z)) + np.log(2.0)) / np.log(10.0))
