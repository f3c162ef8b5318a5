"""How rough the curve of a spline term is, as a quadratic form of its coefficients."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.designs import INTERCEPT, Design
from genreglm.places import distribution

Floats = NDArray[np.float64]

_INTERVALS = 400
_BY_PLACE = re.compile(r"\bplaces\(")


def roughness(design: Design, rows: pd.DataFrame) -> dict[str, Floats]:
    r"""Return S of each term of one continuous variable and several columns, (columns, columns) each.

        b' S b = integral from 0 to 1 of f''(u)^2 du,   f(u) = sum_j b_j x_j(u),

    with u the variable moved and scaled so that the rows reach from 0 to 1; in a term of `places(x)`, the place of x
    among the rows of the design in its stead, so that bends cost where rows are, not where values are. The second
    derivative is taken by central differences on 400 intervals, so that any basis with a continuous slope will do: cr,
    cc, bs of degree 2 and more, poly. A straight line has none, whatever its slope.

    Source: Green and Silverman (1994), Nonparametric Regression and Generalized Linear Models, chapter 2.
    """
    curves = [term for term in design.terms if _is_curve(design, rows, term)]
    if not curves:
        return {}
    drawn = pd.concat([_along(design, rows, term) for term in curves], ignore_index=True)
    # One matrix for all: what a formula costs is mostly its terms, not its rows.
    parts = design.matrix(drawn).reshape(len(curves), _INTERVALS + 1, -1)
    return {term: _form(part[:, design.terms[term]]) for term, part in zip(curves, parts, strict=True)}


def _is_curve(design: Design, rows: pd.DataFrame, term: str) -> bool:
    """Whether a term has several columns of one continuous variable."""
    cut, names = design.terms[term], design.variables_of(term)
    if term == INTERCEPT or ":" in term or cut.stop - cut.start < 2 or len(names) != 1:
        return False
    return names[0] not in design.levels and pd.api.types.is_numeric_dtype(rows[names[0]])


def _along(design: Design, rows: pd.DataFrame, term: str) -> pd.DataFrame:
    """Return the first row over and over, with the term's variable at points that are equidistant where it bends."""
    [variable] = design.variables_of(term)
    values = rows[variable].to_numpy(dtype=np.float64)
    by_place = bool(_BY_PLACE.search(term))
    points = (
        _by_place(design, variable, values) if by_place else np.linspace(values.min(), values.max(), _INTERVALS + 1)
    )
    frame = rows[design.variables].iloc[np.zeros(len(points), dtype=np.int64)].reset_index(drop=True)
    return frame.assign(**{variable: points})


def _by_place(design: Design, variable: str, values: Floats) -> Floats:
    """Return points that are equidistant in their places.

    These are the design's own: its curve is one of lines between them, and would have kinks at those of other rows.
    """
    learnt = design.learnt(f"places({variable})")
    found, shares = (learnt["values"], learnt["shares"]) if learnt else distribution(values)
    return np.interp(np.linspace(shares[0], shares[-1], _INTERVALS + 1), shares, found)


def _form(basis: Floats) -> Floats:
    second = np.diff(basis, n=2, axis=0) * _INTERVALS**2
    widths = np.full((len(second), 1), 1.0 / _INTERVALS)
    widths[[0, -1]] *= 1.5  # the outermost points stand for the half intervals beyond them, too
    return np.asarray(second.T @ (widths * second))
