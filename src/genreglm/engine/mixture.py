r"""The upper tail of a weighted sum of chi-squares, Q = sum_j l_j Z_j^2 with l_j >= 0 and Z_j standard normal.

By the saddlepoint: with K(t) = -1/2 sum_j log(1 - 2 t l_j) and t the root of K'(t) = q,

    P(Q > q) = Phi(-r),   r = u + log(v / u) / u,   u = sign(t) sqrt(2 (t q - K(t))),   v = t sqrt(K''(t)).

Its relative error is below 4 % of the tail from four weights on, and falls with their number; a tail of 1e-300 is as
good as one of 0.05 (tests/engine/test_mixture.py).

Sources: Kuonen (1999), Biometrika 86:929; Barndorff-Nielsen (1986), Biometrika 73:307.
"""

import numpy as np
from scipy import optimize, special

from genreglm.engine.blocks import Floats
from genreglm.engine.inference import ChiSquareTest

# A weight below this share of the largest adds nothing that could be seen.
_NOTHING = 1e-10
# So near the mean u and v vanish together, and r is taken at the mean itself.
_AT_THE_MEAN = 1e-4


def mixture_test(statistic: float, weights: Floats, df: int) -> ChiSquareTest:
    """Judge a statistic that follows sum_j weights_j Z_j^2; NaN where nothing has weight. `df` is only passed on."""
    known = weights[weights > _NOTHING * max(float(weights.max(initial=0.0)), 1e-300)]
    if not len(known):
        return ChiSquareTest(statistic, df, np.nan, np.nan)
    root = _signed_root(statistic, known)
    return ChiSquareTest(
        statistic, df, float(special.ndtr(-root)), float(special.log_ndtr(-root)) / float(np.log(10.0))
    )


def _signed_root(q: float, weights: Floats) -> float:
    """Return r."""
    if q <= 0.0:
        return -np.inf
    scale = float(weights.max())
    q, share = q / scale, weights / scale
    point = _saddlepoint(q, share)
    curvature = 2.0 * float(np.sum((share / (1.0 - 2.0 * point * share)) ** 2))
    u = np.sign(point) * np.sqrt(max(2.0 * point * q + float(np.sum(np.log1p(-2.0 * point * share))), 0.0))
    v = point * np.sqrt(curvature)
    if abs(v) < _AT_THE_MEAN:
        skewness = 8.0 * float(np.sum(share**3)) / (2.0 * float(np.sum(share**2))) ** 1.5
        return float(v + skewness / 6.0)
    return float(u + np.log(v / u) / u)


def _saddlepoint(q: float, share: Floats) -> float:
    """Return t < 1/2 with sum_j s_j / (1 - 2 t s_j) = q, for weights s of which the largest is one."""

    def excess(t: float) -> float:
        return float(np.sum(share / (1.0 - 2.0 * t * share))) - q

    low, high = -0.5, 0.25
    while excess(low) > 0.0:
        low *= 2.0
    while excess(high) < 0.0:
        high = 0.5 - 0.1 * (0.5 - high)
    return float(optimize.brentq(excess, low, high, xtol=1e-14, rtol=1e-12))
