"""How far apart the classes are: all pairs at a glance, and the tree that joins near ones first."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from genreglm.plots.heatmap import colour_bar, distance_order, draw_heatmap, heatmap_figure, upright
from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, FAINT, SEQUENTIAL, in_house_style, titled_figure
from genreglm.plots.text import listed, plain, sentence

_NEAREST = 3
_DENSE = 0.115  # inches a name takes where there are many
_LEVEL = 0.05  # p-values above it do not tell a pair apart


def class_distances_finding(table: pd.DataFrame) -> str:
    """The nearest pairs and the furthest one; or how many pairs a test cannot tell apart."""
    known = table.dropna(subset=["distance"]).sort_values("distance", kind="stable")
    if known.empty:
        return "No pair of genres has a distance"
    near = listed(_pair(row, "from") for _, row in known.head(min(_NEAREST, max(len(known) - 1, 1))).iterrows())
    finding = f"Hardest to tell: {near}"
    if "p_adjusted" in table:
        alike = int((~(table["p_adjusted"] <= _LEVEL)).sum())  # a pair without a p-value is not told apart either
        verb = "is" if alike == 1 else "are"
        return f"{finding}; {alike:,} of {len(table):,} pairs {verb} not told apart by the test"
    return finding if len(known) == 1 else f"{finding}; furthest apart: {_pair(known.iloc[-1])}"


@in_house_style
def class_distances(table: pd.DataFrame) -> Figure:
    """Heatmap of the distances of all pairs, near classes side by side, without numbers.

    Table: class_1, class_2, distance[, p_adjusted], one row a pair; a pair without a distance is grey.
    """
    matrix = _square(table)
    near = matrix.fillna(float(np.nanmax(matrix.to_numpy(), initial=0.0)))
    np.fill_diagonal(values := near.to_numpy(copy=True), 0.0)
    order = distance_order(squareform(values))
    ordered, count = matrix.iloc[order, order], len(matrix)
    cell = 0.102 if count > 60 else 0.17 if count > 20 else max(0.4, 2.4 / count)
    size = 6.2 if count > 60 else 8
    note = "Darker is nearer. Genres that the model finds alike stand together."
    figure, axes = heatmap_figure(ordered, class_distances_finding(table), note, (cell, cell), (size, size))
    low, high = np.nanquantile(np.append(table["distance"].to_numpy(dtype=float), 0.0), (0.0, 0.98))
    mesh = draw_heatmap(axes, ordered, f"{SEQUENTIAL}_r", Normalize(low, max(high, 1e-9)), sizes=(size, size))
    upright(axes)
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT)
    colour_bar(axes, mesh, "Distance", extend="max")
    return figure


def class_tree_finding(nodes: pd.DataFrame) -> str:
    """The two that are joined first, and what is joined last."""
    joined = nodes[nodes["class"].isna()].sort_values("height", kind="stable")
    first, last = (joined.iloc[position] for position in (0, -1))
    nearest = " and ".join(sorted(_below(nodes, first)))
    if len(joined) == 1:
        return sentence(f"{nearest} are all there is to join")
    apart = min((_below(nodes, nodes.iloc[int(last[side])]) for side in ("left", "right")), key=len)
    names = listed(sorted(apart)) if len(apart) <= _NEAREST else f"a family of {len(apart)} genres"
    verb = "stand" if 1 < len(apart) <= _NEAREST else "stands"
    return sentence(f"{nearest} are the most alike; {names} {verb} furthest from the rest")


@in_house_style
def class_tree(nodes: pd.DataFrame) -> Figure:
    """Dendrogram, one named row a class.

    Table: node, class, left, right, height, size, place (the `nodes` of a tree); the class of a merge is missing.
    """
    leaves = nodes[nodes["class"].notna()].sort_values("place")
    row, size = (_DENSE, 6.5) if len(leaves) > 60 else (ROW, 8.0)
    note = "Genres that are joined further left are more alike: the bar that joins two groups stands at their distance."
    figure = titled_figure(8.5, row * max(len(leaves), 4) + 0.6, class_tree_finding(nodes), note)
    axes = figure.subplots()
    axes.add_collection(LineCollection(_brackets(nodes), colors=BLUE, linewidths=1.0, capstyle="projecting"))
    name_rows(axes, leaves["class"], longest=28)
    axes.tick_params(axis="y", labelsize=size)
    axes.set_xlim(0, 1.03 * max(float(nodes["height"].max()), 1e-9))
    axes.set_xlabel("Distance at which they are joined")
    return figure


def _pair(row: pd.Series, between: str = "and") -> str:
    return f"{plain(row['class_1'])} {between} {plain(row['class_2'])}"


def _square(table: pd.DataFrame) -> pd.DataFrame:
    """Distances as a symmetric matrix; the diagonal is missing."""
    names = sorted(set(table["class_1"]) | set(table["class_2"]))
    first, second = (pd.Index(names).get_indexer(pd.Index(table[column])) for column in ("class_1", "class_2"))
    values = np.full((len(names), len(names)), np.nan)
    values[first, second] = values[second, first] = table["distance"].to_numpy(dtype=float)
    return pd.DataFrame(values, names, names)


def _below(nodes: pd.DataFrame, node: pd.Series) -> list[str]:
    """Names of the classes below a node."""
    if pd.notna(node["class"]):
        return [plain(node["class"])]
    return [name for side in ("left", "right") for name in _below(nodes, nodes.iloc[int(node[side])])]


def _brackets(nodes: pd.DataFrame) -> list[NDArray[np.float64]]:
    """A line for each merge: out of one side, across, and back into the other."""
    place, height = nodes["place"].to_numpy(dtype=float), nodes["height"].to_numpy(dtype=float)
    merges = nodes[nodes["class"].isna()]
    ends = [(int(a), int(b), top) for a, b, top in zip(merges["left"], merges["right"], merges["height"], strict=True)]
    return [
        np.array([(height[a], place[a]), (top, place[a]), (top, place[b]), (height[b], place[b])]) for a, b, top in ends
    ]
