"""Rows in files that are mapped into memory: what the machine has no room for it reads again.

A folder holds standardised columns, codes of classes or shares of them, and weights, offsets and codes of clusters
where there are any, each as plain numbers one row after the other, and `rows.json`, which is written last and says what
they are.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Blocks, Codes, Floats, Targets
from genreglm.engine.passes.rows import Combine, Found, Keeper, Kernel

HEADER = "rows.json"
_COLUMNS, _CLASSES, _SHARES = "columns.bin", "classes.bin", "shares.bin"
_WEIGHTS, _OFFSET, _CLUSTERS = "weights.bin", "offset.bin", "clusters.bin"


@dataclass(frozen=True)
class MappedRows:
    """Rows of a folder.

    Attributes
    ----------
    folder : where they lie
    columns, classes, rows : how many
    precision : "float64" or "float32", of the columns; sums are in double precision either way
    weighted, shared, shifted : whether there are weights, shares of classes in place of codes, and an offset
    ways : in how many ways rows are clustered
    stretch : so many rows are in memory at a time
    """

    folder: Path
    columns: int
    classes: int
    rows: int
    precision: str
    weighted: bool
    shared: bool
    shifted: bool
    ways: int
    stretch: int

    @classmethod
    def open(cls, folder: Path, stretch: int) -> "MappedRows":
        """Open what a `RowWriter` wrote."""
        held = json.loads((folder / HEADER).read_text(encoding="utf-8"))
        return cls(folder, **held, stretch=stretch)

    def reduce(self, kernel: Kernel, combine: Combine, *given: Any) -> Found:
        """Return what `kernel` finds in all rows, a stretch at a time."""
        found: Found | None = None
        for blocks in self._stretches():
            part = kernel(blocks, *given)
            found = part if found is None else combine(found, part)
        assert found is not None  # a folder without rows is never written
        return found

    def reduce_keeping(
        self, kernel: Kernel, keeper: Keeper, combine: Combine, *given: Any
    ) -> tuple[Found, "MappedRows"]:
        """Return what `kernel` finds, and these rows: nothing is kept of what the machine may have no room for."""
        return self.reduce(kernel, combine, *given), self

    def _stretches(self) -> Iterator[Blocks]:
        for start in range(0, self.rows, self.stretch):
            yield self._blocks(slice(start, min(start + self.stretch, self.rows)))

    def by_cluster(self, way: int, most: int) -> Iterator[tuple[Blocks, Codes]]:
        """Yield the rows of positive weight in the order of their clusters, and the number of each one's cluster.

        No more than `most` clusters at a time, and no more rows than a stretch: a larger cluster goes on in the next.
        Takes `memory.cluster_bytes`.
        """
        codes = np.array(self._map(_CLUSTERS, np.int64, self.ways)[:, way])
        weights = self._held.weights
        order = np.argsort(codes, kind="stable")
        if weights is not None:
            order = order[weights[order] > 0]
        codes = codes[order]
        numbers = np.zeros(len(order), np.int64)
        numbers[1:] = codes[1:] != codes[:-1]
        del codes
        np.cumsum(numbers, out=numbers)
        start = 0
        while start < len(order):
            stop = min(start + self.stretch, int(np.searchsorted(numbers, numbers[start] + most)))
            yield self._blocks(order[start:stop]), numbers[start:stop]
            start = stop

    @cached_property
    def _held(self) -> "_Held":
        return _Held(
            self._map(_COLUMNS, self.precision, self.columns),
            self._map(_SHARES, np.float64, self.classes) if self.shared else self._map(_CLASSES, np.int32),
            self._map(_WEIGHTS, np.float64) if self.weighted else None,
            self._map(_OFFSET, np.float64, self.classes) if self.shifted else None,
        )

    def _map(self, name: str, kind: Any, width: int | None = None) -> NDArray[Any]:
        shape = (self.rows,) if width is None else (self.rows, width)
        return np.memmap(self.folder / name, dtype=kind, mode="r", shape=shape)

    def _blocks(self, cut: slice | NDArray[Any]) -> Blocks:
        held = self._held
        # A slice of double precision stays where it is mapped.
        x = np.asarray(held.columns[cut]).astype(np.float64, copy=False)
        targets = np.asarray(held.targets[cut])
        targets = targets if self.shared else targets.astype(np.int64)
        weights = np.ones(len(x)) if held.weights is None else np.asarray(held.weights[cut])
        offset = None if held.offset is None else np.asarray(held.offset[cut])
        return Blocks.of(x, targets, weights, self.classes, offset)


@dataclass(frozen=True)
class _Held:
    columns: NDArray[Any]
    targets: NDArray[Any]
    weights: NDArray[Any] | None
    offset: NDArray[Any] | None


class RowWriter:
    """Writes a folder of rows, some at a time; `close` makes it one that `MappedRows` opens."""

    def __init__(
        self,
        folder: Path,
        columns: int,
        classes: int,
        *,
        single: bool = False,
        weighted: bool = False,
        shared: bool = False,
        shifted: bool = False,
        ways: int = 0,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / HEADER).unlink(missing_ok=True)
        self._folder, self._rows = folder, 0
        self._header = {
            "columns": columns,
            "classes": classes,
            "precision": "float32" if single else "float64",
            "weighted": weighted,
            "shared": shared,
            "shifted": shifted,
            "ways": ways,
        }
        wanted = {_SHARES: shared, _CLASSES: not shared, _WEIGHTS: weighted, _OFFSET: shifted, _CLUSTERS: ways > 0}
        names = [_COLUMNS, *(name for name, there in wanted.items() if there)]
        self._files = {name: (folder / name).open("wb") for name in names}

    def add(
        self,
        x: Floats,
        y: Targets,
        w: Floats | None = None,
        offset: Floats | None = None,
        clusters: Codes | None = None,
    ) -> None:
        """Write rows after those there are: what the header names, `clusters` (rows, ways); the rest is passed over."""
        of_file = {
            _COLUMNS: (x, self._header["precision"]),
            _CLASSES: (y, "int32"),
            _SHARES: (y, "float64"),
            _WEIGHTS: (w, "float64"),
            _OFFSET: (offset, "float64"),
            _CLUSTERS: (clusters, "int64"),
        }
        for name, file in self._files.items():
            values, kind = of_file[name]
            file.write(np.ascontiguousarray(values, dtype=str(kind)).data)
        self._rows += len(y)

    def close(self) -> None:
        """Write the header, after which the folder is whole."""
        for file in self._files.values():
            file.close()
        (self._folder / HEADER).write_text(json.dumps({**self._header, "rows": self._rows}), encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._files.values():
            file.close()
