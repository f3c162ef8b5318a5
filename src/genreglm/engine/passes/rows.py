"""Rows that are met in passes: they need not be in memory, nor on one machine.

A pass sends a kernel to the rows stretch by stretch, and puts what it finds together in the order of the rows. A kernel
is a function at the top of a module, so that it can go to wherever a stretch lies: it takes some rows as `Blocks`, then
what was given to the pass, and returns a tuple. Nothing else of the rows is ever asked for, so every source of rows has
the same solver, covariances and tests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import methodcaller
from typing import Any, Protocol

import numpy as np

from genreglm.engine.blocks import Blocks, Singles

Found = tuple[Any, ...]
Kernel = Callable[..., Found]
# Returns a number for each row and class, from the same arguments as a kernel.
Keeper = Callable[..., Singles]
Combine = Callable[[Found, Found], Found]


class Rows(Protocol):
    """Rows of a problem, in standardised columns."""

    @property
    def columns(self) -> int:
        """Columns of the design."""
        ...

    @property
    def classes(self) -> int:
        """Classes of the response."""
        ...

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    def reduce(self, kernel: Kernel, combine: Combine, *given: Any) -> Found:
        """Return what `kernel` finds in all rows, put together by `combine` in their order."""
        ...

    def keeping(self, keeper: Keeper, *given: Any) -> "Rows":
        """Return the same rows, with what `keeper` finds of each, (rows, classes), kept beside it for kernels.

        Where rows lie in memory with room to spare; elsewhere nothing is kept, and a kernel makes it anew.
        """
        ...


@dataclass(frozen=True)
class Followed:
    """Rows, and after them some that are in memory, such as those that stand for a prior."""

    first: Rows
    last: Blocks

    @property
    def columns(self) -> int:
        """Columns of the design."""
        return self.first.columns

    @property
    def classes(self) -> int:
        """Classes of the response."""
        return self.first.classes

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.first.rows + self.last.rows

    def reduce(self, kernel: Kernel, combine: Combine, *given: Any) -> Found:
        """Return what `kernel` finds in all rows."""
        return combine(self.first.reduce(kernel, combine, *given), kernel(self.last, *given))

    def keeping(self, keeper: Keeper, *given: Any) -> "Followed":
        """Return the same rows, those that come first with what is kept of them."""
        return replace(self, first=self.first.keeping(keeper, *given))


@dataclass(frozen=True)
class Changed:
    """Rows in other columns than their own, which `change` makes of them wherever they lie."""

    own: Rows
    columns: int
    change: Callable[[Blocks], Blocks]

    @property
    def classes(self) -> int:
        """Classes of the response."""
        return self.own.classes

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.own.rows

    def reduce(self, kernel: Kernel, combine: Combine, *given: Any) -> Found:
        """Return what `kernel` finds in all rows."""
        return self.own.reduce(in_changed, combine, self.change, kernel, *given)

    def keeping(self, keeper: Keeper, *given: Any) -> "Changed":
        """Return the same rows, with what is kept of them in the columns that they are given."""
        return replace(self, own=self.own.keeping(in_changed, self.change, keeper, *given))


def in_changed(blocks: Blocks, change: Callable[[Blocks], Blocks], kernel: Callable[..., Any], *given: Any) -> Any:
    """Return what `kernel` finds in changed rows."""
    return kernel(change(blocks), *given)


def selected(rows: Rows, kept: Sequence[int]) -> Changed:
    """Return rows in some of their columns."""
    return Changed(rows, len(kept), methodcaller("keep", list(kept)))


def added(one: Found, other: Found) -> Found:
    """Add what two stretches found, number by number; the first one's arrays are overwritten."""
    return tuple(_plus(mine, others) for mine, others in zip(one, other, strict=True))


def widest(one: Found, other: Found) -> Found:
    """Return the smaller first and the larger second number."""
    return min(one[0], other[0]), max(one[1], other[1])


def _plus(mine: Any, others: Any) -> Any:
    if isinstance(mine, np.ndarray) and mine.ndim:
        mine += others
        return mine
    return mine + others
