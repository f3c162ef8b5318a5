"""Averages over rows of probabilities and of their slopes, and how both move with the coefficients.

With p_i = softmax(B' x_i), weights w_i that sum to W, and x'_i the derivative of the columns along some variable,

    a_j = sum_i w_i p_ij / W,        s_j = sum_i w_i p_ij d_ij / W,   d_ij = g_ij - sum_l p_il g_il,   g_i = B' x'_i.

For the coefficient of class k and column c

    W da_j / dB_ck = [j = k] sum w p_j x_c                  - sum w p_j p_k x_c
    W ds_j / dB_ck = [j = k] sum w (p_j d_j x_c + p_j x'_c) - sum w p_j p_k (d_j + d_k) x_c - sum w p_j p_k x'_c

(i left out). The sum with d_j and the one with d_k are transposes of each other, so that one product of classes by
classes for each column and variable is all the work: 2 n K^2 p flops a variable, fewer where columns are mostly zero.
The last sum has only the few columns that move with the variable.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.threads import ordered_map

Integers = NDArray[np.intp]


@dataclass(frozen=True)
class Direction:
    """x'_i for every row: the derivative of the columns that move, and which these are; the others' is zero.

    Attributes
    ----------
    columns : (moving,) positions among the design's columns
    values : (rows, moving)
    """

    columns: Integers
    values: Floats

    @classmethod
    def of(cls, derivative: Floats) -> "Direction":
        """Keep the columns of `derivative` (rows, p) that are not zero throughout."""
        columns = np.flatnonzero(derivative.any(axis=0))
        return cls(columns, np.ascontiguousarray(derivative[:, columns]))


@dataclass(frozen=True)
class Averages:
    """One number for each class shown, and its derivative by the coefficients of the first classes against the last.

    Attributes
    ----------
    estimate : (shown,)
    jacobian : (shown, m), m = (classes - 1) * columns, class by class; None where it was not asked for
    """

    estimate: Floats
    jacobian: Floats | None

    def __sub__(self, other: "Averages") -> "Averages":
        if self.jacobian is None or other.jacobian is None:
            return Averages(self.estimate - other.estimate, None)
        return Averages(self.estimate - other.estimate, self.jacobian - other.jacobian)

    def log(self) -> "Averages":
        """Return the logarithm of the averages."""
        jacobian = None if self.jacobian is None else self.jacobian / self.estimate[:, None]
        return Averages(np.log(self.estimate), jacobian)


def weighted_mean(parts: Sequence[Averages], shares: Sequence[float]) -> Averages:
    """Return averages over several groups of rows from those over each; `shares` of the weight sum to 1."""
    estimate = sum(share * part.estimate for part, share in zip(parts, shares, strict=True))
    jacobians = [part.jacobian for part in parts]
    if any(jacobian is None for jacobian in jacobians):
        return replace(parts[0], estimate=np.asarray(estimate), jacobian=None)
    jacobian = sum(share * own for own, share in zip(jacobians, shares, strict=True) if own is not None)
    return replace(parts[0], estimate=np.asarray(estimate), jacobian=np.asarray(jacobian))


def average_probabilities(
    blocks: Blocks, coefficients: Floats, shown: Integers | None = None, *, derivatives: bool = True
) -> Averages:
    """Return the weighted mean of p_i over all rows, and its derivatives where these are asked for.

    Parameters
    ----------
    blocks : the rows; their classes do not matter
    coefficients : (columns, classes)
    shown : positions of the classes wanted, all unless given
    """
    shown = np.arange(blocks.classes) if shown is None else shown

    def task(block: Block) -> list[Floats]:
        prob = _probabilities(block, coefficients)
        weighted = block.w[:, None] * prob[:, shown]
        if not derivatives:
            return [weighted.sum(axis=0)]
        return [weighted.sum(axis=0), weighted.T @ block.x, _products(weighted, prob, block.x)]

    estimate, *rest = _added(blocks.map(task), blocks.total_weight)
    if not derivatives:
        return Averages(estimate, None)
    own, cross = rest
    return Averages(estimate, _jacobian(own, cross, shown))


def average_slopes(
    blocks: Blocks, coefficients: Floats, directions: Sequence[Direction], *, derivatives: bool = True
) -> list[Averages]:
    """Return for each direction the weighted mean of dp_i / dv over all rows, and its derivatives if asked for.

    The slopes of all classes sum to zero. Directions share the products that they can, so give them together.
    """
    starts = np.cumsum([0, *(len(part) for part in blocks.parts)])[:-1].tolist()
    classes = np.arange(blocks.classes)

    def task(place: tuple[Block, int]) -> list[Floats]:
        block, start = place
        moves = [direction.values[start : start + len(block)] for direction in directions]
        prob = _probabilities(block, coefficients)
        weighted = block.w[:, None] * prob
        slopes = np.empty((len(block), len(directions), blocks.classes))
        for number, (direction, move) in enumerate(zip(directions, moves, strict=True)):
            change = move @ coefficients[direction.columns]
            change -= np.einsum("ik,ik->i", prob, change)[:, None]
            np.multiply(weighted, change, out=slopes[:, number])
        flat = slopes.reshape(len(block), -1)
        if not derivatives:
            return [flat.sum(axis=0)]
        along = [part for move in moves for part in (weighted.T @ move, _products(weighted, prob, move))]
        return [flat.sum(axis=0), flat.T @ block.x, _products(flat, prob, block.x), *along]

    answers = ordered_map(task, list(zip(blocks.parts, starts, strict=True)))
    estimate, *rest = _added(answers, blocks.total_weight)
    estimates = estimate.reshape(len(directions), blocks.classes)
    if not derivatives:
        return [Averages(own, None) for own in estimates]
    own, cross, *along = rest
    found = []
    for number, direction in enumerate(directions):
        cut = slice(number * blocks.classes, (number + 1) * blocks.classes)
        one_sided = cross[:, cut]
        both, single = one_sided + one_sided.transpose(0, 2, 1), own[cut].copy()
        both[direction.columns] += along[2 * number + 1]
        single[:, direction.columns] += along[2 * number]
        found.append(Averages(estimates[number], _jacobian(single, both, classes)))
    return found


def _probabilities(block: Block, coefficients: Floats) -> Floats:
    prob = np.empty((len(block), coefficients.shape[1]))
    block.loss(block.linear_predictor(coefficients), prob)
    return prob


def _products(left: Floats, right: Floats, x: Floats) -> Floats:
    """Return sum_i left_iq right_ik x_ic for each column c, (columns, left's, right's)."""
    found = np.empty((x.shape[1], left.shape[1], right.shape[1]))
    for column in range(x.shape[1]):
        rows = np.flatnonzero(x[:, column])
        if 2 * len(rows) < len(x):  # a level of a factor: its own rows are enough
            np.dot(left[rows].T, right[rows] * x[rows, column, None], out=found[column])
        else:
            np.dot(left.T, right * x[:, column, None], out=found[column])
    return found


def _added(answers: Iterator[list[Floats]], weight: float) -> list[Floats]:
    """Return the sums of the blocks' answers, in the order of the blocks, over the weight of all rows."""
    total = next(answers)
    for answer in answers:
        for sums, part in zip(total, answer, strict=True):
            sums += part
    for sums in total:
        sums /= weight
    return total


def _jacobian(own: Floats, cross: Floats, shown: Integers) -> Floats:
    """Return [j = k] own_jc - cross_cjk without the last class k: (shown, m), class by class."""
    jacobian = np.negative(cross.transpose(1, 2, 0))
    jacobian[np.arange(len(shown)), shown] += own
    return np.ascontiguousarray(jacobian[:, :-1]).reshape(len(shown), -1)
