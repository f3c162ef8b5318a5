"""How large several coefficients are together: the root of a quadratic form less what noise adds, in an interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from genreglm.options import check_level

Floats = NDArray[np.float64]

_HALVINGS = 50


@dataclass(frozen=True)
class QuadraticForm:
    """d'Ad of an estimate d with covariance V, and what its law needs.

    Attributes
    ----------
    square : d'Ad
    noise : tr(AV), by which d'Ad lies above its true value on average
    scale : g'Vg / d'Ad with g half the gradient of the form, Ad where A is fixed: the variance of the estimate along
        itself in the metric of A
    """

    square: float
    noise: float
    scale: float

    @classmethod
    def of(cls, d: Floats, a: Floats, covariance: Floats, along: float | None = None) -> "QuadraticForm":
        """Return the form of d (m,), A (m, m) and V (m, m); `along` is g'Vg where A is not fixed."""
        gradient = a @ d
        square = float(d @ gradient)
        if along is None:
            along = float(gradient @ covariance @ gradient)
        return cls(square, float(np.einsum("ij,ji->", a, covariance)), along / square if square > 0.0 else 0.0)


def size_table(forms: Sequence[QuadraticForm | None], conf_level: float) -> pd.DataFrame:
    """Return size, conf_low, conf_high of each form; missing for None.

    With D true and d normal around it, d'Ad is a weighted sum of noncentral chi-squares of mean D'AD + tr(AV). It is
    taken for one of them,

        d'Ad ~ c chi-square(tr(AV) / c, D'AD / c),    c = d'AVAd / d'Ad   (g'Vg / d'Ad),

    which is exact where AV is c times the identity, has the right mean always, and the right variance where D is large;
    where D is 0, c is on average Satterthwaite's tr(AVAV) / tr(AV). The size is sqrt(d'Ad - tr(AV)), and its interval
    holds each D that would make what was found no rarer than (1 - conf_level) / 2 on its side.

    Raises
    ------
    OptionError
        Where `conf_level` is not between 0 and 1.

    Source: Mathai and Provost (1992), Quadratic Forms in Random Variables, chapter 4.
    """
    check_level(conf_level)
    tail = (1.0 - conf_level) / 2.0
    square, noise, scale = np.array(
        [(np.nan,) * 3 if form is None else (form.square, form.noise, form.scale) for form in forms], dtype=float
    ).reshape(-1, 3).T  # fmt: skip
    size = np.sqrt(np.maximum(square - noise, 0.0))
    moves = scale > 0.0  # NaN does not
    table = pd.DataFrame({"size": size, "conf_low": size, "conf_high": size})
    seen, df = square[moves] / scale[moves], noise[moves] / scale[moves]
    for name, share in (("conf_low", 1.0 - tail), ("conf_high", tail)):
        table.loc[moves, name] = np.sqrt(scale[moves] * _noncentralities(seen, df, share))
    return table


def _noncentralities(seen: Floats, df: Floats, share: float) -> Floats:
    """Return L such that a noncentral chi-square(df, L) is below `seen` with probability `share`; at least 0.

    By halving intervals of the root of L: the root of such a variable has a standard deviation of about one at most.
    """
    low, high = np.zeros_like(seen), np.sqrt(seen) + 10.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        further = stats.ncx2.cdf(seen, df, middle**2) > share
        low, high = np.where(further, middle, low), np.where(further, high, middle)
    return np.asarray(low**2)
