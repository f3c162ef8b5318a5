"""A map of classes and features in two dimensions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from genreglm.plots.labels import name_points
from genreglm.plots.style import BLUE, FAINT, INK, VERMILION, body_axes, in_house_style, titled_figure
from genreglm.plots.text import feature_title, feature_word, percent, plain, sentence

_WIDTH, _LOWEST, _HIGHEST = 11.0, 6.5, 9.0  # inches of the axes
_ARROWS, _SHORTEST = 10, 0.25  # how many features are drawn, and the least correlation with the plane
_REACH = (5.0, 9.0, 14.0, 20.0, 27.0, 35.0, 45.0, 57.0, 72.0, 90.0, 110.0)  # from a dot to its name, in points of type
_BESIDE = 8.5  # a name no further off needs no line to its dot
_MARGIN = 0.06  # of the range, around the points
_OUTSIDE = 2.0  # times as far out as nine tenths of the dots: further, a dot is drawn at that distance
_TELLING = 0.3  # least correlation that names an axis


def class_map_finding(points: pd.DataFrame, dimensions: pd.DataFrame) -> str:
    """What the first axis is, how much of the differences it holds, and who stands at its ends."""
    main = points.assign(value=points["dim_1"].astype(float)).sort_values("value", kind="stable")
    features = main[main["kind"] == "correlation"]
    high = features[features["value"] >= _TELLING].tail(2)["name"][::-1]
    low = features[features["value"] <= -_TELLING].head(2)["name"]
    sides = [" and ".join(feature_word(str(name)) for name in side) for side in (high, low) if len(side)]
    axis = " against ".join(sides) or "no feature alone"
    share = percent(dimensions["share"].iloc[0])
    ends = main.loc[main["kind"] == "class", "name"]
    return sentence(
        f"{axis} is the main axis: it holds {share} of the differences between genres, "
        f"from {plain(ends.iloc[-1])} to {plain(ends.iloc[0])}"
    )


@in_house_style
def class_map(points: pd.DataFrame, dimensions: pd.DataFrame) -> Figure:
    """Classes as named dots, features as arrows, on one scale, so that distances can be compared.

    Points: kind ("class", "correlation"; others are not drawn), name, dim_1, dim_2. Dimensions: dimension, share. An
    arrow points to where a feature is high, and is the longer the more of it the two dimensions hold; the longest are
    drawn. A name for which no place is free is left out.
    """
    classes, arrows = _of_kind(points, "class"), _longest(_of_kind(points, "correlation"))
    classes = classes.iloc[_crowded_first(classes[["dim_1", "dim_2"]].to_numpy(dtype=float))]
    spots, outside = _pulled_in(classes[["dim_1", "dim_2"]].to_numpy(dtype=float))
    tips = _scaled(arrows[["dim_1", "dim_2"]].to_numpy(dtype=float), spots)
    limits, height = _limits(np.vstack([spots, tips, np.zeros((1, 2))]))
    note = (
        "Genres near each other are hard to tell apart. An arrow points to where a feature is high, among tracks of "
        "one genre; the longer, the better these two dimensions hold it."
    )
    if outside.any():
        note += " Open dots stand for genres much further out in that direction."
    figure = titled_figure(_WIDTH + 0.9, height + 0.6, class_map_finding(points, dimensions), note)
    axes = body_axes(figure, 0.7, 0.5, _WIDTH, height)
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.axhline(0, color=FAINT, linewidth=0.7, zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.7, zorder=0)
    axes.plot(*spots[~outside].T, "o", color=BLUE, markersize=4, markeredgecolor="white", markeredgewidth=0.5)
    axes.plot(*spots[outside].T, "o", color=BLUE, markersize=4.5, markerfacecolor="white")
    _draw_arrows(axes, tips)
    names = [*(feature_title(str(name)) for name in arrows["name"]), *map(str, classes["name"])]
    colours = [VERMILION] * len(arrows) + [INK] * len(classes)
    name_points(axes, np.vstack([tips, spots]), names, (_WIDTH, height), 6.5, colours, _REACH, _BESIDE)
    axes.set_xlabel(_axis_name(dimensions, 0))
    axes.set_ylabel(_axis_name(dimensions, 1))
    return figure


def _axis_name(dimensions: pd.DataFrame, position: int) -> str:
    return f"Dimension {position + 1} ({percent(dimensions['share'].iloc[position])} of the differences)"


def _of_kind(points: pd.DataFrame, kind: str) -> pd.DataFrame:
    return points[points["kind"] == kind].reset_index(drop=True)


def _longest(arrows: pd.DataFrame) -> pd.DataFrame:
    length = np.hypot(*arrows[["dim_1", "dim_2"]].to_numpy(dtype=float).T)
    order = np.argsort(-length, kind="stable")[: min(_ARROWS, int((length >= _SHORTEST).sum()))]
    return arrows.iloc[order]


def _crowded_first(spots: NDArray[np.float64]) -> NDArray[np.intp]:
    """Order of the dots by the distance to their nearest few, since those in a crowd have the fewest places left."""
    near = np.sort(squareform(pdist(spots)), axis=1)[:, 1:6]
    return np.argsort(near.sum(axis=1), kind="stable")


def _pulled_in(spots: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Dots, those far outside brought nearer in their direction, and which these are: one must not shrink the rest."""
    length = np.hypot(*spots.T)
    limit = _OUTSIDE * float(np.quantile(length, 0.9))
    outside = length > limit
    return np.where(outside[:, None], spots * (limit / np.maximum(length, 1e-300))[:, None], spots), outside


def _scaled(tips: NDArray[np.float64], spots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Arrows as long as fits: the longest reaches as far as nine tenths of the dots."""
    longest = np.hypot(*tips.T).max(initial=0.0)
    reach = float(np.quantile(np.hypot(*spots.T), 0.9))
    return tips * (reach / longest if longest > 0 else 0.0)


def _limits(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Limits (2, 2) of the axes and their height in inches, with one unit the same length both ways."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle, span = (low + high) / 2, np.maximum((high - low) * (1 + 2 * _MARGIN), 1e-9)
    height = float(np.clip(_WIDTH * span[1] / span[0], _LOWEST, _HIGHEST))
    half = max(span[0] / _WIDTH, span[1] / height) * np.array([_WIDTH, height]) / 2
    return np.column_stack([middle - half, middle + half]), height


def _draw_arrows(axes: Axes, tips: NDArray[np.float64]) -> None:
    style = {"arrowstyle": "-|>", "color": VERMILION, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    for tip in tips:
        axes.annotate("", tip, (0, 0), zorder=1, arrowprops=style)
