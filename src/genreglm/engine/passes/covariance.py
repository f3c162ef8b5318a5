"""The covariance of an estimate whose rows are met in passes; see `genreglm.engine.covariance` for the formulas."""

from collections.abc import Sequence

import numpy as np

from genreglm.engine import sandwich, symmetric
from genreglm.engine.blocks import Floats
from genreglm.engine.covariance import to_columns
from genreglm.engine.passes.clusters import ClusterMeat, meat_of_ways
from genreglm.engine.passes.rows import Rows, added
from genreglm.engine.passes.sums import class_weights, information_over, live_rows, row_meat_of
from genreglm.engine.threads import single_threaded_blas
from genreglm.options import CovarianceKind, WeightKind


@single_threaded_blas()
def covariance_in_passes(
    rows: Rows,
    everything: Rows,
    standardised: Floats,
    back: Floats,
    kind: CovarianceKind,
    weight_kind: WeightKind,
    ways: Sequence[ClusterMeat] = (),
    by_all_rows: Floats | None = None,
) -> tuple[Floats, float, Floats]:
    """Return the covariance (m, m) in the columns as given, its units, and the information's inverse.

    The last is that in standardised columns.

    Parameters
    ----------
    rows : those of the fit
    everything : they, and those of a prior
    standardised : coefficients (columns, classes) of standardised columns
    back : (columns, columns), what takes these to the columns as given
    ways : for "clustered", what sums up the clusters' scores; of two ways a third for rows that share both
    by_all_rows : (columns, columns), for two ways: what takes columns standardised by all rows to those of the rows

    Raises
    ------
    InferenceError
        Where the information is singular, or there are fewer than two units.
    """
    matrix = information_over(everything, standardised)
    inverse = sandwich.bread(matrix, overwrite=True)
    frequency = weight_kind == "frequency"
    units = float(rows.reduce(class_weights if frequency else live_rows, added)[0])
    if kind == "clustered":
        meat, units = meat_of_ways(ways, standardised)
        covariance = sandwich.sandwich(inverse, meat)
        if by_all_rows is not None:
            covariance = to_columns(covariance, np.asarray(np.linalg.inv(by_all_rows), dtype=np.float64))
            covariance = to_columns(symmetric.without_negative_part(covariance), by_all_rows)
    elif kind != "observed":
        (meat,) = rows.reduce(row_meat_of, added, standardised, not frequency)
        if kind != "HC0":
            meat *= sandwich.small_sample_factor(units, "rows")
        covariance = sandwich.sandwich(inverse, meat)
    else:
        covariance = inverse.copy()
    return to_columns(covariance, back), units, inverse
