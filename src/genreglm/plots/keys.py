"""Popularity by key and mode."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genreglm.plots.style import BLUE, VERMILION, in_house_style, titled_figure
from genreglm.plots.tables import largest, smallest
from genreglm.plots.text import number, plain

_MODES = {"major": (BLUE, "o", 0.12), "minor": (VERMILION, "s", -0.12)}


def popularity_by_key_mode_finding(table: pd.DataFrame) -> str:
    """How far the means lie apart, against the spread between tracks."""
    low, high = smallest(table, "mean"), largest(table, "mean")
    spread = float(np.sqrt(np.average(table["sd"].fillna(0) ** 2, weights=table["tracks"])))
    gap = high["mean"] - low["mean"]
    verdict = "hardly move" if gap < spread / 4 else "move"
    ends = " to ".join(f"{number(cell['mean'], 1)} ({cell['key']} {cell['mode']})" for cell in (low, high))
    return f"Key and mode {verdict} popularity: means from {ends}, against an sd of {number(spread, 0)} between tracks"


@in_house_style
def popularity_by_key_mode(table: pd.DataFrame) -> Figure:
    """Means with intervals. Table: key, mode (names), tracks, mean, sd, conf_low, conf_high."""
    keys = list(table["key"].unique())
    note = (
        "Mean popularity of distinct tracks with 95 % intervals clustered by artist. "
        "The vertical axis does not start at zero."
    )
    figure = titled_figure(8.5, 3.6, popularity_by_key_mode_finding(table), note)
    axes = figure.subplots()
    for mode, part in table.groupby("mode", sort=True):
        colour, marker, shift = _MODES[str(mode)]
        places = np.array([keys.index(key) for key in part["key"]]) + shift
        axes.vlines(places, part["conf_low"], part["conf_high"], color=colour, linewidth=1.6)
        axes.plot(places, part["mean"], marker, color=colour, label=mode)
    axes.set_xticks(np.arange(len(keys)), [plain(key) for key in keys])
    axes.set_xlabel("Key (pitch class)")
    axes.set_ylabel("Mean popularity (0 to 100)")
    axes.grid(axis="y")
    axes.margins(y=0.1)
    axes.legend(title="Mode", loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
