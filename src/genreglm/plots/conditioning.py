"""Which columns of a design nearly depend on each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from genreglm.options import HARMFUL_INDEX, LARGE_PROPORTION
from genreglm.plots.heatmap import colour_bar, draw_heatmap, heatmap_figure, upright
from genreglm.plots.style import SEQUENTIAL, in_house_style
from genreglm.plots.tables import wide
from genreglm.plots.text import listed, number, plain

_SHOWN = 12  # dimensions of the largest indices
_HUGE = 1e6  # an index beyond says that the columns are dependent but for rounding


def condition_indices_finding(table: pd.DataFrame) -> str:
    """The nearest thing to a dependency, and whether it harms."""
    worst = table[table["dimension"] == table["dimension"].max()]
    index = float(worst["condition_index"].iloc[0])
    share = worst.sort_values(["proportion", "term"], ascending=[False, True])
    bound = share[share["proportion"] > LARGE_PROPORTION]
    named = (bound if len(bound) else share)["term"].head(3).replace("(Intercept)", "the intercept")
    words = listed(plain(term, 40) for term in named)
    if index > _HUGE:
        return f"Columns depend on each other exactly: {words}"
    size = f"the largest condition index is {number(index, 0 if index >= 10 else 1)} ({words})"
    if index > HARMFUL_INDEX and len(bound) > 1:
        return f"Some columns nearly depend on each other: {size}"
    return f"No dependency between columns harms the estimates: {size}"


@in_house_style
def condition_indices(table: pd.DataFrame) -> Figure:
    """Heatmap of variance proportions, dimensions of the largest condition index on top.

    Table: dimension, condition_index, term, proportion. At most twelve dimensions are drawn.
    """
    proportions = wide(table, "dimension", "term", "proportion").loc[::-1, list(table["term"].unique())]
    index = table.groupby("dimension")["condition_index"].first()
    shown = proportions.head(_SHOWN)
    names = ["infinite" if index[d] > _HUGE else number(index[d], 0 if index[d] >= 10 else 1) for d in shown.index]
    # The names of rows need not differ, so positions carry them.
    note = (
        f"Rows: condition indices, the largest on top; above {HARMFUL_INDEX:g} is a near dependency. "
        "Dark: most of a coefficient's variance comes from it. Two dark cells in such a row name those that suffer."
    )
    shown = shown.set_axis(pd.Index(names), axis="index")
    figure, axes = heatmap_figure(shown, condition_indices_finding(table), note, (0.26, 0.26), (8, 7.5), 0.2)
    mesh = draw_heatmap(axes, shown, SEQUENTIAL, Normalize(0, 1), sizes=(8, 7.5), rule=0.5)
    upright(axes)
    harmful = int(np.sum(index[proportions.index[:_SHOWN]] > HARMFUL_INDEX))
    if 0 < harmful < len(shown):
        axes.axhline(harmful, color="black", linewidth=1.0)
    axes.set_ylabel("Condition index")
    colour_bar(axes, mesh, "Share")
    return figure
