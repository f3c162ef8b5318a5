"""Rows that are met in passes: they need not be in memory, nor on one machine.

A pass sends a kernel to the rows stretch by stretch, and puts what it finds together in the order of the rows. A kernel
is a function at the top of a module, so that it can go to wherever a stretch lies: it takes some rows as `Blocks`, then
what was given to the pass, and returns a tuple. Nothing else of the rows is ever asked for, so every source of rows has
the same solver, covariances and tests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import methodcaller
from typing import Any, Protocol

import numpy as np

from genreglm.engine.blocks import Blocks, Singles

Found = tuple[Any, ...]
Kernel = Callable[..., Found]
# Returns what a kernel finds, and a number for each row and class.
Keeper = Callable[..., tuple[Found, Singles]]
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

    def reduce_keeping(self, kernel: Kernel, keeper: Keeper, combine: Combine, *given: Any) -> tuple[Found, "Rows"]:
        """Return what `kernel` finds in all rows, and the same rows with numbers of `keeper` kept beside each.

        These lie in `Block.kept` for kernels to come. Only where rows lie in memory with room to spare: elsewhere the
        rows are returned as they are, and a kernel makes anew what it needs.
        """
        ...


class PassCount:
    """How many times all rows were met."""

    def __init__(self) -> None:
        self.passes = 0

    def add(self) -> None:
        """Count one more."""
        self.passes += 1


@dataclass(frozen=True)
class _Around:
    """Rows around others, with the same classes and as many."""

    own: Rows

    @property
    def classes(self) -> int:
        """Classes of the response."""
        return self.own.classes

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.own.rows


@dataclass(frozen=True)
class Counted(_Around):
    """Rows whose passes are counted, whatever is made of them on top."""

    count: PassCount

    @property
    def columns(self) -> int:
        """Columns of the design."""
        return self.own.columns

    def reduce(self, kernel: Kernel, combine: Combine, *given: Any) -> Found:
        """Return what `kernel` finds in all rows."""
        self.count.add()
        return self.own.reduce(kernel, combine, *given)

    def reduce_keeping(self, kernel: Kernel, keeper: Keeper, combine: Combine, *given: Any) -> tuple[Found, "Counted"]:
        """Return what `kernel` finds in all rows, and the same rows, counted on, with what is kept of them."""
        self.count.add()
        found, own = self.own.reduce_keeping(kernel, keeper, combine, *given)
        return found, replace(self, own=own)


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

    def reduce_keeping(self, kernel: Kernel, keeper: Keeper, combine: Combine, *given: Any) -> tuple[Found, "Followed"]:
        """Return what `kernel` finds in all rows, and the same rows; numbers are kept of those that come first."""
        found, first = self.first.reduce_keeping(kernel, keeper, combine, *given)
        return combine(found, kernel(self.last, *given)), replace(self, first=first)


@dataclass(frozen=True)
class Changed(_Around):
    """Rows in other columns than their own, which `change` makes of them wherever they lie."""

    columns: int
    change: Callable[[Blocks], Blocks]

    def reduce(self, kernel: Kernel, combine: Combine, *given: Any) -> Found:
        """Return what `kernel` finds in all rows."""
        return self.own.reduce(self._in_changed(kernel), combine, *given)

    def reduce_keeping(self, kernel: Kernel, keeper: Keeper, combine: Combine, *given: Any) -> tuple[Found, "Changed"]:
        """Return what `kernel` finds in all rows, and the same rows with what is kept of them as they were changed."""
        found, own = self.own.reduce_keeping(self._in_changed(kernel), self._in_changed(keeper), combine, *given)
        return found, replace(self, own=own)

    def _in_changed(self, kernel: Callable[..., Any]) -> Callable[..., Any]:
        return partial(in_changed, change=self.change, kernel=kernel)


def in_changed(blocks: Blocks, *given: Any, change: Callable[[Blocks], Blocks], kernel: Callable[..., Any]) -> Any:
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
