"""A part of the rows that is held in memory, on whatever machine: what Dask's workers hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from genreglm.engine.blocks import Blocks, Codes, Floats, Targets
from genreglm.engine.passes.clusters import cluster_meat
from genreglm.engine.passes.rows import Combine, Found, Kernel
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

    def blocks(self, cut: Any) -> Blocks:
        """Return some of the rows."""
        offset = None if self.offset is None else self.offset[cut]
        return Blocks.of(self.x[cut], self.y[cut], self.w[cut], self.classes, offset)


def in_partition(part: Partition | None, kernel: Kernel, combine: Combine, *given: Any) -> Found | None:
    """Return what `kernel` finds in the rows of a part, None where it has none; in this thread alone.

    Whoever calls it runs as many at a time as there are threads to use.
    """
    if part is None:
        return None
    found: Found | None = None
    given = tuple(_aligned(each) for each in given)
    with single_threaded():
        for start in range(0, len(part.y), _STRETCH):
            piece = kernel(part.blocks(slice(start, start + _STRETCH)), *given)
            found = piece if found is None else combine(found, piece)
    return found


def together(combine: Combine, one: Found | None, other: Found | None) -> Found | None:
    """Put together what two parts found; neither is changed, since it may be asked for again."""
    if one is None or other is None:
        return other if one is None else one
    kept = tuple(each.copy() if isinstance(each, np.ndarray) else each for each in one)
    return combine(kept, other)


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
