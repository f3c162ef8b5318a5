"""Proximal quasi-Newton steps for a lasso-type penalty on a fixed set of columns; see `genreglm.engine.sparse_path`."""

import numpy as np

from genreglm.engine.anderson import Anderson
from genreglm.engine.blocks import Block, Floats
from genreglm.engine.column_descent import descend
from genreglm.engine.newton import Step
from genreglm.engine.objective import Objective
from genreglm.engine.sparse_penalties import ColumnPenalty
from genreglm.engine.threads import ordered_map

_SWEEPS = 2000
_INNER_SHARE = 1e-3
_RENEW_AFTER = 12
_ROUNDING = 64 * float(np.finfo(float).eps)
_MOST_CAUTION = 1e6


def minimise_sparse(
    objective: Objective, penalty: ColumnPenalty, strength: float, start: Floats, tolerance: float, max_steps: int
) -> tuple[Floats, float, list[Step]]:
    """Return B, the mean negative log-likelihood there, and the steps taken; `products` counts sweeps of the descent.

    `objective` has the identity for its triangle. What ends the iteration is the violation of the conditions of an
    optimum, at most `tolerance`, or `max_steps` steps. A mixture of Anderson's that does not lower the objective
    gives way to the plain step; a plain step that does not, to a more cautious one.
    """
    memory, caution, mixed, age = Anderson(), 1.0, False, 0
    trace: list[Step] = []
    point = together(start, penalty, strength)
    loss, gradient = objective.evaluate(point)
    value = loss + strength * penalty.value(point)
    curvature = class_curvatures(objective)
    while True:
        kkt = float(penalty.violations(point, gradient, strength).max(initial=0.0))
        if kkt <= tolerance or len(trace) >= max_steps or not np.isfinite(value):
            return point, loss, trace
        if age >= _RENEW_AFTER:
            curvature, age = class_curvatures(objective), 0
            memory.forget()
        image = point.copy()
        sweeps = descend(
            image,
            gradient.copy(),
            curvature * caution,
            strength * penalty.corner,
            strength * penalty.ridge,
            penalty.grouped,
            penalty.starts,
            _INNER_SHARE * min(kkt, 1e-3) if kkt > 1e-9 else _INNER_SHARE * tolerance,
            _SWEEPS,
        )
        image = together(image, penalty, strength)
        trial = memory.next_point(point, image)
        mixed = trial is not image
        while True:
            new_loss, new_gradient = objective.evaluate(trial)
            new_value = new_loss + strength * penalty.value(trial)
            if new_value <= value + _ROUNDING * abs(value):
                break
            memory.forget()
            if not mixed:
                caution *= 2.0
                image = 0.5 * (point + image)
                if caution > _MOST_CAUTION:
                    objective.evaluate(point)
                    return point, loss, trace
            trial, mixed = image, False
        trace.append(Step(value, kkt, float("nan"), 1.0 / caution, sweeps))
        point, loss, gradient, value, age = trial, new_loss, new_gradient, new_value, age + 1


def class_curvatures(objective: Objective) -> Floats:
    """Return x' diag(w p_k) x / W at the last evaluated point, (columns, columns, classes)."""
    columns, classes = objective.shape
    pairs = list(zip(objective.blocks.parts, objective.probabilities, strict=True))

    def task(pair: tuple[Block, Floats]) -> Floats:
        block, prob = pair
        part = np.zeros((columns, columns, classes))
        for j in range(columns):
            part[j, j:] = (block.x[:, j:] * (block.w * block.x[:, j])[:, None]).T @ prob
        return part

    total = np.zeros((columns, columns, classes))
    for part in ordered_map(task, pairs):
        total += part
    total /= objective.total_weight
    for j in range(columns):
        total[j + 1 :, j] = total[j, j + 1 :]
    # A class that is nowhere likely has next to no curvature.
    total[np.arange(columns), np.arange(columns)] += 1e-9
    return total


def together(b: Floats, penalty: ColumnPenalty, strength: float) -> Floats:
    """Move all classes of each column by the constant that costs least, which leaves the likelihood as it is.

    That is their mean for a group, a ridge or a free column. For sum_k [c |b_k - s| + r / 2 (b_k - s)^2] it is the
    median of the b_k and of K + 1 points around their mean, K c / r apart at most; of the b_k and 0 where r = 0.
    """
    mean = b.mean(axis=1, keepdims=True)
    if penalty.grouped:
        return np.asarray(b - mean)
    classes = b.shape[1]
    corner, ridge = strength * penalty.corner[:, None], strength * penalty.ridge[:, None]
    reach = np.divide(corner, ridge * classes, out=np.zeros_like(corner), where=ridge > 0.0)
    beside = mean + reach * (classes - 2.0 * np.arange(classes + 1))
    with_ridge = np.median(np.hstack([b, beside]), axis=1, keepdims=True)
    room = np.hstack([b, np.zeros_like(mean)]) if classes % 2 == 0 else b
    without = np.median(room, axis=1, keepdims=True)
    return np.asarray(b - np.where(corner == 0.0, mean, np.where(ridge > 0.0, with_ridge, without)))
