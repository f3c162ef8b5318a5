"""Kernels of passes over rows: what a stretch of them adds to the likelihood, its derivatives and its covariances.

All take rows as `Blocks` in standardised columns z, and coefficients (columns, classes) for these. None keeps anything
of a row: probabilities, which need more memory than the columns, are computed anew in each pass, unless whoever holds
the rows keeps those that `loss_and_gradient_keeping` found.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreglm.engine import sandwich
from genreglm.engine.accuracy import discrimination_sums
from genreglm.engine.blocks import Block, Blocks, Codes, Floats, Singles, class_sums
from genreglm.engine.coordinates import reduced_rows, upper_triangle
from genreglm.engine.information import packed_information, packed_shape, unpacked
from genreglm.engine.objective import curvature_product
from genreglm.engine.passes.rows import Rows, added
from genreglm.engine.softmax import cluster_sums
from genreglm.engine.threads import ordered_map, workspace


def class_weights(blocks: Blocks) -> tuple[float, Floats]:
    """Return the sum of the weights, and that of each class, (classes,)."""
    own = [class_sums(part.y, part.w, blocks.classes) for part in blocks.parts]
    return blocks.total_weight, np.asarray(sum(own, np.zeros(blocks.classes)))


def live_rows(blocks: Blocks) -> tuple[float]:
    """Count the rows of positive weight."""
    return (float(sum(np.count_nonzero(part.w) for part in blocks.parts)),)


def triangle_of(blocks: Blocks) -> tuple[Floats]:
    """Return R, upper triangular, with R'R = sum w z z'."""
    reduced = np.zeros((0, blocks.columns))
    for piece in blocks.map(lambda block: reduced_rows(np.sqrt(block.w)[:, None] * block.x)):
        reduced = upper_triangle(np.vstack([reduced, piece]))
    return (reduced,)


def stacked(one: tuple[Floats], other: tuple[Floats]) -> tuple[Floats]:
    """Put two triangles together."""
    return (upper_triangle(np.vstack([one[0], other[0]])),)


def loss_and_gradient(blocks: Blocks, coefficients: Floats) -> tuple[float, Floats]:
    """Return sum_i w_i (log sum_l exp eta_il - sum_k t_ik eta_ik) and its gradient, (columns, classes)."""
    return _loss_and_gradient(blocks, coefficients, None)


def loss_and_gradient_keeping(blocks: Blocks, coefficients: Floats) -> tuple[tuple[float, Floats], Singles]:
    """Return the same and the rows' probabilities, (rows, classes), as `curved_roughly` takes them."""
    kept = np.empty((blocks.rows, blocks.classes), np.float32)
    return _loss_and_gradient(blocks, coefficients, kept), kept


def _loss_and_gradient(blocks: Blocks, coefficients: Floats, kept: Singles | None) -> tuple[float, Floats]:
    starts = np.cumsum([0, *(len(part) for part in blocks.parts)])

    def task(number: int) -> tuple[float, Floats]:
        block = blocks.parts[number]
        eta = block.linear_predictor(coefficients)
        prob = workspace(len(block), eta.shape[1], slot="probabilities")
        loss = block.loss(eta, prob)
        if kept is not None:
            kept[starts[number] : starts[number + 1]] = prob
        return loss, block.x.T @ eta

    loss, gradient = 0.0, np.zeros(coefficients.shape)
    for part_loss, part_gradient in ordered_map(task, range(len(blocks.parts))):
        loss += part_loss
        gradient += part_gradient
    return loss, gradient


def curved(blocks: Blocks, coefficients: Floats, direction: Floats) -> tuple[Floats]:
    """Return the sum over rows of Z'[P o T - P o rowsum(P o T)], T = Z `direction`, with P at `coefficients`."""

    def task(block: Block) -> Floats:
        return np.asarray(curvature_product(block.x, block.w, _probabilities(block, coefficients), direction))

    return (_summed(blocks.map(task), direction.shape),)


