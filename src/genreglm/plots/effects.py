"""Marginal effects on probabilities: all of them at a glance, and the surest ones with their intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from genreglm.naming import level
from genreglm.plots.heatmap import cluster_order, colour_bar, draw_heatmap, heatmap_figure, upright
from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, DIVERGING, QUIET, in_house_style, titled_figure
from genreglm.plots.tables import largest, wide
from genreglm.plots.text import feature_word, listed, number, plain

SLOPE = "dY/dX"


def marginal_effects_finding(table: pd.DataFrame, scales: Mapping[str, float] | None = None) -> str:
    """What moves the probability of the middle genre most, or without `scales` most surely."""
    strength = _effects(table, scales).abs().median().dropna().sort_values(ascending=False, kind="stable")
    if strength.empty:
        return "No effect has a standard error" if scales is None else "No effect has a scale"
    what = (
        "Surest effects on the genres' probabilities" if scales is None else "What moves the genres' probabilities most"
    )
    return f"{what}: {listed(plain(name, 40) for name in strength.index[:3])}"


@in_house_style
def marginal_effects(table: pd.DataFrame, scales: Mapping[str, float] | None = None) -> Figure:
    """Heatmap of marginal effects, classes by variables, like beside like; a cell without a value is grey.

    Table: class, variable, contrast, estimate, statistic, as `gg.marginal_effects` gives it. With `scales` (standard
    deviation of each number) a cell is in percentage points: the slope times one standard deviation of a number, or the
    change of level of a factor; without, it is z = estimate / std_error.
    """
    effects = _effects(table, scales)
    ordered = effects.iloc[cluster_order(effects.to_numpy()), cluster_order(effects.to_numpy().T)]
    measure = (
        "z = estimate / standard error" if scales is None else "slope times standard deviation, in percentage points"
    )
    note = f"Effects on the probability of each genre. Colour: {measure}. Like genres and variables stand together."
    limit = max(float(np.nanquantile(np.abs(effects.to_numpy()), 0.98)), 1e-9) if effects.notna().any(axis=None) else 1
    cell, size = ((0.19, 0.102), 6.2) if len(ordered) > 60 else ((0.24, max(0.2, 1.2 / len(ordered))), 8.0)
    figure, axes = heatmap_figure(ordered, marginal_effects_finding(table, scales), note, cell, (size, 7))
    mesh = draw_heatmap(axes, ordered, DIVERGING, Normalize(-limit, limit), sizes=(size, 7))
    upright(axes)
    colour_bar(axes, mesh, "z" if scales is None else "Points", extend="both")
    return figure


def strongest_marginal_effects_finding(table: pd.DataFrame) -> str:
    """The surest marginal effect."""
    rows = _with_names(table, None).dropna(subset="z")
    if rows.empty:
        return "No effect has a standard error"
    top = largest(rows.assign(size=rows["z"].abs()), "size")
    cause = plain(f"more {top['name']}" if top["contrast"] == SLOPE else top["name"], 60)
    way = "likelier" if top["z"] > 0 else "less likely"
    return f"The surest effect: {cause} makes {plain(top['class'])} {way} (|z| = {number(abs(top['z']), 1)})"


@in_house_style
def strongest_marginal_effects(table: pd.DataFrame, scales: Mapping[str, float] | None = None, top: int = 25) -> Figure:
    """Marginal effects of the largest |z|, in percentage points, with their intervals.

    Table: class, variable, contrast, estimate, statistic, conf_low, conf_high. With `scales` the slope of a number is
    shown times its standard deviation, else for one unit.
    """
    rows = _with_names(table, scales)
    rows = rows.loc[rows["z"].abs().sort_values(ascending=False, kind="stable").index].dropna(subset="z").head(top)
    step = "slopes for one unit" if scales is None else "slopes times one standard deviation"
    note = f"Percentage points of probability: {step}, or changes of level, with intervals, ordered by |z|."
    if scales is None:
        note += " Units differ: only with scales= can slopes be compared."
    height = ROW * 1.2 * max(len(rows), 3) + 0.6
    figure = titled_figure(8.0, height, strongest_marginal_effects_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.hlines(places, rows["low"], rows["high"], color=BLUE, linewidth=1.8)
    axes.plot(rows["size"], places, "o", color=BLUE, markersize=4.5)
    name_rows(axes, [f"{plain(c, 24)}: {n}" for c, n in zip(rows["class"], rows["name"], strict=True)])
    axes.set_xlabel("Percentage points of the genre's probability")
    return figure


def _with_names(table: pd.DataFrame, scales: Mapping[str, float] | None) -> pd.DataFrame:
    """The table with a name for each effect, z, and effect and interval (where there is one) in percentage points."""
    slope = table["contrast"] == SLOPE
    step = table["variable"].map(scales or {}).astype(float).where(slope, 1.0) if scales is not None else 1.0
    pairs = zip(table["variable"], table["contrast"], strict=True)
    shown = table.assign(
        name=[_name(str(variable), str(contrast)) for variable, contrast in pairs],
        z=table["statistic"],
        size=100.0 * step * table["estimate"],
    )
    if "conf_low" in table:
        shown = shown.assign(low=100.0 * step * table["conf_low"], high=100.0 * step * table["conf_high"])
    return shown


def _name(variable: str, contrast: str) -> str:
    """`energy`, or `mode: major − minor`."""
    if contrast == SLOPE:
        return feature_word(variable)
    high, dash, low = contrast.partition(" - ")
    change = f"{level(variable, high)} − {level(variable, low)}" if dash else contrast
    return f"{feature_word(variable)}: {change}"


def _effects(table: pd.DataFrame, scales: Mapping[str, float] | None) -> pd.DataFrame:
    """Classes by effects: z, or with `scales` percentage points."""
    return wide(_with_names(table, scales), "class", "name", "z" if scales is None else "size")
