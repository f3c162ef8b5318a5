"""The house style: one palette, one kind of figure, one place for headings.

Figures are plain `matplotlib.figure.Figure` objects, never registered with pyplot: nothing is global,
no window opens, and a figure is freed with its last reference.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genreglm.plots.layout import SteadyLayout

P = ParamSpec("P")
T = TypeVar("T")

STYLE_FILE = Path(__file__).with_name("genreglm.mplstyle")

# Okabe and Ito (2008) without yellow, which is too pale for lines on white.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = CATEGORIES = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
)  # fmt: skip
INK, QUIET, FAINT, MISSING = "#222222", "#6b6b6b", "#d9d9d9", "#eeeeee"
SEQUENTIAL, DIVERGING, RUG = "Blues", "RdBu_r", "Greys"

_TITLE_SIZE, _SUBTITLE_SIZE = 12.0, 9.0
_MARGIN = 0.15  # inches around the heading


class HouseFigure(Figure):
    """A matplotlib figure that notebooks show by themselves, without pyplot."""

    def _repr_png_(self) -> bytes:
        from genreglm.plots.save import render  # that module builds on this one

        return render(self, "png")


def house_style() -> AbstractContextManager[None]:
    """Context in which matplotlib draws in the house style, whatever the caller has set."""
    return matplotlib.style.context(STYLE_FILE, after_reset=True)


def in_house_style(draw: Callable[P, T]) -> Callable[P, T]:
    """Run a drawing function inside `house_style()`."""

    @functools.wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> T:
        with house_style():
            return draw(*args, **kwargs)

    return styled


def titled_figure(width: float, height: float, title: str, subtitle: str = "") -> Figure:
    """An empty figure with a heading above a body of `width` x `height` inches.

    The heading is wrapped to the width and adds its own height, so the body never shrinks. Axes made by
    `subplots` are laid out (constrained) inside the body; `body_axes` places one by hand.
    """
    lines = _wrap(title, width, _TITLE_SIZE, 0.61)
    notes = _wrap(subtitle, width, _SUBTITLE_SIZE, 0.56) if subtitle else []
    heading = 2 * _MARGIN + len(lines) * 0.21 + len(notes) * 0.165
    total = height + heading
    edge = _MARGIN / 2 / width
    engine = SteadyLayout(rect=(edge, 0, 1 - 2 * edge, height / total))
    figure = HouseFigure(figsize=(width, total), layout=engine)
    x, top = _MARGIN / width, 1 - _MARGIN / total
    figure.text(x, top, "\n".join(lines), size=_TITLE_SIZE, weight="bold", va="top", linespacing=1.15)
    below = top - (len(lines) * 0.21 + 0.04) / total
    figure.text(x, below, "\n".join(notes), size=_SUBTITLE_SIZE, color=QUIET, va="top", linespacing=1.15)
    return figure


def body_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the lower left corner; the figure is not laid out again."""
    across, up = figure.get_size_inches()
    figure.set_layout_engine("none")
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def bare(axes: Axes) -> None:
    """Take away frame and tick marks, as a heatmap or a strip of dots wants it."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)


def _wrap(text: str, width: float, size: float, em: float) -> list[str]:
    """Even lines of text that fit into `width` inches at `size` points, a letter being `em` of it wide."""
    letters = max(20, int((width - 2 * _MARGIN) * 72 / (size * em)))
    lines = textwrap.wrap(text, letters)
    while letters > 20 and len(tighter := textwrap.wrap(text, letters - 1)) == len(lines):
        lines, letters = tighter, letters - 1
    return lines
