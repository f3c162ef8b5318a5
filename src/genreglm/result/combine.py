"""Can two classes be combined? The Wald test for each pair that nothing in the model tells them apart."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.engine.inference import ChiSquareTest, chi_square_test, wald
from genreglm.errors import InferenceError
from genreglm.options import check_choice
from genreglm.result.adjust import adjusted
from genreglm.result.contrasts import testable
from genreglm.result.model import Result

Floats = NDArray[np.float64]
CombineTest = Literal["wald"]

# Squared pivots of a correlation matrix below this leave the judgement to eigenvalues, one pair at a time.
_REGULAR = 1e-8


def combine_classes(result: Result, test: CombineTest = "wald") -> pd.DataFrame:
    """Return first, second, statistic, df, p_value, log10_p, p_adjusted: all slopes of two classes equal.

    For each pair of classes j, k the hypothesis is b_j = b_k but for the intercept: at given odds of the two, no
    column says which of them a row is. The statistic is d' V_d^-1 d, d = b_j - b_k, on as many degrees of freedom as
    there are slopes. `p_adjusted` is Benjamini and Hochberg's, over all pairs.

    A slope of a separated cell has no finite estimate: it is left out of its class's pairs and their df. Where
    there are such cells a column `left_out` tells how many slopes a pair is short of.

    Raises
    ------
    InferenceError
        Without a covariance, and for a model without slopes.

    Source: Long (1997), Regression Models for Categorical and Limited Dependent Variables, section 6.5.2; Stata's
    `mlogtest, combine`.
    """
    check_choice("test", test, CombineTest)
    inference = result.require_inference()
    slopes = [j for j in range(len(result.coefficients)) if j != result.design.intercept]
    if not slopes:
        raise InferenceError("A model of intercepts alone has no slopes to compare classes by. Add terms.")
    first, second = np.triu_indices(len(result.classes), 1)
    known = testable(result)[slopes]
    table = pd.DataFrame({"first": np.array(result.classes)[first], "second": np.array(result.classes)[second]})
    blocks = _blocks(inference.covariance, slopes, len(result.classes))
    tests = [
        found for j in range(len(result.classes) - 1) for found in _against_later(result, blocks, slopes, known, j)
    ]
    columns = ("statistic", "df", "p_value", "log10_p")
    table[list(columns)] = pd.DataFrame([vars(found) for found in tests], columns=list(columns))
    table["p_adjusted"] = adjusted(table["p_value"].to_numpy(dtype=np.float64), "bh")
    if result.separated:
        table["left_out"] = (~(known[:, first] & known[:, second])).sum(axis=0)
    return table


def _blocks(covariance: Floats, slopes: list[int], classes: int) -> Floats:
    """Return (classes, classes, slopes, slopes), zero for the last class, which the others are against."""
    columns = len(covariance) // (classes - 1)
    grid = covariance.reshape(classes - 1, columns, classes - 1, columns)[:, slopes][:, :, :, slopes]
    blocks = np.zeros((classes, classes, len(slopes), len(slopes)))
    blocks[:-1, :-1] = grid.transpose(0, 2, 1, 3)
    return blocks


def _against_later(
    result: Result, blocks: Floats, slopes: list[int], known: NDArray[np.bool_], j: int
) -> list[ChiSquareTest]:
    """Test class j against each of the classes after it."""
    b = result.coefficients[slopes]
    later = np.arange(j + 1, b.shape[1])
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
