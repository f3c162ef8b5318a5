"""Model cards: the scores of every model with their intervals, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from genreglm.plots.strips import name_rows
from genreglm.plots.style import BLUE, FAINT, QUIET, bare, in_house_style, titled_figure
from genreglm.plots.text import number, percent, plain, sentence

_ROW = 0.3  # inches a model takes
_PANELS = (
    ("log_loss", "Log-loss in nats (less is better)"),
    ("top_1", "Top-1 accuracy (more is better)"),
    ("top_5", "Top-5 accuracy (more is better)"),
)


def model_cards_finding(table: pd.DataFrame) -> str:
    """The chosen model's scores with the interval of the first, and whether any model beats it beyond its interval."""
    chosen = table[table["chosen"].astype(bool)].iloc[0]
    top = percent(chosen["top_1"], 1)
    span = ""
    if not np.isnan(chosen["log_loss_low"]):
        span = f" ({number(chosen['log_loss_low'], 3)} to {number(chosen['log_loss_high'], 3)})"
    text = f"{plain(chosen['model'], 40)} was chosen: log-loss {number(chosen['log_loss'], 3)}{span}, {top} right"
    better = table[table["log_loss"] < chosen["log_loss"]]
    if better.empty:
        return sentence(f"{text}; no model has a lower log-loss")
    best = better.loc[better["log_loss"].idxmin()]
    return sentence(f"{text}; {plain(best['model'], 40)} has {number(best['log_loss'], 3)}")


@in_house_style
def model_cards(table: pd.DataFrame) -> Figure:
    """Log-loss, top-1 and top-5 of each model with 95 % intervals, the chosen model filled, the best first.

    Table: model, chosen, and log_loss, top_1, top_5, each also with `_low` and `_high` (missing: no interval).
    """
    rows = table.sort_values(["log_loss", "model"], ignore_index=True)
    note = (
        "On the same artists never heard. Lines hold 95 % of 1,000 draws of artists; since all models see the same "
        "artists, their differences are surer than the lines. Filled: the chosen model, whose scores are dashed."
    )
    figure = titled_figure(9.5, _ROW * len(rows) + 0.8, model_cards_finding(table), note)
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    for axes, (score, label) in zip(panels, _PANELS, strict=True):
        _draw(axes, rows, score)
        axes.set_xlabel(label)
        if score != "log_loss":
            axes.set_xlim(left=0)
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
        axes.locator_params(axis="x", nbins=5)
        bare(axes)
    name_rows(panels[0], rows["model"])
    for axes in panels[1:]:
        axes.grid(axis="x")
        axes.tick_params(axis="y", labelleft=False)
    engine = figure.get_layout_engine()
    assert engine is not None  # a titled figure is laid out
    engine.set(wspace=0.06)  # type: ignore[call-arg]
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, score: str) -> None:
    places, chosen = np.arange(len(rows)), rows["chosen"].astype(bool).to_numpy()
    axes.axvline(rows.loc[chosen, score].iloc[0], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.hlines(places, rows[f"{score}_low"], rows[f"{score}_high"], color=FAINT, linewidth=4)
    for part, face in ((chosen, BLUE), (~chosen, "white")):
        axes.plot(rows[score][part], places[part], "o", color=BLUE, markerfacecolor=face, markersize=5.5, clip_on=False)
