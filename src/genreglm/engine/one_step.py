"""What one step of Newton's from the estimate says of other weights, such as those of a bootstrap draw."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from genreglm.engine import coordinates
from genreglm.engine.blocks import Block, Floats, spread
from genreglm.engine.coupled import Quadratic
from genreglm.engine.estimate import objective_of
from genreglm.engine.newton import conjugate_gradients
from genreglm.engine.problem import Problem
from genreglm.engine.threads import ordered_map, single_threaded_blas

# The error of a direction in the metric of the Hessian, relative to it. Conjugate gradients stand at right angles to
# their error there, so that a direction is short by half a percent: far below what thirty draws leave uncertain.
_RELATIVE_ERROR = 0.1


@single_threaded_blas()
def one_step(
    problem: Problem, coefficients: Floats, draws: Iterable[Floats], ridge: Quadratic | None = None
) -> Iterator[Floats]:
    r"""Yield the coefficients (columns, classes) after one step of Newton's under each of other weights.

        B* = B - H^-1 g*,    g* = (1 / W) sum_i w*_i x_i (p_i - t_i)' + gradient of the penalty

    with H the Hessian of the whole objective at B under the fit's own weights, applied by preconditioned conjugate
    gradients, so that nothing larger than the coefficients is stored. At the optimum g* is of the difference w* - w
    alone, and B* is the delta method's first-order answer to a refit.

    Parameters
    ----------
    coefficients : the estimate under the problem's own weights, in the columns as given
    draws : (rows,) each, with the same sum as the problem's weights
    ridge : the penalty of the fit, as in `genreglm.engine.estimate.estimate`

    Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, section 2.7 (one-step replicates).
    """
    blocks = problem.blocks()
    objective = objective_of(problem, blocks, ridge)
    whitened = coordinates.whiten(objective.triangular, problem.standardisation.forth(coefficients))
    whitened = whitened - whitened.mean(axis=1, keepdims=True)
    objective.evaluate(whitened)
    starts = np.cumsum([0, *(len(block) for block in blocks.parts)])
    parts = [
        (block, prob - (spread(block.y, problem.classes) if block.y.ndim == 1 else block.y), slice(*ends))
        for block, prob, ends in zip(blocks.parts, objective.probabilities, pairwise(starts), strict=True)
    ]
    solve = conjugate_gradients(objective)
    for weights in draws:
        gradient = objective.whiten_rows(_gradient(parts, weights))
        if objective.quadratic is not None:
            gradient += objective.quadratic @ whitened
        moved = whitened + solve(gradient, _RELATIVE_ERROR)
        yield problem.standardisation.back() @ coordinates.unwhiten(objective.triangular, moved)


def _gradient(parts: Sequence[tuple[Block, Floats, slice]], weights: Floats) -> Floats:
    """Return sum_i w_i x_i r_i' over blocks with their residuals r and places among the rows, (columns, classes)."""

    def task(part: tuple[Block, Floats, slice]) -> Floats:
        block, residual, place = part
        return np.asarray(block.x.T @ (weights[place, None] * residual))

    return np.asarray(sum(ordered_map(task, parts)))
