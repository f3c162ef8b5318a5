"""A part of the rows that is held in memory, on whatever machine: what Dask's workers hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from genreglm.engine.blocks import Blocks, Codes, Floats, Singles, Targets
from genreglm.engine.passes.clusters import cluster_meat
from genreglm.engine.passes.rows import Combine, Found, Keeper, Kernel
from genreglm.engine.threads import single_threaded

_STRETCH = 65_536
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


def in_partition(
    part: Partition | None, kept: Singles | None, kernel: Kernel, combine: Combine, *given: Any
) -> Found | None:
    """Return what `kernel` finds in the rows of a part, None where it has none; in this thread alone.

    Whoever calls it runs as many at a time as there are threads to use.
    """
    if part is None:
        return None
    found: Found | None = None
    given = tuple(_aligned(each) for each in given)
    with single_threaded():
        for blocks in part.stretches(kept):
            piece = kernel(blocks, *given)
            found = piece if found is None else combine(found, piece)
    return found


def kept_of_partition(part: Partition | None, keeper: Keeper, *given: Any) -> Singles | None:
    """Return what `keeper` finds of each row of a part, (rows, classes); in this thread alone."""
    if part is None:
        return None
    given = tuple(_aligned(each) for each in given)
    with single_threaded():
        return np.concatenate([keeper(blocks, *given) for blocks in part.stretches()])


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


def _aligned(value: Any) -> Any:
    """Return an array in memory of its own: one that came over a network lies anywhere, and products with it are slow,
    and other in their last bits.
    """
    return value.copy() if isinstance(value, np.ndarray) else value
