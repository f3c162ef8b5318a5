"""Strips of dots: one named row an item, sorted, in as many columns as keep every name readable."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genreglm.plots.style import BLUE, FAINT, INK, bare, titled_figure
from genreglm.plots.text import plain

ROW = 0.165  # inches a name takes
_WIDTH = {1: 7.0, 2: 9.0, 3: 11.0}


def strip_columns(items: int) -> int:
    """Columns that `items` names are spread over: one to 30, two to 60, three beyond."""
    return 1 if items <= 30 else 2 if items <= 60 else 3


def strip_figure(items: int, title: str, subtitle: str) -> tuple[Figure, list[Axes]]:
    """A figure with one axes for each column of names, sharing the horizontal axis."""
    columns = strip_columns(items)
    height = ceil(items / columns) * ROW + 0.75
    figure = titled_figure(_WIDTH[columns], height, title, subtitle)
    return figure, list(figure.subplots(1, columns, sharex=True, squeeze=False)[0])


def draw_strips(panels: Sequence[Axes], table: pd.DataFrame, name: str, value: str, label: str) -> list[pd.DataFrame]:
    """Draw `value` as a dot on a line for each row of the sorted table, reading down the columns.

    Returns the part of the table in each panel, with its vertical position in column `place`.
    """
    rows = ceil(len(table) / len(panels))
    parts = [table.iloc[k * rows : (k + 1) * rows].reset_index(names="order") for k in range(len(panels))]
    for axes, part in zip(panels, parts, strict=True):
        part["place"] = np.arange(len(part))
        axes.hlines(part["place"], 0, part[value], color=FAINT, linewidth=1.2)
        axes.plot(part[value], part["place"], "o", color=BLUE, markersize=4.5, clip_on=False)
        name_rows(axes, part[name], rows, longest=26)
        axes.set_xlabel(label)
        axes.set_xlim(left=0)
    return parts


def name_rows(axes: Axes, names: Sequence[object] | pd.Series, rows: int | None = None, longest: int = 60) -> None:
    """Name the rows 0, 1, ... of a strip from the top, leaving room for `rows` of them.

    `longest` is the number of letters of a name that are shown.
    """
    axes.set_yticks(np.arange(len(names)), [plain(name, longest) for name in names])
    axes.set_ylim((rows or len(names)) - 0.4, -0.6)
    axes.grid(axis="x")
    bare(axes)
    axes.tick_params(axis="y", labelcolor=INK)
