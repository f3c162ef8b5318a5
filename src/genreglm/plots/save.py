"""Figures to bytes and files: the same figure gives the same bytes."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

from genreglm.errors import OutputError
from genreglm.plots.style import house_style

Format = Literal["png", "svg"]

DOTS_PER_INCH = 150
_METADATA: dict[Format, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}


def render(figure: Figure, format: Format) -> bytes:
    """The figure as PNG (150 dpi) or SVG (words as outlines, dense layers as pictures of 150 dpi).

    Free of dates, versions and random names: equal figures give equal bytes.
    """
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, format=format, dpi=DOTS_PER_INCH, metadata=_METADATA[format])
    return buffer.getvalue()


def save(figure: Figure, stem: str | os.PathLike[str], formats: Sequence[Format] = ("png", "svg")) -> list[Path]:
    """Write `STEM.png` and `STEM.svg` and return their paths.

    Each file appears whole or not at all.

    Raises:
        OutputError: the folder is missing, not writable, or full.
    """
    paths = [Path(f"{os.fspath(stem)}.{format}") for format in formats]
    for path, format in zip(paths, formats, strict=True):
        _write_whole(path, render(figure, format))
    return paths


def _write_whole(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _unwritable(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(
        f"The figure {path} could not be written ({reason}); expected a folder that exists, may be written "
        "to and has space. Choose another place or free some room, then try again."
    )
