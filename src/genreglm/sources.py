"""Where rows come from: a frame, a file of rows, or Parquet files met in batches. Reads, never computes."""

import glob
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from genreglm.errors import DataError

Source = pd.DataFrame | str | Path | Sequence[str | Path]

_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".parquet": pd.read_parquet,
    ".feather": pd.read_feather,
    ".csv": pd.read_csv,
}
Answer = TypeVar("Answer")
BATCH_ROWS = 65_536


def read_rows(source: Source) -> pd.DataFrame:
    """Return the rows of `source` as a frame with a plain running index.

    Raises
    ------
    DataError
        For what is neither a frame nor a path, where the path holds no table that can be read, or the table has no
        rows.
    """
    if isinstance(source, pd.DataFrame):
        rows = source
    elif not _is_path(source):
        raise DataError(f"The rows are {type(source).__name__}; give a DataFrame, a path, or a list of paths.")
    elif not isinstance(source, str | Path) or is_many_files(source):
        files = ParquetRows.open(source)
        rows = pd.concat(files.batches(files.names), ignore_index=True)
    else:
        rows = _read_file(Path(source))
    if len(rows) == 0:
        raise DataError("The table has no rows; at least one is needed.")
    return rows.reset_index(drop=True)


def _is_path(source: Any) -> bool:
    """Say whether a source is a path or several."""
    several = isinstance(source, Sequence) and all(isinstance(path, str | Path) for path in source)
    return several or isinstance(source, Path)


def _read_file(path: Path) -> pd.DataFrame:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"{path}: a path must end in one of {', '.join(_READERS)}, or name a folder of Parquet files or a pattern "
            "such as 'tracks/*.parquet'; else pass a DataFrame."
        )
    try:
        return pd.DataFrame(reader(path))
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path} could not be read as {path.suffix}: {error}") from error


def is_many_files(source: Any) -> bool:
    """Say whether a source is a folder, a pattern, an address with a scheme, or several paths: Parquet in batches."""
    if isinstance(source, list | tuple):
        return True
    if not isinstance(source, str | Path):
        return False
    return "://" in str(source) or glob.has_magic(str(source)) or Path(source).is_dir()


def is_dask_frame(rows: Any) -> bool:
    """Say whether rows are a Dask frame, without importing Dask for it."""
    return type(rows).__module__.partition(".")[0] == "dask" and hasattr(rows, "to_delayed")


def comes_in_batches(source: Any) -> bool:
    """Say whether a source is met some rows at a time: Parquet files, or the partitions of a Dask frame."""
    return is_dask_frame(source) or is_many_files(source)


def map_batches(task: Callable[[pd.DataFrame], Answer], source: Any, columns: Sequence[str]) -> list[Answer]:
    """Return what `task` makes of each batch of some columns that has rows, in their order.

    On Dask's workers, where a cluster is at work in this process, for a Dask frame.

    Raises
    ------
    DataError
        For files that cannot be read, and where there are no rows.
    """
    if is_dask_frame(source):
        from dask import compute, delayed

        task_of = delayed(_unless_empty, pure=False)
        answers = compute(*(task_of(task, piece) for piece in source[list(columns)].to_delayed()))
        found = [answer for (answer,) in filter(None, answers)]
    else:
        found = [task(batch) for batch in ParquetRows.open(source).batches(columns) if len(batch)]
    if not found:
        raise DataError("The table has no rows; at least one is needed.")
    return found


def _unless_empty(task: Callable[[pd.DataFrame], Answer], piece: pd.DataFrame) -> tuple[Answer] | None:
    return (task(plain_values(piece)),) if len(piece) else None


