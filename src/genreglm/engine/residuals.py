"""One residual for each row of a multinomial fit: deviance, Pearson, randomised quantile.

With p_i the probabilities of row i and t_i its targets, one-hot for a row of one class y:

    deviance    sqrt(-2 sum_k t_ik log p_ik),             for one class  sqrt(-2 log p_iy)
    Pearson     sqrt((t_i - p_i)' V_i^- (t_i - p_i))
                = sqrt(sum_k t_ik^2 / p_ik - 1),          for one class  sqrt((1 - p_iy) / p_iy)
    quantile    Phi^-1(u),  u uniform on (F_i(y-), F_i(y)),  F_i the cumulative probabilities in an order of classes

The first two have no sign. That of a two-class fit says on which side of its expectation a row lies, and classes
without an order have no sides: every row falls short of certainty in its own class. For two classes they are the
usual residuals' absolute values. Both are functions of p_iy alone; a row's direction is in its response residual
t_i - p_i.

Sources: McCullagh and Nelder (1989), Generalized Linear Models, 2.4; Dunn and Smyth (1996), J. Comput. Graph.
Stat. 5:236.
"""

import numpy as np
from scipy.special import ndtri

from genreglm.engine.blocks import Codes, Floats, Targets

# No probability is taken for smaller: its logarithm, reciprocal and normal quantile are finite.
_SMALLEST = np.finfo(np.float64).tiny
_SMALLEST_STEP = 2.0**-54


def deviance_residuals(prob: Floats, targets: Targets) -> Floats:
    """Return sqrt(-2 sum_k t log p), (rows,); their squares times the weights sum to the deviance of the fit."""
    if targets.ndim == 1:
        return np.sqrt(-2.0 * np.log(_own(prob, targets)))
    logs = np.log(_within(prob), out=np.zeros_like(prob), where=targets > 0)
    return np.asarray(np.sqrt(-2.0 * np.einsum("ik,ik->i", targets, logs)))


def pearson_residuals(prob: Floats, targets: Targets) -> Floats:
    """Return the root of Pearson's chi-square of each row, (rows,)."""
    if targets.ndim == 1:
        own = _own(prob, targets)
        return np.sqrt((1.0 - own) / own)
    return np.asarray(np.sqrt(np.maximum(np.einsum("ik,ik->i", targets, targets / _within(prob)) - 1.0, 0.0)))


def quantile_residuals(prob: Floats, codes: Codes, rank: Codes, rng: np.random.Generator) -> Floats:
    """Return randomised quantile residuals, (rows,): independent standard normals if the probabilities are right.

    Parameters
    ----------
    prob : (rows, classes)
    codes : (rows,) class codes
    rank : (classes,) each class's place in the order that F runs through
    rng : draws one number a row

    The smaller of the two tails is the one summed, so that neither a class of probability 1e-300 nor one of
    1 - 1e-300 gives an infinite residual.
    """
    mine = rank[codes][:, None]
    before = np.einsum("ik,ik->i", prob, rank < mine)
    after = np.einsum("ik,ik->i", prob, rank > mine)
    own = prob[np.arange(len(prob)), codes]
    step = rng.random(len(prob))
    below = np.maximum(before + np.maximum(step, _SMALLEST_STEP) * own, _SMALLEST)
    above = np.maximum(after + (1.0 - step) * own, _SMALLEST)
    return np.asarray(np.where(below < above, ndtri(below), -ndtri(above)))


def _own(prob: Floats, codes: Targets) -> Floats:
    """Return the probability of each row's own class, (rows,)."""
    return _within(prob[np.arange(len(prob)), np.asarray(codes, dtype=np.int64)])


def _within(prob: Floats) -> Floats:
    """Return probabilities that rounding has left neither at 0 nor above 1."""
    return np.clip(prob, _SMALLEST, 1.0)
