"""Coefficients of a multinomial model: all of them at a glance, and the surest ones with their intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from genreglm.plots.heatmap import cluster_order, colour_bar, draw_heatmap, heatmap_figure, upright
from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, DIVERGING, QUIET, in_house_style, titled_figure
from genreglm.plots.tables import wide
from genreglm.plots.text import listed, number, plain

INTERCEPT = "(Intercept)"
_NORMAL_975 = 1.959963984540054


def coefficients_finding(table: pd.DataFrame, scales: Mapping[str, float] | None = None) -> str:
    """The columns of the design that move the classes apart most."""
    effects = _effects(table, scales)
    strength = np.sqrt((effects**2).mean()).sort_values(ascending=False, kind="stable")
    names = listed(plain(term, 40) for term in strength.index[:3])
    return f"What sets the genres apart most: {names}"


@in_house_style
def coefficients(table: pd.DataFrame, scales: Mapping[str, float] | None = None) -> Figure:
    """Heatmap of effects, classes by terms, like beside like; a cell without a value is grey.

    Table: class, term, estimate, std_error, with symmetric coefficients (`tidy(reference=None)`). With
    `scales` (standard deviation of each term's column) a cell is the change of log-odds against the average
    class for one standard deviation; without, it is z = estimate / std_error.
    """
    effects = _effects(table, scales)
    ordered = effects.iloc[cluster_order(effects.to_numpy()), cluster_order(effects.to_numpy().T)]
    measure = "z = estimate / standard error" if scales is None else "log-odds for one standard deviation"
    note = f"Colour: {measure}, each genre against the average genre. Like genres and terms stand together."
    limit = max(float(np.nanquantile(np.abs(effects.to_numpy()), 0.98)), 1e-9)
    cell, size = ((0.19, 0.102), 6.2) if len(ordered) > 60 else ((0.24, max(0.2, 1.2 / len(ordered))), 8.0)
    figure, axes = heatmap_figure(ordered, coefficients_finding(table, scales), note, cell, (size, 7))
    mesh = draw_heatmap(axes, ordered, DIVERGING, Normalize(-limit, limit), sizes=(size, 7))
    upright(axes)
    colour_bar(axes, mesh, "z" if scales is None else "Log-odds", extend="both")
    return figure


def strongest_effects_finding(table: pd.DataFrame) -> str:
    """The surest single effect."""
    top = _by_certainty(table, 1)
    if top.empty:
        return "No effect has a standard error"
    row = top.iloc[0]
    way = "for" if row["estimate"] > 0 else "against"
    return (
        f"The surest sign: more {plain(row['term'], 40)} speaks {way} {plain(row['class'])} "
        f"(|z| = {number(abs(row['z']), 1)})"
    )


@in_house_style
def strongest_effects(table: pd.DataFrame, top: int = 25) -> Figure:
    """Estimates with 95 % intervals of the largest |z|.

    Table: class, term, estimate, std_error[, conf_low, conf_high]. The intercept is left out.
    """
    rows = _by_certainty(table, top)
    note = "Log-odds for one unit of the term against the average genre, with 95 % intervals, ordered by |z|."
    figure = titled_figure(8.0, ROW * 1.2 * max(len(rows), 3) + 0.6, strongest_effects_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.hlines(places, rows["conf_low"], rows["conf_high"], color=BLUE, linewidth=1.8)
    axes.plot(rows["estimate"], places, "o", color=BLUE, markersize=4.5)
    name_rows(axes, [f"{plain(c, 18)}: {t}" for c, t in zip(rows["class"], rows["term"], strict=True)])
    axes.set_xlabel("Log-odds against the average genre")
    return figure


def _effects(table: pd.DataFrame, scales: Mapping[str, float] | None) -> pd.DataFrame:
    """Classes by terms, without the intercept; NaN where a z has no standard error or a term no scale."""
    rows = table[table["term"] != INTERCEPT]
    if scales is None:
        effect = rows["estimate"] / rows["std_error"].where(rows["std_error"] > 0)
    else:
        effect = rows["estimate"] * rows["term"].map(scales)
    effects = rows.assign(effect=effect)
    return wide(effects, "class", "term", "effect")


def _by_certainty(table: pd.DataFrame, top: int) -> pd.DataFrame:
    rows = table[(table["term"] != INTERCEPT) & (table["std_error"] > 0)]
    rows = rows.assign(z=rows["estimate"] / rows["std_error"])
    if "conf_low" not in rows:
        reach = _NORMAL_975 * rows["std_error"]
        rows = rows.assign(conf_low=rows["estimate"] - reach, conf_high=rows["estimate"] + reach)
    order = rows["z"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].head(top).reset_index(drop=True)
