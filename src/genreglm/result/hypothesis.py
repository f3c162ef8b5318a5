"""Tests of linear hypotheses about the coefficients, written in words."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine.constrained import constrained
from genreglm.engine.inference import ChiSquareTest, chi_square_test, wald
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import FormulaError, InferenceError
from genreglm.options import TermTest, check_choice
from genreglm.result.contrasts import testable, weights_of_centre
from genreglm.result.equations import Equation, Names, parse
from genreglm.result.model import Result
from genreglm.result.refits import Refits
from genreglm.sources import Source

Floats = NDArray[np.float64]


def linear_hypothesis(
    result: Result,
    hypothesis: str,
    *,
    test: TermTest = "wald",
    reference: Any = "first",
    rows: Source | None = None,
) -> pd.DataFrame:
    """Test linear equations between coefficients together: hypothesis, statistic, df, p_value, log10_p in one row.

    ``"energy = 0, 2 * loudness = valence"`` says it in all classes: K - 1 constraints an equation.
    ``"[rock]energy = [pop]energy"`` says it of single classes, each against the reference: one constraint. Columns
    are named as in `tidy`'s `term`; back-quotes around a name are allowed. See `genreglm.result.equations`.

    Parameters
    ----------
    test : "wald" is (L b - r)' (L V L')^-1 (L b - r), with whatever covariance the fit has; "lr" twice the
        log-likelihood lost under the hypothesis; "score" s' I^-1 s at the estimate under it. The last two fit the
        model under the hypothesis, with an information matrix for each step unless the equations only say that columns
        are zero in all classes
    reference : the class that coefficients are against, the first unless named; None for the mean of the classes, as
        in `tidy`. It matters only for equations about single classes, and for those with a constant other than 0
    rows : the rows of the fit, which "lr" and "score" ask of a loaded result

    Redundant constraints do not count; degrees of freedom are the rank. For "wald" an equation about all classes is
    tested over those in which its columns have finite estimates (see `Result.separated`).

    Raises
    ------
    FormulaError
        For words that do not parse, names that are not there, and equations that contradict each other; for a constant
        other than 0 in all classes against their mean.
    OptionError
        For an unknown test or reference.
    InferenceError
        Without a covariance ("wald"); for an equation about a separated cell; see `anova` for "lr" and "score".
    """
    check_choice("test", test, TermTest)
    reference = result.classes[0] if isinstance(reference, str) and reference == "first" else reference
    against = _Against.of(result, reference)
    equations = parse(hypothesis, Names(result.design.columns, result.design.aliased, result.classes))
    if test == "wald":
        found = _by_wald(result, equations, against, hypothesis)
    else:
        found = _by_refit(result, equations, against, hypothesis, Refits(result, test, rows))
    return pd.DataFrame([{"hypothesis": " ".join(hypothesis.split()), **found.__dict__}])


@dataclass(frozen=True)
class _Against:
    """What coefficients are against.

    Attributes
    ----------
    centre : (columns, classes) weights of the classes, see `weights_of_centre`
    base : the class, None for the mean of them all
    name : of either, as errors say it
    """

    centre: Floats
    base: int | None
    name: str

    @classmethod
    def of(cls, result: Result, reference: Any) -> "_Against":
        """Read a reference as a caller gives it."""
        centre = weights_of_centre(result, reference)
        if reference is None:
            return cls(centre, None, "the mean of the classes")
        return cls(centre, result.classes.index(reference), str(reference))


@single_threaded_blas()
def _by_wald(result: Result, equations: list[Equation], against: _Against, text: str) -> ChiSquareTest:
    covariance = result.require_inference().covariance
    matrix, values = _independent(*_constraints(result, equations, against, testable(result)), text)
    return wald(matrix @ _free(result) - values, matrix @ covariance @ matrix.T)


def _by_refit(result: Result, equations: list[Equation], against: _Against, text: str, refits: Refits) -> ChiSquareTest:
    columns = [equation.column_is_zero for equation in equations]
    zero = [column for column in columns if column is not None]
    if len(zero) == len(columns):
        return refits.compare(range(len(result.coefficients)), zero)
    every = np.ones(result.coefficients.shape, dtype=bool)
    return by_constraints(result, *_independent(*_constraints(result, equations, against, every), text), refits)


def by_constraints(result: Result, matrix: Floats, values: Floats, refits: Refits) -> ChiSquareTest:
    """Test `matrix` (r, m) times the coefficients against the last class = `values` by a fit under it."""
    found = constrained(refits.family, result.coefficients, matrix, values)
    if refits.test == "score":
        return chi_square_test(found.score_statistic, len(values))
    lost = refits.log_likelihood(frozenset(range(len(result.coefficients)))) - found.log_likelihood
    return chi_square_test(max(0.0, 2.0 * lost), len(values))


def _free(result: Result) -> Floats:
    """Return the coefficients of the first classes against the last, class by class."""
    return np.ascontiguousarray((result.coefficients[:, :-1] - result.coefficients[:, -1:]).T).ravel()


def _constraints(
    result: Result, equations: list[Equation], against: _Against, known: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return L (constraints, m) and r for coefficients of the first classes against the last, class by class."""
    grids, values = [], []
    for equation in equations:
        make = _of_classes if equation.of_classes else _of_all_classes
        made = make(result, equation, against, known)
        grids += made
        values += [equation.constant] * len(made)
    stacked = np.array(grids).reshape(len(grids), len(result.classes), len(result.coefficients))
    return stacked[:, :-1].reshape(len(grids), result.df_model), np.array(values)


