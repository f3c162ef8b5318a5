"""How a probability would have to be corrected: one class against the rest, on the scale of log-odds.

    logit P(y = k) = a + b logit p_k

b = 1 and a = 0 where the probabilities can be taken at their word; b < 1 where they are too extreme. Calibration in
the large is a with b held at 1. Sources: Cox (1958), Biometrika 45:562; Miller, Langefeld, Tierney, Hui and McDonald
(1993), Med. Decis. Making 13:49.
"""

import numpy as np

from genreglm.engine.blocks import Floats
from genreglm.engine.covariance import covariance_of
from genreglm.engine.estimate import estimate
from genreglm.engine.problem import Problem


def recalibrate(share: Floats, w: Floats, prob: Floats) -> tuple[Floats, Floats]:
    """Return (a with b = 1, a, b) and their standard errors, NaN where no finite correction exists.

    Parameters
    ----------
    share : (rows,) what of each row is of the class: 0 or 1 unless labels are soft
    prob : (rows,) the class's probability
    """
    logit, ones = _logit(prob), np.ones(len(prob))
    large = _against_rest(share, w, ones[:, None], logit)
    both = _against_rest(share, w, np.column_stack([ones, logit]), None)
    return np.concatenate([large[0], both[0]]), np.concatenate([large[1], both[1]])


def _logit(prob: Floats) -> Floats:
    """Return log p / (1 - p), finite at 0 and 1."""
    tiny, rounding = np.finfo(np.float64).tiny, np.finfo(np.float64).eps
    return np.asarray(np.log(np.maximum(prob, tiny)) - np.log(np.maximum(1.0 - prob, rounding)))


def _against_rest(share: Floats, w: Floats, x: Floats, known: Floats | None) -> tuple[Floats, Floats]:
    """Fit a binary logistic regression; return its coefficients and standard errors."""
    nothing = np.full(x.shape[1], np.nan)
    if not 0.0 < w @ share < w.sum():
        return nothing, nothing
    offset = None if known is None else np.column_stack([np.zeros(len(known)), known])
    found = estimate(Problem(x, np.column_stack([1.0 - share, share]), w, 2, 0, offset))
    if not found.converged:
        return nothing, nothing
    covariance, _ = covariance_of(found, "observed", (), "frequency")
    return found.coefficients[:, 1] - found.coefficients[:, 0], np.sqrt(np.diag(covariance))
