"""Which rows and clusters move a fit: leverage against residual, and the most influential by name."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from genreglm.plots.labels import name_points
from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import (
    BLUE,
    ORANGE,
    QUIET,
    SEQUENTIAL,
    VERMILION,
    bare,
    body_axes,
    in_house_style,
    titled_figure,
)
from genreglm.plots.text import number, percent, plain

_SIDES = (6.6, 4.6)  # inches of the axes
_CELLS = (70, 50)
_BINS = 400  # of an index plot
_NAME = 34  # letters of a name in a figure


def leverage_residuals_finding(table: pd.DataFrame) -> str:
    """How much of all influence the few strongest rows hold, and whether any has much leverage."""
    cook = np.sort(_drawable(table[".cooksd"]))[::-1]
    share = cook[: max(1, len(cook) // 100)].sum() / cook.sum()
    most = float(table[".hat"].max())
    return (
        f"One row in a hundred holds {percent(share, 0)} of all influence; the largest leverage is {number(most, 2)}, "
        f"{number(most / table['.hat'].mean(), 0)} times the mean"
    )


@in_house_style
def leverage_residuals(table: pd.DataFrame, names: Sequence[object] | None = None, top: int = 8) -> Figure:
    """Density of rows by leverage and deviance residual, lines of equal Cook's distance, the strongest rows named.

    Table: .hat, .resid_deviance, .cooksd, a row each (`Result.augment`). `names` are those of its rows. A line joins
    places whose rows have that Cook's distance in the median: leverage and residual alone do not determine it.
    """
    note = (
        "Rows in each cell, on a logarithmic colour scale. Lines: median Cook's distance. Dots: the most influential."
    )
    figure = titled_figure(_SIDES[0] + 2.0, _SIDES[1] + 0.65, leverage_residuals_finding(table), note)
    axes = body_axes(figure, 0.75, 0.55, *_SIDES)
    hat, residual = (table[name].to_numpy(dtype=float) for name in (".hat", ".resid_deviance"))
    cook = _drawable(table[".cooksd"])
    log_hat = np.log10(np.maximum(hat, 1e-300))
    low, high = np.quantile(log_hat, 0.0005), log_hat.max()
    edges = (
        np.linspace(low, high + 0.02 * (high - low), _CELLS[0] + 1),
        np.linspace(0, 1.02 * residual.max(), _CELLS[1]),
    )
    counts, across, up = np.histogram2d(log_hat, residual, edges)
    mesh = axes.pcolormesh(
        10**across,
        up,
        np.ma.masked_equal(counts.T, 0),
        norm=LogNorm(0.5, counts.max()),
        cmap=SEQUENTIAL,
        rasterized=True,
    )
    axes.set_xscale("log")
    axes.set(xlabel="Leverage (hat), logarithmic", ylabel="Deviance residual", xlim=(10**low, 10 ** across[-1]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    _draw_contours(axes, log_hat, residual, cook, (across, up), counts)
    bar = figure.colorbar(
        mesh, cax=body_axes(figure, _SIDES[0] + 0.95, 0.9, 0.16, _SIDES[1] - 0.7), label="Rows in a cell"
    )
    bar.ax.yaxis.set_major_locator(LogLocator(subs=(1.0,)))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.outline.set_visible(False)
    strongest = np.argsort(-cook, kind="stable")[:top]
    axes.plot(hat[strongest], residual[strongest], "o", color=ORANGE, markersize=4.5, markeredgecolor="white")
    if names is not None:
        points = np.column_stack([log_hat[strongest], residual[strongest]])
        twin = figure.add_axes(axes.get_position().bounds, xlim=(low, across[-1]), ylim=axes.get_ylim(), frameon=False)
        twin.set_axis_off()
        name_points(twin, points, [plain(list(names)[row], _NAME) for row in strongest], _SIDES, 7.5)
    return figure


def _draw_contours(
    axes: Axes,
    log_hat: NDArray[np.float64],
    residual: NDArray[np.float64],
    cook: NDArray[np.float64],
    edges: tuple[NDArray[np.float64], NDArray[np.float64]],
    counts: NDArray[np.float64],
) -> None:
    """Draw lines at powers of ten of the cells' median Cook's distance, smoothed over cells that hold rows."""
    cell = [np.clip(np.digitize(v, e) - 1, 0, len(e) - 2) for v, e in zip((log_hat, residual), edges, strict=True)]
    median = pd.Series(np.log10(np.maximum(cook, 1e-300))).groupby([*cell]).median()
    grid, held = np.zeros(counts.shape), np.zeros(counts.shape)
    where = tuple(median.index.get_level_values(level).to_numpy() for level in (0, 1))
    grid[where], held[where] = median.to_numpy(), 1.0
    weight = gaussian_filter(held, 1.5)
    smooth = np.where(weight > 0.3, gaussian_filter(grid, 1.5) / np.maximum(weight, 1e-9), np.nan)
    known = smooth[np.isfinite(smooth)]
    levels = np.arange(np.ceil(known.min()), known.max()) if len(known) else known
    if not len(levels):
        return
    x, y = (0.5 * (e[1:] + e[:-1]) for e in edges)
    lines = axes.contour(10**x, y, smooth.T, levels=levels, colors=VERMILION, linewidths=0.8, linestyles="solid")
    axes.clabel(lines, fmt=lambda level: f"$10^{{{level:.0f}}}$", fontsize=7.5)


def influence_index_finding(table: pd.DataFrame, names: Sequence[object]) -> str:
    """The row that moves the coefficients most, and how it compares with a typical one."""
    cook = _drawable(table["cooksd"])
    first = int(np.argmax(cook))
    times = number(cook[first] / np.median(cook), 0)
    return (
        f"{plain(list(names)[first], 60)} moves the coefficients most: its Cook's distance is {times} times the median"
    )


@in_house_style
def influence_index(table: pd.DataFrame, names: Sequence[object], top: int = 10) -> Figure:
    """Cook's distance of the rows in their order, the largest named.

    Table: cooksd, a row each (`gg.influence`). Where rows are many, a line stands for the largest of some.
    """
    cook, rows = _drawable(table["cooksd"]), len(table)
    bins = min(_BINS, rows)
    each = f"the largest of each {number(rows / bins, 0)} neighbours" if bins < rows else "every row"
    note = f"Cook's distance, {each}, in the order of the table; the {min(top, rows)} largest are named."
    figure = titled_figure(9.0, 4.2, influence_index_finding(table, names), note)
    axes = body_axes(figure, 0.8, 0.55, 7.9, 3.5)
    cuts = np.linspace(0, rows, bins + 1).astype(int)
    tops = np.array([start + int(np.argmax(cook[start:stop])) for start, stop in itertools.pairwise(cuts)])
    axes.vlines(tops, 0, cook[tops], color=BLUE, linewidth=0.9)
    strongest = np.argsort(-cook, kind="stable")[:top]
    axes.plot(strongest, cook[strongest], "o", color=ORANGE, markersize=4.5, markeredgecolor="white")
    axes.set(xlim=(-0.01 * rows, 1.01 * rows), ylim=(0, 1.15 * cook[strongest[0]]))
    axes.set(xlabel="Row of the table", ylabel="Cook's distance")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    points = np.column_stack([strongest, cook[strongest]]).astype(float)
    name_points(axes, points, [plain(list(names)[row], _NAME) for row in strongest], (7.9, 3.5), 7.5)
    return figure


def cluster_influence_finding(table: pd.DataFrame) -> str:
    """The cluster that moves the coefficients most, and how many rows it has."""
    first = table.sort_values("cooksd", ascending=False, kind="stable").iloc[0]
    moved = f"by {number(np.sqrt(first['cooksd']), 2)} standard errors in the root mean square"
    size = moved if np.isfinite(first["cooksd"]) else "without it they have no estimate"
    return (
        f"{plain(first['cluster'], 40)}, with {first['rows']:,.0f} row{'' if first['rows'] == 1 else 's'}, moves the "
        f"coefficients most: {size}"
    )


def _drawable(cook: pd.Series) -> NDArray[np.float64]:
    """Return Cook's distances; an infinite one, of a row that the estimate needs, as the top of the scale."""
    values = cook.to_numpy(dtype=float)
    finite = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, 1.2 * finite.max(initial=1e-12))


@in_house_style
def cluster_influence(table: pd.DataFrame, top: int = 25) -> Figure:
    """The most influential clusters, such as artists, with their rows. Table: cluster, rows, cooksd, ..."""
    shown = table.sort_values("cooksd", ascending=False, kind="stable").head(top).reset_index(drop=True)
    shown["cooksd"] = _drawable(shown["cooksd"])
    note = "Cook's distance of leaving out all rows of a cluster; the numbers at the right are its rows."
    figure = titled_figure(7.6, ROW * 1.15 * max(len(shown), 3) + 0.6, cluster_influence_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(shown))
    axes.hlines(places, 0, shown["cooksd"], color=QUIET, linewidth=0.8)
    axes.plot(shown["cooksd"], places, "o", color=BLUE, markersize=5)
    name_rows(axes, shown["cluster"], longest=40)
    for place, (cook, rows) in enumerate(zip(shown["cooksd"], shown["rows"], strict=True)):
        axes.annotate(
            f"{rows:,}", (cook, place), (7, 0), textcoords="offset points", va="center", size=7.5, color=QUIET
        )
    axes.set_xlim(0, 1.12 * float(shown["cooksd"].max()))
    axes.set_xlabel("Cook's distance")
    bare(axes)
    return figure
