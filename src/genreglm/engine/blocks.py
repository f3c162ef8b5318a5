"""Rows come in blocks; the likelihood is a map over blocks and a sum in block order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.softmax import loss_of_rows
from genreglm.engine.threads import ordered_map, workspace
from genreglm.options import BLOCK_NUMBERS, BLOCK_ROWS, MOST_BLOCK_ROWS

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Codes = NDArray[np.int64]
Targets = Codes | Floats
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Block:
    """Some consecutive rows: columns x (rows, p), targets y, weights w (rows,), offset, kept.

    The targets are class codes (rows,), or shares (rows, classes) that sum to one where a row is spread over
    several classes. The offset is None or (rows, classes): a known part of the linear predictor. What is kept is None,
    or probabilities (rows, classes) at a point that whoever keeps them knows.
    """

    x: Floats
    y: Targets
    w: Floats
    offset: Floats | None = None
    kept: Singles | None = None

    def __len__(self) -> int:
        return len(self.y)

    def linear_predictor(self, coefficients: Floats) -> Floats:
        """Return eta = x B + offset, (rows, classes), in this thread's workspace."""
        eta = self.product(coefficients)
        if self.offset is not None:
            eta += self.offset
        return eta

    def product(self, coefficients: Floats) -> Floats:
        """Return x B, (rows, classes), in this thread's workspace."""
        return np.matmul(self.x, coefficients, out=workspace(len(self), coefficients.shape[1]))

    def loss(self, eta: Floats, prob: Floats) -> float:
        """Return the loss at `eta`; leave probabilities in `prob` and weighted residuals in `eta`."""
        return loss_of_rows(eta, self.y, self.w, prob)

    def shares(self, classes: int) -> Floats:
        """Return the targets as shares, (rows, classes)."""
        return spread(self.y, classes)

    def residual(self, prob: Floats) -> Floats:
        """Return w (p - t), (rows, classes)."""
        return self.w[:, None] * (prob - self.shares(prob.shape[1]))


def spread(targets: Targets, classes: int) -> Floats:
    """Return targets as shares, (rows, classes): one-hot for class codes."""
    if targets.ndim == 2:
        return np.asarray(targets, dtype=np.float64)
    shares = np.zeros((len(targets), classes))
    shares[np.arange(len(targets)), targets] = 1.0
    return shares


def class_sums(targets: Targets, values: Floats, classes: int) -> Floats:
    """Return the sum of `values` (rows,) over the rows of each class, each by its share."""
    found = np.bincount(targets, weights=values, minlength=classes) if targets.ndim == 1 else values @ targets
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True)
class Blocks:
    """All rows of a problem, block after block."""

    parts: Sequence[Block]
    classes: int

    @classmethod
    def of(
        cls,
        x: Floats,
        y: Targets,
        w: Floats,
        classes: int,
        offset: Floats | None = None,
        block_rows: int | None = None,
        kept: Singles | None = None,
    ) -> "Blocks":
        """Cut arrays in memory into blocks of `block_rows` rows (views, no copy), longer ones where classes are few."""
        block_rows = block_rows or _block_rows(len(y), classes)
        cuts = [slice(start, start + block_rows) for start in range(0, len(y), block_rows)]

        def part(cut: slice) -> Block:
            own = None if offset is None else offset[cut]
            return Block(x[cut], y[cut], w[cut], own, None if kept is None else kept[cut])

        return cls([part(cut) for cut in cuts], classes)

    def followed_by(self, other: "Blocks") -> "Blocks":
        """Return these rows and then the other's."""
        return Blocks([*self.parts, *other.parts], self.classes)

    def keep(self, columns: Sequence[int]) -> "Blocks":
        """Return the same rows in some of their columns."""
        kept = list(columns)
        return Blocks([replace(part, x=np.ascontiguousarray(part.x[:, kept])) for part in self.parts], self.classes)

    def map(self, task: Callable[[Block], Answer]) -> Iterator[Answer]:
        """Apply `task` to every block on all threads; yield the answers in block order."""
        return ordered_map(task, self.parts)

    @property
    def columns(self) -> int:
        """Columns of the design."""
        return int(self.parts[0].x.shape[1])

    @property
    def rows(self) -> int:
        """Rows in all blocks."""
        return sum(len(part) for part in self.parts)

    @property
    def total_weight(self) -> float:
        """Sum of the weights."""
        return float(sum(part.w.sum() for part in self.parts))


def _block_rows(rows: int, classes: int) -> int:
    """Return how many rows a block has: nearly alike, and a number of blocks that threads share without a rest."""
    most = max(BLOCK_ROWS, min(MOST_BLOCK_ROWS, BLOCK_NUMBERS // classes))
    blocks = -(-rows // most)
    blocks = blocks if blocks < 2 else blocks + blocks % 2
    return max(1, -(-rows // max(1, blocks)))
