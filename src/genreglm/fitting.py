"""`fit` and `design`: formula and rows in, `Result` or `Design` out. The work is done in the engine."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import designs, inputs
from genreglm.designs import Design
from genreglm.engine import memory
from genreglm.engine.accuracy import discrimination
from genreglm.engine.coordinates import aliased_columns, triangle
from genreglm.engine.covariance import covariance_of
from genreglm.engine.estimate import Control, Estimate, estimate, null_log_likelihood
from genreglm.engine.jeffreys import jeffreys
from genreglm.engine.newton import Outcome, Step
from genreglm.engine.penalties import CellPrior, Jeffreys, Penalty, Ridge, Shrinkage, require_penalty
from genreglm.engine.problem import Problem
from genreglm.engine.sparse_estimate import sparse_estimate
from genreglm.engine.sparse_penalties import SparsePenalty
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import OptionError
from genreglm.fitting_in_passes import fit_in_passes
from genreglm.inputs import Clusters, Column, Offset, SoftLabels
from genreglm.options import (
    DECREMENT_TOLERANCE,
    GRADIENT_TOLERANCE,
    STEP_LIMIT,
    Aliased,
    CovarianceKind,
    WeightKind,
    check_choice,
)
from genreglm.out_of_core import OutOfCore
from genreglm.penalised import penalty_factors, ridge_of, unheld_spans
from genreglm.refusals import named, require_optimum, separated_by_cells, separating
from genreglm.result import FitStatistics, Inference, Result, SeparatedCell
from genreglm.row_columns import RowColumns
from genreglm.sources import Source, comes_in_batches, is_dask_frame, read_rows
from genreglm.starts import start_from

Floats = NDArray[np.float64]


# One hold of BLAS for the whole fit: taking and leaving it costs more than a step of a small one.
@single_threaded_blas()
def fit(
    formula: str | Design,
    rows: Source | Any,
    *,
    out_of_core: OutOfCore | bool | None = None,
    client: Any = None,
    weights: Column | None = None,
    weight_kind: WeightKind = "frequency",
    offset: Offset | None = None,
    soft_labels: SoftLabels | None = None,
    aliased: Aliased = "refuse",
    penalty: Penalty | None = None,
    covariance: CovarianceKind | None = "observed",
    clusters: Clusters | None = None,
    start: Result | Floats | None = None,
    gradient_tolerance: float = GRADIENT_TOLERANCE,
    decrement_tolerance: float = DECREMENT_TOLERANCE,
    max_steps: int = STEP_LIMIT,
    callback: Callable[[Step], object] | None = None,
) -> Result:
    """Fit a multinomial GLM (baseline-category logits) by maximum likelihood.

    Parameters
    ----------
    formula : ``"response ~ terms"`` (formulaic's grammar), or a design learnt before
    rows : a frame, the path of a CSV, Parquet or Feather file, or Parquet files as a folder, a pattern
        ("tracks/*.parquet"), an address (s3://bucket/tracks/) or a list of these
    out_of_core : True or a `gg.OutOfCore` meets the rows of Parquet files in passes, so that they need not fit in
        memory, with the same answer; None does so where there are several files, False never; see `docs/scale.md`. A
        Dask frame is always met so
    client : of a running Dask cluster, for a Dask frame; the one at work in this process where there is one, else its
        threads
    weights : column name or (rows,) numbers >= 0; frequencies (2 = the row twice) unless
        `weight_kind="importance"`, whose scale means nothing and which demands a robust or clustered covariance, and no
        prior that is worth rows (`CellPrior`, `Jeffreys`); see `genreglm.engine.covariance.covariance_of`
    offset : a known part of the linear predictor: a frame with one column a class, by name; an array (rows, classes) in
        the order of the classes; or {class: column of the rows}, 0 in the others
    soft_labels : a frame of shares, one column a class, that spreads each row over several classes (the same as
        the row once for each class, weighted by its share), or {class: column of the rows}; the formula's response is
        then not read. In passes weights, offset, soft labels and clusters are columns of the rows
    aliased : "refuse" columns that depend linearly on those before them, or "drop" them as R does
    penalty : `Ridge`, `FamilyRidge`, `SmoothRidge`, `SmoothFamilyRidge`, `Lasso`, `ElasticNet`, `GroupLasso`,
        `TermLasso`, `CellPrior`, `Jeffreys`, or None for plain maximum likelihood
    covariance : "observed" information, "robust" (which is HC1, factor n / (n - 1)), "HC0" (without a factor),
        "clustered" (factor G / (G - 1)), or None. A fit under a ridge or a lasso carries none, whichever is asked for,
        and takes no note of clusters
    clusters : column name or (rows,) labels, for "clustered"; a list of two of them clusters two ways, see
        `genreglm.engine.covariance.covariance_of`
    start : a result to start from, of any formula on the same response, or coefficients (columns, classes), with those
        of columns that are dropped or without; it changes the time, not the answer; under a lasso it is not used
    gradient_tolerance, decrement_tolerance, max_steps : see `genreglm.engine.newton.minimise`; under a lasso
        the first bounds the violation of the conditions of an optimum, in standardised columns, the second does not
        count, and 20 of its small steps are one
    callback : called with each `Step`, under a lasso after the fit

    Raises
    ------
    DataError, FormulaError
        For rows or a formula that cannot be used.
    OptionError
        For an option outside its allowed values, and options that do not go together.
    RankError
        Where columns are linearly dependent, with their names.
    SeparationError
        Where the estimate does not exist, with the cells; a penalty too leaves free what has no strength or factor 0.
    ConvergenceError
        Where the solver did not end at a maximum.
    EstimationError
        Where the fit does not fit in memory.
    InferenceError
        Where the covariance asked for does not fit in memory or is not defined.
    """
    require_penalty(penalty)
    check_choice("weight_kind", weight_kind, WeightKind)
    check_choice("aliased", aliased, Aliased)
    if covariance is not None:
        check_choice("covariance", covariance, CovarianceKind)
    if isinstance(penalty, Shrinkage):
        covariance, clusters = None, None
    _require_together(weight_kind, penalty, covariance, clusters)
    control = Control(gradient_tolerance, decrement_tolerance, max_steps, callback)
    if is_dask_frame(rows) or (comes_in_batches(rows) if out_of_core is None else out_of_core):
        if isinstance(rows, pd.DataFrame):
            raise OptionError("out_of_core is for Parquet files: give their path. A frame is in memory already.")
        return fit_in_passes(
            formula,
            rows,
            out_of_core if isinstance(out_of_core, OutOfCore) else OutOfCore(),
            RowColumns.of(weights, clusters, offset, soft_labels),
            client=client,
            weight_kind=weight_kind,
            aliased=aliased,
            penalty=penalty,
            covariance=covariance,
            start=start,
            control=control,
        )
    frame = read_rows(rows)
    learnt, matrix = _learnt(formula, frame, inputs.labels(soft_labels))
    memory.require_fit(len(frame), len(learnt.columns), len(learnt.classes))
    if isinstance(penalty, Jeffreys):
        memory.require_jeffreys(len(learnt.columns), len(learnt.classes))
    if covariance is not None:
        memory.require_covariance(len(learnt.columns), len(learnt.classes), sandwich=covariance != "observed")
    problem = inputs.problem(learnt, frame, weights, offset, soft_labels, matrix)
    columns = learnt.columns
    if aliased == "drop":
        learnt, problem = _without_aliased(learnt, problem)
    unheld = unheld_spans(learnt, penalty)
    cells = problem.empty_cells(unheld) if unheld else []
    if cells and not isinstance(penalty, CellPrior | Jeffreys):
        raise separated_by_cells(named(learnt, cells), penalty)
    beginning = None if start is None else start_from(start, learnt, problem, frame, columns)
    if isinstance(penalty, Jeffreys):
        found = jeffreys(problem, beginning, control, cells)
    elif isinstance(penalty, SparsePenalty):
        found = sparse_estimate(problem, penalty, penalty_factors(learnt, penalty), learnt.spans, control)
    else:
        found = estimate(
            problem,
            ridge=ridge_of(learnt, problem, penalty, frame) if isinstance(penalty, Ridge) else None,
            prior=problem.prior_blocks(cells, penalty.count) if cells and isinstance(penalty, CellPrior) else None,
            start=beginning,
            control=control,
        )
    require_optimum(learnt, found, penalty)
    return Result(
        design=learnt,
        coefficients=found.coefficients,
        statistics=_statistics(found, weight_kind),
        inference=None if covariance is None else _infer(found, covariance, clusters, frame, weight_kind),
        separated=named(learnt, cells),
        penalty=penalty,
        source=frame,
        problem=problem,
        steps=() if found.solution is None else tuple(found.solution.trace),
    )


def design(formula: str, rows: Source) -> Design:
    """Learn a design from rows: classes, levels, knots and scales, frozen; see `genreglm.designs.learn`."""
    return designs.learn(formula, read_rows(rows))


def find_separation(
    formula: str | Design, rows: Source
) -> tuple[Design, tuple[SeparatedCell, ...], tuple[list[str], list[str]] | None]:
    """Return the design, its empty cells, and the classes and terms of a separating direction beside them, if any.

    Cells are found by counting; a direction by a fit in which each cell is worth half a row, so that only what is
    separated otherwise runs away.

    Raises
    ------
    RankError
        Where columns are linearly dependent.
    ConvergenceError
        Where the fit ended neither at a maximum nor on its way to infinity, which tells nothing.
    """
    frame = read_rows(rows)
    learnt, matrix = _learnt(formula, frame, None)
    problem = inputs.problem(learnt, frame, matrix=matrix)
    cells = problem.empty_cells(learnt.spans)
    found = estimate(problem, prior=problem.prior_blocks(cells, CellPrior().count) if cells else None)
    if found.outcome is Outcome.SEPARATED and found.direction is not None:
        return learnt, named(learnt, cells), separating(learnt, found.direction)
    require_optimum(learnt, found)
    return learnt, named(learnt, cells), None


def _learnt(formula: str | Design, frame: pd.DataFrame, labels: Sequence[Any] | None) -> tuple[Design, Floats | None]:
    """Return the design, and its matrix of the rows where it had to be made to learn it."""
    if isinstance(formula, Design):
        return formula, None
    return designs.learn_with_matrix(formula, frame, labels)


def _require_together(
    weight_kind: WeightKind, penalty: Penalty | None, covariance: CovarianceKind | None, clusters: Clusters | None
) -> None:
    if (covariance == "clustered") != (clusters is not None):
        raise OptionError("covariance='clustered' and clusters= go together: give both, or neither.")
    if weight_kind == "importance" and covariance == "observed":
        raise OptionError(
            "weight_kind='importance' gives no observed-information covariance: use covariance='robust', 'HC0', "
            "'clustered' or None."
        )
    if weight_kind == "importance" and isinstance(penalty, CellPrior | Jeffreys):
        raise OptionError(
            f"{penalty!r} is worth rows, and weight_kind='importance' says that weights do not count them, so the "
            "answer would hang on the scale of the weights. Use gg.Ridge, whose strength is for the mean; or scale the "
            "weights so that 1 is worth a row, and use weight_kind='frequency' with covariance='clustered', which is "
            "the same for both kinds."
        )


def _without_aliased(design: Design, problem: Problem) -> tuple[Design, Problem]:
    """Leave out the columns that depend linearly on those before them."""
    dropped = aliased_columns(triangle(problem.blocks()))
    if not dropped:
        return design, problem
    kept = [j for j in range(len(design.columns)) if j not in dropped]
    return design.without(dropped), problem.keep(kept)


def _statistics(found: Estimate, weight_kind: WeightKind) -> FitStatistics:
    assert found.solution is not None
    told_right, tjur = discrimination(found.parts, found.problem.classes)
    return FitStatistics(
        nobs=float(found.problem.w.sum()),
        log_likelihood=found.log_likelihood,
        null_log_likelihood=null_log_likelihood(found.problem),
        gradient_norm=found.solution.gradient,
        iterations=found.solution.steps,
        outcome=found.outcome.value,
        told_right=told_right,
        largest_class=float(found.problem.class_weights.max()),
        tjur=tuple(tjur.tolist()),
        weight_kind=weight_kind,
        rows=float(np.count_nonzero(found.problem.w)),
    )


def _infer(
    found: Estimate, kind: CovarianceKind, clusters: Clusters | None, frame: pd.DataFrame, weight_kind: WeightKind
) -> Inference:
    codes, name = ([], None) if clusters is None else inputs.cluster_codes(clusters, frame)
    covariance, units = covariance_of(found, kind, codes, weight_kind)
    return Inference(kind, covariance, units, name)
