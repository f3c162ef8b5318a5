"""`fit` and `design`: formula and rows in, `Result` or `Design` out. The work is done in the engine."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import designs, inputs
from genreglm.designs import Design
from genreglm.engine import information
from genreglm.engine.accuracy import discrimination
from genreglm.engine.coordinates import aliased_columns, triangle
from genreglm.engine.covariance import covariance_of
from genreglm.engine.estimate import Control, Estimate, estimate, null_log_likelihood, ridge_strengths
from genreglm.engine.jeffreys import jeffreys
from genreglm.engine.newton import Outcome, Step
from genreglm.engine.penalties import CellPrior, Jeffreys, Penalty, Ridge
from genreglm.engine.problem import Problem
from genreglm.engine.separation import EmptyCell
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import ConvergenceError, OptionError, RankError, SeparationError
from genreglm.inputs import Clusters, Column
from genreglm.options import (
    DECREMENT_TOLERANCE,
    GRADIENT_TOLERANCE,
    STEP_LIMIT,
    Aliased,
    CovarianceKind,
    WeightKind,
    check_choice,
)
from genreglm.result import FitStatistics, Inference, Result, SeparatedCell
from genreglm.sources import Source, read_rows

Floats = NDArray[np.float64]


# One hold of BLAS for the whole fit: taking and leaving it costs more than a step of a small one.
@single_threaded_blas()
def fit(
    formula: str | Design,
    rows: Source,
    *,
    weights: Column | None = None,
    weight_kind: WeightKind = "frequency",
    offset: Floats | None = None,
    soft_labels: pd.DataFrame | None = None,
    aliased: Aliased = "refuse",
    penalty: Penalty | None = None,
    covariance: CovarianceKind | None = "observed",
    clusters: Clusters | None = None,
    start: Result | None = None,
    gradient_tolerance: float = GRADIENT_TOLERANCE,
    decrement_tolerance: float = DECREMENT_TOLERANCE,
    max_steps: int = STEP_LIMIT,
    callback: Callable[[Step], None] | None = None,
) -> Result:
    """Fit a multinomial GLM (baseline-category logits) by maximum likelihood.

    Parameters
    ----------
    formula : ``"response ~ terms"`` (formulaic's grammar), or a design learnt before
    rows : a frame, or the path of a CSV, Parquet or Feather file
    weights : column name or (rows,) numbers >= 0; frequencies (2 = the row twice) unless
        `weight_kind="importance"`, whose scale means nothing and which demands a robust or clustered covariance; see
        `genreglm.engine.covariance.covariance_of`
    offset : (rows, classes), a known part of the linear predictor
    soft_labels : a frame of shares, one column a class, that spreads each row over several classes (the same as
        the row once for each class, weighted by its share); the formula's response then only names the classes
    aliased : "refuse" columns that depend linearly on those before them, or "drop" them as R does
    penalty : `Ridge`, `CellPrior`, `Jeffreys`, or None for plain maximum likelihood
    covariance : "observed" information, "robust" (which is HC1, factor n / (n - 1)), "HC0" (without a factor),
        "clustered" (factor G / (G - 1)), or None. A ridge fit carries none, whatever is asked
    clusters : column name or (rows,) labels, for "clustered"; a list of two of them clusters two ways, see
        `genreglm.engine.covariance.covariance_of`
    start : a result to start from, of any formula on the same response; it changes the time, not the answer
    gradient_tolerance, decrement_tolerance, max_steps : see `genreglm.engine.newton.minimise`
    callback : called with each `Step`

    Raises
    ------
    DataError, FormulaError
        For rows or a formula that cannot be used.
    RankError
        Where columns are linearly dependent, with their names.
    SeparationError
        Where the maximum-likelihood estimate does not exist, with the cells.
    ConvergenceError
        Where the solver did not end at a maximum.
    InferenceError
        Where the covariance asked for does not fit in memory or is not defined.
    """
    _check_options(weight_kind, covariance, clusters)
    check_choice("aliased", aliased, Aliased)
    frame = read_rows(rows)
    learnt = formula if isinstance(formula, Design) else designs.learn(formula, frame, inputs.labels(soft_labels))
    if isinstance(penalty, Ridge):
        covariance = None
    if covariance is not None:
        information.require_memory(len(learnt.columns), len(learnt.classes), covariance != "observed")
    problem = inputs.problem(learnt, frame, weights, offset, soft_labels)
    if aliased == "drop":
        learnt, problem = _without_aliased(learnt, problem)
    cells = [] if isinstance(penalty, Ridge) else problem.empty_cells(_spans(learnt))
    if cells and penalty is None:
        raise SeparationError(_separation_message(_named(learnt, cells)))
    beginning = None if start is None else _start_from(start, learnt, problem, frame)
    control = Control(gradient_tolerance, decrement_tolerance, max_steps, callback)
    if isinstance(penalty, Jeffreys):
        found = jeffreys(problem, beginning, control, cells)
    else:
        found = estimate(
            problem,
            ridge=_strengths(learnt, problem, penalty) if isinstance(penalty, Ridge) else None,
            prior=problem.prior_blocks(cells, penalty.count) if cells and isinstance(penalty, CellPrior) else None,
            start=beginning,
            control=control,
        )
    _require_optimum(learnt, found)
    return Result(
        design=learnt,
        coefficients=found.coefficients,
        statistics=_statistics(found),
        inference=None if covariance is None else _infer(found, covariance, clusters, frame, weight_kind),
        separated=_named(learnt, cells),
        penalty=penalty,
        source=frame,
        problem=problem,
    )


def design(formula: str, rows: Source) -> Design:
    """Learn a design from rows: classes, levels, knots and scales, frozen; see `genreglm.designs.learn`."""
    return designs.learn(formula, read_rows(rows))


def separated_cells(formula: str | Design, rows: Source) -> tuple[SeparatedCell, ...]:
    """Return the empty cells of class x level of a formula on rows, without a fit."""
    frame = read_rows(rows)
    learnt = formula if isinstance(formula, Design) else designs.learn(formula, frame)
    return _named(learnt, inputs.problem(learnt, frame).empty_cells(_spans(learnt)))


def _check_options(weight_kind: WeightKind, covariance: CovarianceKind | None, clusters: Clusters | None) -> None:
    check_choice("weight_kind", weight_kind, WeightKind)
    if covariance is not None:
        check_choice("covariance", covariance, CovarianceKind)
    if (covariance == "clustered") != (clusters is not None):
        raise OptionError("covariance='clustered' and clusters= go together: give both, or neither.")
    if weight_kind == "importance" and covariance == "observed":
        raise OptionError(
            "weight_kind='importance' gives no observed-information covariance: use covariance='robust', 'HC0', "
            "'clustered' or None."
        )


def _spans(design: Design) -> list[range]:
    return [range(cut.start, cut.stop) for cut in design.terms.values()]


def _start_from(start: Result, design: Design, problem: Problem, frame: pd.DataFrame) -> Floats:
    """Return coefficients that come near another result's linear predictor; new classes get zero.

    Where all its columns are here too, by name; else by least squares on this problem's columns.
    """
    mine, classes = list(design.columns), list(design.classes)
    given = pd.DataFrame(start.coefficients, index=list(start.design.columns), columns=list(start.classes))
    given = given.reindex(columns=classes, fill_value=0.0)
    if set(given.index) <= set(mine):
        return given.reindex(index=mine, fill_value=0.0).to_numpy()
    eta = start.design.matrix(frame) @ given.to_numpy()
    weight = np.sqrt(problem.w)[:, None]
    return np.asarray(np.linalg.lstsq(weight * problem.x, weight * eta)[0])


def _strengths(design: Design, problem: Problem, penalty: Ridge) -> Floats:
    """Return a ridge's strength for each column, factor by factor for the terms."""
    unknown = set(penalty.factors) - set(design.terms)
    if unknown:
        raise OptionError(f"Ridge factors for {sorted(unknown)}, which are no terms; there are {list(design.terms)}.")
    factors = np.ones(len(design.columns))
    for term, factor in penalty.factors.items():
        factors[design.terms[term]] = factor
    return ridge_strengths(problem, penalty.strength, factors, penalty.standardise)


def _without_aliased(design: Design, problem: Problem) -> tuple[Design, Problem]:
    """Leave out the columns that depend linearly on those before them."""
    dropped = aliased_columns(triangle(problem.blocks()))
    if not dropped:
        return design, problem
    kept = [j for j in range(len(design.columns)) if j not in dropped]
    return design.without(dropped), problem.keep(kept)


def _named(design: Design, cells: list[EmptyCell]) -> tuple[SeparatedCell, ...]:
    """Name each cell, and the columns whose coefficients it leaves without a finite estimate.

    Where the level is the one that the others are compared with, that is all of them and the intercept.
    """
    named = []
    for cell in cells:
        columns = tuple(design.columns[j] for j in cell.columns)
        if cell.value == 0 and design.intercept is not None:
            columns += (design.columns[design.intercept],)
        named.append(SeparatedCell(design.classes[cell.class_code], _level(design, cell), columns))
    return tuple(named)


def _level(design: Design, cell: EmptyCell) -> str:
    if cell.value == 1:
        return design.columns[cell.columns[0]]
    owner = next(term for term, cut in design.terms.items() if cut.start == cell.columns[0])
    return f"the base level of {owner}"


def _separation_message(cells: tuple[SeparatedCell, ...]) -> str:
    listed = "; ".join(str(cell) for cell in cells[:12]) + ("; ..." if len(cells) > 12 else "")
    return (
        f"The maximum-likelihood estimate does not exist: {len(cells)} cells of class x level are empty ({listed}). "
        "Use penalty=gg.CellPrior() (finite, with inference for everything else), penalty=gg.Ridge(...), or leave "
        "those columns out."
    )


def _require_optimum(design: Design, found: Estimate) -> None:
    """Raise unless the estimate is at the optimum; the solver itself only says how it ended."""
    if found.converged:
        return
    if found.outcome is Outcome.SINGULAR:
        names = ", ".join(design.columns[j] for j in found.aliased)
        raise RankError(
            f"Columns that depend linearly on those before them: {names}. Leave them out of the formula, fit with "
            "aliased='drop' as R does, or use penalty=gg.Ridge(...).",
            tuple(term for term, cut in design.terms.items() if set(found.aliased) & set(range(cut.start, cut.stop))),
        )
    assert found.solution is not None
    assert found.direction is not None
    if found.outcome is Outcome.SEPARATED:
        raise _separated_along(design, found.direction)
    ended = f"after {found.solution.steps} steps, largest mean gradient {found.solution.gradient:.2g}"
    raise ConvergenceError(f"{found.outcome.value} ({ended})")


def _separated_along(design: Design, direction: Floats) -> SeparationError:
    """Say which classes and terms a separating direction (columns, classes) is made of, by their largest part."""
    slopes = {term: np.abs(direction[cut]).max() for term, cut in design.terms.items() if term != designs.INTERCEPT}
    terms = [term for term in sorted(slopes, key=lambda t: -slopes[t]) if slopes[term] > 0.01 * max(slopes.values())]
    by_class = np.abs(direction).max(axis=0)
    labels = [str(design.classes[k]) for k in np.argsort(-by_class) if by_class[k] > 0.1 * by_class.max()]
    return SeparationError(
        f"{Outcome.SEPARATED.value} The direction sets {', '.join(labels[:5])} apart by {', '.join(terms[:5])}.",
        tuple(terms),
    )


def _statistics(found: Estimate) -> FitStatistics:
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
    )


def _infer(
    found: Estimate, kind: CovarianceKind, clusters: Clusters | None, frame: pd.DataFrame, weight_kind: WeightKind
) -> Inference:
    codes, name = ([], None) if clusters is None else inputs.cluster_codes(clusters, frame)
    covariance, units = covariance_of(found, kind, codes, weight_kind)
    return Inference(kind, covariance, units, name)
