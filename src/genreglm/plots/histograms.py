"""How the features are spread, and what a transformation does to them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, FAINT, VERMILION, in_house_style, titled_figure
from genreglm.plots.tables import largest
from genreglm.plots.text import feature_label, feature_title, feature_word, listed, number, percent, plain, sentence

UNCHANGED = "identity"
_ROUND = np.outer(10.0 ** np.arange(-4, 6), [1, 2, 5]).ravel()


def distributions_finding(table: pd.DataFrame) -> str:
    """Which features pile up in the lowest tenth of their range (those with logarithmic bins aside)."""
    widths = (table["bin_right"] - table["bin_left"]).groupby(table["feature"], sort=False)
    even = widths.max() < 1.5 * widths.min()
    shares = _lowest_tenth(table)[even]
    piled = shares[shares > 0.5].sort_values(ascending=False)
    if piled.empty:
        return "No feature has half of its rows in the lowest tenth of its range"
    named = listed(f"{feature_word(str(feature))} ({percent(share)})" for feature, share in piled.items())
    return sentence(f"{named} {'piles' if len(piled) == 1 else 'pile'} up in the lowest tenth of the range")


@in_house_style
def distributions(table: pd.DataFrame) -> Figure:
    """Histograms as small multiples. Table: feature, bin_left, bin_right, count."""
    features = list(table["feature"].unique())
    columns = min(4, len(features))
    rows = -(-len(features) // columns)
    note = "Share of rows in each bin; every panel has its own scale. Bins of duration are logarithmic."
    figure = titled_figure(2.7 * columns, 1.75 * rows, distributions_finding(table), note)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, feature in zip(panels, features, strict=False):
        _histogram(axes, table[table["feature"] == feature], feature)
    for axes in panels[len(features) :]:
        axes.remove()
    return figure


def transform_effect_finding(table: pd.DataFrame) -> str:
    """What the chosen transformations do to skewness."""
    changed = table[table["chosen"] != UNCHANGED]
    if changed.empty:
        return "No transformation makes a feature more symmetric"
    gain = changed["skewness_before"].abs() - changed["skewness_after"].abs()
    best = largest(changed.assign(gain=gain), "gain")
    return (
        f"The {_kind(best['chosen'])} transformation takes the skewness of {feature_word(best['feature'])} "
        f"from {number(best['skewness_before'], 1)} to {number(best['skewness_after'], 1)}"
    )


@in_house_style
def transform_effect(table: pd.DataFrame) -> Figure:
    """Skewness before and after a transformation.

    Table: feature, skewness_before, skewness_after, chosen (kind of transformation, or `identity`).
    """
    rows = table.sort_values("skewness_before", key=np.abs, ascending=False, ignore_index=True)
    note = "Skewness of each feature as it came (open) and as the models see it (filled); 0 is symmetric."
    figure = titled_figure(7.5, len(rows) * 2 * ROW + 0.6, transform_effect_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(table))
    axes.axvline(0, color="#9a9a9a", linewidth=0.8)
    axes.hlines(places, rows["skewness_before"], rows["skewness_after"], color=FAINT, linewidth=2.5)
    axes.plot(rows["skewness_before"], places, "o", color=VERMILION, markerfacecolor="white", markersize=6)
    axes.plot(rows["skewness_after"], places, "o", color=BLUE, markersize=5)
    pairs = zip(rows["feature"], rows["chosen"], strict=True)
    name_rows(axes, [f"{feature_title(f)}: {'as it is' if c == UNCHANGED else _kind(c)}" for f, c in pairs])
    axes.set_xlabel("Skewness (third standardised moment)")
    return figure


def _kind(chosen: object) -> str:
    return plain(chosen).replace("_", " ")


def _lowest_tenth(table: pd.DataFrame) -> pd.Series:
    """Share of each feature's rows in bins whose centre lies in the lowest tenth of its range."""
    grouped = table.groupby("feature", sort=False)
    low, high = grouped["bin_left"].transform("min"), grouped["bin_right"].transform("max")
    centre = (table["bin_left"] + table["bin_right"]) / 2
    inside = table["count"].where(centre < low + 0.1 * (high - low), 0)
    return inside.groupby(table["feature"], sort=False).sum() / grouped["count"].sum()


def _histogram(axes: Axes, bins: pd.DataFrame, feature: str) -> None:
    left, width = bins["bin_left"].to_numpy(), (bins["bin_right"] - bins["bin_left"]).to_numpy()
    share = (bins["count"] / max(bins["count"].sum(), 1)).to_numpy()
    axes.stairs(share, [*left, left[-1] + width[-1]], fill=True, color=BLUE)
    axes.set_xlim(left[0], left[-1] + width[-1])
    if width[-1] > 1.5 * width[0]:
        logarithmic(axes)
    axes.set_xlabel(feature_label(feature))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.locator_params(axis="y", nbins=4)


def logarithmic(axes: Axes) -> None:
    """Give the axis a logarithmic scale with round numbers on it."""
    low, high = axes.get_xlim()
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(_ROUND[(low <= _ROUND) & (high >= _ROUND)].tolist()))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
