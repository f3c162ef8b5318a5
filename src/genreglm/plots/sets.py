"""Sets of classes: how often they hold the truth, class by class, and how large they are."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from genreglm.plots.labels import name_points
from genreglm.plots.style import BLUE, QUIET, bare, in_house_style, titled_figure
from genreglm.plots.text import number, percent, plain, sentence

_TITLES = {
    "least_ambiguous": "Least ambiguous",
    "adaptive": "Adaptive",
    "class_conditional": "By class",
}
_LEVEL = 0.9
_NAMED = 3
_PANEL = (2.9, 2.9)  # inches


def set_coverage_finding(table: pd.DataFrame) -> str:
    """Between which shares the classes lie under each kind of set."""
    parts = []
    for kind, part in table.groupby("kind", sort=False):
        low, high = part["group_coverage"].quantile([0.1, 0.9])
        title = plain(_TITLES.get(str(kind), str(kind))).lower()
        parts.append(f"{title} {percent(low)} to {percent(high)} with {number(part['mean_size'].mean(), 1)} classes")
    return sentence(f"sets meant to hold {percent(_LEVEL)} hold, in four classes of five: {'; '.join(parts)}")


@in_house_style
def set_coverage(table: pd.DataFrame) -> Figure:
    """Coverage of each class over the mean size of its rows' sets, a panel for each kind of set.

    Table: kind, class, group_coverage, mean_size.
    """
    kinds = list(dict.fromkeys(table["kind"]))
    note = (
        "Each point is a genre: the mean over its artists of the share of their tracks whose set holds it, and how "
        f"many genres those sets hold. Dashed: the {percent(_LEVEL)} that is promised on average over all artists."
    )
    figure = titled_figure(3.4 * len(kinds), 3.6, set_coverage_finding(table), note)
    panels = figure.subplots(1, len(kinds), sharex=True, sharey=True, squeeze=False)[0]
    for axes, kind in zip(panels, kinds, strict=True):
        _draw(axes, table[table["kind"] == kind])
        axes.set_title(_TITLES.get(kind, plain(kind)), loc="left", fontsize=10)
        axes.set_xlabel("Genres in a set (mean)")
        bare(axes)
        axes.grid()
    # Only now do the panels know their common limits.
    for axes, kind in zip(panels, kinds, strict=True):
        named = table[table["kind"] == kind].nsmallest(_NAMED, "group_coverage")
        points = named[["mean_size", "group_coverage"]].to_numpy(dtype=float)
        names = [plain(label, 18) for label in named["class"]]
        name_points(axes, points, names, _PANEL, 7, [QUIET] * len(names), beside=10)
    panels[0].set_ylabel("Tracks whose set holds the genre")
    panels[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    return figure


def _draw(axes: Axes, part: pd.DataFrame) -> None:
    axes.axhline(_LEVEL, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.plot(part["mean_size"], part["group_coverage"], "o", color=BLUE, markersize=3.5, alpha=0.7)
