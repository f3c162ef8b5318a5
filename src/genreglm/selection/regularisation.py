"""`regularisation_path`: a lasso-type penalty at every strength that matters, and how each does on unseen groups."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from genreglm import designs, inputs
from genreglm.designs import Design
from genreglm.engine import memory
from genreglm.engine.estimate import null_log_likelihood
from genreglm.engine.problem import Problem
from genreglm.engine.sparse_estimate import SparseProblem, free_columns_without_optimum
from genreglm.engine.sparse_path import SparseSolution
from genreglm.engine.sparse_penalties import ElasticNet, GroupLasso, Lasso, SparsePenalty, TermLasso
from genreglm.errors import ConvergenceError, OptionError
from genreglm.evaluation import RowScores
from genreglm.inputs import Column
from genreglm.options import GRADIENT_TOLERANCE, Metric, SparseKind, check_choice, check_level
from genreglm.penalised import penalty_factors, unheld_spans
from genreglm.refusals import named, require_optimum, separated_by_cells
from genreglm.selection.cross_validation import WARNING, record
from genreglm.selection.dealt import RANDOM_ROWS, Dealt
from genreglm.selection.groups import Groups
from genreglm.selection.held_out import Rows, Scored, require_scorable, restricted, scorable
from genreglm.selection.jobs import in_order, require_jobs
from genreglm.selection.notes import noted
from genreglm.selection.path import RegularisationPath, terms_in
from genreglm.sources import Source, read_rows

Floats = NDArray[np.float64]

_KINDS: dict[str, SparsePenalty] = {
    "lasso": Lasso(1.0, standardise=True),
    "elastic_net": ElasticNet(1.0, standardise=True),
    "group_lasso": GroupLasso(1.0, standardise=True),
    "term_lasso": TermLasso(1.0),
}
# An early end, as glmnet's: the deviance falls by less than so much of itself, or so much of it is explained.
_LEAST_FALL = 1e-5
_MOST_EXPLAINED = 0.999
_FIRST = 5
# No score can see what is left of the conditions of an optimum then.
_ROUGH = 1e-6


def regularisation_path(
    formula: str | Design,
    rows: Source,
    penalty: SparseKind | SparsePenalty = "group_lasso",
    *,
    strengths: int | Sequence[float] = 100,
    smallest: float = 1e-4,
    early_end: bool = True,
    folds: int = 5,
    groups: Groups = "artist",
    repeats: int = 1,
    stratify: bool = True,
    metric: Metric = "log_loss",
    weights: Column | None = None,
    draws: int = 200,
    conf_level: float = 0.95,
    tolerance: float = GRADIENT_TOLERANCE,
    seed: int = 0,
    jobs: int = 1,
) -> RegularisationPath:
    """Fit a lasso-type penalty along falling strengths, each fit from the one before, and score them on unseen groups.

    The first strength is the smallest at which only the free columns (the intercept, and terms of factor 0) are in the
    model; it is found at the fit of those alone. Fits in the folds walk down the same strengths.

    Parameters
    ----------
    formula : a formula, learnt from the training rows of each fold, or a design learnt before from all rows
    penalty : "lasso", "elastic_net" (half and half) or "group_lasso", each per standard deviation of the columns, as
        glmnet's; "term_lasso", for whole terms; or a penalty, e.g. ``gg.GroupLasso(1.0, factors={"C(key)": 2.0})``,
        whose own strength each strength of the path multiplies. For ridges there is
        ``gg.cross_validate(..., penalties=[...])``
    strengths : how many, at equal ratios, or which
    smallest : the last of them, as a share of the first
    early_end : end where the deviance falls by less than 1e-5 of itself from one strength to the next, or 99.9 % of the
        null deviance is explained; not before the fifth, as glmnet does
    folds, groups, repeats, stratify, metric, weights, draws, conf_level, seed, jobs : of the scores, as in
        `gg.cross_validate`; ``folds=0`` scores nothing
    tolerance : of the conditions of an optimum, in standardised columns

    Raises
    ------
    OptionError
        For a penalty of another kind, strengths that are not positive, or what `gg.cross_validate` refuses.
    DataError, FormulaError
        For rows or a formula that cannot be used.
    SeparationError
        Where no strength has an estimate, since terms of factor 0 set classes apart.
    ConvergenceError
        Where a fit does not reach the tolerance.

    Sources: Friedman, Hastie and Tibshirani (2010), J. Stat. Softw. 33(1); Tibshirani et al. (2012), JRSS B 74:245.
    """
    check_choice("metric", metric, Metric)
    check_level(conf_level)
    unit = _unit(penalty)
    frame = read_rows(rows)
    design, matrix = (formula, None) if isinstance(formula, Design) else designs.learn_with_matrix(formula, frame)
    memory.require_fit(len(frame), len(design.columns), len(design.classes))
    problem = inputs.problem(design, frame, weights, matrix=matrix)
    _require_optima(design, problem, unit)
    sparse = SparseProblem.of(problem, unit, penalty_factors(design, unit), design.spans, tolerance)
    wanted = _strengths(strengths, smallest, sparse.path.largest)
    null = -null_log_likelihood(problem) / float(problem.w.sum())
    found, ended = _walk(sparse, wanted, null if early_end else None)
    kept = wanted[: len(found)]
    table = pd.DataFrame([_line(design, sparse, one, null) for one in found])
    coefficients = np.array([sparse.coefficients(one) for one in found])
    scores = None
    if folds:
        dealt = Dealt.of(formula, frame, groups, folds, repeats, stratify, weights, seed)
        scores = _scores(formula, dealt, unit, kept, metric, draws, conf_level, seed, jobs)
    return RegularisationPath(design, unit, table, coefficients, scores, ended, frame, weights)


def _unit(penalty: SparseKind | SparsePenalty) -> SparsePenalty:
    if isinstance(penalty, str):
        check_choice("penalty", penalty, SparseKind)
        return _KINDS[penalty]
    if not isinstance(penalty, SparsePenalty):
        raise OptionError(
            f"penalty={penalty!r} has no path. Give 'lasso', 'elastic_net', 'group_lasso', 'term_lasso', or a "
            "gg.Lasso, gg.ElasticNet, gg.GroupLasso or gg.TermLasso; for ridges use "
            "gg.cross_validate(..., penalties=[...])."
        )
    if not penalty.strength > 0.0:
        raise OptionError(f"{penalty!r}: its strength is what the path's multiply, and must be above 0.")
    return penalty


def _require_optima(design: Design, problem: Problem, penalty: SparsePenalty) -> None:
    """Refuse a path of which no strength has an estimate, because of what the penalty leaves free."""
    unheld = unheld_spans(design, penalty)
    cells = problem.empty_cells(unheld) if unheld else []
    if cells:
        raise separated_by_cells(named(design, cells), penalty)
    ended = free_columns_without_optimum(problem, penalty, penalty_factors(design, penalty))
    if ended is not None:
        require_optimum(design, ended, penalty)


def _strengths(asked: int | Sequence[float], smallest: float, largest: float) -> Floats:
    """Return falling strengths, (S,)."""
    if not isinstance(asked, int):
        given = np.sort(np.asarray(asked, dtype=np.float64).ravel())[::-1]
        if not len(given) or not np.isfinite(given).all() or given[-1] <= 0.0:
            raise OptionError("strengths= must be finite and above 0, one or more.")
        return given
    if asked < 2 or not 0.0 < smallest < 1.0:
        raise OptionError(f"strengths={asked!r}, smallest={smallest!r}: needed are 2 or more, and a share in (0, 1).")
    if largest <= 0.0:
        raise OptionError("The penalty holds no column back: every factor is 0, or there are no terms.")
    return np.asarray(largest * np.geomspace(1.0, smallest, asked))


def _walk(sparse: SparseProblem, strengths: Floats, null: float | None) -> tuple[list[SparseSolution], str]:
    """Return the solutions, and why they end where they do: early only where the loss of the `null` model is given."""
    found: list[SparseSolution] = []
    for one in sparse.path.walk(strengths):
        if not one.converged:
            raise ConvergenceError(
                f"At strength {one.strength:.3g} the conditions of an optimum hold to {one.kkt:.1e} only, after "
                f"{len(one.trace)} steps. Leave out nearly dependent columns, or ask for no smaller strengths."
            )
        found.append(one)
        if null is not None and len(found) >= _FIRST:
            if found[-2].loss - one.loss < _LEAST_FALL * one.loss:
                return found, "the deviance no longer fell"
            if 1.0 - one.loss / null > _MOST_EXPLAINED:
                return found, "nearly all of the deviance is explained"
    return found, "the last strength"


def _line(design: Design, sparse: SparseProblem, found: SparseSolution, null: float) -> dict[str, Any]:
    held = sparse.path.penalty.corner > 0.0
    there = found.coefficients != 0.0
    return {
        "strength": found.strength,
        "terms": len(terms_in(design, found.coefficients)),
        "columns": int((there.any(axis=1) & held).sum()),
        "nonzero": int(there[held].sum()),
        "log_loss": found.loss,
        "deviance_ratio": max(0.0, 1.0 - found.loss / null),
        "kkt": found.kkt,
        "steps": len(found.trace),
    }


def _scores(
    formula: str | Design,
    dealt: Dealt,
    penalty: SparsePenalty,
    strengths: Floats,
    metric: Metric,
    draws: int,
    conf_level: float,
    seed: int,
    jobs: int,
) -> pd.DataFrame:
    """Return the table of `gg.cross_validate` with a candidate for each strength, the strongest first."""

    def task(place: tuple[int, int]) -> list[dict[str, Any]]:
        repeat, fold = place
        with noted(f"This was with fold {fold} of repeat {repeat} held out."):
            train, held = dealt.split(repeat, fold)
            scored = _scored(formula, train, held, penalty, strengths)
            return [record(one, metric, draws, conf_level, (seed, repeat, fold)) for one in scored]

    records = []
    for (repeat, fold), found in zip(dealt.places, in_order(task, dealt.places, require_jobs(jobs)), strict=True):
        for strength, scores in zip(strengths.tolist(), found, strict=True):
            place = {"repeat": repeat, "fold": fold, "candidate": f"{strength:.6g}", "strength": strength}
            records.append({**place, **scores})
    alone = dealt.by == RANDOM_ROWS
    table = pd.DataFrame(records).assign(split=dealt.by, warning=WARNING if alone else "")
    order = np.argsort(-table["strength"].to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _scored(formula: str | Design, train: Rows, held: Rows, penalty: SparsePenalty, strengths: Floats) -> list[Scored]:
    """Fit the path to `train`, and score each strength on `held`, whose columns are made once."""
    design = restricted(formula, train.frame) if isinstance(formula, Design) else designs.learn(formula, train.frame)
    require_scorable(design, held)
    seen, known = scorable(design, held.frame)
    rows = held.where(known)
    matrix, codes = design.matrix(rows.frame), design.codes(rows.frame)
    problem = inputs.problem(design, train.frame, train.weights)
    sparse = SparseProblem.of(problem, penalty, penalty_factors(design, penalty), design.spans, _ROUGH)
    unseen, levels = int((~seen).sum()), int((seen & ~known).sum())
    found, _ = _walk(sparse, strengths, None)
    scored = []
    for one in found:
        prob = softmax(matrix @ sparse.coefficients(one), axis=1)
        scored.append(Scored(RowScores.of(prob, codes), rows.weights, rows.groups, unseen, levels))
    return scored
