"""`fit` where rows are met in passes: the same arguments as far as passes allow them, and the same `Result`."""

from typing import Any

import numpy as np

from genreglm.designs import Design
from genreglm.engine.accuracy import discrimination_of
from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.estimate import Control
from genreglm.engine.passes.cells import empty_cells, prior_blocks
from genreglm.engine.passes.covariance import covariance_in_passes
from genreglm.engine.passes.estimate import Measured, PassEstimate, estimate_in_passes
from genreglm.engine.passes.jeffreys import jeffreys_in_passes
from genreglm.engine.passes.rows import Followed, Rows, added
from genreglm.engine.passes.sums import fit_sums
from genreglm.engine.penalties import CellPrior, Jeffreys, Penalty, Ridge, Shrinkage
from genreglm.engine.separation import EmptyCell
from genreglm.engine.sparse_penalties import SparsePenalty
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import OptionError
from genreglm.options import CovarianceKind, WeightKind
from genreglm.out_of_core import OutOfCore, Prepared
from genreglm.passes_over import prepared
from genreglm.penalised import ridge_of
from genreglm.refusals import named, require_optimum, separated_by_cells
from genreglm.result import Bread, FitStatistics, Inference, Result


@single_threaded_blas()
def fit_in_passes(
    formula: str | Design,
    source: Any,
    how: OutOfCore,
    *,
    client: Any,
    weights: Any,
    weight_kind: WeightKind,
    penalty: Penalty | None,
    covariance: CovarianceKind | None,
    clusters: Any,
    control: Control,
) -> Result:
    """Fit rows of Parquet files, or of a Dask frame, without holding them; see `genreglm.fitting.fit`.

    Raises
    ------
    OptionError
        For what needs all rows at once: penalties of the lasso kind, weights and clusters other than columns.
    """
    _require_passes(penalty, weights, clusters)
    with prepared(formula, source, how, client, weights, clusters) as ready:
        return _fit(ready, weight_kind, penalty, covariance, clusters, control)


def _fit(
    ready: Prepared,
    weight_kind: WeightKind,
    penalty: Penalty | None,
    covariance: CovarianceKind | None,
    clusters: str | None,
    control: Control,
) -> Result:
    design, rows = ready.design, ready.rows
    measured = Measured.of(rows)
    cells = [] if isinstance(penalty, Shrinkage) else empty_cells(rows, design.spans, design.intercept)
    if cells and penalty is None:
        raise separated_by_cells(named(design, cells))
    prior = prior_blocks(rows, cells, penalty.count) if cells and isinstance(penalty, CellPrior) else None
    found = _estimate(ready, measured, penalty, cells, prior, control)
    require_optimum(design, found)
    inference, bread = None, None
    if covariance is not None:
        inference, bread = _infer(ready, found, prior, covariance, clusters, weight_kind)
    return Result(
        design=design,
        coefficients=found.coefficients,
        statistics=_statistics(rows, measured, found, weight_kind),
        inference=inference,
        separated=named(design, cells),
        penalty=penalty,
        steps=() if found.solution is None else tuple(found.solution.trace),
        bread=bread,
    )


def _estimate(
    ready: Prepared,
    measured: Measured,
    penalty: Penalty | None,
    cells: list[EmptyCell],
    prior: Blocks | None,
    control: Control,
) -> PassEstimate:
    sample, factors = ready.sample, ready.design.spans
    if isinstance(penalty, Jeffreys):
        return jeffreys_in_passes(
            ready.rows,
            measured,
            sample,
            factors,
            cells,
            start=ready.start,
            control=control,
            reached=ready.reached,
        )
    ridge = None
    if isinstance(penalty, Ridge):
        deviations = measured.deviations(sample.standardisation)
        ridge = ridge_of(ready.design, sample, penalty, ready.frame, deviations)
    return estimate_in_passes(
        ready.rows,
        measured,
        sample,
        factors,
        ridge=ridge,
        prior=prior,
        start=ready.start,
        control=control,
        reached=ready.reached,
    )


def _infer(
    ready: Prepared,
    found: PassEstimate,
    prior: Blocks | None,
    kind: CovarianceKind,
    clusters: str | None,
    weight_kind: WeightKind,
) -> tuple[Inference, Bread]:
    everything: Rows = ready.rows if prior is None else Followed(ready.rows, prior)
    standard = ready.sample.standardisation
    matrix, units, inverse = covariance_in_passes(
        ready.rows, everything, found.standardised, standard.back(), kind, weight_kind, ready.cluster_meat
    )
    return Inference(kind, matrix, units, clusters), Bread(inverse, standard, ready.weights)


def _statistics(rows: Rows, measured: Measured, found: PassEstimate, weight_kind: WeightKind) -> FitStatistics:
    assert found.solution is not None
    log_likelihood, *sums = rows.reduce(fit_sums, added, found.standardised)
    told_right, tjur = discrimination_of(*sums)
    return FitStatistics(
        nobs=measured.total_weight,
        log_likelihood=log_likelihood,
        null_log_likelihood=_null(measured.class_weights),
        gradient_norm=found.solution.gradient,
        iterations=found.solution.steps,
        outcome=found.outcome.value,
        told_right=told_right,
        largest_class=float(measured.class_weights.max()),
        tjur=tuple(tjur.tolist()),
        weight_kind=weight_kind,
        passes=found.passes,
    )


def _null(class_weights: Floats) -> float:
    return float(class_weights @ np.log(class_weights / class_weights.sum()))


def _require_passes(penalty: Penalty | None, weights: Any, clusters: Any) -> None:
    if isinstance(penalty, SparsePenalty):
        raise OptionError(
            f"{type(penalty).__name__} needs all rows at once. In passes there are gg.Ridge and its kin, gg.CellPrior, "
            "gg.Jeffreys, and fits without a penalty; or fit a sample that fits in memory."
        )
    for name, given in (("weights", weights), ("clusters", clusters)):
        if given is not None and not isinstance(given, str):
            raise OptionError(f"{name} must be the name of a column where rows are met in passes; found {given!r:.60}.")
