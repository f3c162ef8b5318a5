"""The covariance of an estimate's coefficients, in the columns as given."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genreglm.engine import sandwich, symmetric
from genreglm.engine.blocks import Codes, Floats
from genreglm.engine.estimate import Estimate
from genreglm.engine.information import information
from genreglm.engine.threads import single_threaded_blas
from genreglm.options import CovarianceKind, WeightKind


@single_threaded_blas()
def covariance_of(
    found: Estimate, kind: CovarianceKind, clusters: Sequence[Codes], weight_kind: WeightKind
) -> tuple[Floats, float]:
    """Return the covariance of the first K - 1 classes against the last, class by class, and its units.

    With I the information, rows of a prior included, s_i row i's score for a weight of one, and W = sum_i w_i:

        observed       I^-1
        HC0            I^-1 M I^-1,  M = sum_i w_i s_i s_i'  (frequencies), sum_i w_i^2 s_i s_i'  (importance)
        HC1, robust    HC0 times n / (n - 1),  n = W  (frequencies), the rows of positive weight  (importance)
        clustered      G / (G - 1) I^-1 (sum_g s_g s_g') I^-1,  s_g = sum of w_i s_i over the rows of cluster g

    So a frequency of 2 is the row written twice, whatever the kind, while importance weights may be multiplied by any
    number without a change. Clustered, both kinds of weight give the same. Two ways it is V_a + V_b - V_ab, each with
    its own factor, ab the clusters of rows that share both; where that has negative eigenvalues they are set to zero
    (Cameron, Gelbach and Miller 2011), in standardised columns, so that units of measurement do not matter.

    Parameters
    ----------
    clusters : none, one or two codes (rows,) of each row's cluster; for "clustered"

    Returns
    -------
    covariance : (m, m)
    units : the number of clusters, the smaller one of two ways; of rows (W, or those of positive weight) without

    Raises
    ------
    InferenceError
        Where the information is singular, or there are fewer than two units.
    """
    problem = found.problem
    matrix = information([*found.parts, *found.prior], problem.classes)
    covariance = sandwich.bread(matrix, overwrite=True)
    live = problem.w > 0
    units = float(problem.w.sum()) if weight_kind == "frequency" else float(live.sum())
    if kind == "clustered":
        meat, units = _clustered_meat(found, clusters, live)
        covariance = sandwich.sandwich(covariance, meat)
        if len(clusters) == 2:
            covariance = symmetric.without_negative_part(covariance)
    elif kind != "observed":
        weights = [block.w if weight_kind == "frequency" else block.w**2 for block, _ in found.parts]
        meat = sandwich.row_meat(found.parts, problem.classes, weights)
        if kind != "HC0":
            meat *= sandwich.small_sample_factor(units, "rows")
        covariance = sandwich.sandwich(covariance, meat)
    return to_columns(covariance, problem.standardisation.back()), units


def _clustered_meat(found: Estimate, clusters: Sequence[Codes], live: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the meat, each way times its own factor, and the (smaller) number of clusters with a live row."""
    x, residual = sandwich.scores(found.parts, found.problem.classes)
    counts = [_count(codes[live]) for codes in clusters]
    meat = np.zeros((x.shape[1] * residual.shape[1],) * 2)
    for sign, codes in _ways(clusters):
        factor = sandwich.small_sample_factor(_count(codes[live]), "clusters")
        part = sandwich.cluster_meat(x, residual, codes)
        part *= sign * factor
        meat += part
    return meat, min(counts)


def _ways(clusters: Sequence[Codes]) -> list[tuple[float, Codes]]:
    """Return the clusterings that V_a, or V_a + V_b - V_ab, adds up, with their signs.

    Where b's clusters lie within a's, as albums do within artists, ab is b, and only a is left.
    """
    if len(clusters) == 1:
        return [(1.0, clusters[0])]
    first, second = clusters
    pairs = np.unique(np.column_stack([first, second]), axis=0, return_inverse=True)[1]
    both = np.asarray(pairs, dtype=np.int64).reshape(len(first))
    if _count(both) == _count(second):
        return [(1.0, first)]
    if _count(both) == _count(first):
        return [(1.0, second)]
    return [(1.0, first), (1.0, second), (-1.0, both)]


def _count(codes: Codes) -> float:
    return float(len(np.unique(codes)))


def to_columns(covariance: Floats, back: Floats) -> Floats:
    """Map a covariance by T = `back`, (p, p), in place: T V T' for each pair of classes."""
    width = len(back)
    for start in range(0, len(covariance), width):
        stop = start + width
        band = back @ covariance[start:stop, :stop]
        covariance[start:stop, :stop] = (band.reshape(-1, width) @ back.T).reshape(width, stop)
    symmetric.mirror(covariance)
    return covariance
