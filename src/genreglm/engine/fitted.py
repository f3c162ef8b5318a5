"""What a model says of rows: their probabilities, and the log-likelihood of what they are."""

import numpy as np
from scipy.special import log_softmax

from genreglm.engine.blocks import Block, Floats, spread
from genreglm.engine.problem import Problem
from genreglm.engine.threads import single_threaded_blas


def probabilities(problem: Problem, coefficients: Floats) -> Floats:
    """Return p_ik = exp(eta_ik) / sum_l exp(eta_il), (rows, classes), for `coefficients` (columns, classes)."""
    return _fitted(problem, coefficients)[0]


def log_likelihood(problem: Problem, coefficients: Floats) -> float:
    """Return sum_i w_i sum_k t_ik log p_ik."""
    return _fitted(problem, coefficients)[1]


@single_threaded_blas()
def log_likelihood_by_class(problem: Problem, coefficients: Floats) -> Floats:
    """Return sum_i w_i t_ik log p_ik for each class k, (classes,), which add up to `log_likelihood`.

    Rows go block by block, so that the probabilities of all rows are never held at once.
    """
    standard = problem.standardisation.forth(coefficients)

    def task(block: Block) -> Floats:
        logs = log_softmax(block.linear_predictor(standard), axis=1)
        return np.asarray(block.w @ (spread(block.y, problem.classes) * logs))

    return np.asarray(sum(problem.blocks().map(task)))


@single_threaded_blas()
def _fitted(problem: Problem, coefficients: Floats) -> tuple[Floats, float]:
    # In standardised columns, where a column of mean 1e8 and deviation 1 keeps its digits.
    standard = problem.standardisation.forth(coefficients)
    blocks = problem.blocks()
    found = np.empty((blocks.rows, problem.classes))
    starts = np.cumsum([0, *(len(part) for part in blocks.parts)])
    place = {id(part): slice(start, start + len(part)) for part, start in zip(blocks.parts, starts[:-1], strict=True)}

    def task(block: Block) -> float:
        return block.loss(block.linear_predictor(standard), found[place[id(block)]])

    loss = sum(blocks.map(task))
    return found, -float(loss)
