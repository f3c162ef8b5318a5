"""Bread and meat of the coefficients' covariance: what their estimate's variance is made of.

    observed             V = I^-1
    robust, clustered    V = c I^-1 M I^-1,   M = sum_g s_g s_g',   s_g = sum of the scores s_i in g

I is the information, s_i = w_i (p_i - t_i) (x) z_i row i's score (its sign does not matter), g a row or a cluster,
c a small-sample factor. Everything is in the parameters of the first K - 1 classes against the last, class by
class, so that matrices are square and regular; m = p (K - 1) is their size.

Sources: White (1982), Econometrica 50:1; Liang and Zeger (1986), Biometrika 73:13; Cameron, Gelbach and Miller
(2011), J. Bus. Econ. Stat. 29:238.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genreglm.engine import symmetric
from genreglm.engine.blocks import Block, Codes, Floats
from genreglm.engine.information import outer_products
from genreglm.engine.softmax import cluster_sums
from genreglm.engine.threads import ordered_map
from genreglm.errors import InferenceError

_CLUSTERS_AT_ONCE = 1024
_CLUSTERS_A_TASK = 64


def bread(information_matrix: Floats, overwrite: bool = False) -> Floats:
    """Return the inverse of the information (m, m), in its own memory with `overwrite`.

    Raises
    ------
    InferenceError
        Where the matrix is not positive definite.
    """
    found = symmetric.inverse(information_matrix, overwrite)
    if found is None:
        raise InferenceError(
            "The information matrix is not positive definite: some combination of coefficients is not "
            "determined by the rows. Look for separated cells (gg.separation) and for nearly dependent columns "
            "(gg.vif), or use covariance=None."
        )
    return found


def row_meat(parts: Sequence[tuple[Block, Floats]], classes: int, weights: Sequence[Floats]) -> Floats:
    """Return sum_i v_i (p_i - t_i)(p_i - t_i)' (x) z_i z_i', (m, m), with v the weights of each block's rows.

    v_i = w_i where a weight is a number of rows, each with its own score; v_i = w_i^2 where it multiplies the score
    of one row. Both outer products are symmetric, so this costs what an information matrix does, a quarter to a half
    of what outer products of whole scores would.
    """
    residuals = [
        (replace(block, w=v), prob - block.shares(classes)) for (block, prob), v in zip(parts, weights, strict=True)
    ]
    return outer_products(residuals, classes)


def scores(parts: Sequence[tuple[Block, Floats]], classes: int) -> tuple[Floats, Floats]:
    """Return z (rows, p) and w (p_i - t_i) without the last class, (rows, classes - 1), of all blocks.

    Row i's score is the Kronecker product of the two, which is never stored for all rows at once.
    """
    x = np.concatenate([block.x for block, _ in parts])
    residual = np.empty((len(x), classes - 1))
    done = 0
    for block, prob in parts:
        residual[done : done + len(block)] = block.residual(prob)[:, : classes - 1]
        done += len(block)
    return x, residual


def cluster_meat(x: Floats, residual: Floats, clusters: Codes, projection: Floats | None = None) -> Floats:
    """Return sum_c s_c s_c', (m, m), s_c the scores summed over cluster c: G m^2 flops for G clusters.

    `clusters` (rows,) holds a code for each row. With a `projection` P (m, r) it is P' (...) P, (r, r), from projected
    sums. A thousand clusters are summed at a time, so memory is 8 * 1024 * m bytes beyond the result.
    """
    codes, clusters = np.unique(clusters, return_inverse=True)
    order = np.argsort(clusters, kind="stable")
    first_row = np.searchsorted(clusters[order], np.arange(len(codes) + 1))
    parameters = x.shape[1] * residual.shape[1]
    wanted = parameters if projection is None else projection.shape[1]
    meat = np.zeros((wanted, wanted))
    for first in range(0, len(codes), _CLUSTERS_AT_ONCE):
        last = min(first + _CLUSTERS_AT_ONCE, len(codes))

        def task(start: int, last: int = last) -> Floats:
            stop = min(start + _CLUSTERS_A_TASK, last)
            own = order[first_row[start] : first_row[stop]]
            sums = np.zeros((stop - start, parameters))
            cluster_sums(x[own], residual[own], clusters[own] - start, sums)
            return sums if projection is None else sums @ projection

        pieces = list(ordered_map(task, range(first, last, _CLUSTERS_A_TASK)))
        symmetric.add_gram(np.concatenate(pieces), meat)
    symmetric.mirror(meat)
    return meat


def small_sample_factor(units: float, name: str) -> float:
    """Return G / (G - 1), G the number of clusters (of rows, for HC1), as Stata's maximum-likelihood commands do.

    Raises
    ------
    InferenceError
        Where there are fewer than two. `name` says of what.
    """
    if units < 2:
        raise InferenceError(
            f"This covariance needs at least 2 {name}; {units:g} was found. Use covariance='observed'."
        )
    return units / (units - 1)


def sandwich(inverse_information: Floats, meat: Floats) -> Floats:
    """Return bread meat bread, (m, m), in the memory of `meat`."""
    return symmetric.congruence(inverse_information, meat)
