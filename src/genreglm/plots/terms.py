"""Terms of a model: how strong each is, and how much the others say the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, FAINT, QUIET, VERMILION, in_house_style, titled_figure
from genreglm.plots.tables import largest
from genreglm.plots.text import listed, number, plain

_WORRY, _ALARM = np.sqrt(5.0), np.sqrt(10.0)  # GVIF^(1/(2 df)) that a VIF of 5 and 10 correspond to


def term_strength_finding(table: pd.DataFrame) -> str:
    """The strongest terms, and how many carry nothing."""
    rows = _ranked(table)
    strongest = listed(plain(term, 40) for term in rows["term"].head(3))
    weak = int((~rows["clear"]).sum())
    rest = f"; {weak} of {len(rows)} cannot be told from nothing" if weak else ""
    return f"Strongest {'term' if len(rows) == 1 else 'terms'}: {strongest}{rest}"


@in_house_style
def term_strength(table: pd.DataFrame, measure: str = "Increase in held-out log-loss without the term") -> Figure:
    """Sorted strength of the terms of a model.

    Table: either term, increase[, conf_low, conf_high or p_value] (`measure` names the increase on the axis),
    or a Wald table: term, statistic, df, p_value. The latter is drawn as the statistic per degree of freedom,
    on a logarithmic scale, so that factors and splines compare with single columns. Open dots cannot be told
    from nothing: p > 0.05, or else their interval holds zero.
    """
    rows, wald = _ranked(table), "increase" not in table
    note = f"Open dots cannot be told from nothing ({'p > 0.05' if 'p_value' in table else 'the interval holds zero'})."
    figure = titled_figure(8.0, ROW * 1.25 * max(len(rows), 3) + 0.6, term_strength_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    if "conf_low" in rows and not wald:
        axes.hlines(places, rows["conf_low"], rows["conf_high"], color=BLUE, linewidth=1.6)
    for clear, face in ((True, BLUE), (False, "white")):
        part = rows["clear"] == clear
        axes.plot(rows["strength"][part], places[part], "o", color=BLUE, markerfacecolor=face, markersize=5.5)
    name_rows(axes, rows["term"])
    if wald:
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    else:
        axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.set_xlabel("Wald χ² per degree of freedom" if wald else measure)
    return figure


def gvif_finding(table: pd.DataFrame) -> str:
    """The most collinear term and what that means."""
    worst = largest(table, "gvif_adjusted")
    value, name = worst["gvif_adjusted"], plain(worst["term"], 40)
    if not np.isfinite(value):
        return f"One term can be computed from the others: {name}"
    verdict = "No term repeats the others" if value < _WORRY else "Some terms largely repeat others"
    return f"{verdict}: the largest adjusted GVIF is {number(value)} ({name})"


@in_house_style
def gvif(table: pd.DataFrame) -> Figure:
    """Generalised variance inflation, adjusted to one degree of freedom. Table: term, df, gvif, gvif_adjusted."""
    rows = table.sort_values(["gvif_adjusted", "term"], ascending=[False, True], ignore_index=True)
    finite = rows["gvif_adjusted"].where(np.isfinite(rows["gvif_adjusted"]))
    ends = finite.fillna(max(1.1 * finite.max(skipna=True), 4.0) if finite.notna().any() else 4.0)
    low, high = min(1.0, float(ends.min())), max(float(ends.max()), _WORRY + 0.1)
    high += 0.1 * (high - low)
    limits = "Lines: a VIF of 5 and of 10." if high > _ALARM else "Line: a VIF of 5."
    note = f"GVIF^(1/(2 df)): how many times wider collinearity makes a term's intervals. {limits}"
    figure = titled_figure(8.0, ROW * 1.25 * max(len(rows), 3) + 0.6, gvif_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    for limit in (_WORRY, _ALARM):
        axes.axvline(limit, color=VERMILION, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.hlines(places, 1, ends, color=FAINT, linewidth=1.6)
    axes.plot(finite, places, "o", color=BLUE, clip_on=False)
    for place in places[finite.isna()]:
        axes.annotate(
            "infinite",
            (ends[place], place),
            (4, 0),
            textcoords="offset points",
            va="center",
            size=8,
            color=VERMILION,
        )
    name_rows(axes, rows["term"])
    axes.set_xlim(low, high)
    axes.set_xlabel("Adjusted GVIF (1 = unrelated to the other terms)")
    return figure


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """The table from the strongest to the weakest term, with columns `strength` and `clear`."""
    strength = table["increase"] if "increase" in table else table["statistic"] / table["df"]
    if "p_value" in table:
        clear = table["p_value"] <= 0.05
    elif "conf_low" in table:
        clear = (table["conf_low"] > 0) | (table["conf_high"] < 0)
    else:
        clear = strength > 0
    ranked = table.assign(strength=strength, clear=clear)
    return ranked.sort_values(["strength", "term"], ascending=[False, True], ignore_index=True)
