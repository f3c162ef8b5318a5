"""A part of the rows that is held in memory, on whatever machine: what Dask's workers hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from genreglm.engine.blocks import Blocks, Codes, Floats, Singles, Targets
from genreglm.engine.passes.clusters import cluster_meat
from genreglm.engine.passes.rows import Combine, Found
from genreglm.engine.threads import single_threaded

_STRETCH = 131_072
_CLUSTERS_AT_ONCE = 1_024


@dataclass(frozen=True)
class Partition:
    """Rows in standardised columns x (rows, p), with class codes or shares y, weights w and, where there are any, an
    offset (rows, classes) and clusters (rows,).
    """

    x: Floats
    y: Targets
    w: Floats
    classes: int
    offset: Floats | None = None
    clusters: Codes | None = None

    def __sizeof__(self) -> int:
        """Return the bytes that it holds: a scheduler that took it for small would move it about."""
        return _held(self.x, self.y, self.w, self.offset, self.clusters)

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, _aligned(value))

    def blocks(self, cut: Any, kept: Singles | None = None) -> Blocks:
        """Return some of the rows, with what is kept of all of them."""
        offset, kept = (None if each is None else each[cut] for each in (self.offset, kept))
        return Blocks.of(self.x[cut], self.y[cut], self.w[cut], self.classes, offset, kept=kept)

    def stretches(self, kept: Singles | None = None) -> Iterator[Blocks]:
        """Yield all rows, so many at a time that little is held beside them."""
        for start in range(0, len(self.y), _STRETCH):
            yield self.blocks(slice(start, start + _STRETCH), kept)


@dataclass(frozen=True)
class Call:
    """What a pass does in each part: a kernel or a keeper, what puts together what it finds, and what it is given."""

    kernel: Callable[..., Any]
    combine: Combine
    given: tuple[Any, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of what is given, arrays alone."""
        return _held(*self.given)

    def __call__(self, blocks: Blocks) -> Any:
        """Return what the kernel finds in some rows."""
        return self.kernel(blocks, *self.given)

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, tuple(map(_aligned, value)) if name == "given" else value)


@dataclass(frozen=True)
class Keeping:
    """What was found in a part, and a number for each of its rows and classes, (rows, classes), to be kept there."""

    found: Found | None
    kept: Singles | None

    def __sizeof__(self) -> int:
        """Return the bytes that it holds."""
        return _held(*(self.found or ()), self.kept)


def in_partition(part: Partition | None, keeping: Keeping | None, call: Call) -> Found | None:
    """Return what is found in the rows of a part, None where it has none; in this thread alone.

    Whoever calls it runs as many at a time as there are threads to use.
    """
    if part is None:
        return None
    with single_threaded():
        found: Found = reduce(call.combine, map(call, part.stretches(keeping.kept if keeping else None)))
        return found


def keeping_in_partition(part: Partition | None, call: Call) -> Keeping:
    """Return what a keeper finds in a part, and what is to be kept of it; in this thread alone."""
    if part is None:
        return Keeping(None, None)
    with single_threaded():
        found, kept = zip(*map(call, part.stretches()), strict=True)
    return Keeping(reduce(call.combine, found), kept[0] if len(kept) == 1 else np.concatenate(kept))


def found_of(keeping: Keeping) -> Found | None:
    """Return what was found alone: it leaves the part's machine, and what is kept does not."""
    return keeping.found


def together(combine: Combine, *found: Found | None) -> Found | None:
    """Put together what parts found, in their order; nothing of it is changed, since it may be asked for again."""
    there = [each for each in found if each is not None]
    if len(there) < 2:
        return there[0] if there else None
    first = tuple(each.copy() if isinstance(each, np.ndarray) else each for each in there[0])
    return reduce(combine, there[1:], first)


def meat_in_partition(part: Partition | None, standardised: Floats) -> Found | None:
    """Return `cluster_meat` of a part that holds all rows of its clusters, None where it has none."""
    if part is None:
        return None
    with single_threaded():
        return cluster_meat(_by_cluster(part), _aligned(standardised))


def _by_cluster(part: Partition) -> Iterator[tuple[Blocks, Codes]]:
    assert part.clusters is not None
    live = np.flatnonzero(part.w > 0)
    order = live[np.argsort(part.clusters[live], kind="stable")]
    numbers = np.concatenate([[0], np.cumsum(np.diff(part.clusters[order]) != 0)])
    start = 0
    while start < len(order):
        stop = min(start + _STRETCH, int(np.searchsorted(numbers, numbers[start] + _CLUSTERS_AT_ONCE)))
        yield part.blocks(order[start:stop]), numbers[start:stop]
        start = stop


def _held(*values: Any) -> int:
    return sum(value.nbytes for value in values if isinstance(value, np.ndarray))


def _aligned(value: Any) -> Any:
    """Return an array in memory of its own: one that came over a network lies anywhere, and products with it are slow,
    and other in their last bits.
    """
    return value.copy() if isinstance(value, np.ndarray) else value
