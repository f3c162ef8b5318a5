"""What stands for the inverse of the Hessian while a step is solved for, and in small problems is it.

All work on whitened coefficients (columns, classes) whose rows sum to zero over the classes. Damping D, (classes,), is
added to the curvature of every column of a class.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Floats
from genreglm.engine.threads import ordered_map

# Triangles of so many columns are inverted as they are.
_LEAF = 64

Reals = NDArray[np.floating[Any]]


class Preconditioner(Protocol):
    """Maps a residual (columns, classes) to about (H + D)^-1 times it; `exact` where about is exactly."""

    exact: bool

    def __call__(self, residual: Floats) -> Floats:
        """Return about the inverse times `residual`."""
        ...


class Curvature(Protocol):
    """What is known of the Hessian at a point. `is_dear` where an inverse costs as much as many products with it."""

    is_dear: bool

    def inverse(self, damping: Floats) -> Preconditioner:
        """Return what multiplies by the inverse under `damping` (classes,)."""
        ...

    def rough_inverse(self, damping: Floats) -> Preconditioner:
        """Return the same, or something cheaper where that is dear."""
        ...


class WholeHessian:
    """The whole Hessian of a small problem, (classes, classes, columns, columns)."""

    is_dear = False

    def __init__(self, hessian: Reals) -> None:
        self._hessian = hessian

    def inverse(self, damping: Floats) -> Preconditioner:
        """Return a step of Newton's by itself."""
        return _Exact(self._hessian, damping)

    rough_inverse = inverse


class ClassBlocks:
    """The diagonal blocks of the Hessian, class by class, (classes, columns, columns)."""

    def __init__(self, blocks: Reals, *, dear: bool) -> None:
        self._blocks, self.is_dear = blocks, dear

    def inverse(self, damping: Floats) -> Preconditioner:
        """Return the blocks' inverses."""
        return _Blockwise(self._blocks, damping)

    def rough_inverse(self, damping: Floats) -> Preconditioner:
        """Return the inverse of the diagonal where blocks are large: whitened, most of them is there."""
        return _Diagonal(self._blocks, damping) if self.is_dear else self.inverse(damping)


class _Exact:
    """The inverse of the whole damped Hessian within the rows that sum to zero: a step of Newton's by itself."""

    exact = True

    def __init__(self, hessian: Reals, damping: Floats) -> None:
        classes, _, columns, _ = hessian.shape
        scale = float(np.einsum("kkjj->", hessian)) / (classes * columns)
        # Adding a constant to all classes bends nothing: that direction is filled up, and never taken.
        filled = hessian + scale * np.eye(columns)
        full = filled.transpose(0, 2, 1, 3).reshape(classes * columns, classes * columns)
        full[np.diag_indices(len(full))] += np.repeat(damping, columns) + 1e-12 * scale + 1e-300
        self._inverse = np.linalg.inv(full)

    def __call__(self, residual: Floats) -> Floats:
        return centred((self._inverse @ residual.T.ravel()).reshape(residual.shape[1], -1).T)


class _Blockwise:
    """Inverses of the classes' diagonal blocks of the damped Hessian, within the rows that sum to zero."""

    exact = False

    def __init__(self, blocks: Reals, damping: Floats) -> None:
        # Where a class's probabilities are all 0 or 1 its block vanishes; a little of the typical block instead.
        floor = 1e-6 * float(np.einsum("kjj->", blocks)) / (blocks.shape[0] * blocks.shape[1]) + 1e-12
        self._inverses = np.empty_like(blocks)

        def task(k: int) -> None:
            self._inverses[k] = _inverse(blocks[k], damping[k], floor)

        list(ordered_map(task, range(len(blocks))))

    def __call__(self, residual: Floats) -> Floats:
        given = residual.T[:, :, None].astype(self._inverses.dtype)
        return centred(np.matmul(self._inverses, given)[:, :, 0].T.astype(np.float64))


def _inverse(block: Reals, damping: float, floor: float) -> Reals:
    """Return the inverse of a block with `damping` and `floor` added to its diagonal.

    By its Cholesky factor, in products and small inverses that leave the interpreter free for other threads. Where
    rounding has made a block of single precision indefinite, more of the floor is added until it is not: what is
    no inverse of a positive definite matrix cannot guide conjugate gradients.
    """
    every = np.arange(len(block))
    while True:
        filled = block.copy()
        filled[every, every] += damping + floor
        if len(filled) <= _LEAF:
            return np.asarray(np.linalg.inv(filled))
        try:
            root = _inverse_of_triangle(np.linalg.cholesky(filled))
        except np.linalg.LinAlgError:
            if not np.isfinite(filled).all():
                return np.full_like(filled, np.nan)
            floor *= 10.0
            continue
        return np.asarray(root.T @ root)


def _inverse_of_triangle(lower: Reals) -> Reals:
    """Return the inverse of a lower triangle: the halves' inverses, and -C^-1 B A^-1 below them."""
    if len(lower) <= _LEAF:
        return np.tril(np.linalg.inv(lower))
    half = len(lower) // 2
    found = np.zeros_like(lower)
    upper_left = found[:half, :half] = _inverse_of_triangle(lower[:half, :half])
    lower_right = found[half:, half:] = _inverse_of_triangle(lower[half:, half:])
    found[half:, :half] = -(lower_right @ (lower[half:, :half] @ upper_left))
    return found


class _Diagonal:
    """The inverse of the diagonal of the damped Hessian."""

    exact = False

    def __init__(self, blocks: Reals, damping: Floats) -> None:
        self._inverse = 1.0 / (np.einsum("kjj->jk", blocks) + damping + 1e-300)

    def __call__(self, residual: Floats) -> Floats:
        return np.asarray(residual * self._inverse)


def centred(values: Floats) -> Floats:
    """Return rows that sum to zero."""
    return np.asarray(values - values.sum(axis=1, keepdims=True) / values.shape[1])
