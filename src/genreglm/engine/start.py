"""Where to start: linear discriminant analysis, which one pass over the rows gives in closed form.

Were the columns normal within classes with one covariance, it would be the estimate itself (Efron 1975, JASA
70:892). From zero, Newton's first steps overshoot and are halved again and again.
"""

import numpy as np

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.coupled import column_form
from genreglm.engine.objective import Objective

# The linear predictor of a class has no larger standard deviation at the start. Where classes are separated the
# discriminant is all but infinite, and there every gradient vanishes, as it does at an optimum.
_LARGEST_DEVIATION = 10.0


def best_start(objective: Objective, given: Floats | None) -> Floats:
    """Return whichever has the lowest objective: zero, shares of the discriminant, or a `given` start."""
    discriminant = discriminant_start(objective)
    discriminant *= np.minimum(1.0, _LARGEST_DEVIATION / np.maximum(np.linalg.norm(discriminant, axis=0), 1e-300))
    discriminant -= discriminant.mean(axis=1, keepdims=True)
    # Skewed columns make the discriminant too sure of itself; a part of it is then the better start.
    shares = (0.0, 1.0) if objective.is_small else (0.0, 1.0, 0.6, 0.3)
    candidates = [share * discriminant for share in shares]
    if given is not None:
        candidates.append(given - given.mean(axis=1, keepdims=True))
    values = [objective.evaluate(candidate)[0] for candidate in candidates]
    return candidates[int(np.argmin(np.nan_to_num(values, nan=np.inf)))]


def discriminant_start(objective: Objective) -> Floats:
    """Return whitened coefficients (columns, classes) of the linear discriminant.

    With total moments T of the whitened columns, class shares s, means m_k and their overall mean c, the pooled
    moments within classes are W = T - sum_k s_k m_k m_k', and the coefficients

        b_k = W^-1 (m_k - c) + c (log s_k - (m_k - c)' W^-1 (m_k - c) / 2),

    where c is the intercept's direction. Without an intercept there is none, and the start is zero.
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
    moments = np.eye(columns)
    if objective.quadratic is not None:
        moments -= classes * column_form(objective.quadratic)
    within = moments - (deviations * shares) @ deviations.T + 1e-6 * np.eye(columns)
    slopes = np.linalg.solve(within, deviations)
    level = np.log(shares) - 0.5 * np.einsum("jk,jk->k", slopes, deviations)
    start = slopes + centre * level
    return np.asarray(start - start.mean(axis=1, keepdims=True))


def _class_sums(block: Block, classes: int) -> tuple[Floats, Floats]:
    membership = block.w[:, None] * block.shares(classes)
    return membership.sum(axis=0), block.x.T @ membership
