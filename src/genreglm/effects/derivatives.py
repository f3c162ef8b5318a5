"""How the columns of a design move with one variable of the table: their derivatives, row by row.

Whatever a variable goes through (logarithms, splines, polynomials, products), the design itself is asked: its columns
at a row's own value v and at two values beside it lie on a parabola, whose slope at v is the derivative,

    x'(v) = (q_1 s_2 - q_2 s_1) / (s_2 - s_1),    q = (x(v + s) - x(v)) / s,

exact for columns that are linear in v, and in error by x''' s_1 s_2 / 6 else. Mostly s_2 = -s_1: central differences.
Where the design refuses values outside those seen, as a spline does, both steps of a row at the end go inside.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from genreglm.designs import Design
from genreglm.engine.blocks import Floats
from genreglm.errors import DataError, InputError

# Below this share of its column's median a slope is nearly zero, where a column turns.
_SMALL = 0.01
# Two slopes of a row that differ by this share: their parabola's error is about its square, 1e-8.
_BENT = 1e-4
_SHORTENINGS = 12
# Where a shorter step makes them differ so many times more, it is rounding that does.
_ROUNDED = 2.0


def column_derivatives(design: Design, frame: pd.DataFrame, variable: str, x: Floats, seen: pd.DataFrame) -> Floats:
    """Return dx_i / d variable, (rows, columns).

    The step is (eps max|v| / sd)^(1/3) sd, which balances rounding against the bend of a column of the variable's own
    scale. Rows whose columns bend more than that (a logarithm near zero) are taken again with a tenth of it, as long
    as that helps.

    Parameters
    ----------
    frame, x : the rows, and the design's columns of them
    seen : rows that tell the variable's scale and range

    Raises
    ------
    DataError
        Where the design has no columns for the values beside a row's own.
    """
    values = frame[variable].to_numpy(dtype=np.float64)
    known = np.concatenate([seen[variable].to_numpy(dtype=np.float64), values])
    reach = _Reach(design, frame, variable, x, values, float(known.min()), float(known.max()))
    largest = float(np.abs(known).max())
    scale = float(known.std()) or largest or 1.0
    step = np.full(len(values), scale * (np.finfo(np.float64).eps * max(1.0, largest / scale)) ** (1.0 / 3.0))
    found, gap = reach.slopes(None, step)
    small = _SMALL * _usual(found)
    bend = _bend(found, gap, small)
    bent = np.flatnonzero(bend > _BENT)
    for _ in range(_SHORTENINGS):
        if not len(bent):
            break
        step[bent] *= 0.1
        again, gap = reach.slopes(bent, step[bent])
        smaller = _bend(again, gap, small)
        better = smaller < bend[bent]
        found[bent[better]], bend[bent[better]] = again[better], smaller[better]
        bent = bent[(smaller > _BENT) & (smaller < _ROUNDED * bend[bent])]
    return found


def _usual(slopes: Floats) -> Floats:
    """Return the median size of each column's slopes that are not zero, (columns,)."""
    sizes = np.abs(slopes)
    return np.array([np.median(size[size > 0.0]) if size.any() else 0.0 for size in sizes.T])


def _bend(slopes: Floats, gap: Floats, small: Floats) -> Floats:
    """Return by what share the two slopes of a row's parabola differ at most, (rows,).

    Shares are of the slope, but no `small` one, (columns,): beside a slope of zero any gap would be large.
    """
    size = np.maximum(np.abs(slopes) + gap, small)
    return np.asarray(np.divide(gap, size, out=np.zeros_like(gap), where=size != 0.0).max(axis=1))


@dataclass(frozen=True)
class _Reach:
    """Rows with their columns and values of the variable, and the range in which values beside these are allowed."""

    design: Design
    frame: pd.DataFrame = field(repr=False)
    variable: str
    x: Floats = field(repr=False)
    values: Floats = field(repr=False)
    low: float
    high: float

    def slopes(self, rows: np.ndarray | None, step: Floats) -> tuple[Floats, Floats]:
        """Return the derivatives of `rows` (all for None), and how far the two slopes of each parabola are apart."""
        try:
            return self._parabola(rows, -step, step)
        except InputError as refused:
            own = self.values if rows is None else self.values[rows]
            start, end = own - step < self.low, own + step > self.high
            first = np.where(start, step, np.where(end, -2.0 * step, -step))
            second = np.where(start, 2.0 * step, np.where(end, -step, step))
            try:
                return self._parabola(rows, first, second)
            except InputError:
                raise DataError(
                    f"The derivative along {self.variable!r} needs values {float(step.max()):.2g} beside those of the "
                    f"rows, but: {refused} Leave it out of variables=, or use gg.contrasts."
                ) from refused

    def _parabola(self, rows: np.ndarray | None, first: Floats, second: Floats) -> tuple[Floats, Floats]:
        frame, values = self.frame, self.values
        if rows is not None:
            frame, values = frame.iloc[rows], values[rows]
        own = self.x if rows is None else self.design.matrix(frame)
        one, first = self._slope(frame, values, own, first)
        two, second = self._slope(frame, values, own, second)
        weight = (second / (second - first))[:, None]
        return weight * one + (1.0 - weight) * two, np.abs(one - two)

    def _slope(self, frame: pd.DataFrame, values: Floats, own: Floats, step: Floats) -> tuple[Floats, Floats]:
        """Return (x(v + s) - x(v)) / s, and s as rounding left it."""
        moved = values + step
        with np.errstate(invalid="ignore", divide="ignore"):  # the design says itself where it is not finite
            beside = self.design.matrix(frame.assign(**{self.variable: moved}))
        step = moved - values
        return (beside - own) / step[:, None], step
