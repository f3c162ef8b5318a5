"""How a probability would have to be corrected: one class against the rest, on the scale of log-odds.

    logit P(y = k) = a + b logit p_k

b = 1 and a = 0 where the probabilities can be taken at their word; b < 1 where they are too extreme. Calibration in
the large is a with b held at 1. Sources: Cox (1958), Biometrika 45:562; Miller, Langefeld, Tierney, Hui and McDonald
(1993), Med. Decis. Making 13:49.
"""

import numpy as np
from scipy.special import expit

from genreglm.engine.blocks import Floats
from genreglm.engine.threads import single_threaded_blas

_STEPS = 60
# Twice the log-likelihood still to gain, where Newton's method stops.
_DECREMENT = 1e-18
# A standard error beyond says that the estimate runs to infinity: one row alone has about 2.
_ENDLESS = 1e3


@single_threaded_blas()
def recalibrate(share: Floats, w: Floats, prob: Floats) -> tuple[Floats, Floats]:
    """Return (a with b = 1, a, b) and their standard errors, NaN where no finite correction exists.

    Parameters
    ----------
    share : (rows,) what of each row is of the class: 0 or 1 unless labels are soft
    prob : (rows,) the class's probability
    """
    logit, ones = _logit(prob), np.ones(len(prob))
    large = _against_rest(share, w, ones[:, None], logit)
    both = _against_rest(share, w, np.column_stack([ones, logit]), 0.0 * ones)
    return np.concatenate([large[0], both[0]]), np.concatenate([large[1], both[1]])


def _logit(prob: Floats) -> Floats:
    """Return log p / (1 - p), finite at 0 and 1."""
    tiny, rounding = np.finfo(np.float64).tiny, np.finfo(np.float64).eps
    return np.asarray(np.log(np.maximum(prob, tiny)) - np.log(np.maximum(1.0 - prob, rounding)))


def _against_rest(share: Floats, w: Floats, x: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Fit a binary logistic regression with the part `known` (rows,) by Newton's method.

    Two columns at most: a multinomial fit for each of 114 classes would take eight times as long.
    """
    nothing = np.full(x.shape[1], np.nan)
    scale = np.maximum(np.abs(x).max(axis=0), 1e-300)
    z, beta, eta = x / scale, np.zeros(x.shape[1]), known
    loss = _loss(share, w, eta)
    for _ in range(_STEPS):
        prob = expit(eta)
        matrix = z.T @ ((w * prob * (1.0 - prob))[:, None] * z)
        score = z.T @ (w * (share - prob))
        try:
            inverse = np.linalg.inv(matrix)
        except np.linalg.LinAlgError:
            break
        error = np.sqrt(np.maximum(np.diag(inverse), 0.0))
        step = inverse @ score
        if score @ step < _DECREMENT:
            return (beta / scale, error / scale) if error.max() < _ENDLESS else (nothing, nothing)
        for size in 0.5 ** np.arange(30):
            moved = eta + z @ (size * step)
            found = _loss(share, w, moved)
            if found <= loss * (1.0 + 1e-14):
                break
        beta, eta, loss = beta + size * step, moved, found
    return nothing, nothing


def _loss(share: Floats, w: Floats, eta: Floats) -> float:
    return float(w @ (np.logaddexp(0.0, eta) - share * eta))
