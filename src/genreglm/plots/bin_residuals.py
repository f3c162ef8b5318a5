"""Residuals of many rows together: by bins of a variable, and by groups such as artists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from genreglm.options import FEWEST_EXPECTED
from genreglm.plots.labels import LINE_NAME, LINE_NAME_SIZE, name_line_ends
from genreglm.plots.panels import HEIGHT, name_levels, small_multiples
from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, CATEGORIES, FAINT, QUIET, in_house_style, titled_figure
from genreglm.plots.tables import largest
from genreglm.plots.text import feature_label, feature_word, number, percent, plain, sentence, width_of

_NAMED = 4  # classes that a panel tells apart by colour and name
_TICKS = 0.8  # inches between the names at the right of a panel and the next panel
_NOTHING = 1e-8  # what rounding leaves of residuals that the fit makes zero, those of a factor's levels
_FITTED = ".fitted"


def binned_residuals_finding(table: pd.DataFrame) -> str:
    """The well-filled cell that lies furthest from its expectation, in standard errors."""
    hits = table["count"] * table["expected"]
    filled = table[(hits >= FEWEST_EXPECTED) & (table["count"] - hits >= FEWEST_EXPECTED)]
    if filled.empty:
        return "No bin holds enough rows to be judged"
    worst = largest(filled.assign(size=filled["z"].abs()), "size")
    outside = float((filled["resid"].abs() > filled["conf_high"]).mean())
    return sentence(
        f"{percent(outside)} of the cells lie outside their limits; the model misses {plain(worst['class'])} most, "
        f"where {_place(worst)}: {percent(worst['observed'], 1)} of the rows, not {percent(worst['expected'], 1)}"
    )


@in_house_style
def binned_residuals(table: pd.DataFrame) -> Figure:
    """Observed minus expected share of each class along each variable, as small multiples.

    Table: variable, bin, level, mean, class, count, observed, expected, resid, z, conf_high
    (`gg.binned_residuals`). The classes that depart most are named; the others are thin grey lines. The band holds
    the limits of the middle class of each bin.
    """
    variables = list(table["variable"].unique())
    size = table["resid"].abs().groupby([table["variable"], table["class"]], sort=False).max()
    size = size[size > _NOTHING]
    movers = {name: _largest_first(size, name)[:_NAMED] for name in variables}
    note = (
        "Share of the rows of a bin that are of a genre, less the share that the model expects, in points. "
        f"The {_NAMED} genres that depart most are named; the band is where the middle genre should lie."
    )
    right = width_of(["", *(name for names in movers.values() for name in names)], LINE_NAME_SIZE, LINE_NAME) + _TICKS
    figure, panels = small_multiples(len(variables), binned_residuals_finding(table), note, right)
    for axes, variable in zip(panels, variables, strict=True):
        _draw_classes(axes, table[table["variable"] == variable], movers[variable])
        axes.set_xlabel(_label(variable))
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{100 * value:.3g}".replace("-", "\N{MINUS SIGN}"))
        )
    return figure


def _largest_first(size: pd.Series, variable: str) -> list[Any]:
    if variable not in size.index.get_level_values("variable"):
        return []
    return list(size[variable].sort_values(ascending=False, kind="stable").index)


def _draw_classes(axes: Axes, rows: pd.DataFrame, named: Sequence[Any]) -> None:
    measured = rows["level"].isna() & (rows["variable"] != _FITTED)
    place = rows["mean"].where(measured, rows["bin"]).astype(float)
    rows = rows.assign(place=place).sort_values(["class", "bin"])
    limits = rows.groupby("bin")[["place", "conf_high"]].median().sort_values("place")
    axes.fill_between(limits["place"], -limits["conf_high"], limits["conf_high"], color=QUIET, alpha=0.3, linewidth=0)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    curves = dict(iter(rows.groupby("class", sort=False)))
    for name, curve in curves.items():
        if name not in named:
            axes.plot(curve["place"], curve["resid"], color=FAINT, linewidth=0.6, zorder=1)
    ends = []
    for mover, colour in zip(named, CATEGORIES, strict=False):
        curve = curves[mover]
        axes.plot(curve["place"], curve["resid"], color=colour)
        ends.append((float(curve["place"].iloc[-1]), float(curve["resid"].iloc[-1])))
    axes.margins(x=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    if rows["level"].notna().any():
        levels = rows.drop_duplicates("bin").sort_values("bin")
        name_levels(axes, levels["bin"].tolist(), levels["level"].tolist())
    name_line_ends(axes, ends, [str(name) for name in named], CATEGORIES[: len(named)], HEIGHT)


def group_residuals_finding(table: pd.DataFrame) -> str:
    """The group with most rows of one class beyond its expectation."""
    row = _by_excess(table, 1).iloc[0]
    count = "all" if row["observed"] == row["rows"] else f"{row['observed']:,.0f} of"
    return (
        f"{plain(row['group'])} stands out most: {count} its {row['rows']:,.0f} rows are {plain(row['class'])}, "
        f"where the model expects {number(row['expected'], 1)}"
    )


@in_house_style
def group_residuals(table: pd.DataFrame, top: int = 25) -> Figure:
    """Groups with most rows of one class beyond its expectation. Table: group, rows, class, observed, expected."""
    rows = _by_excess(table, top)
    note = "Rows of a group that are of the genre named (dots), and as many as the model expects (ticks)."
    figure = titled_figure(8.0, ROW * 1.2 * max(len(rows), 3) + 0.6, group_residuals_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    axes.hlines(places, rows["expected"], rows["observed"], color=FAINT, linewidth=1.6)
    axes.plot(rows["expected"], places, "|", color=QUIET, markersize=8, markeredgewidth=1.6)
    axes.plot(rows["observed"], places, "o", color=BLUE, markersize=4.5)
    name_rows(axes, [f"{plain(g, 26)}: {plain(c, 18)}" for g, c in zip(rows["group"], rows["class"], strict=True)])
    axes.set_xlim(left=0)
    axes.set_xlabel("Rows")
    return figure


def _by_excess(table: pd.DataFrame, top: int) -> pd.DataFrame:
    order = (table["observed"] - table["expected"]).sort_values(ascending=False, kind="stable").index
    return table.loc[order].head(top).reset_index(drop=True)


def _label(variable: str) -> str:
    return "Bin of the fitted probability" if variable == _FITTED else feature_label(variable)


def _place(cell: pd.Series) -> str:
    """Where a cell lies, in words: `tempo is about 150`, `key is 7`."""
    word = "its fitted probability" if cell["variable"] == _FITTED else feature_word(cell["variable"])
    if pd.notna(cell["level"]):
        return f"{word} is {plain(cell['level'])}"
    return (
        f"{word} is about {cell['mean']:,.3g}" if abs(cell["mean"]) < 1000 else f"{word} is about {cell['mean']:,.0f}"
    )
