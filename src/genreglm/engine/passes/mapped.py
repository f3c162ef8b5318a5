"""Rows in files that are mapped into memory: what the machine has no room for it reads again.

A folder holds standardised columns, codes of classes, and weights and codes of clusters where there are any, each as
plain numbers one row after the other, and `rows.json`, which is written last and says what they are.
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

from genreglm.engine.blocks import Blocks, Codes, Floats
from genreglm.engine.passes.rows import Combine, Found, Kernel

HEADER = "rows.json"
_COLUMNS, _CLASSES, _WEIGHTS, _CLUSTERS = "columns.bin", "classes.bin", "weights.bin", "clusters.bin"


@dataclass(frozen=True)
class MappedRows:
    """Rows of a folder.

    Attributes
    ----------
    folder : where they lie
    columns, classes, rows : how many
    precision : "float64" or "float32", of the columns; sums are in double precision either way
    weighted, clustered : whether there are weights, and clusters
    stretch : so many rows are in memory at a time
    """

    folder: Path
    columns: int
    classes: int
    rows: int
    precision: str
    weighted: bool
    clustered: bool
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

    def _stretches(self) -> Iterator[Blocks]:
        for start in range(0, self.rows, self.stretch):
            yield self._blocks(slice(start, min(start + self.stretch, self.rows)))

    def by_cluster(self, most: int) -> Iterator[tuple[Blocks, Codes]]:
        """Yield the rows of positive weight in the order of their clusters, and the number of each one's cluster.

        No more than `most` clusters at a time, and no more rows than a stretch: a larger cluster goes on in the next.
        Takes 24 bytes a row.
        """
        codes = np.asarray(self._map(_CLUSTERS, np.int64, 1))
        weights = self._held[2]
        order = np.argsort(codes, kind="stable")
        if weights is not None:
            order = order[weights[order] > 0]
        numbers = np.concatenate([[0], np.cumsum(np.diff(codes[order]) != 0)])
        start = 0
        while start < len(order):
            stop = min(start + self.stretch, int(np.searchsorted(numbers, numbers[start] + most)))
            yield self._blocks(order[start:stop]), numbers[start:stop]
            start = stop

    @cached_property
    def _held(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
        x = self._map(_COLUMNS, self.precision, self.columns)
        y = self._map(_CLASSES, np.int32, 1)
        return x, y, self._map(_WEIGHTS, np.float64, 1) if self.weighted else None

    def _map(self, name: str, kind: Any, width: int) -> NDArray[Any]:
        shape = (self.rows, width) if width > 1 or name == _COLUMNS else (self.rows,)
        return np.memmap(self.folder / name, dtype=kind, mode="r", shape=shape)

    def _blocks(self, cut: slice | NDArray[Any]) -> Blocks:
        x, y, w = self._held
        codes = y[cut].astype(np.int64)
        weights = np.ones(len(codes)) if w is None else np.asarray(w[cut])
        # A slice of double precision stays where it is mapped.
        return Blocks.of(np.asarray(x[cut]).astype(np.float64, copy=False), codes, weights, self.classes)


class RowWriter:
    """Writes a folder of rows, some at a time; `close` makes it one that `MappedRows` opens."""

    def __init__(
        self, folder: Path, columns: int, classes: int, *, single: bool, weighted: bool, clustered: bool
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / HEADER).unlink(missing_ok=True)
        self._folder, self._rows = folder, 0
        self._header = {
            "columns": columns,
            "classes": classes,
            "precision": "float32" if single else "float64",
            "weighted": weighted,
            "clustered": clustered,
        }
        names = [_COLUMNS, _CLASSES, *([_WEIGHTS] if weighted else []), *([_CLUSTERS] if clustered else [])]
        self._files = {name: (folder / name).open("wb") for name in names}

    def add(self, x: Floats, y: Codes, w: Floats | None = None, clusters: Codes | None = None) -> None:
        """Write rows after those there are."""
        self._put(_COLUMNS, x.astype(str(self._header["precision"]), copy=False))
        self._put(_CLASSES, y.astype(np.int32))
        if w is not None:
            self._put(_WEIGHTS, w)
        if clusters is not None:
            self._put(_CLUSTERS, clusters.astype(np.int64))
        self._rows += len(y)

    def _put(self, name: str, values: NDArray[Any]) -> None:
        self._files[name].write(np.ascontiguousarray(values).data)

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
