"""The objective, its gradient and its curvature. Scale and layout are stated here, once.

    f(U) = (1 / W) sum_i w_i (log sum_l exp eta_il - sum_k t_ik eta_ik) + (1 / 2) tr(U' Q U A)

U is (columns, classes) in whitened coordinates (see coordinates.py), eta = z R^-1 U + offset, t_i the row's
target (one class, or shares of several), W the sum of the weights, Q the quadratic form of a ridge
penalty there (zero without one), and A the identity unless classes are coupled (see coupled.py). Adding a
constant to all classes changes nothing in the first part, so gradient and curvature stay in the space of rows
that sum to zero, where a solution started from U = 0 remains.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.coordinates import rounding, unwhiten, whiten_gradient
from genreglm.engine.coupled import Quadratic, add_class_blocks, all_blocks
from genreglm.engine.curvatures import curvatures_on_own_rows, curvatures_on_shared_rows
from genreglm.engine.preconditioners import ClassBlocks, Curvature, Reals, WholeHessian
from genreglm.engine.softmax import curvature_rows
from genreglm.engine.threads import ordered_map, single_threaded_blas, workspace

Singles = NDArray[np.float32]

_FEW_PARAMETERS = 64
# The preconditioner is taken anew until the whole log-likelihood has less than so many units to gain: the Hessian
# hardly changes from there.
FROZEN_BELOW = 10.0
_FEW_ROWS = 20_000
# With no more columns than this all classes' blocks of the preconditioner come from the same rows. They need so many
# for each of their parameters, and no more than bring their cost to that of a few products with the Hessian.
_FEW_COLUMNS = 48
_ROWS_A_PARAMETER = 10
_PRECONDITIONER_FLOPS = 1.5e9
# After a step whose products took longer than they would, they come from all rows: where a class is all but set apart,
# a few rows bend the likelihood, and each of them counts. In arithmetic that is p (K + 10) / 4 K products with the
# Hessian (a pair's product takes as long as ten classes' sums of it), and these are in single precision.
_ALL_ROWS_IN_PRODUCTS = 0.2
# Beyond, each class draws so many rows of its own for each column.
_DRAWS_A_COLUMN = 4


class PenalisedLikelihood(ABC):
    """f and its derivatives in whitened columns; where the sums over rows come from is for its kinds to say.

    Attributes
    ----------
    shape : columns and classes
    triangular : R of the whitened columns
    quadratic : the penalty's form there, None without one
    total_weight : W
    rounding : a gradient that is smaller cannot be told from none
    free : (columns, some) directions of standardised columns along which the penalty does not rise
    """

    def __init__(
        self,
        shape: tuple[int, int],
        triangular: Floats,
        quadratic: Quadratic | None,
        total_weight: float,
        free: Floats | None = None,
    ) -> None:
        self.shape, self.triangular, self.quadratic, self.total_weight = shape, triangular, quadratic, total_weight
        self.rounding = rounding(triangular)
        self.free = np.zeros((shape[0], 0)) if free is None else free

    @property
    def has_free_directions(self) -> bool:
        """Whether there are directions in which no penalty keeps an estimate finite."""
        return self.quadratic is None or self.free.shape[1] > 0

    @property
    def is_small(self) -> bool:
        """Whether the whole Hessian costs less than the few products that do without it."""
        return False

    @property
    def products_a_preconditioner(self) -> float:
        """How many products with the Hessian take as long as a new preconditioner; 0 where that hardly counts."""
        return 0.0

    @property
    def bends_above(self) -> float:
        """The decrement above which a preconditioner that was made at the last point may be out of date."""
        return FROZEN_BELOW

    # BLAS threads would cost more to wake than the small solves before and after the blocks take.
    @single_threaded_blas()
    def evaluate(self, whitened: Floats) -> tuple[float, Floats]:
        """Return f and its gradient, (columns, classes); the products are those of this point from now on."""
        loss, gradient = self._loss_and_gradient(unwhiten(self.triangular, whitened))
        gradient = self.whiten_rows(gradient)
        value = loss / self.total_weight
        if self.quadratic is not None:
            penalty_gradient = self.quadratic @ whitened
            value += 0.5 * float(np.vdot(whitened, penalty_gradient))
            gradient += penalty_gradient
        return value, gradient

    @abstractmethod
    def _loss_and_gradient(self, coefficients: Floats) -> tuple[float, Floats]:
        """Return the sum of the rows' losses, and its gradient for `coefficients` of standardised columns."""

    @abstractmethod
    def product(self, direction: Floats, *, single: bool = False) -> Floats:
        """Return the Hessian at the last evaluated point times `direction`: X'[P o T - P o rowsum(P o T)]."""

    @abstractmethod
    def curvature(self) -> Curvature:
        """Return what is known of the Hessian at the last evaluated point without many products."""

    @abstractmethod
    def typical_curvatures(self) -> Floats:
        """Return p (1 - p) at the mean probability of each class, (classes,): where columns are whitened, the
        curvature in any of them if rows did not differ.
        """

    @abstractmethod
    def extremes(
        self, kernel: Callable[[Blocks, Floats], tuple[float, float]], direction: Floats
    ) -> tuple[float, float]:
        """Return the least and the largest that `kernel` finds in rows, along a `direction` of standardised columns."""

    def whiten_rows(self, gradient: Floats) -> Floats:
        """Map a gradient for B_z to one for U = R B_z, per unit of weight."""
        return whiten_gradient(self.triangular, gradient) / self.total_weight


