"""How features go together: rank correlations of all, and the density of two."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from genreglm.plots.heatmap import cluster_order, draw_heatmap, slanted
from genreglm.plots.labels import name_points
from genreglm.plots.style import DIVERGING, INK, ORANGE, SEQUENTIAL, body_axes, in_house_style, titled_figure
from genreglm.plots.tables import largest, wide
from genreglm.plots.text import feature_label, feature_title, feature_word, number, sentence

_SIDES = (6.2, 4.9)  # inches of the density's axes


def correlations_finding(table: pd.DataFrame) -> str:
    """The strongest pair."""
    pairs = table[table["feature_x"] < table["feature_y"]].dropna()
    if pairs.empty:
        return "No two features vary, so there is no correlation to show"
    top = largest(pairs.assign(size=pairs["spearman"].abs()), "size")
    how = "move together" if top["spearman"] > 0 else "move in opposite directions"
    names = f"{feature_word(top['feature_x'])} and {feature_word(top['feature_y'])}"
    return sentence(f"{names} {how}: Spearman {number(top['spearman'])}")


@in_house_style
def correlations(table: pd.DataFrame) -> Figure:
    """Heatmap of rank correlations, like features together. Table: feature_x, feature_y, spearman."""
    matrix = wide(table, "feature_x", "feature_y", "spearman")
    order = cluster_order(matrix.to_numpy(dtype=float))
    ordered = matrix.iloc[order, order]
    np.fill_diagonal(values := ordered.to_numpy(dtype=float, copy=True), np.nan)
    note = "Spearman's rank correlation over rows; features that behave alike stand together."
    side = max(0.52 * len(matrix), 2.4)
    figure = titled_figure(side + 2.4, side + 1.1, correlations_finding(table), note)
    axes = figure.subplots()
    names = [feature_title(feature) for feature in ordered.index]
    named = pd.DataFrame(values, names, names)
    mesh = draw_heatmap(axes, named, DIVERGING, Normalize(-1, 1), rule=1.0)
    slanted(axes, 40)
    _write_numbers(axes, values)
    figure.colorbar(mesh, ax=axes, label="Spearman correlation", shrink=0.7, aspect=30).outline.set_visible(False)
    return figure


def density_finding(table: pd.DataFrame) -> str:
    """How the mean of y moves over the fifths of x, from the binned counts."""
    x, y = (feature_word(str(table[column].iloc[0])) for column in ("feature_x", "feature_y"))
    means = _means_by_fifth(table)
    low, middle, high = (number(value) for value in (means[0], means[2], means[4]))
    step = 0.05 * float(np.ptp(table["y"]))
    if abs(means[2] - means[[0, 4]]).min() > step and (means[2] - means[0]) * (means[2] - means[4]) > 0:
        turn = "highest" if means[2] > means[0] else "lowest"
        outer = f"{low} and {high} in the outer fifths"
        return f"{sentence(y)} is {turn} at middling {x}: {middle} on average, {outer}"
    verb = "rises" if means[4] > means[0] + step else "falls" if means[4] < means[0] - step else "hardly moves,"
    return f"From the lowest to the highest fifth of {x}, mean {y} {verb} from {low} to {high}"


@in_house_style
def density(table: pd.DataFrame, profiles: pd.DataFrame | None = None) -> Figure:
    """Density of two features on a log colour scale, with the genres' medians over it.

    Table: feature_x, feature_y, x, y (centres of a regular grid), count. Profiles: genre, feature, median.
    Only genres at the edges of the cloud of medians are named.
    """
    x, y = str(table["feature_x"].iloc[0]), str(table["feature_y"].iloc[0])
    note = "Rows in each cell, on a logarithmic colour scale."
    note += " Dots are the medians of genres; those at the edge are named." if profiles is not None else ""
    figure = titled_figure(_SIDES[0] + 2.0, _SIDES[1] + 0.65, density_finding(table), note)
    axes = body_axes(figure, 0.75, 0.55, *_SIDES)
    counts = wide(table, "y", "x", "count")
    filled = np.ma.masked_equal(counts.to_numpy(), 0)
    mesh = axes.pcolormesh(
        _edges(counts.columns.to_numpy(dtype=float)),
        _edges(counts.index.to_numpy(dtype=float)),
        filled,
        norm=LogNorm(0.5, max(int(filled.max()), 2)),
        cmap=SEQUENTIAL,
        rasterized=True,
    )
    axes.set_xlabel(feature_label(x))
    axes.set_ylabel(feature_label(y))
    bar = figure.colorbar(mesh, cax=body_axes(figure, _SIDES[0] + 0.95, 0.9, 0.16, _SIDES[1] - 0.7))
    bar.set_label("Rows in a cell")
    bar.ax.yaxis.set_major_locator(LogLocator(subs=(1.0,)))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.outline.set_visible(False)
    if profiles is not None:
        _draw_medians(axes, profiles, x, y)
    return figure


def _write_numbers(axes: Axes, values: NDArray[np.float64]) -> None:
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "white" if abs(value) > 0.6 else INK
            axes.text(column + 0.5, row + 0.5, number(value), ha="center", va="center", size=7.5, color=colour)


def _draw_medians(axes: Axes, profiles: pd.DataFrame, x: str, y: str) -> None:
    medians = wide(profiles, "genre", "feature", "median")[[x, y]].dropna()
    points = medians.to_numpy(dtype=float)
    axes.plot(
        points[:, 0],
        points[:, 1],
        "o",
        color=ORANGE,
        markersize=4,
        markeredgecolor="white",
        markeredgewidth=0.6,
    )
    chosen = _extremes(points)
    name_points(axes, points[chosen], [str(genre) for genre in medians.index[chosen]], _SIDES)


def _extremes(points: NDArray[np.float64], directions: int = 10) -> NDArray[np.intp]:
    """Rows that lie furthest from the middle in some of the directions around it, in stable order."""
    scale = points.std(axis=0)
    centred = (points - points.mean(axis=0)) / np.where(scale > 0, scale, 1)
    angles = np.arange(directions) * 2 * np.pi / directions
    reach = centred @ np.stack([np.cos(angles), np.sin(angles)])
    return np.unique(reach.argmax(axis=0))


def _edges(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    step = (centres[-1] - centres[0]) / max(len(centres) - 1, 1) or 1.0
    return np.append(centres - step / 2, centres[-1] + step / 2)


def _means_by_fifth(table: pd.DataFrame) -> NDArray[np.float64]:
    """Mean y in each fifth of the rows by x; a column of cells on a border is divided between its fifths."""
    by_x = table.assign(total=table["count"] * table["y"]).groupby("x", sort=True)[["count", "total"]].sum()
    count, total = by_x[by_x["count"] > 0].to_numpy(dtype=float).T
    right = np.cumsum(count) / count.sum()
    left = right - count / count.sum()
    borders = np.arange(6) / 5
    overlap = np.minimum.outer(right, borders[1:]) - np.maximum.outer(left, borders[:-1])
    weights = np.clip(overlap, 0, None)
    return np.asarray((total / count) @ weights / weights.sum(axis=0))
