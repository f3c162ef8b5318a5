"""Families of classes: which of them are recognised, and the mark of a label that is no sound."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from genreglm.plots.strips import name_rows
from genreglm.plots.style import BLUE, FAINT, ORANGE, QUIET, in_house_style, titled_figure
from genreglm.plots.tables import largest, smallest
from genreglm.plots.text import percent, plain, sentence

_ROW = 0.3  # inches a family takes


def family_report_finding(table: pd.DataFrame) -> str:
    """The accuracy over families, and the families recognised best and least."""
    table = table[table["support"] > 0]
    best, worst = largest(table, "recall"), smallest(table, "recall")
    share = float(np.average(table["recall"], weights=table["support"]))
    text = f"the family of {percent(share, 1)} of the tracks is told right"
    if len(table) < 2:
        return sentence(text)
    return sentence(
        f"{text}: {plain(best['family'])} best ({percent(best['recall'])}), "
        f"{plain(worst['family'])} least ({percent(worst['recall'])})"
    )


@in_house_style
def family_report(table: pd.DataFrame) -> Figure:
    """Recall of each family, of its genres, and of boosting's families; what it is most taken for beside it.

    Table: family, support, recall, top_1, taken_for, taken_rate[, boosting_recall].
    """
    rows = table[table["support"] > 0].sort_values(["recall", "family"], ascending=[False, True], ignore_index=True)
    boosted = "boosting_recall" in rows
    note = (
        "Share of a family's test tracks that are put into it (filled), and into their own genre (open)"
        + ("; the diamond is the family recall of gradient boosting" if boosted else "")
        + ". Right: the family most often named in its place."
    )
    figure = titled_figure(9.5, _ROW * len(rows) + 0.7, family_report_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    axes.hlines(places, rows["top_1"], rows["recall"], color=FAINT, linewidth=2.5)
    if boosted:
        axes.plot(rows["boosting_recall"], places, "D", color=ORANGE, markersize=4.5, clip_on=False)
    axes.plot(rows["top_1"], places, "o", color=BLUE, markerfacecolor="white", markersize=4.5, clip_on=False)
    axes.plot(rows["recall"], places, "o", color=BLUE, markersize=6, clip_on=False)
    name_rows(axes, rows["family"])
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.set_xlabel("Share of the family's test tracks")
    for place, other, rate in zip(places, rows["taken_for"], rows["taken_rate"], strict=True):
        if isinstance(other, str):
            beside = f"{plain(other)} {percent(rate)}"
            axes.annotate(beside, (1.01, place), xycoords=("axes fraction", "data"), va="center", size=8, color=QUIET)
    return figure
