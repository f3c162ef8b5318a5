"""How many bytes a fit and its covariance need, said before they are allocated.

The columns of a design are known beforehand. Those of a formula are known once it has been learnt, which makes their
matrix: a fit is refused directly after that, before the several times as many bytes that it would take.
"""

import contextlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from genreglm.errors import EstimationError, InferenceError

_BATCHES, _LIBRARIES = 250_000_000, 350_000_000
_OWN_GROUPS, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
# The first version's limit of a group without one is the largest number of pages.
_NO_LIMIT = 2**60


class _Group(NamedTuple):
    """A control group that limits the memory of this process, and what its files call the use and the cache."""

    folder: Path
    limit: int
    used: str
    cache: str

    def free(self) -> int:
        """Return the bytes that it leaves, without what can be had by dropping files from the cache."""
        return self.limit - int((self.folder / self.used).read_text())

    def droppable(self) -> int:
        """Return the bytes of files in the cache that nobody has read for long, 0 where it does not say."""
        with contextlib.suppress(OSError):
            for line in (self.folder / "memory.stat").read_text().splitlines():
                if line.startswith(f"{self.cache} "):
                    return int(line.split()[1])
        return 0


def fit_bytes(rows: int, columns: int, classes: int) -> int:
    """Return the bytes at the peak of an estimation.

    Columns as given, standardised and in single precision; probabilities in both precisions; for each class a block
    of curvature, its inverse, and a copy.
    """
    return 20 * rows * columns + 12 * rows * classes + 24 * classes * columns**2


def covariance_bytes(columns: int, classes: int, *, sandwich: bool = False) -> int:
    """Return the bytes at the peak of computing information and covariance, `sandwich` or observed."""
    parameters = columns * (classes - 1)
    pairs = classes * (classes - 1) // 2 * columns * (columns + 1) // 2
    return 8 * ((3 if sandwich else 2) * parameters**2 + pairs)


def pass_bytes(columns: int, classes: int, *, informed: bool = True) -> int:
    """Return the bytes that a fit in passes takes whatever the rows, with the information matrix where `informed`.

    That is the matrix, its inverse and what a covariance is made of beside them; pairs of classes times pairs of
    columns, and what a stretch adds to these; a batch of rows sorted by cell. With or without it there are the
    interpreter and its libraries.
    """
    if not informed:
        return _LIBRARIES
    parameters = columns * (classes - 1)
    pairs = classes * (classes - 1) // 2 * columns * (columns + 1) // 2
    return 8 * (4 * parameters**2 + 2 * pairs) + _BATCHES + _LIBRARIES


def sample_bytes(rows: int, columns: int, classes: int) -> int:
    """Return the bytes that the sample on which a fit in passes begins takes while it is fitted."""
    return fit_bytes(rows, columns, classes) + 8 * rows * classes


def pass_bytes_a_row(columns: int, classes: int) -> int:
    """Return the bytes that a row takes while its stretch is in memory: columns twice, and probabilities thrice."""
    return 8 * (2 * columns + 3 * classes)


def cluster_bytes(rows: int) -> int:
    """Return the bytes that it takes to meet rows in the order of their clusters: three numbers a row, and a truth."""
    return 25 * rows


def reading_bytes(group: int, sample: int, columns: int) -> int:
    """Return the bytes that reading Parquet files takes while a design is learnt from them and its columns written.

    Two row groups of `group` bytes, since one is used while the next is read, and thrice a sample of `sample` rows,
    which is put together anew for each batch.
    """
    return _LIBRARIES + 2 * group + 24 * sample * columns


def available_bytes() -> int:
    """Return the memory that this machine, or a container on it, says it can still give: the smaller of the two."""
    available = _machine_bytes()
    for group in _limiting_groups():
        with contextlib.suppress(OSError):
            free = group.free()
            if free < available:
                available = max(0, min(available, free + group.droppable()))
    return available


# Once: limits hardly ever change, and reading them takes as long as a small fit's step.
@lru_cache(maxsize=1)
def _limiting_groups() -> tuple[_Group, ...]:
    """Return the control groups of this process, and those around them, that have a limit to memory."""
    found = []
    for folder, (limit, used, cache) in _groups():
        # "max", no limit, is no number; a group need not be visible from inside a container.
        with contextlib.suppress(OSError, ValueError):
            group = _Group(folder, int((folder / limit).read_text()), used, cache)
            if group.free() < _NO_LIMIT:
                found.append(group)
    return tuple(found)


