"""How well fitted probabilities tell the classes apart on the rows of the fit, in one pass over them."""

from collections.abc import Iterable

import numpy as np

from genreglm.engine.blocks import Block, Floats


def discrimination(parts: Iterable[tuple[Block, Floats]], classes: int) -> tuple[float, Floats]:
    """Return the weight of rows told right, and Tjur's coefficient of each class, (classes,).

    A row is told right where its most probable class is its own (by its share, where it has several). With t_ik
    the row's share of class k,

        D_k = sum w t_k p_k / sum w t_k - sum w (1 - t_k) p_k / sum w (1 - t_k):

    the mean probability of a class among its own rows less that among the others.

    Source: Tjur (2009), Am. Stat. 63:366, for two classes.
    """
    return discrimination_of(*discrimination_sums(parts, classes))


def discrimination_of(right: float, total: float, weight: Floats, own: Floats, overall: Floats) -> tuple[float, Floats]:
    """Return what `discrimination` does, from the sums over rows that it is made of."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return right, own / weight - (overall - own) / (total - weight)


def discrimination_sums(
    parts: Iterable[tuple[Block, Floats]], classes: int
) -> tuple[float, float, Floats, Floats, Floats]:
    """Return weights of the rows told right and of all, and sums of w t_k, w t_k p_k and w p_k, (classes,) each."""
    right, total = 0.0, 0.0
    weight, own, overall = np.zeros(classes), np.zeros(classes), np.zeros(classes)
    for block, prob in parts:
        rows, best = np.arange(len(block)), prob.argmax(axis=1)
        total += float(block.w.sum())
        overall += block.w @ prob
        if block.y.ndim == 1:
            right += float(block.w @ (best == block.y))
            weight += np.bincount(block.y, block.w, classes)
            own += np.bincount(block.y, block.w * prob[rows, block.y], classes)
        else:
            right += float(block.w @ block.y[rows, best])
            weight += block.w @ block.y
            own += block.w @ (block.y * prob)
    return right, total, weight, own, overall
