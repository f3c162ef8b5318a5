"""Models side by side: what each gains, and what a lenient split pretends that it gains."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from genreglm.plots.strips import name_rows
from genreglm.plots.style import BLUE, FAINT, ORANGE, bare, in_house_style, titled_figure
from genreglm.plots.tables import wide
from genreglm.plots.text import number, percent, plain, sentence

_SPLITS = {"artist": (BLUE, "o", 3, "artists never heard"), "random": (ORANGE, "s", 2, "rows split at random")}
_ROW = 0.3  # inches a model takes


def model_comparison_finding(table: pd.DataFrame) -> str:
    """The best model on unseen artists (audio only), and the largest flattery by the random split."""
    scores = _scores(table, "top_1")
    honest = scores.xs("audio", level="features", drop_level=True)
    measured = honest["artist"].dropna()
    if measured.empty:
        return "No model was scored on unseen artists"
    best = str(measured.idxmax())
    score = percent(measured[best], 1)
    text = f"{plain(best, 40)} names the genre of a track by an unseen artist best: {score} right"
    gap = (honest["random"] - honest["artist"]).dropna()
    if gap.empty or gap.max() <= 0:
        return sentence(text)
    worst = str(gap.idxmax())
    return sentence(
        f"{text}; splitting rows at random flatters {plain(worst, 40)} by {number(100 * gap[worst], 1)} points"
    )


@in_house_style
def model_comparison(table: pd.DataFrame) -> Figure:
    """Top-1 accuracy and log-loss by model, split by artist against rows at random, joined by a line.

    Table: model, split (artist | random), features (audio | audio+popularity), top_1, log_loss.
    """
    top, loss = _scores(table, "top_1"), _scores(table, "log_loss")
    order = top["artist"].fillna(top["random"]).sort_values(ascending=False, kind="stable").index
    note = "Tested on artists that the model has never heard (dot) and on rows drawn at random (square)."
    figure = titled_figure(10.0, _ROW * len(order) + 1.0, model_comparison_finding(table), note)
    left, right = figure.subplots(1, 2, sharey=True, gridspec_kw={"wspace": 0.12})
    _dumbbells(left, top.loc[order])
    _dumbbells(right, loss.loc[order])
    name_rows(left, [_model_name(str(model), str(features)) for model, features in order])
    right.grid(axis="x")
    bare(right)
    right.tick_params(axis="y", labelleft=False)
    left.set_xlim(left=0)
    left.locator_params(axis="x", nbins=6)
    left.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    left.set_xlabel("Top-1 accuracy (more is better)")
    right.set_xlabel("Log-loss in nats (less is better)")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _scores(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """(model, features) by split, in the order of the table."""
    scores = wide(table, ["model", "features"], "split", metric)
    order = pd.MultiIndex.from_frame(table[["model", "features"]].drop_duplicates())
    return scores.reindex(index=order, columns=["artist", "random"])


def _dumbbells(axes: Axes, scores: pd.DataFrame) -> None:
    places = np.arange(len(scores))
    axes.hlines(places, scores["artist"], scores["random"], color=FAINT, linewidth=2.5)
    for split, (colour, marker, layer, label) in _SPLITS.items():
        axes.plot(scores[split], places, marker, color=colour, label=label, markersize=6, zorder=layer)


def _model_name(model: str, features: str) -> str:
    return model if features == "audio" else f"{model}, {features.replace('audio+', 'with ')}"