class Objective(PenalisedLikelihood):
    """The objective over blocks of rows in memory, which keeps their probabilities for the products."""

    def __init__(
        self, blocks: Blocks, triangular: Floats, quadratic: Quadratic | None = None, free: Floats | None = None
    ) -> None:
        super().__init__((blocks.columns, blocks.classes), triangular, quadratic, blocks.total_weight, free)
        self.blocks = blocks
        self.probabilities: list[Floats] = self._room(np.float64)
        self._pairs = list(zip(blocks.parts, self.probabilities, strict=True))
        self._moved = True  # since the probabilities were last copied in single precision
        self._products, self._products_before = 0, 0  # at this point; at the last one that had any
        self._all_rows = False  # whether the classes' blocks came from all of them

    def _room(self, dtype: DTypeLike) -> list[NDArray[Any]]:
        """Return room for the probabilities of each block, of one array: the system gives that in large pages."""
        together = np.empty((self.blocks.rows, self.blocks.classes), dtype=dtype)
        return np.split(together, np.cumsum([len(part) for part in self.blocks.parts])[:-1])

    @cached_property
    def _singles(self) -> list[tuple[Singles, Singles, Singles]]:
        """Whitened columns q, weights, and room for probabilities of each block, in single precision.

        Whitened in double precision first: what nearly dependent columns leave of each other keeps its digits.
        """
        inverse = unwhiten(self.triangular, np.eye(self.blocks.columns))

        def task(pair: tuple[Block, Singles]) -> tuple[Singles, Singles, Singles]:
            block, room = pair
            return (block.x @ inverse).astype(np.float32), block.w.astype(np.float32), room

        return list(ordered_map(task, zip(self.blocks.parts, self._room(np.float32), strict=True)))

    @property
    def is_small(self) -> bool:
        """Whether the whole Hessian costs less than the few products that do without it."""
        return self.blocks.columns * self.blocks.classes <= _FEW_PARAMETERS and self.blocks.rows <= _FEW_ROWS

    @property
    def products_a_preconditioner(self) -> float:
        """How many products with the Hessian take as long as the classes' blocks and their inverses; 0 if small.

        A product takes 4 n p flops a class; where columns are many, blocks from `_DRAWS_A_COLUMN` p rows and their
        inverses take about 2 p^2 times as many rows, and 5/3 p^3.
        """
        columns, rows = self.blocks.columns, self.blocks.rows
        if self.is_small or columns <= _FEW_COLUMNS:
            return 0.0
        return (2.0 * _DRAWS_A_COLUMN + 5.0 / 3.0) * columns**2 / (4.0 * rows)

    @property
    def bends_above(self) -> float:
        """The decrement above which a preconditioner that was made at the last point may be out of date."""
        return 0.0 if self._wants_all_rows else FROZEN_BELOW

    @property
    def _wants_all_rows(self) -> bool:
        columns, classes = self.shape
        dear = _ALL_ROWS_IN_PRODUCTS * columns * (1.0 + 10.0 / classes)
        return self._products_before > dear and not self._all_rows and columns <= _FEW_COLUMNS

    def _loss_and_gradient(self, coefficients: Floats) -> tuple[float, Floats]:
        self._moved = True
        self._products, self._products_before = 0, self._products or self._products_before

        def task(pair: tuple[Block, Floats]) -> tuple[float, Floats]:
            block, prob = pair
            eta = block.linear_predictor(coefficients)
            loss = block.loss(eta, prob)
            return loss, block.x.T @ eta

        loss, gradient = 0.0, np.zeros(self.shape)
        for part_loss, part_gradient in ordered_map(task, self._pairs):
            loss += part_loss
            gradient += part_gradient
        return loss, gradient

    @single_threaded_blas()
    def product(self, direction: Floats, *, single: bool = False) -> Floats:
        """Return the Hessian at the last evaluated point times `direction`: X'[P o T - P o rowsum(P o T)].

        With `single`, in single precision within a block: half the memory to move.
        """
        total = np.zeros(self.shape)
        self._products += 1
        if single and not self.is_small:
            rough, moved = direction.astype(np.float32), self._moved

            def task(number: int) -> Reals:
                q, w, prob = self._singles[number]
                if moved:
                    prob[:] = self.probabilities[number]
                return curvature_product(q, w, prob, rough)

            for part in ordered_map(task, range(len(self._singles))):
                total += part
            self._moved = False
            total /= self.total_weight
        else:
            coefficients = unwhiten(self.triangular, direction)
            for part in ordered_map(
                lambda pair: curvature_product(pair[0].x, pair[0].w, pair[1], coefficients), self._pairs
            ):
                total += part
            total = self.whiten_rows(total)
        return total if self.quadratic is None else total + self.quadratic @ direction

    def extremes(
        self, kernel: Callable[[Blocks, Floats], tuple[float, float]], direction: Floats
    ) -> tuple[float, float]:
        """Return what `kernel` finds in the rows."""
        return kernel(self.blocks, direction)

    def curvature(self) -> Curvature:
        """Return the whole Hessian of a small problem, else the diagonal blocks of the classes."""
        if self.is_small:
            return WholeHessian(self.hessian())
        return ClassBlocks(self.class_curvatures(), dear=self.products_a_preconditioner > 0.0)

    def class_curvatures(self, *, all_rows: bool = False) -> Reals:
        """Return the diagonal blocks of the Hessian in whitened columns, (classes, columns, columns).

        From a part of the rows where there are more than a preconditioner needs, unless all are asked for and columns
        are few.
        """
        columns, classes = self.shape
        rows = [q for q, _, _ in self._singles]
        if columns > _FEW_COLUMNS:
            full: Reals = curvatures_on_own_rows(rows, self._pairs, _DRAWS_A_COLUMN * columns, self.total_weight)
        else:
            self._all_rows = self._all_rows or self._wants_all_rows or all_rows
            affordable = _PRECONDITIONER_FLOPS / (classes * columns**2)
            wanted = max(min(_ROWS_A_PARAMETER * classes * columns, affordable), 8.0 * columns)
            stride = 1 if self._all_rows else max(1, int(self.blocks.rows / wanted))
            full = curvatures_on_shared_rows(rows, self._pairs, stride)
        if self.quadratic is not None:
            add_class_blocks(full, self.quadratic)
        return full

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


def curvature_product(x: Any, w: Any, prob: Any, coefficients: Any) -> Reals:
    """Return x' [w (P o T - P o rowsum(P o T))] for T = x `coefficients`, in the precision of what is given."""
    tangent = np.matmul(x, coefficients, out=workspace(len(x), coefficients.shape[1], coefficients.dtype))
    curvature_rows(tangent, prob, w)
    return np.asarray(x.T @ tangent)
