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
    among the rows in its stead, so that bends cost where rows are, not where values are. The second derivative is taken
    by central differences on 400 intervals, so that any basis with a continuous slope will do: cr, cc, bs of degree 2
    and more, poly. A straight line has none, whatever its slope.

    Source: Green and Silverman (1994), Nonparametric Regression and Generalized Linear Models, chapter 2.
    """
    found = {}
    for term, cut in design.terms.items():
        names = design.variables_of(term)
        if term == INTERCEPT or ":" in term or cut.stop - cut.start < 2 or len(names) != 1:
            continue
        if names[0] in design.levels or not pd.api.types.is_numeric_dtype(rows[names[0]]):
            continue
        points = _points(rows[names[0]].to_numpy(dtype=np.float64), by_place=bool(_BY_PLACE.search(term)))
        found[term] = _form(design.matrix(_along(design, rows, names[0], points))[:, cut])
    return found


def _points(values: Floats, *, by_place: bool) -> Floats:
    """Return points that are equidistant in the range of the values, or in their places."""
    if not by_place:
        return np.linspace(values.min(), values.max(), _INTERVALS + 1)
    found, shares = distribution(values)
    return np.interp(np.linspace(shares[0], shares[-1], _INTERVALS + 1), shares, found)


def _along(design: Design, rows: pd.DataFrame, variable: str, points: Floats) -> pd.DataFrame:
    """Return the first row over and over, with `variable` at the points."""
    frame = rows[design.variables].iloc[np.zeros(len(points), dtype=np.int64)].reset_index(drop=True)
    return frame.assign(**{variable: points})


def _form(basis: Floats) -> Floats:
    second = np.diff(basis, n=2, axis=0) * _INTERVALS**2
    widths = np.full((len(second), 1), 1.0 / _INTERVALS)
    widths[[0, -1]] *= 1.5  # the outermost points stand for the half intervals beyond them, too
    return np.asarray(second.T @ (widths * second))