def _groups() -> Iterator[tuple[Path, tuple[str, str, str]]]:
    """Yield folders of control groups of either version, with what limit, use and cache are called there."""
    try:
        lines = _OWN_GROUPS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, kinds, path = line.split(":", 2)
        if not kinds:
            root, names = _GROUPS, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            root = _GROUPS / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        own = root / path.lstrip("/")
        yield from ((folder, names) for folder in (own, *own.parents) if folder.is_relative_to(root))


def _machine_bytes() -> int:
    """Return what the machine says (all of its memory where it does not say)."""
    try:
        with open("/proc/meminfo") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
        return pages * os.sysconf("SC_PAGE_SIZE") if pages else 2**63


def require_fit(rows: int, columns: int, classes: int) -> None:
    """Refuse an estimation that does not fit.

    Raises
    ------
    EstimationError
        With the bytes needed, the bytes there are, and what to do.
    """
    needed, available = fit_bytes(rows, columns, classes), available_bytes()
    if needed > available:
        raise EstimationError(
            f"The fit of {rows:,} rows x {columns} columns x {classes} classes needs {_gib(needed)}, and "
            f"{_gib(available)} are free. Use fewer columns, or a part of the rows."
        )


def require_within(needed: float, most: float, clustered: int = 0) -> None:
    """Refuse what takes more than it may, beside which so many `clustered` rows are met in the order of their clusters.

    Raises
    ------
    EstimationError
        With the bytes needed and those allowed.
    """
    sorting = cluster_bytes(clustered)
    if needed > most:
        raise EstimationError(
            f"This fit needs {_gib(needed)} at least, and may take {_gib(most)}. Raise the memory it may take, or "
            "use a smaller sample (OutOfCore.sample_rows) or fewer columns."
        )
    if needed + sorting > most:
        raise EstimationError(
            f"Beside {_gib(needed)} this fit needs {_gib(sorting)} to sort {clustered:,} rows by their clusters, and "
            f"may take {_gib(most)}. Raise the memory it may take, or use another covariance."
        )


def require_reading(group: int, sample: int, columns: int, most: float) -> None:
    """Refuse row groups that take more than a fit may.

    Raises
    ------
    EstimationError
        With the bytes of the largest, those needed and those allowed.
    """
    needed = reading_bytes(group, sample, columns)
    if needed > most:
        raise EstimationError(
            f"Reading these files needs {_gib(needed)}, and may take {_gib(most)}: their largest row group takes "
            f"{_gib(group)}, and two are in memory at once. Rewrite them with smaller row groups "
            "(DataFrame.to_parquet(..., row_group_size=50_000)), or raise the memory it may take."
        )


def require_covariance(columns: int, classes: int, *, sandwich: bool = False) -> None:
    """Refuse a covariance that does not fit.

    Raises
    ------
    InferenceError
        With the bytes needed, the bytes there are, and what to do.
    """
    needed, available = covariance_bytes(columns, classes, sandwich=sandwich), available_bytes()
    if needed > available:
        raise InferenceError(
            f"The covariance of {columns} columns x {classes} classes ({columns * (classes - 1):,} parameters) "
            f"needs {_gib(needed)}, and {_gib(available)} are free. Use covariance=None, or fewer columns."
        )


def require_jeffreys(columns: int, classes: int) -> None:
    """Refuse a fit under Jeffreys' prior that does not fit: it holds the covariance where it is, the factor that gives
    its steps, and the information and its factor where it goes.

    Raises
    ------
    EstimationError
        With the bytes needed, the bytes there are, and what to do.
    """
    step_factor = 8 * (columns * (classes - 1)) ** 2
    needed, available = covariance_bytes(columns, classes, sandwich=True) + step_factor, available_bytes()
    if needed > available:
        raise EstimationError(
            f"A fit of {columns} columns x {classes} classes ({columns * (classes - 1):,} parameters) under Jeffreys' "
            f"prior needs {_gib(needed)} whatever its covariance, and {_gib(available)} are free. Use fewer columns, "
            "penalty=gg.CellPrior() or penalty=gg.Ridge(...)."
        )


def _gib(size: float) -> str:
    return f"{size / 2**30:.1f} GiB"
