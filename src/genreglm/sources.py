"""Where rows come from: a frame, a file of rows, or Parquet files met in batches. Reads, never computes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from genreglm.errors import DataError
from genreglm.parquet_files import files_of, identity_of, is_pattern

Source = pd.DataFrame | str | Path | Sequence[str | Path]

_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".parquet": pd.read_parquet,
    ".feather": pd.read_feather,
    ".csv": pd.read_csv,
}
Answer = TypeVar("Answer")
BATCH_ROWS = 65_536
IN_BATCHES = (
    "gg.fit, gg.evaluate, gg.marginal_effects, gg.leverage, gg.influence, result.predict and result.anova (with "
    "test='lr' or 'score')"
)
_NUMBER_BYTES, _TEXT_BYTES = 8, 32


def read_rows(source: Source) -> pd.DataFrame:
    """Return the rows of `source` as a frame with a plain running index.

    Raises
    ------
    DataError
        For what is neither a frame nor a path, and for a Dask frame; where the path holds no table that can be read, or
        the table has no rows.
    """
    if is_dask_frame(source):
        raise DataError(
            "A Dask frame was given to what needs all rows at once. Bring them here with .compute(), or a sample of "
            f"them with .sample(frac=0.01).compute(). {IN_BATCHES} take a Dask frame as it is."
        )
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
    return "://" in str(source) or is_pattern(str(source)) or Path(source).is_dir()


def is_dask_frame(rows: Any) -> bool:
    """Say whether rows are a Dask frame, without importing Dask for it."""
    return type(rows).__module__.partition(".")[0] == "dask" and hasattr(rows, "to_delayed")


def require_found(frame: Any) -> None:
    """Refuse a Dask frame without columns, which is what Dask reads where no file matches.

    Raises
    ------
    DataError
        With that.
    """
    if not len(frame.columns):
        raise DataError(
            "The Dask frame has no columns, as dask.dataframe.read_parquet gives where no file matches its path. Give "
            "a frame with the formula's columns: look whether the files are there."
        )


def comes_in_batches(source: Any) -> bool:
    """Say whether a source is met some rows at a time: Parquet files, or the partitions of a Dask frame."""
    return is_dask_frame(source) or is_many_files(source)


def map_batches(task: Callable[[pd.DataFrame], Answer], source: Any, columns: Sequence[str]) -> list[Answer]:
    """Return what `task` makes of each batch of some columns that has rows, in their order.

    On Dask's workers, where a cluster is at work in this process, for a Dask frame.

    Raises
    ------
    DataError
        For files that cannot be read, and where there are no rows or no files.
    """
    if is_dask_frame(source):
        from dask import compute, delayed

        require_found(source)
        task_of, shared = delayed(_unless_empty, pure=False), delayed(task, traverse=False)  # to each worker once
        answers = compute(*(task_of(shared, piece) for piece in source[list(columns)].to_delayed()))
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
    identity : a digest of the files' names, sizes and times of change, or what else tells of a change in their system
    """

    names: tuple[str, ...]
    rows: int
    identity: str
    _dataset: Any = field(repr=False)

    @classmethod
    def open(cls, source: str | Path | Sequence[str | Path]) -> "ParquetRows":
        """Open a file, a folder (of folders), a pattern, an address such as s3://bucket/tracks/, or a list of these.

        A path that exists is no pattern. Files and folders whose names begin with . or _ are left out, unless the
        source names them. Folders that a source names may hold columns, too (``year=2024/*.parquet``).

        Raises
        ------
        DataError
            Where there are no such files, or they are no Parquet of one schema.
        """
        import pyarrow as pa

        files = files_of(source)
        try:
            held = files.opened()
            rows, identity = held.count_rows(), identity_of(held)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{source} could not be read as Parquet: {error}") from error
        if rows == 0:
            raise DataError(f"{source}: the table has no rows; at least one is needed.")
        return cls(tuple(held.schema.names), rows, identity, held)

    def largest_group(self, columns: Sequence[str]) -> int:
        """Return the bytes of the largest row group of these columns, as the files' own metadata have it.

        They count as they lie in the file, uncompressed, and as they are decoded: both are held while a group is read.
        """
        groups = (group for file in self._dataset.get_fragments() for group in _groups(file.metadata))
        return max(_group_bytes(group, columns) for group in groups)

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
                yield from (plain_values(batch.to_pandas()) for batch in found)
                del found
            pa.default_memory_pool().release_unused()  # else what it took for row groups stays beside a fit
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"The Parquet files could not be read to their end: {error}") from error


def _groups(metadata: Any) -> Iterator[Any]:
    return (metadata.row_group(number) for number in range(metadata.num_row_groups))


def _group_bytes(group: Any, columns: Sequence[str]) -> int:
    stored = [group.column(number) for number in range(group.num_columns)]
    wanted = [column for column in stored if column.path_in_schema in columns]
    # Text is stored as the codes of a dictionary, and takes no more than the codes there.
    decoded = sum(_TEXT_BYTES if column.physical_type == "BYTE_ARRAY" else _NUMBER_BYTES for column in wanted)
    return int(sum(column.total_uncompressed_size for column in wanted) + decoded * group.num_rows)


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
