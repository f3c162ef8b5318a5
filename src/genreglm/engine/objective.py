"""The objective, its gradient and its curvature. Scale and layout are stated here, once.

    f(U) = (1 / W) sum_i w_i (log sum_l exp eta_il - eta_i,y_i) + (1 / 2) sum_k u_k' A u_k

U is (columns, classes) in whitened coordinates (see coordinates.py), eta = z R^-1 U + offset, W the sum of
the weights, and A the quadratic form of a ridge penalty there (zero without one). Adding a constant to all
classes changes nothing in the first part, so gradient and curvature stay in the space of rows that sum to
zero, where a solution started from U = 0 remains.
"""

import numpy as np
from scipy.linalg import solve_triangular

from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.coordinates import unwhiten
from genreglm.engine.softmax import curvature_rows, softmax_rows
from genreglm.engine.threads import ordered_map, single_threaded_blas

# The preconditioner needs no more rows than bring its cost to that of a few products with the Hessian.
_PRECONDITIONER_FLOPS = 8e9


class Objective:
    """Mean negative log-likelihood of blocks of rows, with an optional quadratic penalty."""

    def __init__(self, blocks: Blocks, triangular: Floats, quadratic: Floats | None = None) -> None:
        self.blocks = blocks
        self.triangular = triangular
        self.quadratic = quadratic
        self.total_weight = blocks.total_weight
        self.probabilities = [np.empty((len(part), blocks.classes)) for part in blocks.parts]
        self._pairs = list(zip(blocks.parts, self.probabilities, strict=True))

    @property
    def shape(self) -> tuple[int, int]:
        """Columns and classes."""
        return self.blocks.columns, self.blocks.classes

    # BLAS threads would cost more to wake than the small solves before and after the blocks take.
    @single_threaded_blas()
    def evaluate(self, whitened: Floats) -> tuple[float, Floats]:
        """Return f and its gradient, (columns, classes); keep the probabilities for the products."""
        coefficients = unwhiten(self.triangular, whitened)

        def task(pair: tuple[Block, Floats]) -> tuple[float, Floats]:
            block, prob = pair
            eta = block.linear_predictor(coefficients)
            loss = softmax_rows(eta, block.y, block.w, prob)
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
    def product(self, direction: Floats) -> Floats:
        """Return the Hessian at the last evaluated point times `direction`: X'[P o T - P o rowsum(P o T)]."""
        coefficients = unwhiten(self.triangular, direction)

        def task(pair: tuple[Block, Floats]) -> Floats:
            block, prob = pair
            tangent = block.product(coefficients)
            curvature_rows(tangent, prob, block.w)
            return block.x.T @ tangent

        total = np.zeros(self.shape)
        for part in ordered_map(task, self._pairs):
            total += part
        total = self.whiten_rows(total)
        return total if self.quadratic is None else total + self.quadratic @ direction

    def class_curvatures(self) -> Floats:
        """Return the diagonal blocks of the Hessian in whitened columns, (classes, columns, columns).

        On evenly spread blocks of rows where there are more than a preconditioner needs.
        """
        columns, classes = self.shape
        upper = np.triu_indices(columns)
        flops_per_row = 2.0 * classes * len(upper[0])
        wanted = max(_PRECONDITIONER_FLOPS / flops_per_row, 8.0 * columns)
        stride = max(1, int(self.blocks.rows / wanted))
        chosen = self._pairs[::stride]

        def task(pair: tuple[Block, Floats]) -> tuple[float, Floats]:
            block, prob = pair
            variance = prob * (1.0 - prob) * block.w[:, None]
            products = block.x[:, upper[0]] * block.x[:, upper[1]]
            return float(block.w.sum()), variance.T @ products

        weight, stacked = 0.0, np.zeros((classes, len(upper[0])))
        for part_weight, part in ordered_map(task, chosen):
            weight += part_weight
            stacked += part
        full = np.empty((classes, columns, columns))
        full[:, upper[0], upper[1]] = stacked / weight
        full[:, upper[1], upper[0]] = stacked / weight
        inverse = solve_triangular(self.triangular, np.eye(columns))
        full = inverse.T @ full @ inverse
        return full if self.quadratic is None else full + self.quadratic

    def whiten_rows(self, gradient: Floats) -> Floats:
        """Map a gradient for B_z to one for U = R B_z, per unit of weight."""
        return (
            np.asarray(solve_triangular(self.triangular, gradient, trans="T", check_finite=False)) / self.total_weight
        )