def _of_classes(result: Result, equation: Equation, against: _Against, known: NDArray[np.bool_]) -> list[Floats]:
    given = np.zeros((len(result.classes), len(result.coefficients)))
    for (label, column), weight in equation.weights.items():
        assert label is not None
        if not (known[column, label] and known[column, against.centre[column] > 0].all()):
            raise InferenceError(
                f"{result.design.columns[column]} has no finite estimate in {result.classes[label]} against "
                f"{against.name}: the cell is separated. Take another reference, or leave the equation out."
            )
        given[label, column] += weight
    grid = given - given.sum(axis=0) * against.centre.T
    # What is a mean less itself may be off by its rounding.
    return [grid] if np.abs(grid).max() > 1e-12 * np.abs(given).max() else []


def _of_all_classes(result: Result, equation: Equation, against: _Against, known: NDArray[np.bool_]) -> list[Floats]:
    """Return a constraint for each class, but for those in which a column has no finite estimate.

    Differences that are zero are so against any class: if the reference itself has none, another takes its place.
    """
    columns = [column for _, column in equation.weights]
    classes = np.flatnonzero(known[columns].all(axis=0))
    base = against.base
    if base is None and equation.constant != 0.0:
        raise FormulaError(
            f"Against their mean the classes add up to 0, so they cannot all be {equation.constant:g}. Name a class as "
            "reference, or say it of single classes."
        )
    if base is None or base not in classes:
        if equation.constant != 0.0 or not len(classes):
            raise InferenceError(
                f"An equation about {', '.join(result.design.columns[j] for j in columns)} has no finite estimate in "
                f"{against.name}: the cell is separated. Take another reference, or leave it out."
            )
        base = int(classes[0])
    grids = np.zeros((len(classes), len(result.classes), len(result.coefficients)))
    for (_, column), weight in equation.weights.items():
        grids[np.arange(len(classes)), classes, column] += weight
        grids[:, base, column] -= weight
    return list(grids[classes != base])


@single_threaded_blas()
def _independent(matrix: Floats, values: Floats, text: str) -> tuple[Floats, Floats]:
    """Return as many of the constraints as are independent, and refuse where the others contradict them."""
    length = np.linalg.norm(matrix, axis=1)
    matrix, values = matrix[length > 0] / length[length > 0, None], values[length > 0] / length[length > 0]
    if not len(matrix):
        raise FormulaError(f"{text!r} says nothing: it holds whatever the coefficients are.")
    _, triangular, order = linalg.qr(matrix[:, matrix.any(axis=0)].T, mode="economic", pivoting=True)
    rank = int(np.sum(np.abs(np.diag(triangular)) > 1e-10))
    kept, others = np.sort(order[:rank]), order[rank:]
    if len(others):
        share = np.linalg.lstsq(matrix[kept].T, matrix[others].T)[0]
        gap = np.abs(share.T @ values[kept] - values[others]).max()
        if gap > 1e-8 * max(1.0, np.abs(values).max()):
            raise FormulaError(f"{text!r}: its equations contradict each other.")
    return matrix[kept], values[kept]
