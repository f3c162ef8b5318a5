"""Generalised variance inflation of the terms of a design, and of a fit (Fox and Monette 1992, JASA 87:178)."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.designs import INTERCEPT, Design
from genreglm.diagnostics.columns import counted_columns
from genreglm.engine import symmetric
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import InferenceError, OptionError
from genreglm.options import VifKind, check_choice
from genreglm.result import Result
from genreglm.result.contrasts import term_contrasts
from genreglm.sources import Source

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

# An eigenvalue of a correlation matrix below this share of the largest is rounding.
_ROUNDING = 1e-12


def vif(model: Result | Design, rows: Source | None = None, kind: VifKind = "design") -> pd.DataFrame:
    """Return term, df, gvif, gvif_adjusted of a design's columns, or of a fit's coefficients.

    With R a correlation matrix of all terms' parts but the intercept's, t a term's part and -t the rest:

        GVIF_t = det R_tt det R_-t,-t / det R,   adjusted: GVIF^(1 / (2 df)),

    which for one column is the square root of its VIF, the factor by which its standard error grows. It does
    not depend on the coding of factors. The value is infinite where a term depends linearly on the others.

    Parameters
    ----------
    rows : those of the fit, with their weights, unless others are given; for "design" alone
    kind : "design" takes the correlations of the columns, as `car::vif` of a linear model does: df columns a term.
        "model" takes those of the coefficients, all classes' slopes of a term together: df columns times
        (classes - 1). For two classes that is `car::vif` of the binomial model; it does not depend on the class
        that coefficients are against. Rows count by how undecided the model is about them, so it can be smaller
        than the design's, or larger. The more slopes, the larger `gvif` is: compare `gvif_adjusted`. With a robust or
        clustered covariance it is of that covariance

    A separated cell has no finite estimate: "model" leaves it out of its term's part and df. A factor with many
    classes can have a `gvif` too large for a number, infinity, and still a finite `gvif_adjusted`.

    Raises
    ------
    OptionError
        For an unknown kind, a design without rows, and "model" with a design or with rows.
    InferenceError
        For "model" without a covariance, and with a singular one.
    """
    check_choice("kind", kind, VifKind)
    if kind == "model":
        return _of_model(model, rows)
    design, x, w = counted_columns(model, rows, "vif")
    slopes = _slopes(design)
    correlation = _correlation(x[:, slopes], w / w.sum())
    inverse = symmetric.inverse(correlation) if slopes else None
    return _table(design, correlation, inverse, np.array(slopes, dtype=np.intp))


def _correlation(x: Floats, share: Floats) -> Floats:
    """Return the correlations of columns (rows, p) whose rows have `share` of all weight; zero for constant ones."""
    moved = x - x[:1]  # so that a constant column is zero, not what rounding leaves of it
    centred = moved - share @ moved
    deviation = np.sqrt(share @ centred**2)
    standard = centred / np.where(deviation > 0, deviation, 1.0)
    return np.asarray(standard.T @ (share[:, None] * standard))


def _of_model(model: Result | Design, rows: Source | None) -> pd.DataFrame:
    if not isinstance(model, Result):
        raise OptionError("vif(design, kind='model') needs a fit: a design has no coefficients. Pass the result.")
    if rows is not None:
        raise OptionError("vif(..., kind='model') reads the covariance of the fit and no rows: leave rows= out.")
    model.require_inference()
    slopes = _slopes(model.design)
    if not slopes:
        return _table(model.design, np.zeros((0, 0)), None, np.zeros(0, dtype=np.intp))
    _, covariance, column = term_contrasts(model, slopes)
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    correlation = covariance / np.outer(scale, scale)
    inverse = symmetric.inverse(correlation)
    if inverse is None or np.diag(inverse).max() * _ROUNDING > 1.0:
        raise InferenceError(
            f"The covariance of the {len(column):,} slopes is singular, as that of few clusters is, and inflates "
            "without end. Use kind='design', or fit with covariance='observed'."
        )
    return _table(model.design, correlation, inverse, column)


def _slopes(design: Design) -> list[int]:
    return [j for j in range(len(design.columns)) if j != design.intercept]


@single_threaded_blas()
def _table(design: Design, correlation: Floats, inverse: Floats | None, column: Integers) -> pd.DataFrame:
    """Return a row a term; `column` says which column of the design each row of `correlation` belongs to."""
    records = []
    for term, cut in design.terms.items():
        inside = (column >= cut.start) & (column < cut.stop)
        if term == INTERCEPT or not inside.any():
            continue
        log_gvif, df = _log_inflation(correlation, inverse, inside), int(inside.sum())
        with np.errstate(over="ignore"):
            records.append((term, df, float(np.exp(log_gvif)), float(np.exp(log_gvif / (2 * df)))))
    return pd.DataFrame(records, columns=["term", "df", "gvif", "gvif_adjusted"])


def _log_inflation(correlation: Floats, inverse: Floats | None, inside: NDArray[np.bool_]) -> float:
    """Return log(det R_tt det R_-t,-t / det R).

    det R_-t,-t / det R is the determinant of t's block of R^-1, so that one inverse does for all terms. Where R is
    singular, it is one over that of what the others leave of t, R_tt - R_t,-t R_-t,-t^- R_-t,t.
    """
    block = np.ix_(inside, inside)
    own = np.linalg.slogdet(correlation[block])[1]
    if inverse is not None:
        return float(own + np.linalg.slogdet(inverse[block])[1])
    across = correlation[np.ix_(~inside, inside)]
    others = np.linalg.pinv(correlation[np.ix_(~inside, ~inside)], rcond=_ROUNDING, hermitian=True)
    left = np.linalg.eigvalsh(correlation[block] - across.T @ others @ across)
    return float("inf") if left[0] < _ROUNDING else float(own - np.log(left).sum())
