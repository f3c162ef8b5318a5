"""Is the link right? Each class's own squared linear predictor as a candidate, judged by a score test.

With eta_ik the linear predictors that sum to zero over the classes, the model

    eta_ik + g_k eta_ik^2,    k = 1, ..., K,

bends the scale of every class by itself; g = 0 where the logit is right and nothing is missing of what the linear
predictors could show. For two classes eta_i1 = -eta_i2 and only g_1 - g_2 counts: the test is Pregibon's of the
binary logit. Source: Pregibon (1980), Appl. Stat. 29:15, whose link test adds the square of the linear predictor; a
coefficient for each class is what that becomes with several of them, in a form that does not depend on the reference.
"""

from functools import partial

import numpy as np

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.inference import ChiSquareTest, wald
from genreglm.engine.information import information
from genreglm.engine.memory import require_covariance
from genreglm.engine.nested import Family
from genreglm.engine.score import given_kept
from genreglm.engine.threads import ordered_map


def link_score_test(family: Family, coefficients: Floats) -> ChiSquareTest:
    """Test g = 0 at the maximum `coefficients` (columns, classes) of `family`.

    Degrees of freedom are the classes, less the directions of g that change nothing.

    Raises
    ------
    InferenceError
        Where the information is not positive definite, or does not fit in memory.
    """
    problem = family.problem
    width, classes = coefficients.shape
    require_covariance(width, classes)
    point = family.at(coefficients)
    free = width * (classes - 1)
    matrix = np.zeros((free + classes, free + classes))
    matrix[:free, :free] = information([*point.parts, *point.prior], classes)
    score = np.zeros(free + classes)
    score[:free] = np.ascontiguousarray(point.score[:, :-1].T).ravel()
    centred = coefficients - coefficients.mean(axis=1, keepdims=True)
    task = partial(_bent, coefficients=problem.standardisation.forth(centred))
    for own_score, across, own in ordered_map(task, [*point.parts, *point.prior]):
        score[free:] += own_score
        matrix[:free, free:] += across
        matrix[free:, free:] += own
    matrix[free:, :free] = matrix[:free, free:].T
    given = given_kept(score, matrix, np.arange(free))
    new = given.is_new
    return wald(given.score[new], given.variance[np.ix_(new, new)])


def _bent(part: tuple[Block, Floats], coefficients: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the score of g, its information beside the coefficients, (m, classes), and its own, (classes, classes)."""
    block, prob = part
    eta = np.array(block.linear_predictor(coefficients))
    eta -= eta.mean(axis=1, keepdims=True)
    squares = eta**2
    shares = prob * squares
    moved = block.w[:, None] * shares
    own = np.diag(np.sum(moved * squares, axis=0)) - shares.T @ moved
    classes = prob.shape[1]
    across = np.empty((classes - 1, block.x.shape[1], classes))
    for k in range(classes - 1):
        across[k] = -(block.x * prob[:, [k]]).T @ moved
        across[k, :, k] += block.x.T @ moved[:, k]
    score = -np.einsum("ik,ik->k", block.residual(prob), squares)
    return score, across.reshape(-1, classes), own
