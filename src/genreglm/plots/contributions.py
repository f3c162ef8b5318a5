"""Why one genre and not another, for one row: what each feature adds to the log-odds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, INK, QUIET, VERMILION, in_house_style, titled_figure
from genreglm.plots.tables import largest, smallest
from genreglm.plots.text import number, plain, sentence

_MOST = 15  # terms that are shown by name; the rest is one line


def contributions_finding(table: pd.DataFrame, genre: str, other: str) -> str:
    """What speaks most for the first genre, and what most against it."""
    terms = table.iloc[1:]
    total = float(table["contribution"].sum())
    if terms.empty:
        return f"Nothing in this row tells {plain(genre)} from {plain(other)}"
    pro, con = largest(terms, "contribution"), smallest(terms, "contribution")
    said = [f"{plain(row['term'], 40)} speaks {side} it most" for row, side in ((pro, "for"), (con, "against"))
            if (row["contribution"] > 0) == (side == "for")]  # fmt: skip
    return sentence(f"{plain(genre)} rather than {plain(other)}, log-odds {number(total)}: {' and '.join(said)}")


@in_house_style
def contributions(table: pd.DataFrame, genre: str, other: str) -> Figure:
    """Contributions as bars with their intervals. Table: term, contribution[, conf_low, conf_high], the base first."""
    shown = table.head(_MOST + 1)
    rest = table.iloc[_MOST + 1 :]
    if len(rest):
        together = pd.DataFrame(
            {"term": [f"{len(rest)} others together"], "contribution": [rest["contribution"].sum()]}
        )
        shown = pd.concat([shown, together], ignore_index=True)
    note = (
        f"What each feature adds to log(p of {plain(genre)} / p of {plain(other)}), beside a typical track; together "
        "they are the log-odds of this track. Lines hold 90 % of what other artists in the fit would have given."
    )
    figure = titled_figure(7.5, ROW * 1.4 * len(shown) + 0.8, contributions_finding(table, genre, other), note)
    axes, places = figure.subplots(), np.arange(len(shown))
    value = shown["contribution"].to_numpy(dtype=float)
    axes.barh(places, value, color=[VERMILION if one < 0 else BLUE for one in value], height=0.62)
    if "conf_low" in shown:
        axes.hlines(places, shown["conf_low"], shown["conf_high"], color=INK, linewidth=1.2)
    axes.axvline(0, color=QUIET, linewidth=0.8)
    name_rows(axes, list(shown["term"]))
    axes.set_xlabel(f"Log-odds: for {plain(other)} on the left, for {plain(genre)} on the right")
    return figure
