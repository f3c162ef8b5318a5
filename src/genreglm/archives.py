"""Archives of plain arrays, as `numpy.savez` writes them: read so that a hostile file can neither execute nor swell."""

import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from genreglm.errors import ModelFileError

_MOST_MEMBERS = 1_000
_NUMBERS = frozenset("fiub")  # kinds of arrays that hold numbers, and nothing to be unpickled


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read every array of an archive.

    Members must be stored as they are, not packed, and each must hold just as many bytes as its header says: so no more
    memory is taken than the file is long, whatever is written in it.

    Raises
    ------
    ModelFileError
        For members that are packed, not arrays of numbers, or of another size than they say.
    OSError, ValueError, zipfile.BadZipFile
        For a file that is missing, or damaged.
    """
    found: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise ModelFileError(f"{path} holds {len(members):,} members; a model has fewer than {_MOST_MEMBERS:,}.")
        for member in members:
            found[member.filename.removesuffix(".npy")] = _read_array(archive, member, path)
    return found


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > path.stat().st_size:
        raise ModelFileError(f"{path}: its member {member.filename[:60]!r} is packed; a model's arrays are stored.")
    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read_header is None:
            raise ModelFileError(f"{path}: its member {member.filename[:60]!r} is of a version of arrays not known.")
        shape, in_columns, dtype = read_header(stream)
        told = prod(shape) * dtype.itemsize
        if dtype.kind not in _NUMBERS or any(size < 0 for size in shape):
            raise ModelFileError(f"{path}: its member {member.filename[:60]!r} is no array of numbers.")
        held = stream.read()
        if len(held) != told:
            raise ModelFileError(
                f"{path}: its member {member.filename[:60]!r} says {told:,} bytes and holds {len(held):,}."
            )
    values = np.frombuffer(bytearray(held), dtype=dtype)
    return values.reshape(shape[::-1]).T if in_columns else values.reshape(shape)
