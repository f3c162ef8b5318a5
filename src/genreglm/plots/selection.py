"""The way of a search through models: what each step added or dropped, and what the criterion said."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, FAINT, QUIET, VERMILION, in_house_style, titled_figure
from genreglm.plots.text import listed, number, plain, sentence

_SIGNS = {"add": "+", "drop": "\N{MINUS SIGN}"}
_VERBS = {"add": "adding", "drop": "dropping"}
_NORMAL_975 = 1.959963984540054
_MOST_DIGITS = 6


def selection_trace_finding(table: pd.DataFrame, criterion: str = "criterion") -> str:
    """How many steps there were, and which did most."""
    steps = table[table["action"] != "start"]
    if steps.empty:
        return f"No step from the starting model lowers the {criterion}"
    fall = steps["before"] - steps["after"]
    ranked = steps.assign(fall=fall).sort_values("fall", ascending=False, kind="stable").head(3)
    did = " and ".join(
        f"{_VERBS[str(action)]} {listed(plain(term, 32) for term in own['term'])}"
        for action, own in ranked.groupby("action", sort=False)
    )
    first, last = table["after"].iloc[[0, -1]]
    digits = _digits(table["after"])
    counted = f"{len(steps)} step{'' if len(steps) == 1 else 's'}"
    return sentence(
        f"{counted} took the {criterion} from {number(first, digits)} to {number(last, digits)}; most by {did}"
    )


@in_house_style
def selection_trace(table: pd.DataFrame, criterion: str = "criterion") -> Figure:
    """The steps of a search from the top, each at what the criterion was after it; less is better.

    Table: the `trace` of `gg.stepwise` or `gg.interaction_search`, of which step, action, term, before, after and
    std_error are read; `criterion` names it on the axis. Bars: 95 % intervals of a step's own fall, where it has a
    standard error.
    """
    rows = table.reset_index(drop=True)
    note = "From the top: blue dots added a term, red squares dropped one. Lines show by how much the criterion fell."
    errors = rows["std_error"].notna().any()
    if errors:
        note += " Bars: 95 % intervals of the fall, over groups."
    figure = titled_figure(8.0, ROW * 1.4 * max(len(rows), 3) + 0.7, selection_trace_finding(rows, criterion), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    axes.hlines(places[1:], rows["after"][1:], rows["before"][1:], color=FAINT, linewidth=2.5)
    axes.vlines(rows["after"][:-1], places[:-1], places[1:], color=FAINT, linewidth=0.8)
    if errors:
        reach = _NORMAL_975 * rows["std_error"]
        axes.hlines(places, rows["after"] - reach, rows["after"] + reach, color=QUIET, linewidth=1.2)
    for action, colour, marker in (("start", QUIET, "o"), ("add", BLUE, "o"), ("drop", VERMILION, "s")):
        own = rows["action"] == action
        axes.plot(rows["after"][own], places[own], marker, color=colour, markersize=5.5)
    signed = [
        "start" if row["action"] == "start" else f"{_SIGNS[row['action']]} {row['term']}"
        for row in rows.to_dict("records")
    ]
    name_rows(axes, signed, longest=48)
    digits = _digits(rows["after"])
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _: number(value, digits))
    axes.set_xlabel(sentence(f"{criterion} after the step (less is better)"))
    return figure


def _digits(values: pd.Series) -> int:
    """Decimals that tell the values apart: three of the digits of their range."""
    reach = float(values.max() - values.min())
    if reach <= 0.0:
        return 2
    return int(np.clip(2 - np.floor(np.log10(reach)), 0, _MOST_DIGITS))
