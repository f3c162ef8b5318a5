"""How many bytes a fit and its covariance need, said before anything is allocated."""

import os

from genreglm.errors import EstimationError, InferenceError

_BATCHES, _LIBRARIES = 250_000_000, 350_000_000


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
    """Return the memory that this machine says it can still give (all of it where it does not say)."""
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
    """Refuse a fit under Jeffreys' prior that does not fit: it holds the covariance where it is, and the information
    and its factor where it goes.

    Raises
    ------
    EstimationError
        With the bytes needed, the bytes there are, and what to do.
    """
    needed, available = covariance_bytes(columns, classes, sandwich=True), available_bytes()
    if needed > available:
        raise EstimationError(
            f"A fit of {columns} columns x {classes} classes ({columns * (classes - 1):,} parameters) under Jeffreys' "
            f"prior needs {_gib(needed)} whatever its covariance, and {_gib(available)} are free. Use fewer columns, "
            "penalty=gg.CellPrior() or penalty=gg.Ridge(...)."
        )


def _gib(size: float) -> str:
    return f"{size / 2**30:.1f} GiB"
