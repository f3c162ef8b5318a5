"""Small multiples: panels of one size, as many rows as they need."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genreglm.plots.style import body_axes, titled_figure

COLUMNS = 3
WIDTH, HEIGHT = 2.35, 1.75  # inches of a panel
_LEFT, _FOOT, _BELOW = 0.65, 0.7, 0.85


def small_multiples(count: int, title: str, note: str, right: float) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels in up to three columns, with `right` inches to the right of each."""
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    across, up = WIDTH + right, HEIGHT + _BELOW
    figure = titled_figure(max(_LEFT + columns * across, 6.0), rows * up, title, note)
    places = [(_LEFT + (k % columns) * across, (rows - 1 - k // columns) * up + _FOOT) for k in range(count)]
    return figure, [body_axes(figure, left, bottom, WIDTH, HEIGHT) for left, bottom in places]