def curved_roughly(blocks: Blocks, coefficients: Floats, direction: Floats) -> tuple[Floats]:
    """Return the same in single precision within a block, by the probabilities that are kept where there are any."""
    along = direction.astype(np.float32)

    def task(block: Block) -> NDArray[Any]:
        prob = block.kept
        if prob is None:
            prob = _rough_probabilities(block, coefficients)
        return curvature_product(_rounded_columns(block), block.w.astype(np.float32), prob, along)

    return (_summed(blocks.map(task), direction.shape),)


def information_over(rows: Rows, coefficients: Floats) -> Floats:
    """Return the information of all rows at `coefficients`, see `genreglm.engine.information`, (m, m): one pass."""
    (sums,) = rows.reduce(information_of, added, coefficients)
    return unpacked(sums, rows.columns, rows.classes)


def information_of(blocks: Blocks, coefficients: Floats) -> tuple[Floats]:
    """Return the information at `coefficients` with every number once: a quarter of what goes over a network."""
    if not blocks.rows:
        return (np.zeros(packed_shape(blocks.columns, blocks.classes)),)
    return (packed_information(list(fitted(blocks, coefficients)), blocks.classes),)


def row_meat_of(blocks: Blocks, coefficients: Floats, squared: bool) -> tuple[Floats]:
    """Return the sum of the outer products of the rows' scores; see `genreglm.engine.sandwich.row_meat`."""
    if not blocks.rows:
        return (np.zeros((blocks.columns * (blocks.classes - 1),) * 2),)
    weights = [block.w**2 if squared else block.w for block in blocks.parts]
    return (sandwich.row_meat(list(fitted(blocks, coefficients)), blocks.classes, weights),)


def cluster_scores(blocks: Blocks, codes: Codes, clusters: int, coefficients: Floats) -> Floats:
    """Return the scores of rows summed over each of `clusters`, (clusters, m), by the rows' `codes` from 0 on."""
    sums = np.zeros((clusters, blocks.columns * (blocks.classes - 1)))
    done = 0
    for block, prob in fitted(blocks, coefficients):
        residual = np.ascontiguousarray(block.residual(prob)[:, :-1])
        cluster_sums(np.ascontiguousarray(block.x), residual, codes[done : done + len(block)], sums)
        done += len(block)
    return sums


def fit_sums(blocks: Blocks, coefficients: Floats) -> tuple[float, float, float, float, Floats, Floats, Floats]:
    """Return the log-likelihood, the rows of positive weight, and what tells how well the classes are told apart; see
    `discrimination_sums`.
    """
    log_likelihood = -loss_and_gradient(blocks, coefficients)[0]
    return log_likelihood, *live_rows(blocks), *discrimination_sums(fitted(blocks, coefficients), blocks.classes)


def fitted(blocks: Blocks, coefficients: Floats) -> Iterator[tuple[Block, Floats]]:
    """Yield each block with its probabilities."""

    def task(block: Block) -> tuple[Block, Floats]:
        return block, _probabilities(block, coefficients).copy()

    yield from ordered_map(task, blocks.parts)


def _probabilities(block: Block, coefficients: Floats) -> Floats:
    eta = block.linear_predictor(coefficients)
    prob = workspace(len(block), eta.shape[1], slot="probabilities")
    block.loss(eta, prob)
    return prob


def _rough_probabilities(block: Block, coefficients: Floats) -> Singles:
    """Return probabilities whose linear predictors were rounded to single precision, exponentials not."""
    size = len(block), coefficients.shape[1]
    eta, prob = workspace(*size), workspace(*size, slot="probabilities")
    found = workspace(*size, np.float32, slot="rounded")
    eta[:] = np.matmul(_rounded_columns(block), coefficients.astype(np.float32), out=found)
    if block.offset is not None:
        eta += block.offset
    block.loss(eta, prob)
    found[:] = prob
    return found


def _rounded_columns(block: Block) -> Singles:
    found = workspace(len(block), block.x.shape[1], np.float32, slot="columns")
    found[:] = block.x
    return found


def _summed(parts: Iterable[NDArray[Any]], shape: tuple[int, ...]) -> Floats:
    total = np.zeros(shape)
    for part in parts:
        total += part
    return total
