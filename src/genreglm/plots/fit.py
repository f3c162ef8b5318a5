"""Where a model fails to fit: terms that bend, and groups of rows whose classes it misjudges."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, SymmetricalLogLocator

from genreglm.plots.panels import small_multiples
from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, QUIET, VERMILION, in_house_style, titled_figure
from genreglm.plots.tables import largest
from genreglm.plots.text import number, percent, plain

_CLASSES = 6  # panels of the classes worst off
_LEVEL = 0.05  # of the test behind a filled dot


def functional_form_finding(table: pd.DataFrame) -> str:
    """How many terms a spline would help beyond chance, and which of these most."""
    rows = _by_strength(table)
    if rows.empty:
        return "No term enters as a straight line"
    bent = rows[rows["p_value"] <= _LEVEL]
    if bent.empty:
        return "No straight line asks for a curve"
    top = largest(bent, "gain_per_row")
    count = "The one straight line asks" if len(rows) == 1 else f"{len(bent)} of {len(rows)} straight lines ask"
    return (
        f"{count} for a curve, {plain(top['term'], 40)} above all: "
        f"{number(1000 * top['gain_per_row'], 1)} thousandths of a nat for each row"
    )


@in_house_style
def functional_form(table: pd.DataFrame) -> Figure:
    """Score statistic per degree of freedom of a spline in each term's place.

    Table: term, statistic, df, p_value, statistic_per_df, gain_per_row.
    """
    rows = _by_strength(table)
    note = (
        "χ² per degree of freedom of what a spline would add to the line; chance alone gives 1 (dashed). "
        f"Open dots: p > {_LEVEL:g}. Right: the log-likelihood to gain, in thousandths of a nat for each row."
    )
    height = ROW * 1.25 * max(len(rows), 3) + 0.6
    figure = titled_figure(8.0, height, functional_form_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    axes.axvline(1, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    for clear, face in ((True, BLUE), (False, "white")):
        part = (rows["p_value"] <= _LEVEL) == clear
        axes.plot(rows["statistic_per_df"][part], places[part], "o", color=BLUE, markerfacecolor=face, markersize=5.5)
    name_rows(axes, rows["term"], max(len(rows), 1))
    axes.set_xscale("symlog", linthresh=1)
    axes.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=1, subs=(1, 2, 5)))
    axes.set_xlim(0, max(float(rows["statistic_per_df"].max()) * 1.6, 3.0) if len(rows) else 3.0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("χ² per degree of freedom")
    for place, gain in zip(places, rows["gain_per_row"], strict=True):
        axes.annotate(number(1000 * gain, 1), (1.01, place), xycoords=("axes fraction", "data"), va="center", size=8)
    return figure


def fit_groups_finding(table: pd.DataFrame) -> str:
    """The share of rows in the wrong class, and the class that is worst off."""
    gap = (table["observed"] - table["expected"]).abs()
    share = float(gap.sum() / (2 * table["observed"].sum()))
    worst = plain(_worst(table)[0])
    return f"{percent(share, 1)} of the rows would have to change class for the groups to fit; {worst} fits worst"


@in_house_style
def fit_groups(table: pd.DataFrame) -> Figure:
    """Observed and expected share of the classes worst off, by group of rows.

    Table: group, class, size, observed, expected.
    """
    names = _worst(table)[:_CLASSES]
    note = (
        "Share of the class in each group of rows, from the most to the least probable of the reference class. "
        "Line: expected, with the range of 95 % of samples. Dots: observed, orange-red outside of it."
    )
    figure, panels = small_multiples(len(names), fit_groups_finding(table), note, 0.55)
    for axes, name in zip(panels, names, strict=True):
        _draw_groups(axes, table[table["class"] == name].sort_values("group"))
        axes.set_title(plain(name), loc="left", size=9)
        axes.set_xlabel("Group of rows")
    return figure


def _draw_groups(axes: Axes, rows: pd.DataFrame) -> None:
    group = rows["group"].to_numpy()
    size = rows["size"].to_numpy(float)
    expected, observed = (rows[name].to_numpy(float) / size for name in ("expected", "observed"))
    reach = 1.96 * np.sqrt(expected * (1 - expected) / size)
    axes.fill_between(group, np.maximum(expected - reach, 0), expected + reach, color=QUIET, alpha=0.2, linewidth=0)
    axes.plot(group, expected, color=QUIET, linewidth=1.2)
    outside = np.abs(observed - expected) > reach
    for part, colour, marker in ((~outside, BLUE, "o"), (outside, VERMILION, "D")):
        axes.plot(group[part], observed[part], marker, color=colour, markersize=4.5)
    axes.set_ylim(bottom=0)
    axes.margins(y=0.1)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(axis="y")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))


def _by_strength(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(["statistic_per_df", "term"], ascending=[False, True], ignore_index=True)


def _worst(table: pd.DataFrame) -> list[object]:
    """The classes by their part of Pearson's statistic, the largest first."""
    part = (table["observed"] - table["expected"]) ** 2 / table["expected"].clip(lower=1e-12)
    return list(part.groupby(table["class"], sort=True).sum().sort_values(ascending=False, kind="stable").index)
