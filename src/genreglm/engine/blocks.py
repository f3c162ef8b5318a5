"""Rows come in blocks; the likelihood is a map over blocks and a sum in block order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.threads import ordered_map, workspace
from genreglm.options import BLOCK_ROWS

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Block:
    """Some consecutive rows: columns x (rows, p), class codes y (rows,), weights w (rows,), offset.

    The offset is None or (rows, classes): a known part of the linear predictor.
    """

    x: Floats
    y: Codes
    w: Floats
    offset: Floats | None = None

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


@dataclass(frozen=True)
class Blocks:
    """All rows of a problem, block after block."""

    parts: Sequence[Block]
    classes: int

    @classmethod
    def of(
        cls,
        x: Floats,
        y: Codes,
        w: Floats,
        classes: int,
        offset: Floats | None = None,
        block_rows: int = BLOCK_ROWS,
    ) -> "Blocks":
        """Cut arrays in memory into blocks of `block_rows` rows (views, no copy)."""
        cuts = [slice(start, start + block_rows) for start in range(0, len(y), block_rows)]
        parts = [Block(x[cut], y[cut], w[cut], None if offset is None else offset[cut]) for cut in cuts]
        return cls(parts, classes)

    def followed_by(self, other: "Blocks") -> "Blocks":
        """Return these rows and then the other's."""
        return Blocks([*self.parts, *other.parts], self.classes)

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
