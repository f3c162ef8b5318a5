"""Columns that bend: what a continuous column could do beside its straight line.

A restricted cubic spline with knots t_1 < ... < t_k is a cubic between knots and straight beyond the outer two. It
is the straight line and, for j = 1, ..., k - 2, with (u)+ = max(u, 0),

    ((x - t_j)+^3 - (x - t_{k-1})+^3 (t_k - t_j) / (t_k - t_{k-1}) + (x - t_k)+^3 (t_{k-1} - t_j) / (t_k - t_{k-1}))
        / (t_k - t_1)^2

Sources: Stone and Koo (1985), Proc. Stat. Comp. Sect. ASA 45; Harrell (2015), Regression Modeling Strategies,
section 2.4.5 and, for where the knots are, table 2.3.
"""

import numpy as np

from genreglm.engine.blocks import Floats

# Harrell's outer knots by their number; what he gives for seven serves any more.
_OUTER = {3: 0.10, 4: 0.05, 5: 0.05, 6: 0.05}
_OUTER_OF_MANY = 0.025
# What a column adds to those before it, as a share of its own length, to count.
_NOTHING_NEW = 1e-7


def bends(x: Floats, w: Floats, df: int) -> Floats:
    """Return the columns that a spline of `df` degrees of freedom has beside the line, (rows, at most df - 1).

    They are orthonormal, times the square root of the rows, and orthogonal to a constant and to `x` (rows,). Knots
    stand at quantiles of x under the weights `w` (rows,). Where values repeat so much that fewer than three of these
    differ, the square of x takes the spline's place. A column of two values or one cannot bend: none is returned.
    """
    standard = (x - x.mean()) / (x.std() or 1.0)
    knots = _knots(standard, w, df + 1)
    curved = restricted_cubic(standard, knots) if len(knots) > 2 else standard[:, None] ** 2
    line = np.column_stack([np.ones(len(x)), standard])
    orthogonal, triangular = np.linalg.qr(np.column_stack([line, curved / np.linalg.norm(curved, axis=0)]))
    new = np.flatnonzero(np.abs(np.diag(triangular)[2:]) > _NOTHING_NEW)
    return np.ascontiguousarray(orthogonal[:, 2 + new] * np.sqrt(len(x)))


def restricted_cubic(x: Floats, knots: Floats) -> Floats:
    """Return the columns of a restricted cubic spline beside the line, (rows, knots - 2)."""
    last, before = knots[-1], knots[-2]
    cubes = np.maximum(x[:, None] - knots, 0.0) ** 3
    far = (last - knots[:-2]) / (last - before)
    near = (before - knots[:-2]) / (last - before)
    return np.asarray((cubes[:, :-2] - cubes[:, [-2]] * far + cubes[:, [-1]] * near) / (last - knots[0]) ** 2)


def _knots(x: Floats, w: Floats, count: int) -> Floats:
    outer = _OUTER.get(count, _OUTER_OF_MANY)
    levels = np.linspace(outer, 1.0 - outer, count)
    return np.unique(np.quantile(x, levels, weights=w, method="inverted_cdf"))
