"""The popularity model: what moves expected popularity, and what a leak pretends to explain."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from genreglm.plots.panels import COLUMNS, small_multiples
from genreglm.plots.strips import name_rows
from genreglm.plots.style import BLUE, CATEGORIES, FAINT, VERMILION, in_house_style, titled_figure
from genreglm.plots.text import feature_label, feature_word, listed, number, plain, sentence

HONEST = "honest"
_LOOKS = ("blue", "dashed orange-red")
_LINES: tuple[LineStyleType, ...] = ("-", "--")
_ROW = 0.3  # inches a model takes
_DODGE = 0.2  # steps between the dots of two families


def popularity_effects_finding(curves: pd.DataFrame, levels: pd.DataFrame) -> str:
    """The term with the widest range of expected popularity in the first family."""
    both = _together(curves, levels)
    grouped = both[both["family"] == both["family"].iloc[0]].groupby("term", sort=False)["estimate"]
    term = str((grouped.max() - grouped.min()).idxmax())
    low, high = grouped.min()[term], grouped.max()[term]
    return sentence(
        f"{feature_word(term)} moves expected popularity most: from {number(low, 1)} to {number(high, 1)} points"
    )


@in_house_style
def popularity_effects(curves: pd.DataFrame, levels: pd.DataFrame) -> Figure:
    """Expected popularity along each feature (line, band) and by level of each factor (dots, intervals).

    Curves: family, feature, value, estimate, conf_low, conf_high. Levels: family, term, level, estimate,
    conf_low, conf_high. Each family of models has its colour; either table may be empty, not both.
    """
    both = _together(curves, levels)
    terms, families = list(both["term"].unique()), list(both["family"].unique())
    note = "Expected popularity with 95 % intervals, all else at its mean. All panels share the vertical axis. "
    note += sentence(listed(f"{plain(name)} in {look}" for name, look in zip(families, _LOOKS, strict=False))) + "."
    figure, panels = small_multiples(len(terms), popularity_effects_finding(curves, levels), note, 0.55)
    low, high = both["conf_low"].min(), both["conf_high"].max()
    for axes, term in zip(panels, terms, strict=True):
        _draw_term(axes, both[both["term"] == term], families)
        axes.set_xlabel(feature_label(term))
        axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        axes.grid(axis="y")
    for axes in panels[::COLUMNS]:
        axes.set_ylabel("Popularity (0 to 100)")
    return figure


def leak_comparison_finding(table: pd.DataFrame) -> str:
    """What the leak adds to R squared."""
    honest = table["model"] == HONEST
    true, leaked = table.loc[honest, "r2_test"].max(), table.loc[~honest, "r2_test"].max()
    if honest.all():
        return f"Without a leak, R² of popularity is {number(true)} on unseen artists"
    return (
        f"A predictor made from popularity itself lifts R² from {number(true)} to {number(leaked)}: "
        "that is a leak, not an explanation"
    )


@in_house_style
def leak_comparison(table: pd.DataFrame) -> Figure:
    """R squared of popularity on unseen artists, honest and leaking.

    Table: model (`honest`, or the name of a leaking one), r2_test.
    """
    rows = table.sort_values("r2_test", ignore_index=True, kind="stable")
    places = np.arange(len(rows))
    note = "Explained share of the variance on unseen artists; models with open squares see popularity in disguise."
    figure = titled_figure(8.0, _ROW * max(len(rows), 2) + 0.8, leak_comparison_finding(table), note)
    axes = figure.subplots()
    axes.hlines(places, 0, rows["r2_test"], color=FAINT, linewidth=1.6)
    for honest, colour, marker in ((True, BLUE, "o"), (False, VERMILION, "s")):
        part = (rows["model"] == HONEST) == honest
        face = colour if honest else "white"
        axes.plot(rows["r2_test"][part], places[part], marker, color=colour, markerfacecolor=face, markersize=7)
    for place, value in zip(places, rows["r2_test"], strict=True):
        axes.annotate(number(value, 3), (value, place), (8, 0), textcoords="offset points", va="center", size=8)
    name_rows(axes, rows["model"])
    axes.set_xlim(min(0.0, 1.1 * rows["r2_test"].min()), max(1.1 * rows["r2_test"].max(), 0.02))
    axes.set_xlabel("R² on unseen artists")
    return figure


def _together(curves: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Both tables as one, the feature of a curve being its term; `level` is missing in curves."""
    parts = [table for table in (curves.rename(columns={"feature": "term"}), levels) if len(table)]
    return pd.concat(parts, ignore_index=True).reindex(
        columns=["family", "term", "value", "level", "estimate", "conf_low", "conf_high"]
    )


def _draw_term(axes: Axes, rows: pd.DataFrame, families: list[str]) -> None:
    for place, family in enumerate(families):
        part, colour = rows[rows["family"] == family], CATEGORIES[place % len(CATEGORIES)]
        if part["value"].notna().all():
            _draw_band(axes, part.sort_values("value"), colour, _LINES[place % len(_LINES)])
        else:
            _draw_levels(axes, part, colour, (place - (len(families) - 1) / 2) * _DODGE)


def _draw_band(axes: Axes, curve: pd.DataFrame, colour: str, line: LineStyleType) -> None:
    axes.fill_between(curve["value"], curve["conf_low"], curve["conf_high"], color=colour, alpha=0.18)
    axes.plot(curve["value"], curve["estimate"], color=colour, linestyle=line)
    axes.margins(x=0)


def _draw_levels(axes: Axes, rows: pd.DataFrame, colour: str, shift: float) -> None:
    places = np.arange(len(rows))
    axes.vlines(places + shift, rows["conf_low"], rows["conf_high"], color=colour)
    axes.plot(places + shift, rows["estimate"], "o", color=colour, markersize=4)
    turned = len(rows) > 5
    axes.set_xticks(places, [plain(level, 12) for level in rows["level"]])
    axes.tick_params(axis="x", rotation=90 if turned else 0, labelsize=6.5 if turned else 8)
    axes.set_xlim(-0.6, len(rows) - 0.4)
