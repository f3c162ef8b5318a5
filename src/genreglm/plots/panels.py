"""Small multiples: panels of one size, as many rows as they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genreglm.plots.style import body_axes, titled_figure
from genreglm.plots.text import plain

COLUMNS = 3
WIDTH, HEIGHT = 2.35, 1.75  # inches of a panel
_MOST_LEVELS = 18  # words that a panel has room for, upright
_LEFT, _FOOT, _BELOW = 0.65, 0.7, 0.85


def small_multiples(count: int, title: str, note: str, right: float, below: float = 0.0) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels in up to three columns, with `right` inches to the right of each.

    `below` is what each needs under it beyond numbers and a label, in inches.
    """
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    across, up = WIDTH + right, HEIGHT + _BELOW + below
    figure = titled_figure(max(_LEFT + columns * across, 6.0), rows * up, title, note)
    places = [(_LEFT + (k % columns) * across, (rows - 1 - k // columns) * up + _FOOT + below) for k in range(count)]
    return figure, [body_axes(figure, left, bottom, WIDTH, HEIGHT) for left, bottom in places]


def name_levels(axes: Axes, places: Sequence[float], levels: Sequence[Any]) -> None:
    """Write the levels of a factor below a panel, upright where they are many, and then not all."""
    step, crowded = -(-len(levels) // _MOST_LEVELS), len(levels) > 4
    axes.set_xticks(places[::step], [plain(level, 7 if crowded else 10) for level in levels[::step]])
    axes.tick_params(axis="x", rotation=90 if crowded else 0, labelsize=6.5 if crowded else 8)
