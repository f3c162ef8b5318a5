"""`fit` and `design`: formula and rows in, `Result` or `Design` out. The work is done in the engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from genreglm import designs
from genreglm.designs import Design
from genreglm.engine import coordinates, inference, information, separation
from genreglm.engine.blocks import Block, Blocks
from genreglm.engine.coordinates import Standardisation
from genreglm.engine.newton import Outcome, Solution, Step, minimise
from genreglm.engine.objective import Objective
from genreglm.engine.penalties import CellPrior, Penalty, Ridge
from genreglm.engine.separation import EmptyCell
from genreglm.engine.start import best_start
from genreglm.errors import ConvergenceError, DataError, OptionError, RankError, SeparationError
from genreglm.options import (
    DECREMENT_TOLERANCE,
    GRADIENT_TOLERANCE,
    STEP_LIMIT,
    CovarianceKind,
    WeightKind,
    check_choice,
)
from genreglm.result import FitStatistics, Inference, Result, SeparatedCell
from genreglm.sources import Source, read_rows

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Column = str | Sequence[Any] | NDArray[Any] | pd.Series


def fit(
    formula: str | Design,
    rows: Source,
    *,
    weights: Column | None = None,
    weight_kind: WeightKind = "frequency",
    offset: Floats | None = None,
    penalty: Penalty | None = None,
    covariance: CovarianceKind | None = "observed",
    clusters: Column | None = None,
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
        `weight_kind="importance"`, which demands a robust or clustered covariance
    offset : (rows, classes), a known part of the linear predictor
    penalty : `Ridge`, `CellPrior`, or None for plain maximum likelihood
    covariance : "observed" information, "robust" (HC1, factor n / (n - 1)), "clustered" (factor G / (G - 1)), or
        None. A ridge fit carries none, whatever is asked
    clusters : column name or (rows,) labels, for "clustered"
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
    frame = read_rows(rows)
    learnt = formula if isinstance(formula, Design) else designs.learn(formula, frame)
    if isinstance(penalty, Ridge):
        covariance = None
    if covariance is not None:
        information.require_memory(len(learnt.columns), len(learnt.classes))
    problem = _problem(learnt, frame, weights, offset)
    cluster_codes = _cluster_codes(clusters, frame)
    cells = [] if isinstance(penalty, Ridge) else _empty_cells(problem)
    if cells and penalty is None:
        raise SeparationError(_separation_message(_named(learnt, cells)))
    blocks = problem.blocks()
    prior = problem.prior_blocks(cells, penalty) if cells and isinstance(penalty, CellPrior) else None
    everything = blocks if prior is None else blocks.followed_by(prior)
    triangular, quadratic = _identify(problem, everything, penalty)
    objective = Objective(everything, triangular, quadratic)
    given = None if start is None else problem.start_from(start, frame, triangular)
    solution = minimise(
        objective,
        best_start(objective, given),
        gradient_tolerance=gradient_tolerance,
        decrement_tolerance=decrement_tolerance,
        max_steps=max_steps,
        callback=callback,
        diverges=separation.runs_away,
    )
    _require_optimum(learnt, objective, solution)
    parts = list(zip(everything.parts, objective.probabilities, strict=True))
    return Result(
        design=learnt,
        coefficients=problem.standardisation.back() @ coordinates.unwhiten(triangular, solution.whitened),
        statistics=_statistics(problem, parts[: len(blocks.parts)], solution),
        inference=None
        if covariance is None
        else _infer(problem, parts, len(blocks.parts), covariance, cluster_codes, weight_kind),
        separated=_named(learnt, cells),
        penalty=penalty,
        source=frame,
    )


def design(formula: str, rows: Source) -> Design:
    """Learn a design from rows: classes, levels, knots and scales, frozen; see `genreglm.designs.learn`."""
    return designs.learn(formula, read_rows(rows))


def separated_cells(formula: str | Design, rows: Source) -> tuple[SeparatedCell, ...]:
    """Return the empty cells of class x level of a formula on rows, without a fit."""
    frame = read_rows(rows)
    learnt = formula if isinstance(formula, Design) else designs.learn(formula, frame)
    return _named(learnt, _empty_cells(_problem(learnt, frame, None, None)))


@dataclass(frozen=True)
class _Problem:
    """The arrays of a fit: columns as given, class codes, weights, and how columns are standardised."""

    design: Design
    x: Floats
    y: Codes
    w: Floats
    offset: Floats | None
    standardisation: Standardisation

    @property
    def classes(self) -> int:
        return len(self.design.classes)

    def blocks(self) -> Blocks:
        return Blocks.of(self.standardisation.apply(self.x), self.y, self.w, self.classes, self.offset)

    def prior_blocks(self, cells: list[EmptyCell], prior: CellPrior) -> Blocks:
        x, y, w = separation.pseudo_rows(self.x, self.w, cells, prior.count)
        offset = None if self.offset is None else np.zeros((len(y), self.classes))
        return Blocks.of(self.standardisation.apply(x), y, w, self.classes, offset)

    def start_from(self, start: Result, frame: pd.DataFrame, triangular: Floats) -> Floats:
        """Return whitened coefficients that come near another result's linear predictor; new classes get zero.

        Where all its columns are here too, by name; else by least squares on this problem's columns.
        """
        mine, classes = list(self.design.columns), list(self.design.classes)
        given = pd.DataFrame(start.coefficients, index=list(start.design.columns), columns=list(start.classes))
        given = given.reindex(columns=classes, fill_value=0.0)
        if set(given.index) <= set(mine):
            matched = given.reindex(index=mine, fill_value=0.0).to_numpy()
            return coordinates.whiten(triangular, self.standardisation.forth(matched))
        eta = start.design.matrix(frame) @ given.to_numpy()
        moments = self.standardisation.apply(self.x).T @ (self.w[:, None] * eta) / self.w.sum()
        return np.asarray(solve_triangular(triangular, moments, trans="T"))


def _check_options(weight_kind: WeightKind, covariance: CovarianceKind | None, clusters: Column | None) -> None:
    check_choice("weight_kind", weight_kind, WeightKind)
    if covariance is not None:
        check_choice("covariance", covariance, CovarianceKind)
    if (covariance == "clustered") != (clusters is not None):
        raise OptionError("covariance='clustered' and clusters= go together: give both, or neither.")
    if weight_kind == "importance" and covariance == "observed":
        raise OptionError(
            "weight_kind='importance' gives no observed-information covariance: use covariance='robust', "
            "'clustered' or None."
        )


def _problem(design: Design, frame: pd.DataFrame, weights: Column | None, offset: Floats | None) -> _Problem:
    x, y = design.matrix(frame), design.codes(frame)
    w = _weights(weights, frame)
    seen = np.bincount(y, weights=w, minlength=len(design.classes)) > 0
    if not seen.all():
        absent = [str(label) for label, there in zip(design.classes, seen, strict=True) if not there]
        raise DataError(f"No rows (of positive weight) for {', '.join(absent[:10])}: learn the design without them.")
    if offset is not None:
        try:
            offset = np.ascontiguousarray(offset, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"offset must be numbers, rows x classes: {error}") from error
        if offset.shape != (len(frame), len(design.classes)) or not np.isfinite(offset).all():
            raise DataError(f"offset must be finite, {(len(frame), len(design.classes))}; found {offset.shape}.")
    return _Problem(design, x, y, w, offset, Standardisation.learn(x, w, design.intercept))


def _weights(weights: Column | None, frame: pd.DataFrame) -> Floats:
    if weights is None:
        return np.ones(len(frame))
    try:
        values = np.ascontiguousarray(_column(weights, frame, "weights"), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"weights must be numbers: {error}") from error
    # In Python's floats an overflow is infinity, without a warning.
    if not np.isfinite(float(values.max()) * len(values)) or (values < 0).any() or not values.any():
        raise DataError("weights must be finite (their sum, too), >= 0, and not all zero.")
    return values


def _column(given: Column, frame: pd.DataFrame, name: str) -> NDArray[Any]:
    if isinstance(given, str):
        if given not in frame.columns:
            raise DataError(f"{name}={given!r} is no column of the table; it has {', '.join(map(str, frame.columns))}.")
        return frame[given].to_numpy()
    values = np.asarray(given)
    if values.shape != (len(frame),):
        raise DataError(f"{name} has shape {values.shape}, but the table has {len(frame):,} rows.")
    return values


def _cluster_codes(clusters: Column | None, frame: pd.DataFrame) -> tuple[Codes, str] | None:
    if clusters is None:
        return None
    codes, _ = pd.factorize(_column(clusters, frame, "clusters"))
    if (codes < 0).any():
        raise DataError(f"{int((codes < 0).sum()):,} rows have no cluster. Give each row one.")
    return codes.astype(np.int64), clusters if isinstance(clusters, str) else "clusters"


def _empty_cells(problem: _Problem) -> list[EmptyCell]:
    spans = [range(cut.start, cut.stop) for cut in problem.design.terms.values()]
    return separation.empty_cells(problem.x, problem.y, problem.w, problem.classes, spans)


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


def _identify(problem: _Problem, blocks: Blocks, penalty: Penalty | None) -> tuple[Floats, Floats | None]:
    """Return the whitening triangle R and the penalty's quadratic form in whitened coordinates.

    Under a ridge, R whitens the Hessian at equal probabilities, K times the penalty included, which also lets
    linearly dependent columns in.
    """
    triangular = coordinates.triangle(blocks)
    if not isinstance(penalty, Ridge):
        aliased = coordinates.aliased_columns(triangular)
        if aliased:
            names = ", ".join(problem.design.columns[j] for j in aliased)
            spans = problem.design.terms.items()
            raise RankError(
                f"Columns that depend linearly on those before them: {names}. Leave them out of the formula, or use "
                "penalty=gg.Ridge(...).",
                tuple(term for term, cut in spans if any(cut.start <= j < cut.stop for j in aliased)),
            )
        return triangular, None
    strengths = _ridge_strengths(problem, penalty)
    stacked = np.vstack([triangular, np.diag(np.sqrt(problem.classes * strengths))])
    triangular = coordinates.upper_triangle(stacked)
    # Where strength is 0 and columns are dependent, a trace of ridge keeps the triangle regular.
    triangular = triangular + np.diag(np.where(np.abs(np.diag(triangular)) < 1e-10, 1e-8, 0.0))
    inverse = solve_triangular(triangular, np.eye(len(strengths)))
    return triangular, inverse.T @ (strengths[:, None] * inverse)


def _ridge_strengths(problem: _Problem, penalty: Ridge) -> Floats:
    """Return the strength for each standardised column: 0 for the intercept, factor by factor for the terms."""
    design = problem.design
    unknown = set(penalty.factors) - set(design.terms)
    if unknown:
        raise OptionError(f"Ridge factors for {sorted(unknown)}, which are no terms; there are {list(design.terms)}.")
    strengths = np.full(len(design.columns), float(penalty.strength))
    for term, factor in penalty.factors.items():
        strengths[design.terms[term]] *= factor
    if not penalty.standardise:
        strengths /= problem.standardisation.scale**2
    if design.intercept is not None:
        strengths[design.intercept] = 0.0
    return strengths


def _require_optimum(design: Design, objective: Objective, solution: Solution) -> None:
    if solution.outcome is Outcome.SEPARATED or separation.runs_away(objective, solution.last_direction):
        raise _separated_along(design, coordinates.unwhiten(objective.triangular, solution.last_direction))
    if solution.outcome is not Outcome.CONVERGED:
        raise ConvergenceError(
            f"{solution.outcome.value} (after {solution.steps} steps, largest mean gradient {solution.gradient:.2g})"
        )


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


def _statistics(problem: _Problem, parts: list[tuple[Block, Floats]], solution: Solution) -> FitStatistics:
    """Evaluate the log-likelihood on the rows themselves, without those of a prior."""
    fitted = sum(float(block.w @ np.log(prob[np.arange(len(block)), block.y])) for block, prob in parts)
    return FitStatistics(
        nobs=float(problem.w.sum()),
        log_likelihood=fitted,
        null_log_likelihood=_null_log_likelihood(problem),
        gradient_norm=solution.gradient,
        iterations=solution.steps,
        outcome=solution.outcome.value,
    )


def _null_log_likelihood(problem: _Problem) -> float:
    """Return the log-likelihood of intercepts alone: the classes' shares, or a small fit beside an offset."""
    if problem.offset is None:
        counts = np.bincount(problem.y, weights=problem.w, minlength=problem.classes)
        return float(counts @ np.log(counts / counts.sum()))
    ones = np.ones((len(problem.y), 1))
    blocks = Blocks.of(ones, problem.y, problem.w, problem.classes, problem.offset)
    return -minimise(Objective(blocks, np.eye(1))).value * blocks.total_weight


