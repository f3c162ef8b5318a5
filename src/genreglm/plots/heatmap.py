"""A heatmap of a labelled matrix, and the order of rows that puts like beside like."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist

from genreglm.plots.style import MISSING, bare, body_axes, titled_figure
from genreglm.plots.text import plain, width_of

ROW_NAME, COLUMN_NAME = 28, 40  # letters of a name that are shown


def cluster_order(points: NDArray[np.float64]) -> NDArray[np.intp]:
    """Order of the rows of `points` along the leaves of an average-linkage tree (Euclidean distance).

    Leaves are turned so that neighbours are as alike as the tree allows. Missing values count as zero.
    """
    if len(points) < 3:
        return np.arange(len(points))
    return distance_order(pdist(np.nan_to_num(points)))


def distance_order(distances: NDArray[np.float64]) -> NDArray[np.intp]:
    """The same for the distances of all pairs of at least two rows, in the order of `pdist`."""
    return np.asarray(leaves_list(linkage(distances, "average", optimal_ordering=True)))


def affinity_order(affinity: NDArray[np.float64]) -> NDArray[np.intp]:
    """The same for a symmetric matrix of affinities (>= 0): rows with like neighbours stand together."""
    lengths = np.linalg.norm(affinity, axis=1, keepdims=True)
    return cluster_order(np.divide(affinity, lengths, out=np.zeros_like(affinity), where=lengths > 0))


def heatmap_figure(
    matrix: pd.DataFrame,
    title: str,
    note: str,
    cell: tuple[float, float],
    sizes: tuple[float, float],
    labels: float = 0.0,
) -> tuple[Figure, Axes]:
    """A figure with axes for the matrix: cells of `cell` inches, margins as wide as the names need.

    `sizes` are the letters of rows and columns in points; `labels` inches are kept for names of the axes.
    """
    rows, columns = matrix.shape
    left = width_of(matrix.index, sizes[0], ROW_NAME) + 0.2 + labels
    foot = width_of(matrix.columns, sizes[1], COLUMN_NAME) + 0.2 + labels
    across, up = cell[0] * columns, cell[1] * rows
    figure = titled_figure(max(left + across + 1.0, 5.0), up + foot + 0.15, title, note)
    return figure, body_axes(figure, left, foot, across, up)


def draw_heatmap(
    axes: Axes,
    matrix: pd.DataFrame,
    colours: str,
    norm: Normalize,
    sizes: tuple[float, float] = (8, 8),
    rule: float = 0.0,
) -> QuadMesh:
    """Draw the matrix with its first row on top; missing cells are grey, `rule` is the line between cells."""
    axes.set_facecolor(MISSING)
    mesh = axes.pcolormesh(
        np.ma.masked_invalid(matrix.to_numpy(dtype=float)),
        cmap=colours,
        norm=norm,
        rasterized=matrix.size > 400,
        linewidth=rule,
        edgecolor="white" if rule else "face",
    )
    rows, columns = matrix.shape
    axes.set_yticks(np.arange(rows) + 0.5, [plain(name, ROW_NAME) for name in matrix.index], size=sizes[0])
    axes.set_xticks(np.arange(columns) + 0.5, [plain(name, COLUMN_NAME) for name in matrix.columns], size=sizes[1])
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    bare(axes)
    axes.tick_params(pad=2)
    return mesh


def colour_bar(axes: Axes, mesh: QuadMesh, title: str, extend: str = "neither") -> Colorbar:
    """A slim colour bar right of axes that were placed by hand."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # axes placed by hand are in a figure
    _, bottom, right, top = axes.get_position().extents * np.tile(figure.get_size_inches(), 2)
    height = min(max(0.4 * (top - bottom), 1.6), top - bottom)
    place = body_axes(figure, right + 0.15, (top + bottom - height) / 2, 0.13, height)
    bar = figure.colorbar(mesh, cax=place, extend=extend)
    bar.ax.set_title(title, size=8, loc="left")
    bar.outline.set_visible(False)
    return bar


def upright(axes: Axes) -> None:
    """Turn the names of the columns so that many of them fit side by side."""
    for label in axes.get_xticklabels():
        label.set(rotation=90, ha="center", va="top")


def slanted(axes: Axes, degrees: float) -> None:
    """Slant the names of the columns, each ending at its column."""
    for label in axes.get_xticklabels():
        label.set(rotation=degrees, ha="right", rotation_mode="anchor")
