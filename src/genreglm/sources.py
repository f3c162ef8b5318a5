"""Where rows come from: a frame, a file of rows, or Parquet files met in batches. Reads, never computes."""

import glob
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
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
IN_BATCHES = (
    "gg.fit, gg.evaluate, gg.marginal_effects, gg.leverage, gg.influence, result.predict and result.anova (with "
    "test='lr' or 'score')"
)
_TELL_A_CHANGE = frozenset(
    "etag md5 md5hash contentmd5 crc crc32c sha digest checksum generation versionid mtime modify modified updated "
    "modifiedtime modificationtime lastmodified".split()
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
    return "://" in str(source) or _is_pattern(str(source)) or Path(source).is_dir()


def _is_pattern(text: str) -> bool:
    return glob.has_magic(text) and not Path(text).exists()


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

        files = _files(source)
        try:
            held = files.opened()
            rows, identity = held.count_rows(), _identity(held)
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


@dataclass(frozen=True)
class _Files:
    """The Parquet files of a source.

    Attributes
    ----------
    paths : of one or more files
    system : the file system that they lie in, None for this machine's
    base : the folder below which folders' names may hold columns, None for any
    """

    paths: list[str]
    system: Any = None
    base: str | None = None

    def opened(self) -> Any:
        """Open them as one table with the types of the first file that has rows: one without may know none."""
        from pyarrow import dataset

        table_of = partial(
            dataset.dataset,
            format="parquet",
            filesystem=self.system,
            partitioning="hive",
            partition_base_dir=None if self.base is None else _above_columns(self.base, self.paths[0]),
        )
        held = table_of(self.paths)
        if next(held.get_fragments()).count_rows():
            return held
        return table_of([file.path for file in held.get_fragments() if file.count_rows()] or self.paths)


def _files(source: str | Path | Sequence[str | Path]) -> _Files:
    """Return the files of a source, those of a folder or a pattern sorted, and those of a list in its order."""
    if not isinstance(source, str | Path):
        found = _of_list(source)
    else:
        found = _remote(str(source)) if "://" in str(source) else _local(str(source))
    if not found.paths:
        raise DataError(f"{source}: there are no Parquet files.")
    return found


def _of_list(sources: Sequence[str | Path]) -> _Files:
    each = [_files(source) for source in sources]
    if not each:
        return _Files([])
    if any(files.system != each[0].system for files in each):
        raise DataError(f"{sources}: these lie in more than one file system. Give paths or addresses of one.")
    return _Files([path for files in each for path in files.paths], each[0].system)


def _local(text: str) -> _Files:
    if _is_pattern(text):
        base, matched = _fixed_part(text), [Path(found) for found in glob.glob(text, recursive=True)]
    elif Path(text).is_dir():
        base, matched = text, [Path(text)]
    else:
        return _Files([text] if Path(text).exists() else [])
    found = {path for one in matched for path in (one.rglob("*.parquet") if one.is_dir() else [one]) if path.is_file()}
    return _Files(sorted(str(path) for path in found if _visible(path, base)), base=base)


def _remote(address: str) -> _Files:
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as error:
        raise DataError(f"{address}: addresses with a scheme need fsspec: pip install 'genreglm[dask]'") from error
    try:
        system, path = url_to_fs(address)
        # What it remembers of a folder may be older than the files there.
        system.invalidate_cache()
        if glob.has_magic(path) and not system.exists(path):
            base, matched = _fixed_part(path), system.glob(path, detail=True)
        else:
            base, matched = path, {path: {"type": "directory"}}
        found = {
            one
            for name, info in matched.items()
            for one in (system.find(name) if info["type"] == "directory" else [name])
        }
    except (ImportError, OSError, ValueError) as error:
        raise DataError(f"{address} cannot be reached: {error}") from error
    return _Files(sorted(one for one in found if one.endswith(".parquet") and _visible(Path(one), base)), system)


def _visible(path: Path, base: str) -> bool:
    """Say whether neither a file nor a folder between it and `base` is hidden."""
    below = path.parts[len(Path(base).parts) :]
    return not any(part.startswith((".", "_")) and part not in (".", "..") for part in below)


def _fixed_part(pattern: str) -> str:
    """Return the folder that everything a pattern matches lies in."""
    fixed = Path(pattern)
    while glob.has_magic(str(fixed)):
        fixed = fixed.parent
    return str(fixed)


def _above_columns(base: str, file: str) -> str:
    """Return the folder above those at the end of `base` that are named after a column (``key=C``) the file lacks."""
    from pyarrow import parquet

    folder, held = Path(base), parquet.read_schema(file).names
    while "=" in folder.name and folder.name.partition("=")[0] not in held:
        folder = folder.parent
    return str(folder)


def _identity(held: Any) -> str:
    """Return a digest that changes where a file does."""
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    system = held.filesystem
    if isinstance(system, PyFileSystem) and isinstance(system.handler, FSSpecHandler):
        told = [[path, *_state(system.handler.fs, path)] for path in held.files]
    else:
        told = [[info.path, info.size, str(info.mtime_ns)] for info in system.get_file_info(list(held.files))]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _state(system: Any, path: str) -> list[Any]:
    """Return the size of a file and what tells that it was changed: under another name in each system of fsspec.

    Where nothing does, another each time, for better the same rows are read anew than others taken for them.
    """
    info = system.info(path)
    names = sorted(name for name in info if _plain(name) in _TELL_A_CHANGE and info[name])
    if names:
        return [info["size"], *(str(info[name]) for name in names)]
    try:
        return [info["size"], str(system.modified(path))]
    except (KeyError, NotImplementedError):
        return [info["size"], uuid.uuid4().hex]


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()
