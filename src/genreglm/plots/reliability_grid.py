"""Whether each class's probability can be taken at its word: a small panel a class, the worst first."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from genreglm.plots.style import BLUE, FAINT, INK, QUIET, VERMILION, body_axes, in_house_style, titled_figure
from genreglm.plots.text import percent, plain, sentence

# Columns of panels, inches of one, and letters of its name, by how many classes there are at most.
_LAYOUTS = ((6, 3, 2.4, 28), (12, 4, 1.8, 24), (30, 6, 1.3, 18), (10_000, 10, 0.92, 15))
_GAP, _HEAD = 0.14, 0.2  # inches between panels, and for a name
_OFF = 0.25  # share of bins outside their intervals from which on a class is off


def calibration_finding(table: pd.DataFrame) -> str:
    """How many classes are off, and the one that is furthest."""
    classes = _by_gap(table)
    off, worst = int(classes["off"].sum()), classes.iloc[0]
    whose = f"{off} of {len(classes)} classes have" if off else "No class has"
    size = f"{plain(worst['class'])} is furthest off: bin by bin, by {percent(worst['gap'])} of its share"
    return sentence(f"{whose} probabilities that cannot be taken at their word; {size}")


@in_house_style
def calibration(table: pd.DataFrame) -> Figure:
    """A reliability curve for each class, in panels from the worst to the best.

    Table: class, bin, predicted, observed, count, conf_low, conf_high. Each panel has its own scale, from 0 to the
    share named in it, both axes by square roots; on the diagonal probabilities are right.
    """
    classes = _by_gap(table)
    columns, size, letters = next(layout[1:] for layout in _LAYOUTS if len(classes) <= layout[0])
    columns = min(columns, len(classes))
    rows = ceil(len(classes) / columns)
    across, up = size + _GAP, size * 0.75 + _GAP + _HEAD
    note = (
        "Observed share of a class (upwards) against its probability (rightwards) in bins of equal size, with 95 % "
        "intervals, each panel from 0 to the share named in it on square-root scales. Below the line: too sure. "
        "Orange-red: a quarter of the bins or more are off. The worst stand first."
    )
    width = max(columns * across, 6.0)
    figure = titled_figure(width + 0.2, rows * up + 0.1, calibration_finding(table), note)
    axes = body_axes(figure, 0.15, 0.05, width, rows * up)
    axes.set(xlim=(0, width), ylim=(0, rows * up))
    axes.axis("off")
    parts = dict(iter(table.groupby("class", sort=False)))
    for place, (name, off) in enumerate(zip(classes["class"], classes["off"], strict=True)):
        corner = (place % columns * across, (rows - 1 - place // columns) * up + _GAP / 2)
        _draw_panel(axes, parts[name].sort_values("bin"), corner, (size, size * 0.75), VERMILION if off else BLUE)
        top = corner[1] + size * 0.75 + 0.04
        axes.text(corner[0], top, plain(name, letters), size=6.5 if columns == 10 else 8, color=INK, va="bottom")
    return figure


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, corner: tuple[float, float], size: tuple[float, float], colour: str
) -> None:
    limit = max(float(rows[["predicted", "observed"]].to_numpy(float).max()) * 1.08, 1e-9)
    start, scale = np.array(corner), np.array(size) / np.sqrt(limit)
    frame = start + np.array([[0, 1], [0, 0], [1, 0]]) * size
    axes.add_collection(LineCollection([frame], colors=FAINT, linewidths=0.8))
    axes.add_collection(LineCollection([np.array([start, start + size])], colors=QUIET, linewidths=0.5))
    x = start[0] + np.sqrt(rows["predicted"].to_numpy(float)) * scale[0]
    y, low, high = (
        start[1] + np.sqrt(np.clip(rows[name].to_numpy(float), 0.0, limit)) * scale[1]
        for name in ("observed", "conf_low", "conf_high")
    )
    bars = np.stack([np.column_stack([x, low]), np.column_stack([x, high])], axis=1)
    axes.add_collection(LineCollection(list(bars), colors=colour, linewidths=0.9, alpha=0.45))
    axes.plot(x, y, color=colour, linewidth=1.0, marker="o", markersize=1.6)
    axes.text(start[0] + size[0], start[1] + 0.02, percent(limit), size=6, color=QUIET, ha="right", va="bottom")


def _by_gap(table: pd.DataFrame) -> pd.DataFrame:
    """Each class with `gap`, the share of its rows that would have to change bin, and whether it is `off`."""
    gap = 0.5 * table["count"] * (table["observed"] - table["predicted"]).abs()
    own = table["count"] * table["observed"]
    outside = (table["predicted"] < table["conf_low"]) | (table["predicted"] > table["conf_high"])
    marked = table.assign(gap=gap, own=own, outside=outside)
    found = marked.groupby("class", sort=True).agg(gap=("gap", "sum"), own=("own", "sum"), off=("outside", "mean"))
    found = found.assign(gap=found["gap"] / found["own"].clip(lower=1e-12), off=found["off"] >= _OFF)
    return found.sort_values(["off", "gap"], ascending=False, kind="stable").reset_index()
