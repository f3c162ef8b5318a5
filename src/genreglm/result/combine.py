"""Can two classes be combined? For each pair, the test that nothing in the model tells them apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.engine.inference import ChiSquareTest, chi_square_test, wald
from genreglm.errors import InferenceError, OptionError
from genreglm.options import TermTest, check_choice
from genreglm.result.adjust import adjusted
from genreglm.result.contrasts import testable
from genreglm.result.hypothesis import by_constraints
from genreglm.result.model import Result
from genreglm.result.refits import Refits
from genreglm.sources import Source

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Pairs = Sequence[tuple[Any, Any]]

# Squared pivots of a correlation matrix below this leave the judgement to eigenvalues, one pair at a time.
_REGULAR = 1e-8


def combine_classes(
    result: Result, test: TermTest = "wald", *, pairs: Pairs | None = None, rows: Source | None = None
) -> pd.DataFrame:
    """Return first, second, statistic, df, p_value, log10_p, p_adjusted: all slopes of two classes equal.

    For each pair of classes j, k the hypothesis is b_j = b_k but for the intercept: at given odds of the two, no
    column says which of them a row is. `p_adjusted` is Benjamini and Hochberg's, over the pairs shown.

    Parameters
    ----------
    test : "wald" is d' V_d^-1 d, d = b_j - b_k, on as many degrees of freedom as there are slopes; "lr" and "score"
        fit the model under each hypothesis (see `linear_hypothesis`), which at many classes asks for few `pairs`
    pairs : pairs of classes; all of them unless given
    rows : the rows of the fit, which "lr" and "score" ask of a loaded result

    A slope of a separated cell has no finite estimate: "wald" leaves it out of its class's pairs and their df. Where
    there are such cells a column `left_out` tells how many slopes a pair is short of.

    Raises
    ------
    OptionError
        For an unknown test, or a pair that is not of two classes of the model.
    InferenceError
        Without a covariance ("wald"), for a model without slopes, and as `anova` for "lr" and "score".

    Source: Long (1997), Regression Models for Categorical and Limited Dependent Variables, section 6.5.2; Stata's
    `mlogtest, combine`.
    """
    check_choice("test", test, TermTest)
    slopes = [j for j in range(len(result.coefficients)) if j != result.design.intercept]
    if not slopes:
        raise InferenceError("A model of intercepts alone has no slopes to compare classes by. Add terms.")
    first, second = np.triu_indices(len(result.classes), 1) if pairs is None else _positions(result, pairs)
    if test == "wald":
        tests = _by_wald(result, slopes, first, second)
    else:
        refits = Refits(result, test, rows)
        tests = [_by_refit(result, slopes, int(j), int(k), refits) for j, k in zip(first, second, strict=True)]
    table = pd.DataFrame({"first": np.array(result.classes)[first], "second": np.array(result.classes)[second]})
    columns = ("statistic", "df", "p_value", "log10_p")
    table[list(columns)] = pd.DataFrame([vars(found) for found in tests], columns=list(columns))
    table["p_adjusted"] = adjusted(table["p_value"].to_numpy(dtype=np.float64), "bh")
    if result.separated and test == "wald":
        known = testable(result)[slopes]
        table["left_out"] = (~(known[:, first] & known[:, second])).sum(axis=0)
    return table


def _positions(result: Result, pairs: Pairs) -> tuple[Integers, Integers]:
    listed = [tuple(pair) for pair in pairs]
    wrong = [pair for pair in listed if len(set(pair)) != 2 or not set(pair) <= set(result.classes)]
    if wrong or not listed:
        raise OptionError(f"pairs must be of two classes of the model each; found {wrong[:3] or 'none'}.")
    first, second = np.array([[result.classes.index(label) for label in pair] for pair in listed]).T
    return first, second


def _by_wald(result: Result, slopes: list[int], first: Integers, second: Integers) -> list[ChiSquareTest]:
    """Test the pairs, all those of one class at a time."""
    blocks = _blocks(result.require_inference().covariance, slopes, len(result.classes))
    known = testable(result)[slopes]
    found: dict[tuple[int, int], ChiSquareTest] = {}
    for j in np.unique(first).tolist():
        others = second[first == j]
        found |= zip([(j, int(k)) for k in others], _against(result, blocks, slopes, known, j, others), strict=True)
    return [found[int(j), int(k)] for j, k in zip(first, second, strict=True)]


def _by_refit(result: Result, slopes: list[int], j: int, k: int, refits: Refits) -> ChiSquareTest:
    """Fit the model in which classes j and k share their slopes."""
    grid = np.zeros((len(slopes), len(result.classes), len(result.coefficients)))
    every = np.arange(len(slopes))
    grid[every, j, slopes], grid[every, k, slopes] = 1.0, -1.0
    matrix = grid[:, :-1].reshape(len(slopes), result.df_model)
    return by_constraints(result, matrix, np.zeros(len(slopes)), refits)


def _blocks(covariance: Floats, slopes: list[int], classes: int) -> Floats:
    """Return (classes, classes, slopes, slopes), zero for the last class, which the others are against."""
    columns = len(covariance) // (classes - 1)
    grid = covariance.reshape(classes - 1, columns, classes - 1, columns)[:, slopes][:, :, :, slopes]
    blocks = np.zeros((classes, classes, len(slopes), len(slopes)))
    blocks[:-1, :-1] = grid.transpose(0, 2, 1, 3)
    return blocks


def _against(
    result: Result, blocks: Floats, slopes: list[int], known: NDArray[np.bool_], j: int, later: Integers
) -> list[ChiSquareTest]:
    """Test class j against each of some others."""
    b = result.coefficients[slopes]
    difference = (b[:, [j]] - b[:, later]).T
    covariance = blocks[j, j] + blocks[later, later] - blocks[j, later] - blocks[later, j]
    scale = np.sqrt(np.maximum(np.einsum("kaa->ka", covariance), 1e-300))
    correlation = covariance / (scale[:, :, None] * scale[:, None, :])
    both = known[:, [j]] & known[:, later]
    statistics = _squared_lengths(difference / scale, correlation) if both.all() else None
    if statistics is not None:
        return [chi_square_test(statistic, len(slopes)) for statistic in statistics.tolist()]
    return [wald(difference[k][both[:, k]], covariance[k][np.ix_(both[:, k], both[:, k])]) for k in range(len(later))]


def _squared_lengths(scaled: Floats, correlation: Floats) -> Floats | None:
    """Return d' R^-1 d for a stack of correlation matrices, None unless each is clearly regular."""
    try:
        factors = np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        return None
    if np.einsum("kaa->ka", factors).min() ** 2 < _REGULAR:
        return None
    solved = np.linalg.solve(factors, scaled[:, :, None])[:, :, 0]
    return np.asarray(np.einsum("ka,ka->k", solved, solved))
