"""The covariance of an estimate whose rows are met in passes; see `genreglm.engine.covariance` for the formulas."""

from collections.abc import Iterable

import numpy as np

from genreglm.engine import sandwich, symmetric
from genreglm.engine.blocks import Blocks, Codes, Floats
from genreglm.engine.covariance import to_columns
from genreglm.engine.passes.rows import Rows, added
from genreglm.engine.passes.sums import class_weights, cluster_scores, information_of, live_rows, row_meat_of
from genreglm.engine.threads import single_threaded_blas
from genreglm.options import CovarianceKind, WeightKind

# Some rows in the order of their clusters: the rows, the number of each one's cluster, and of how many there are.
Clustered = Iterable[tuple[Blocks, Codes]]


@single_threaded_blas()
def covariance_in_passes(
    rows: Rows,
    everything: Rows,
    standardised: Floats,
    back: Floats,
    kind: CovarianceKind,
    weight_kind: WeightKind,
    clustered: Clustered | None = None,
) -> tuple[Floats, float]:
    """Return the covariance (m, m) in the columns as given, and its units.

    Parameters
    ----------
    rows : those of the fit
    everything : they, and those of a prior
    standardised : coefficients (columns, classes) of standardised columns
    back : (columns, columns), what takes these to the columns as given
    clustered : the rows in the order of their clusters, for "clustered"

    Raises
    ------
    InferenceError
        Where the information is singular, or there are fewer than two units.
    """
    (matrix,) = everything.reduce(information_of, added, standardised)
    covariance = sandwich.bread(matrix, overwrite=True)
    frequency = weight_kind == "frequency"
    units = float(rows.reduce(class_weights if frequency else live_rows, added)[0])
    if kind == "clustered":
        assert clustered is not None
        meat, units = cluster_meat(clustered, standardised)
        meat *= sandwich.small_sample_factor(units, "clusters")
        covariance = sandwich.sandwich(covariance, meat)
    elif kind != "observed":
        (meat,) = rows.reduce(row_meat_of, added, standardised, not frequency)
        if kind != "HC0":
            meat *= sandwich.small_sample_factor(units, "rows")
        covariance = sandwich.sandwich(covariance, meat)
    return to_columns(covariance, back), units


def cluster_meat(clustered: Clustered, standardised: Floats) -> tuple[Floats, float]:
    """Return sum_g s_g s_g', s_g the scores summed over cluster g, (m, m), and the number of clusters.

    The rows of a cluster follow each other; where they are cut, its sum is carried on.
    """
    columns, classes = standardised.shape
    meat = np.zeros((columns * (classes - 1),) * 2)
    carried, last, count = None, -1, 0
    for blocks, numbers in clustered:
        first = int(numbers[0])
        sums = cluster_scores(blocks, numbers - first, int(numbers[-1]) - first + 1, standardised)
        if carried is not None:
            if last == first:
                sums[0] += carried
            else:
                symmetric.add_gram(carried[None, :], meat)
        carried, last, count = sums[-1].copy(), int(numbers[-1]), int(numbers[-1]) + 1
        symmetric.add_gram(sums[:-1], meat)
    if carried is not None:
        symmetric.add_gram(carried[None, :], meat)
    symmetric.mirror(meat)
    return meat, float(count)
