"""Writing files so that each appears whole or not at all."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genreglm.errors import OutputError


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; on success it takes the target's place, else it is removed.

    Raises
    ------
    OutputError
        Where the folder cannot be written or the disk is full, with what to do.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        yield partial
        os.replace(partial, target)
    except OSError as error:
        raise OutputError(_why(target, error)) from error
    finally:
        if os.path.lexists(partial):
            partial.unlink()


def write_whole(target: Path, data: bytes) -> Path:
    """Write `data` to `target` through `whole_file`, on the disk before it takes its place."""
    with whole_file(target) as partial, open(partial, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    return target


def append_line(target: Path, line: str) -> None:
    """Add a line to a text file, made where there is none.

    Raises
    ------
    OutputError
        Where it cannot be written.
    """
    try:
        with open(target, "a", encoding="utf-8") as handle:
            handle.write(f"{line}\n")
    except OSError as error:
        raise OutputError(_why(target, error)) from error


def make_folder(path: Path) -> Path:
    """Make a folder with its parents.

    Raises
    ------
    OutputError
        Where a file has its name, or the place may not be written.
    """
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path} is a file; a folder is needed there. Choose another with --out.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(_why(path, error)) from error
    return path


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _why(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk is full: {path} could not be written. Free some space and try again (a study: --resume)."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} may not be written ({error.strerror}). Choose another place."
    return f"{path} could not be written: {error.strerror or error}. Choose another place."