def _infer(
    problem: _Problem,
    parts: list[tuple[Block, Floats]],
    own: int,
    kind: CovarianceKind,
    clusters: tuple[Codes, str] | None,
    weight_kind: WeightKind,
) -> Inference:
    """Return the covariance in the columns as given. The first `own` parts are rows, the others a prior's."""
    covariance = inference.bread(information.information(parts, problem.classes))
    units, name = float(len(problem.y)), None
    if kind != "observed":
        x, residual = inference.scores(parts[:own], problem.classes)
        if clusters is not None:
            codes, name = clusters
        else:
            codes = np.arange(len(problem.y))
            # A frequency weight is that many rows, each with its own score: sum of w s s', not (w s)(w s)'.
            if weight_kind == "frequency":
                residual = residual / np.sqrt(np.where(problem.w > 0, problem.w, 1.0))[:, None]
        meat, counted = inference.cluster_meat(x, residual, codes)
        units = float(counted)
        if clusters is None and weight_kind == "frequency":
            units = float(problem.w.sum())
        covariance = inference.sandwich(covariance, meat, units)
    return Inference(kind, _to_columns(covariance, problem.standardisation.back()), units, name)


def _to_columns(covariance: Floats, back: Floats) -> Floats:
    """Map a covariance of standardised coefficients to the columns as given: T V T' for each pair of classes."""
    width = len(back)
    free = len(covariance) // width
    half = np.matmul(back, covariance.reshape(free, width, free * width)).reshape(free * width, free * width)
    return np.ascontiguousarray(
        np.matmul(back, half.T.reshape(free, width, free * width)).reshape(free * width, free * width)
    )