@dataclass(frozen=True)
class ParquetRows:
    """The rows of Parquet files, in the order of the files' names and of their rows.

    Attributes
    ----------
    names : the columns, those that folders are named after (``year=2024/``) included
    rows : how many there are, as the files say
    identity : a digest of the files' names, sizes and times of change
    """

    names: tuple[str, ...]
    rows: int
    identity: str
    _dataset: Any = field(repr=False)

    @classmethod
    def open(cls, source: str | Path | Sequence[str | Path]) -> "ParquetRows":
        """Open a file, a folder (of folders), a pattern, an address such as s3://bucket/tracks/, or a list of paths.

        Raises
        ------
        DataError
            Where there are no such files, or they are no Parquet of one schema.
        """
        import pyarrow as pa
        from pyarrow import dataset

        paths, filesystem = _paths(source)
        if not paths:
            raise DataError(f"{source}: there are no Parquet files.")
        try:
            held = dataset.dataset(
                paths, format="parquet", filesystem=filesystem, partitioning="hive", partition_base_dir=_base(source)
            )
            rows = held.count_rows()
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{source} could not be read as Parquet: {error}") from error
        if rows == 0:
            raise DataError(f"{source}: the table has no rows; at least one is needed.")
        return cls(tuple(held.schema.names), rows, _identity(held), held)

    def batches(self, columns: Sequence[str], rows: int = BATCH_ROWS) -> Iterator[pd.DataFrame]:
        """Yield frames of these columns, of at most `rows` rows each; the next row group is read meanwhile.

        No more than one: a scanner of all files runs ahead of a slow reader by a gigabyte.

        Raises
        ------
        DataError
            Where a file turns out not to be readable.
        """
        import pyarrow as pa

        def read(group: Any) -> list[Any]:
            scanner = group.scanner(schema=self._dataset.schema, columns=list(columns), batch_size=rows)
            return list(scanner.to_batches())

        groups = (group for file in self._dataset.get_fragments() for group in file.split_by_row_group())
        try:
            for found in one_ahead(read, groups):
                for batch in found:
                    yield plain_values(batch.to_pandas())
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"The Parquet files could not be read to their end: {error}") from error


def one_ahead(task: Callable[[Any], Answer], items: Iterable[Any]) -> Iterator[Answer]:
    """Yield what `task` makes of each item, in their order; the next one is made while one is used."""
    with ThreadPoolExecutor(1) as worker:
        coming: Future[Answer] | None = None
        for item in items:
            made, coming = coming, worker.submit(task, item)
            if made is not None:
                yield made.result()
        if coming is not None:
            yield coming.result()


def plain_values(piece: pd.DataFrame) -> pd.DataFrame:
    """Return a batch with plain values and a running index: each batch would have categories and kinds of its own."""
    coded = pd.CategoricalDtype | pd.StringDtype | pd.ArrowDtype
    kinds = {name: object for name in piece if isinstance(piece[name].dtype, coded)}
    return piece.astype(kinds).reset_index(drop=True)


def _paths(source: str | Path | Sequence[str | Path]) -> tuple[list[str], Any]:
    """Return the files of a source, sorted, and the file system that they lie in (None for this machine's)."""
    if not isinstance(source, str | Path):
        return [str(path) for path in source], None
    if "://" in str(source):
        return _remote(str(source))
    path = Path(source)
    if path.is_dir():
        return sorted(str(found) for found in path.rglob("*.parquet") if _visible(found.relative_to(path))), None
    if glob.has_magic(str(source)):
        return sorted(found for found in glob.glob(str(source), recursive=True) if _visible(Path(found))), None
    return ([str(path)] if path.exists() else []), None


def _remote(address: str) -> tuple[list[str], Any]:
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as error:
        raise DataError(f"{address}: addresses with a scheme need fsspec: pip install 'genreglm[dask]'") from error
    try:
        system, path = url_to_fs(address)
        found = system.glob(path) if glob.has_magic(path) else system.find(path)
    except (ImportError, OSError, ValueError) as error:
        raise DataError(f"{address} cannot be reached: {error}") from error
    return sorted(one for one in found if one.endswith(".parquet")), system


def _visible(path: Path) -> bool:
    return not any(part.startswith((".", "_")) and part not in (".", "..") for part in path.parts)


def _base(source: Any) -> str | None:
    """Return the folder whose folders' names may hold columns."""
    if isinstance(source, list | tuple) or "://" in str(source):
        return None
    text = str(source)
    if not glob.has_magic(text):
        return text if Path(text).is_dir() else None
    fixed = Path(text)
    while glob.has_magic(str(fixed)):
        fixed = fixed.parent
    return str(fixed)


def _identity(held: Any) -> str:
    """Return a digest that changes where a file does."""
    system = held.filesystem
    found = system.get_file_info(list(held.files))
    told = [[info.path, info.size, str(info.mtime_ns)] for info in found]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
