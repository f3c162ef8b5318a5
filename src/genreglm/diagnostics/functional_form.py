"""Is what enters as a straight line straight, and is the link right? Score tests, without a refit."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from genreglm import inputs
from genreglm.designs import INTERCEPT, Design
from genreglm.engine.blocks import Codes, Floats
from genreglm.engine.inference import ChiSquareTest
from genreglm.engine.link import link_score_test
from genreglm.engine.penalties import CellPrior
from genreglm.engine.problem import Problem
from genreglm.engine.score import clustered_score_tests
from genreglm.engine.screening import score_screen
from genreglm.engine.splines import bends
from genreglm.errors import InferenceError, OptionError
from genreglm.inputs import Clusters
from genreglm.result import Result
from genreglm.result.refits import family_of, tests_likelihoods, with_prior
from genreglm.result.rows import problem_of_fit
from genreglm.sources import Source, read_rows

# Fewer distinct values than this are levels, for which a factor is the question to ask.
_CONTINUOUS = 6
# Parameters of one information matrix; it needs 128 MB and candidates in larger batches save little.
_PARAMETERS = 4000

_Pair = tuple[ChiSquareTest, ChiSquareTest]


def functional_form(
    result: Result,
    rows: Source | None = None,
    variables: Sequence[str] | None = None,
    *,
    df: int = 4,
    clusters: Clusters | None = None,
) -> pd.DataFrame:
    """Return term, statistic, df, p_value, log10_p, statistic_per_df, gain, gain_per_row: would a spline help?

    For each term that is one column of many values, the score test of adding what a restricted cubic spline of `df`
    degrees of freedom has beside the line, in all classes: (df - 1)(classes - 1) degrees of freedom, fewer where
    values repeat so much that knots coincide (see `genreglm.engine.splines`). Each term is tested by itself, in the
    model as fitted. Rows are ordered from the largest `gain_per_row` to the smallest.

    `gain` is half the statistic without clusters, to first order the log-likelihood that the spline would add, and
    `gain_per_row` that over the rows, in nats: **read it first**, since with many rows everything bends.

    Parameters
    ----------
    rows : the rows of the fit, which a loaded result needs
    variables : terms to test, as the formula names them; all such terms unless given
    df : of the whole spline, its line included: 2 or more
    clusters : as `gg.fit` takes them, one way: the variance of the score is then summed over clusters (see
        `genreglm.engine.score.clustered_score_tests`). **Without them rows count as independent, and where one artist
        fills many rows the test rejects far too often**; a clustered fit must name them

    Raises
    ------
    OptionError
        For a variable that is no such term, or df below 2.
    DataError
        For a loaded result without rows, and clusters that cannot be used.
    InferenceError
        Under a penalty other than `CellPrior`; without clusters for a fit that has a robust or clustered covariance.

    Source: Royston and Ambler (1999), Stata Tech. Bull. 47, and Harrell (2015), Regression Modeling Strategies,
    section 2.4, for the question; `genreglm.engine.score` for the test.
    """
    if df < 2:
        raise OptionError(f"df={df!r}: a spline of fewer than 2 degrees of freedom has nothing beside its line.")
    _require_maximum(result)
    if clusters is None:
        _require_independent_rows(result, "Name their clusters (clusters=...), or fit")
    problem = problem_of_fit(result, rows)
    terms = _straight_terms(result.design, problem, variables)
    codes = None if clusters is None else _codes(result, rows, clusters)
    curves = [bends(problem.x[:, j], problem.w, df) for j in terms.values()]
    # Without clusters what curves have to do with each other is never computed.
    room = len(curves) if codes is None else (_PARAMETERS // (problem.classes - 1) - problem.x.shape[1]) // (df - 1)
    tests: list[_Pair] = []
    for start in range(0, len(curves), max(1, room)):
        tests += _tests(result, problem, curves[start : start + max(1, room)], codes)
    return _table(list(terms), tests, float(problem.w.sum()))


def link_test(result: Result, rows: Source | None = None) -> pd.DataFrame:
    """Return test, statistic, df, p_value, log10_p, gain, gain_per_row: is the scale of log-odds the right one?

    The score test of adding to each class's linear predictor eta_k its own square, with a coefficient for each class;
    linear predictors sum to zero over the classes, so the answer does not depend on a reference. Degrees of freedom
    are the classes; one for two classes, where it is Pregibon's (1980, Appl. Stat. 29:15) link test. It tells that
    something is missing, an interaction or a curve as much as another link, not what. See `genreglm.engine.link`.

    `gain` is half the statistic, to first order the log-likelihood to be had, `gain_per_row` that over the rows: with
    many rows read it first. Rows count as independent.

    Raises
    ------
    DataError
        For a loaded result without rows.
    InferenceError
        Under a penalty other than `CellPrior`, and for a fit with a robust or clustered covariance.
    """
    _require_maximum(result)
    _require_independent_rows(result, "Fit")
    family = family_of(result, rows)
    found = link_score_test(family, result.coefficients)
    gain = 0.5 * found.statistic
    row = {"test": "link", **vars(found), "gain": gain, "gain_per_row": gain / float(family.problem.w.sum())}
    return pd.DataFrame([row])


def _require_maximum(result: Result) -> None:
    if result.penalty is None or isinstance(result.penalty, CellPrior):
        return
    if result.inference is None:
        result.require_inference()
    raise InferenceError(
        f"A score test is defined at the maximum of the likelihood, and {result.penalty!r} moved this fit away from "
        "it. Fit without the penalty or with gg.CellPrior()."
    )


def _require_independent_rows(result: Result, remedy: str) -> None:
    if not tests_likelihoods(result):
        raise InferenceError(
            f"This test holds for independent rows, and this fit was given the covariance "
            f"{result.require_inference().kind!r}, which says that they are not. {remedy} with covariance='observed'."
        )


def _straight_terms(design: Design, problem: Problem, variables: Sequence[str] | None) -> dict[str, int]:
    """Return the terms that are one column of many values, and their columns."""
    found = {}
    for term, cut in design.terms.items():
        alone = cut.stop - cut.start == 1 and term != INTERCEPT and ":" not in term
        if alone and len(np.unique(problem.x[problem.w > 0, cut.start])) >= _CONTINUOUS:
            found[term] = cut.start
    if variables is None:
        return found
    strangers = [name for name in variables if name not in found]
    if strangers:
        raise OptionError(
            f"{', '.join(map(repr, strangers))}: no terms of one column with {_CONTINUOUS} values or more. There are "
            f"{', '.join(found) or 'none'}."
        )
    return {name: found[name] for name in variables}


def _codes(result: Result, rows: Source | None, clusters: Clusters) -> Codes:
    codes, name = inputs.cluster_codes(clusters, result.require_rows(None if rows is None else read_rows(rows)))
    if len(codes) != 1:
        raise OptionError(f"clusters={name!r}: this test clusters one way. Name the wider of the two.")
    return codes[0]


def _tests(result: Result, problem: Problem, curves: Sequence[Floats], codes: Codes | None) -> list[_Pair]:
    """Test some groups of new columns, each by itself; without clusters both tests are the same."""
    first = problem.x.shape[1]
    stops = first + np.cumsum([curve.shape[1] for curve in curves])
    groups = [list(range(stop - curve.shape[1], stop)) for curve, stop in zip(curves, stops.tolist(), strict=True)]
    wider = replace(problem, x=np.column_stack([problem.x, *curves]))
    family = with_prior(result, wider)
    if codes is None:
        padded = np.vstack([result.coefficients, np.zeros((wider.x.shape[1] - first, problem.classes))])
        return [(test, test) for test in score_screen(family, padded, groups, range(first))]
    return clustered_score_tests(family, result.coefficients, groups, codes)


def _table(terms: list[str], tests: list[_Pair], total: float) -> pd.DataFrame:
    columns = ["term", "statistic", "df", "p_value", "log10_p", "statistic_per_df", "gain", "gain_per_row"]
    records = []
    for term, (plain, shown) in zip(terms, tests, strict=True):
        gain = 0.5 * plain.statistic
        per_df = shown.statistic / shown.df if shown.df else float("nan")
        records.append((term, *vars(shown).values(), per_df, gain, gain / total))
    table = pd.DataFrame(records, columns=columns)
    return table.sort_values(["gain_per_row", "term"], ascending=[False, True], ignore_index=True)
