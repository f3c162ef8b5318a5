"""Figures to bytes and files: the same figure gives the same bytes."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

from genreglm.files import write_whole
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
    return [write_whole(Path(f"{os.fspath(stem)}.{format}"), render(figure, format)) for format in formats]
