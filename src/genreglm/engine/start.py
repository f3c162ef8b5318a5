"""Where to start: linear discriminant analysis, which one pass over the rows gives in closed form.

Were the columns normal within classes with one covariance, it would be the estimate itself (Efron 1975, JASA
70:892). From zero, Newton's first steps overshoot and are halved again and again.
"""

import numpy as np

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.objective import Objective

# The linear predictor of a class has no larger standard deviation at the start. Where classes are separated the
# discriminant is all but infinite, and there every gradient vanishes, as it does at an optimum.
_LARGEST_DEVIATION = 10.0


def best_start(objective: Objective, given: Floats | None) -> Floats:
    """Return whichever has the lowest objective: zero, shares of the discriminant, or a `given` start."""
    discriminant = discriminant_start(objective)
    discriminant *= np.minimum(1.0, _LARGEST_DEVIATION / np.maximum(np.linalg.norm(discriminant, axis=0), 1e-300))
    discriminant -= discriminant.mean(axis=1, keepdims=True)
    start, value = _lowest_share(objective, discriminant)
    if given is None:
        return start
    centred = given - given.mean(axis=1, keepdims=True)
    return centred if objective.evaluate(centred)[0] < value else start


def _lowest_share(objective: Objective, discriminant: Floats) -> tuple[Floats, float]:
    """Return the best of some shares of the discriminant, zero among them, and the objective there.

    Skewed columns make the discriminant too sure of itself; a part of it is then the better start. The objective is
    convex along the ray, so its slope at one share says on which side a lower one can be.
    """
    shares = (0.0, 1.0) if objective.is_small else (0.0, 0.3, 0.6, 1.0)

    def at(place: int) -> tuple[float, float]:
        found, gradient = objective.evaluate(shares[place] * discriminant)
        return (found if np.isfinite(found) else np.inf), float(np.vdot(gradient, discriminant))

    place = len(shares) // 2
    value, slope = at(place)
    towards = 1 if slope < 0 else -1
    while 0 <= place + towards < len(shares):
        nearby, _ = at(place + towards)
        if nearby >= value and np.isfinite(value):
            break
        place, value = place + towards, nearby
    return shares[place] * discriminant, value


def discriminant_start(objective: Objective) -> Floats:
    """Return whitened coefficients (columns, classes) of the linear discriminant.

    With total moments T of the whitened columns, class shares s, means m_k and their overall mean c, the pooled
    moments within classes are W = T - sum_k s_k m_k m_k', and the coefficients

        b_k = W^-1 (m_k - c) + c (log s_k - (m_k - c)' W^-1 (m_k - c) / 2),

    where c is the intercept's direction. Without an intercept there is none, and the start is zero. Columns that are
    whitened with classes times a ridge penalty (see estimate.py) bring it into T, where it holds the slopes back as it
    does at the optimum.
    """
    columns, classes = objective.shape
    weights, sums, total = np.zeros(classes), np.zeros((columns, classes)), np.zeros((columns, 1))
    for class_weights, class_sums in objective.blocks.map(lambda block: _class_sums(block, classes)):
        weights += class_weights
        sums += class_sums
    total[:, 0] = sums.sum(axis=1)
    shares = weights / objective.total_weight
    centre = objective.whiten_rows(total)
    if abs(float(np.vdot(centre, centre)) - 1.0) > 1e-6:
        return np.zeros(objective.shape)
    deviations = objective.whiten_rows(sums) / shares - centre
    within = (1.0 + 1e-6) * np.eye(columns) - (deviations * shares) @ deviations.T
    slopes = np.linalg.solve(within, deviations)
    level = np.log(shares) - 0.5 * np.einsum("jk,jk->k", slopes, deviations)
    start = slopes + centre * level
    return np.asarray(start - start.mean(axis=1, keepdims=True))


def _class_sums(block: Block, classes: int) -> tuple[Floats, Floats]:
    membership = block.w[:, None] * block.shares(classes)
    return membership.sum(axis=0), block.x.T @ membership
