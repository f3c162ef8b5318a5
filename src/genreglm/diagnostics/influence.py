"""Leverage and influence of rows and of whole clusters of rows, without refitting."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from genreglm.diagnostics.in_batches import influence_in_batches, leverage_in_batches
from genreglm.diagnostics.moved import errors_of, largest_in, map_of, span_of
from genreglm.engine.row_deletion import linear_changes
from genreglm.engine.row_forms import row_forms
from genreglm.inputs import Column, labelled_codes
from genreglm.result import Result
from genreglm.result.deletion import deletable
from genreglm.result.rows import index_of
from genreglm.sources import Source, comes_in_batches, read_rows


def leverage(result: Result, rows: Source | None = None) -> pd.DataFrame:
    """Return one column, `hat`: h_i = w_i tr(V_i M_i), row i's share of the free parameters.

    V_i = diag(p_i) - p_i p_i', M_i the covariance of row i's linear predictor. The sum over all rows is the number of
    free parameters (less what the rows of a `CellPrior` hold), and h_i / (K - 1) lies between 0 and 1. After a fit in
    passes, `rows` are its files or its Dask frame, met in batches.

    Raises
    ------
    DataError
        For a loaded result without `rows`, and for rows that are not those of its fit.
    InferenceError
        For a ridge fit, and where the information is singular or does not fit in memory.

    Source: Lesaffre and Albert (1989), J. R. Stat. Soc. B 51:85. VGAM calls it `hatvalues`, class by class.
    """
    if comes_in_batches(rows):
        return leverage_in_batches(result, rows)
    fit = deletable(result, rows)
    parts = fit.parts
    diagonal, product = row_forms(parts, fit.covariance, fit.problem.classes)
    hat = np.empty(len(diagonal))
    done = 0
    for block, prob in parts:
        own = slice(done, done + len(block))
        hat[own] = block.w * np.einsum("ik,ik->i", prob, diagonal[own] - product[own])
        done += len(block)
    return pd.DataFrame({"hat": hat}, index=index_of(result, rows))


def influence(result: Result, rows: Source | None = None, *, dfbeta: Sequence[str] = ()) -> pd.DataFrame:
    """Return hat, cooksd, delta_deviance, delta_chi2 of each row, by one step of Newton's without it.

    hat : leverage, see `leverage`
    cooksd : squared distance by which all coefficients move, in the metric of the information, a free parameter
    delta_deviance : by how much the deviance falls when the row is left out, its own part included
    delta_chi2 : the same of Pearson's chi-square
    dfbeta_TERM : for each term of `dfbeta`, the change of that of its coefficients (against the average class) that
        moves most, in standard errors

    Formulas are in `genreglm.engine.row_deletion`. A row of weight w is deleted whole. Values are infinite, and dfbeta
    is NaN, where the other rows do not determine the estimate. After a fit in passes, `rows` are its files or its Dask
    frame, met in batches. Cook's distance is in units of the model's own information; under a clustered covariance
    dfbeta is in its standard errors.

    Raises
    ------
    DataError
        For a loaded result without `rows`, and for rows that are not those of its fit.
    InferenceError
        For a ridge fit, where the information is singular or does not fit in memory, and for dfbeta without a
        covariance.
    OptionError
        For an unknown term.
    """
    if comes_in_batches(rows):
        return influence_in_batches(result, rows, dfbeta)
    fit = deletable(result, rows)
    found = fit.rows
    table = pd.DataFrame(
        {
            "hat": found.hat,
            "cooksd": found.cooks_distance,
            "delta_deviance": found.deviance,
            "delta_chi2": found.chi_square,
        },
        index=index_of(result, rows),
    )
    parts = fit.parts if dfbeta else []
    for term in dfbeta:
        largest = partial(largest_in, errors_of(result, term))
        table[f"dfbeta_{term}"] = linear_changes(
            parts, found.pull, map_of(result, fit.covariance, fit.back, term), largest
        )
    return table


def dfbeta(
    result: Result, rows: Source | None = None, *, terms: str | Sequence[str], standardised: bool = False
) -> pd.DataFrame:
    """Return b - b_(i) of each row and of all coefficients of `terms`, by one step of Newton's without the row.

    Columns are (class, column of the design), coefficients against the average class as `tidy(reference=None)` has
    them: 8 bytes for each row, class and column. With `standardised`, in standard errors (DFBETAS).

    Raises
    ------
    DataError, InferenceError, OptionError
        As `influence` does.
    """
    fit = deletable(result, rows)
    pull, own, parts = fit.rows.pull, fit.parts, []
    for term in [terms] if isinstance(terms, str) else terms:
        moved = linear_changes(own, pull, map_of(result, fit.covariance, fit.back, term))
        columns = result.design.columns[span_of(result, term)]
        names = pd.MultiIndex.from_product([result.classes, columns], names=["class", "term"])
        parts.append(
            pd.DataFrame(moved / errors_of(result, term) if standardised else moved, index_of(result, rows), names)
        )
    return pd.concat(parts, axis=1)


def cluster_influence(result: Result, rows: Source | None = None, *, clusters: Column) -> pd.DataFrame:
    """Return one line a cluster (such as an artist) with what one step says of its deletion, the largest first.

    Columns: cluster, rows (the sum of their weights), hat (the sum over its rows), cooksd, delta_deviance, as in
    `influence`; formulas in `genreglm.engine.cluster_deletion`, and for clusters of one row in `row_deletion`. Clusters
    with the same value keep the order in which they come.

    Raises
    ------
    DataError, InferenceError
        As `influence` does; and where `clusters` is no column, or leaves a row without a cluster.
    """
    fit = deletable(result, rows)
    frame = result.require_rows(None if rows is None else read_rows(rows))
    codes, names = labelled_codes(clusters, frame, "clusters")
    counts, weights, rowwise = np.bincount(codes), np.bincount(codes, fit.problem.w), fit.rows
    table = pd.DataFrame(
        {
            "cluster": names,
            "rows": weights.astype(np.int64) if (weights % 1.0 == 0.0).all() else weights,
            "hat": np.bincount(codes, rowwise.hat),
            "cooksd": np.bincount(codes, rowwise.cooks_distance),
            "delta_deviance": np.bincount(codes, rowwise.deviance),
        }
    )
    several = np.flatnonzero(counts > 1)
    if len(several):
        inside = np.isin(codes, several)
        found = fit.clusters(inside, np.searchsorted(several, codes[inside]))
        table.loc[several, "cooksd"] = found.cooks_distance
        table.loc[several, "delta_deviance"] = found.deviance
    return table.sort_values("cooksd", ascending=False, kind="stable", ignore_index=True)
