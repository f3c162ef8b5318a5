"""Which Parquet files a source names, on this machine or at an address, and what tells that they were changed."""

import glob
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from genreglm.errors import DataError

_TELL_A_CHANGE = frozenset(
    "etag md5 md5hash contentmd5 crc crc32c sha digest checksum generation versionid mtime modify modified updated "
    "modifiedtime modificationtime lastmodified".split()
)


def is_pattern(text: str) -> bool:
    """Say whether a path is a pattern: one that exists is that path."""
    return glob.has_magic(text) and not Path(text).exists()


@dataclass(frozen=True)
class Files:
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


def files_of(source: str | Path | Sequence[str | Path]) -> Files:
    """Return the files of a source, those of a folder or a pattern sorted, and those of a list in its order.

    Raises
    ------
    DataError
        Where there are none, they cannot be reached, or they lie in more than one file system.
    """
    if not isinstance(source, str | Path):
        found = _of_list(source)
    else:
        found = _remote(str(source)) if "://" in str(source) else _local(str(source))
    if not found.paths:
        raise DataError(f"{source}: there are no Parquet files.")
    return found


def _of_list(sources: Sequence[str | Path]) -> Files:
    each = [files_of(source) for source in sources]
    if not each:
        return Files([])
    if any(files.system != each[0].system for files in each):
        raise DataError(f"{sources}: these lie in more than one file system. Give paths or addresses of one.")
    return Files([path for files in each for path in files.paths], each[0].system)


def _local(text: str) -> Files:
    if is_pattern(text):
        base, matched = _fixed_part(text), [Path(found) for found in glob.glob(text, recursive=True)]
    elif Path(text).is_dir():
        base, matched = text, [Path(text)]
    else:
        return Files([text] if Path(text).exists() else [])
    found = {path for one in matched for path in (one.rglob("*.parquet") if one.is_dir() else [one]) if path.is_file()}
    return Files(sorted(str(path) for path in found if _visible(path, base)), base=base)


def _remote(address: str) -> Files:
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
    return Files(sorted(one for one in found if one.endswith(".parquet") and _visible(Path(one), base)), system)


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


def identity_of(held: Any) -> str:
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
