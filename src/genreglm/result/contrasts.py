"""Linear maps between parameterisations: from classes against the last to any reference, cell by cell."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine.penalties import Jeffreys
from genreglm.engine.sparse_penalties import ElasticNet, Lasso
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import InferenceError, OptionError
from genreglm.result.model import Result

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


def testable(result: Result) -> NDArray[np.bool_]:
    """Return (columns, classes): False in a separated cell, whose maximum-likelihood estimate is infinite.

    A prior makes the estimate finite there, but no Wald test of it means what it says.
    """
    known = np.ones(result.coefficients.shape, dtype=bool)
    for cell in result.separated:
        affected = [result.design.columns.index(name) for name in cell.columns]
        known[affected, result.classes.index(cell.label)] = False
    return known


def estimable(result: Result) -> NDArray[np.bool_]:
    """Return (columns, classes): where there is an estimate with a standard error.

    Everywhere under Jeffreys' prior, whose penalised likelihood has a regular maximum; else where `testable`.
    """
    if isinstance(result.penalty, Jeffreys):
        return np.ones(result.coefficients.shape, dtype=bool)
    return testable(result)


def weights_of_centre(result: Result, reference: Any) -> Floats:
    """Return C (columns, classes): each column's coefficients are reported minus their C-weighted mean.

    All weight on the reference class, or equal weights over the column's estimable classes for None
    (symmetric): a class that runs to infinity must not drag the mean along. No weights for None under `Lasso` and
    `ElasticNet`, which settle the level of a column's coefficients themselves.

    Raises
    ------
    OptionError
        Where `reference` is no class of the model.
    """
    if reference is None and isinstance(result.penalty, Lasso | ElasticNet):
        return np.zeros(result.coefficients.shape)
    if reference is None:
        known = estimable(result).astype(float)
        return np.asarray(known / known.sum(axis=1, keepdims=True))
    if reference not in result.classes:
        listed = ", ".join(repr(label) for label in result.classes[:10])
        more = ", ..." if len(result.classes) > 10 else ""
        raise OptionError(f"reference={reference!r} is no class of this model: {listed}{more}. None is symmetric.")
    centre = np.zeros(result.coefficients.shape)
    centre[:, result.classes.index(reference)] = 1.0
    return centre


def class_covariances(covariance: Floats, columns: int, classes: int) -> Floats:
    """Return (columns, classes, classes): each column's covariance over classes, zero for the last class."""
    grid = covariance.reshape(classes - 1, columns, classes - 1, columns)
    blocks = np.zeros((columns, classes, classes))
    for column in range(columns):
        blocks[column, :-1, :-1] = grid[:, column, :, column]
    return blocks


def class_covariance_of(result: Result, columns: slice | Sequence[int]) -> Floats:
    """Return (classes, q, classes, q): the covariance of the coefficients of q columns, zero for the last class.

    Raises
    ------
    InferenceError
        Without a covariance.
    """
    width, classes = result.coefficients.shape
    free = classes - 1
    own = result.require_inference().covariance.reshape(free, width, free, width)[:, columns][:, :, :, columns]
    whole = np.zeros((classes, own.shape[1], classes, own.shape[1]))
    whole[:-1, :, :-1] = own
    return whole


def contrast_variances(covariances: Floats, centre: Floats) -> Floats:
    """Return var(b_k - c'b) for each column and class, (columns, classes): V_kk - 2 (V c)_k + c'V c."""
    projected = np.einsum("jkl,jl->jk", covariances, centre)
    return np.asarray(
        np.einsum("jkk->jk", covariances) - 2.0 * projected + np.einsum("jk,jk->j", projected, centre)[:, None]
    )


def standard_errors(result: Result, centre: Floats) -> Floats:
    """Return those of the coefficients minus their `centre`-weighted means, (columns, classes), see
    `weights_of_centre`; NaN without a covariance, and for what involves a cell without an estimate.
    """
    if result.inference is None:
        return np.full(result.coefficients.shape, np.nan)
    columns, classes = result.coefficients.shape
    covariances = class_covariances(result.inference.covariance, columns, classes)
    error = np.sqrt(np.maximum(contrast_variances(covariances, centre), 0.0))
    known = estimable(result)
    error[~known] = np.nan
    error[np.any((centre > 0) & ~known, axis=1)] = np.nan
    return np.asarray(error)


def term_contrasts(result: Result, columns: Sequence[int]) -> tuple[Floats, Floats, Integers]:
    """Return estimates, covariance and column of: every testable class against one, in each of `columns`.

    A Wald statistic built from them does not depend on which class is taken.
    """
    inference = result.require_inference()
    width = len(result.design.columns)
    labels = {column: np.flatnonzero(known) for column, known in enumerate(testable(result))}
    triples = [(j, k, labels[j][-1]) for j in columns for k in labels[j][:-1]]
    column, first, second = np.array(triples, dtype=np.intp).reshape(-1, 3).T
    plus, minus = first * width + column, second * width + column
    v = inference.covariance
    covariance = _cut(v, plus, plus) - _cut(v, plus, minus) - _cut(v, minus, plus) + _cut(v, minus, minus)
    return result.coefficients[column, first] - result.coefficients[column, second], covariance, column


def _cut(covariance: Floats, rows: Integers, columns: Integers) -> Floats:
    """Return a part of the covariance; what belongs to the last class, which it leaves out, is zero."""
    last = len(covariance)
    part = covariance[np.ix_(np.minimum(rows, last - 1), np.minimum(columns, last - 1))]
    return np.asarray(np.where((rows < last)[:, None] & (columns < last), part, 0.0))


@single_threaded_blas()
def without(estimate: Floats, covariance: Floats, dropped: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return what estimates and covariance of the others become, to first order, where `dropped` are set to zero.

    b_t - V_tr V_rr^-1 b_r  with covariance  V_tt - V_tr V_rr^-1 V_rt.

    Raises
    ------
    InferenceError
        Where V_rr is singular, as that of few clusters is.
    """
    kept = ~dropped
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    estimate, correlation = estimate / scale, covariance / np.outer(scale, scale)
    factor, status = linalg.lapack.dpotrf(correlation[np.ix_(dropped, dropped)], lower=1)
    if status != 0 or np.diag(factor).min(initial=1.0) ** 2 < 1e-10:
        raise InferenceError(
            "The covariance does not determine the terms that this type of test sets to zero: it has too few clusters, "
            "or columns nearly depend on each other. Use type='III', which sets none to zero."
        )
    right = np.column_stack([correlation[np.ix_(dropped, kept)], estimate[dropped]])
    half = linalg.solve_triangular(factor, right, lower=True)
    across = half[:, :-1]
    left = correlation[np.ix_(kept, kept)] - across.T @ across
    return (estimate[kept] - across.T @ half[:, -1]) * scale[kept], left * np.outer(scale[kept], scale[kept])
