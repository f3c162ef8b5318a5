"""`fit` where rows are met in passes: the same arguments as far as passes allow them, and the same `Result`."""

from dataclasses import replace
from typing import Any

from genreglm.designs import Design
from genreglm.engine.accuracy import discrimination_of
from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.coordinates import aliased_columns
from genreglm.engine.estimate import Control
from genreglm.engine.passes.cells import empty_cells, prior_blocks
from genreglm.engine.passes.covariance import covariance_in_passes
from genreglm.engine.passes.estimate import Measured, PassEstimate, estimate_in_passes
from genreglm.engine.passes.jeffreys import jeffreys_in_passes
from genreglm.engine.passes.null import null_log_likelihood
from genreglm.engine.passes.rows import Followed, Rows, added, selected
from genreglm.engine.passes.sums import fit_sums
from genreglm.engine.penalties import CellPrior, Jeffreys, Penalty, Ridge
from genreglm.engine.separation import EmptyCell
from genreglm.engine.sparse_penalties import SparsePenalty
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import OptionError
from genreglm.options import Aliased, CovarianceKind, WeightKind
from genreglm.out_of_core import OutOfCore, Prepared
from genreglm.passes_over import prepared
from genreglm.penalised import ridge_of, unheld_spans
from genreglm.refusals import named, require_optimum, separated_by_cells
from genreglm.result import Bread, FitStatistics, Inference, Result
from genreglm.row_columns import RowColumns
from genreglm.starts import start_from


@single_threaded_blas()
def fit_in_passes(
    formula: str | Design,
    source: Any,
    how: OutOfCore,
    beside: RowColumns,
    *,
    client: Any,
    weight_kind: WeightKind,
    aliased: Aliased,
    penalty: Penalty | None,
    covariance: CovarianceKind | None,
    start: Result | Floats | None,
    control: Control,
) -> Result:
    """Fit rows of Parquet files, or of a Dask frame, without holding them; see `genreglm.fitting.fit`.

    Raises
    ------
    OptionError
        For penalties of the lasso kind, which need all rows at once.
    """
    _require_passes(penalty)
    informed = covariance is not None or isinstance(penalty, Jeffreys)
    with prepared(formula, source, how, beside, client, informed=informed) as ready:
        measured, columns = Measured.of(ready.rows), ready.design.columns
        if aliased == "drop":
            ready, measured = _without_aliased(ready, measured)
        if start is not None:
            given = start_from(start, ready.design, ready.sample, ready.frame, columns)
            ready = replace(ready, start=ready.sample.standardisation.forth(given))
        return _fit(ready, measured, weight_kind, penalty, covariance, control)


def _without_aliased(ready: Prepared, measured: Measured) -> tuple[Prepared, Measured]:
    """Leave out the columns that depend linearly on those before them."""
    dropped = aliased_columns(measured.triangular)
    if not dropped:
        return ready, measured
    kept = [j for j in range(ready.rows.columns) if j not in dropped]
    fewer = replace(
        ready, design=ready.design.without(dropped), sample=ready.sample.keep(kept), rows=selected(ready.rows, kept)
    )
    return fewer, measured.keep(kept)


def _fit(
    ready: Prepared,
    measured: Measured,
    weight_kind: WeightKind,
    penalty: Penalty | None,
    covariance: CovarianceKind | None,
    control: Control,
) -> Result:
    design, rows = ready.design, ready.rows
    unheld = unheld_spans(design, penalty)
    cells = empty_cells(rows, unheld, design.intercept) if unheld else []
    if cells and not isinstance(penalty, CellPrior | Jeffreys):
        raise separated_by_cells(named(design, cells), penalty)
    prior = prior_blocks(rows, cells, penalty.count) if cells and isinstance(penalty, CellPrior) else None
    found = _estimate(ready, measured, penalty, cells, prior, control)
    require_optimum(design, found, penalty)
    inference, bread = None, None
    if covariance is not None:
        inference, bread = _infer(ready, measured, found, prior, covariance, weight_kind)
    statistics = _statistics(ready, measured, found, weight_kind)  # after all other passes, which it counts
    return Result(
        design=design,
        coefficients=found.coefficients,
        statistics=statistics,
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
    measured: Measured,
    found: PassEstimate,
    prior: Blocks | None,
    kind: CovarianceKind,
    weight_kind: WeightKind,
) -> tuple[Inference, Bread]:
    everything: Rows = ready.rows if prior is None else Followed(ready.rows, prior)
    standard, ways = ready.sample.standardisation, ready.ways
    by_all_rows = measured.standardisation(standard).back() if len(ways) > 1 else None
    matrix, units, inverse = covariance_in_passes(
        ready.rows, everything, found.standardised, standard.back(), kind, weight_kind, ways, by_all_rows
    )
    clusters = " and ".join(ready.columns.clusters) or None
    return Inference(kind, matrix, units, clusters), Bread(inverse, standard, ready.columns)


def _statistics(ready: Prepared, measured: Measured, found: PassEstimate, weight_kind: WeightKind) -> FitStatistics:
    assert found.solution is not None
    log_likelihood, live, *sums = ready.rows.reduce(fit_sums, added, found.standardised)
    null = null_log_likelihood(ready.rows, measured, ready.sample)
    told_right, tjur = discrimination_of(*sums)
    return FitStatistics(
        nobs=measured.total_weight,
        log_likelihood=log_likelihood,
        null_log_likelihood=null,
        gradient_norm=found.solution.gradient,
        iterations=found.solution.steps,
        outcome=found.outcome.value,
        told_right=told_right,
        largest_class=float(measured.class_weights.max()),
        tjur=tuple(tjur.tolist()),
        weight_kind=weight_kind,
        passes=ready.count.passes,
        rows=live,
    )


def _require_passes(penalty: Penalty | None) -> None:
    if isinstance(penalty, SparsePenalty):
        raise OptionError(
            f"{type(penalty).__name__} needs all rows at once. In passes there are gg.Ridge and its kin, gg.CellPrior, "
            "gg.Jeffreys, and fits without a penalty; or fit a sample that fits in memory."
        )
