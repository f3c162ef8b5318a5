"""Effects along a feature: probabilities of genres, as curves of a number and as points of a factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from genreglm.plots.labels import LINE_NAME, LINE_NAME_SIZE, name_line_ends
from genreglm.plots.panels import HEIGHT, name_levels, small_multiples
from genreglm.plots.style import CATEGORIES, FAINT, RUG, in_house_style
from genreglm.plots.tables import largest
from genreglm.plots.text import feature_label, feature_word, percent, plain, sentence, width_of

_NAMED = 6  # classes that a panel tells apart by colour and name
_SETTING = "Probability of each class along a feature"
_BINS, _STRIP = (
    80,
    0.05,
)  # of the strip that shows where the rows are: its cells, and its height as a share of the panel's
_DODGE = 0.14  # by how much the points of two classes at one level stand apart, in levels
_WORDS = 0.25  # inches that upright words need below a strip, beyond what numbers do
_TICKS = 0.8  # inches between the names at the right of a panel and the next panel


def effect_curves_finding(table: pd.DataFrame) -> str:
    """The class and feature with the widest swing of probability."""
    top = largest(_swing(table).reset_index(), "probability")
    curve = table[(table["feature"] == top["feature"]) & (table["class"] == top["class"])].infer_objects()
    curve = curve.sort_values("value")
    probability = curve["probability"].to_numpy(dtype=float)
    moves = f"{feature_word(top['feature'])} moves {plain(top['class'])} most: its probability"
    if not _measured(curve["value"]):
        low, high = (curve.iloc[position] for position in (probability.argmin(), probability.argmax()))
        ends = (f"{percent(row['probability'], 1)} ({plain(row['value'])})" for row in (low, high))
        return sentence(f"{moves} lies between {' and '.join(ends)}")
    first, last = probability[np.sort([probability.argmin(), probability.argmax()])]
    way = f"{'rises' if last > first else 'falls'} from {percent(first, 1)} to {percent(last, 1)}"
    return sentence(f"{moves} {way}")


@in_house_style
def effect_curves(table: pd.DataFrame, rows: pd.DataFrame | None = None, setting: str = _SETTING) -> Figure:
    """Probability of classes along each feature, as small multiples, named at the ends of the lines.

    Table: feature, value, class, probability[, conf_low, conf_high], such as `gg.curve` gives. In each panel the
    classes that move most are named; the others are thin grey lines. A factor, whose values are words, has points in
    place of lines. With `rows` (a column a feature) a strip below each panel is the darker the more rows have that
    value. `setting` says what the probabilities are of.
    """
    features = list(table["feature"].unique())
    strip = "" if rows is None else " Grey strip: where the tracks are."
    note = f"{setting}; the {_NAMED} that move most are named.{strip}"
    swing = _swing(table)
    movers = {name: swing[name].sort_values(ascending=False, kind="stable").index[:_NAMED] for name in features}
    right = width_of([name for names in movers.values() for name in names], LINE_NAME_SIZE, LINE_NAME) + _TICKS
    parts = {name: part.infer_objects() for name, part in table.groupby("feature", sort=False)}
    words = any(not _measured(part["value"]) for part in parts.values())
    below = _WORDS if words and rows is not None else 0.0
    figure, panels = small_multiples(len(features), effect_curves_finding(table), note, right, below)
    for axes, feature in zip(panels, features, strict=True):
        curves, named = parts[feature], [str(name) for name in movers[feature]]
        if _measured(curves["value"]):
            _draw_classes(axes, curves.sort_values(["class", "value"]), named)
            if rows is not None:
                _draw_strip(axes, rows[feature].to_numpy(dtype=float), _BINS)
        else:
            levels = list(curves["value"].unique())
            _draw_levels(axes, curves, levels, named)
            if rows is not None:
                _draw_strip(axes, pd.Index(levels).get_indexer(pd.Index(rows[feature])), len(levels))
        axes.set_xlabel(feature_label(feature))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    return figure


def _swing(table: pd.DataFrame) -> pd.Series:
    """Range of the probability by feature and class."""
    grouped = table.groupby(["feature", "class"], sort=False)["probability"]
    return grouped.max() - grouped.min()


def _measured(values: pd.Series) -> bool:
    """Whether a feature's values are numbers, not the levels of a factor."""
    return is_numeric_dtype(values) and not is_bool_dtype(values)


def _draw_classes(axes: Axes, rows: pd.DataFrame, named: Sequence[str]) -> None:
    ends = []
    for name, curve in rows.groupby("class", sort=True):
        if str(name) not in named:
            axes.plot(curve["value"], curve["probability"], color=FAINT, linewidth=0.6, zorder=1)
    for name, colour in zip(named, CATEGORIES, strict=False):
        curve = rows[rows["class"].astype(str) == name]
        axes.plot(curve["value"], curve["probability"], color=colour)
        if "conf_low" in curve and curve["conf_low"].notna().any():
            axes.fill_between(curve["value"], curve["conf_low"], curve["conf_high"], color=colour, alpha=0.15)
        ends.append((float(curve["value"].iloc[-1]), float(curve["probability"].iloc[-1])))
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    name_line_ends(axes, ends, named, CATEGORIES[: len(named)], HEIGHT)


def _draw_levels(axes: Axes, rows: pd.DataFrame, levels: Sequence[Any], named: Sequence[str]) -> None:
    """Draw a point at each level of a factor, those of the named classes side by side and with their intervals."""
    rows = rows.assign(place=pd.Index(levels).get_indexer(pd.Index(rows["value"]))).sort_values("place")
    others = rows[~rows["class"].astype(str).isin(named)]
    axes.plot(others["place"], others["probability"], "_", color=FAINT, markersize=4, zorder=1)
    ends = []
    for position, (name, colour) in enumerate(zip(named, CATEGORIES, strict=False)):
        points = rows[rows["class"].astype(str) == name]
        places = points["place"] + _DODGE * (position - (len(named) - 1) / 2)
        axes.plot(places, points["probability"], "o", color=colour, markersize=2.2)
        if "conf_low" in points:
            axes.vlines(places, points["conf_low"], points["conf_high"], color=colour, linewidth=0.8)
        ends.append((len(levels) - 0.5, float(points["probability"].iloc[-1])))
    axes.set_ylim(bottom=0)
    axes.set_xlim(-0.5, len(levels) - 0.5)
    name_levels(axes, range(len(levels)), levels)
    name_line_ends(axes, ends, named, CATEGORIES[: len(named)], HEIGHT)


def _draw_strip(axes: Axes, values: NDArray[Any], bins: int) -> None:
    """Show below the axis where the values lie; the root of their number, so that the few are seen too."""
    low, high = axes.get_xlim()
    counts, edges = np.histogram(values, bins, (low, high))
    heights = (-2.2 * _STRIP, -1.2 * _STRIP)
    axes.pcolormesh(
        edges,
        heights,
        np.sqrt(counts)[None],
        cmap=RUG,
        norm=Normalize(0, max(1.0, float(np.sqrt(counts.max())))),
        transform=axes.get_xaxis_transform(),
        clip_on=False,
        rasterized=True,
    )
    axes.spines["bottom"].set_position(("axes", -2.2 * _STRIP))
    axes.set_xlim(low, high)
