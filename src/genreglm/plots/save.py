"""Figures to bytes and files: the same figure gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure

from genreglm.files import write_whole
from genreglm.plots.style import house_style

Format = Literal["png", "svg"]

DOTS_PER_INCH = 150
_CLIP = re.compile(rb'<clipPath id="(p[0-9a-f]{10})">\s*(.*?)\s*</clipPath>', re.DOTALL)
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
    return _with_stable_clips(buffer.getvalue()) if format == "svg" else buffer.getvalue()


def _with_stable_clips(svg: bytes) -> bytes:
    """Name clip paths by what they say.

    matplotlib names them by the last bits of their corners, in which the layout's solver differs between processes.
    """
    for name, shape in _CLIP.findall(svg):
        svg = svg.replace(name, b"p" + hashlib.sha256(shape).hexdigest()[:10].encode())
    return svg


def save(figure: Figure, stem: str | os.PathLike[str], formats: Sequence[Format] = ("png", "svg")) -> list[Path]:
    """Write `STEM.png` and `STEM.svg` and return their paths.

    Each file appears whole or not at all.

    Raises:
        OutputError: the folder is missing, not writable, or full.
    """
    return [write_whole(Path(f"{os.fspath(stem)}.{format}"), render(figure, format)) for format in formats]
