"""The objective, its gradient and its curvature. Scale and layout are stated here, once.

    f(U) = (1 / W) sum_i w_i (log sum_l exp eta_il - sum_k t_ik eta_ik) + (1 / 2) tr(U' Q U A)

U is (columns, classes) in whitened coordinates (see coordinates.py), eta = z R^-1 U + offset, t_i the row's
target (one class, or shares of several), W the sum of the weights, Q the quadratic form of a ridge
penalty there (zero without one), and A the identity unless classes are coupled (see coupled.py). Adding a
constant to all classes changes nothing in the first part, so gradient and curvature stay in the space of rows
that sum to zero, where a solution started from U = 0 remains.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.cells import moments, pair_positions
from genreglm.engine.coordinates import unwhiten, whiten_gradient
from genreglm.engine.coupled import Quadratic, all_blocks, class_blocks
from genreglm.engine.softmax import curvature_rows
from genreglm.engine.threads import ordered_map, single_threaded_blas, workspace

Singles = NDArray[np.float32]
Reals = NDArray[np.floating[Any]]

_SINGLE_PRECISION_CONDITION = 1e3
_FEW_PARAMETERS = 64
_FEW_ROWS = 20_000
# The preconditioner needs so many rows for each of its parameters, and no more than bring its cost to that of a few
# products with the Hessian.
_ROWS_A_PARAMETER = 10
_PRECONDITIONER_FLOPS = 1.5e9


class Objective:
    """Mean negative log-likelihood of blocks of rows, with an optional quadratic penalty."""

    def __init__(self, blocks: Blocks, triangular: Floats, quadratic: Quadratic | None = None) -> None:
        self.blocks = blocks
        self.triangular = triangular
        self.quadratic = quadratic
        self.total_weight = blocks.total_weight
        self.probabilities = [np.empty((len(part), blocks.classes)) for part in blocks.parts]
        self._pairs = list(zip(blocks.parts, self.probabilities, strict=True))
        # Nearly dependent columns cancel: what is left of six digits would be noise.
        single = not self.is_small and np.linalg.cond(triangular) < _SINGLE_PRECISION_CONDITION
        self._moved = True  # since the probabilities were last copied in single precision
        self._singles = [_single(part, blocks.classes) for part in blocks.parts] if single else []

    @property
    def is_small(self) -> bool:
        """Whether the whole Hessian costs less than the few products that do without it."""
        return self.blocks.columns * self.blocks.classes <= _FEW_PARAMETERS and self.blocks.rows <= _FEW_ROWS

    @property
    def shape(self) -> tuple[int, int]:
        """Columns and classes."""
        return self.blocks.columns, self.blocks.classes

    # BLAS threads would cost more to wake than the small solves before and after the blocks take.
    @single_threaded_blas()
    def evaluate(self, whitened: Floats) -> tuple[float, Floats]:
        """Return f and its gradient, (columns, classes); keep the probabilities for the products."""
        coefficients = unwhiten(self.triangular, whitened)
        self._moved = True

        def task(pair: tuple[Block, Floats]) -> tuple[float, Floats]:
            block, prob = pair
            eta = block.linear_predictor(coefficients)
            loss = block.loss(eta, prob)
            return loss, block.x.T @ eta

        loss, gradient = 0.0, np.zeros(self.shape)
        for part_loss, part_gradient in ordered_map(task, self._pairs):
            loss += part_loss
            gradient += part_gradient
        gradient = self.whiten_rows(gradient)
        value = loss / self.total_weight
        if self.quadratic is not None:
            penalty_gradient = self.quadratic @ whitened
            value += 0.5 * float(np.vdot(whitened, penalty_gradient))
            gradient += penalty_gradient
        return value, gradient

    @single_threaded_blas()
    def product(self, direction: Floats, *, single: bool = False) -> Floats:
        """Return the Hessian at the last evaluated point times `direction`: X'[P o T - P o rowsum(P o T)].

        With `single`, in single precision within a block where the columns allow it: half the memory to move.
        """
        coefficients = unwhiten(self.triangular, direction)
        total = np.zeros(self.shape)
        if single and self._singles:
            rough, moved = coefficients.astype(np.float32), self._moved

            def task(number: int) -> Reals:
                x, w, prob = self._singles[number]
                if moved:
                    prob[:] = self.probabilities[number]
                return _curved(x, w, prob, rough)

            parts, self._moved = ordered_map(task, range(len(self._singles))), False
        else:
            parts = ordered_map(lambda pair: _curved(pair[0].x, pair[0].w, pair[1], coefficients), self._pairs)
        for part in parts:
            total += part
        total = self.whiten_rows(total)
        return total if self.quadratic is None else total + self.quadratic @ direction

    def class_curvatures(self) -> Floats:
        """Return the diagonal blocks of the Hessian in whitened columns, (classes, columns, columns).

        On every so many-th row where there are more than a preconditioner needs.
        """
        columns, classes = self.shape
        affordable = _PRECONDITIONER_FLOPS / (classes * columns**2)
        wanted = max(min(_ROWS_A_PARAMETER * classes * columns, affordable), 8.0 * columns)
        stride = max(1, int(self.blocks.rows / wanted))
        every = np.arange(columns)

        def task(pair: tuple[Block, Floats]) -> tuple[float, Floats]:
            block, prob = pair
            chosen, w = prob[::stride], block.w[::stride]
            products = moments(block.x[::stride], every, linear=False)
            return float(w.sum()), (chosen * (1.0 - chosen) * w[:, None]).T @ products

        weight, stacked = 0.0, np.zeros((classes, columns * (columns + 1) // 2))
        for part_weight, part in ordered_map(task, self._pairs):
            weight += part_weight
            stacked += part
        full = stacked[:, pair_positions(columns)] / weight
        inverse = unwhiten(self.triangular, np.eye(columns))
        full = inverse.T @ full @ inverse
        return full if self.quadratic is None else full + class_blocks(self.quadratic, classes)

    def hessian(self) -> Floats:
        """Return the whole Hessian in whitened columns, (classes, classes, columns, columns)."""
        columns, classes = self.shape

        def task(pair: tuple[Block, Floats]) -> tuple[Floats, Floats]:
            block, prob = pair
            spread = (prob[:, :, None] * block.x[:, None, :]).reshape(len(block), classes * columns)
            weighted = block.w[:, None] * spread
            return spread.T @ weighted, weighted.T @ block.x

        both, own = (sum(parts) for parts in zip(*ordered_map(task, self._pairs), strict=True))
        full = -both.reshape(classes, columns, classes, columns).transpose(0, 2, 1, 3)
        every = np.arange(classes)
        full[every, every] += own.reshape(classes, columns, columns)
        inverse = unwhiten(self.triangular, np.eye(columns))
        full = inverse.T @ full @ inverse / self.total_weight
        if self.quadratic is not None:
            full += all_blocks(self.quadratic, classes)
        return np.asarray(full)

    def typical_curvatures(self) -> Floats:
        """Return p (1 - p) at the mean probability of each class, (classes,): where columns are whitened, the
        curvature in any of them if rows did not differ.
        """
        mean = sum(block.w @ prob for block, prob in self._pairs) / self.total_weight
        return np.asarray(mean * (1.0 - mean))

    def whiten_rows(self, gradient: Floats) -> Floats:
        """Map a gradient for B_z to one for U = R B_z, per unit of weight."""
        return whiten_gradient(self.triangular, gradient) / self.total_weight


def _single(block: Block, classes: int) -> tuple[Singles, Singles, Singles]:
    """Return columns, weights and room for probabilities in single precision."""
    return block.x.astype(np.float32), block.w.astype(np.float32), np.empty((len(block), classes), dtype=np.float32)


def _curved(x: Any, w: Any, prob: Any, coefficients: Any) -> Reals:
    """Return x' [w (P o T - P o rowsum(P o T))] for T = x `coefficients`, in the precision of what is given."""
    tangent = np.matmul(x, coefficients, out=workspace(len(x), coefficients.shape[1], coefficients.dtype))
    curvature_rows(tangent, prob, w)
    return np.asarray(x.T @ tangent)
