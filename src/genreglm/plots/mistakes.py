"""Which genres are taken for which, and which are recognised."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from genreglm.plots.heatmap import affinity_order, colour_bar, draw_heatmap, heatmap_figure, upright
from genreglm.plots.marks import mark_note, marked
from genreglm.plots.strips import ROW, draw_strips, name_rows, strip_figure
from genreglm.plots.style import BLUE, FAINT, QUIET, SEQUENTIAL, in_house_style, titled_figure
from genreglm.plots.tables import largest
from genreglm.plots.text import number, percent, plain, sentence

_NEAREST = 3


def confusion_finding(table: pd.DataFrame) -> str:
    """How many are right, and how many of the mistakes stay among a genre's nearest neighbours."""
    counts = table.to_numpy(dtype=float)
    total, right = counts.sum(), np.trace(counts)
    mistakes = counts - np.diag(np.diag(counts))
    if len(counts) <= _NEAREST + 1 or total <= right:
        return f"{percent(right / max(total, 1), 1)} of the tracks are put into their genre"
    near = np.sort(mistakes, axis=1)[:, -_NEAREST:].sum() / mistakes.sum()
    return (
        f"{percent(right / total, 1)} of the tracks are put into their genre; {percent(near)} of the mistakes "
        f"go to the three genres that each is most often taken for"
    )


@in_house_style
def confusion(table: pd.DataFrame) -> Figure:
    """Heatmap of row rates, genres that are confused side by side.

    Table: counts, true genres in rows (index) and predicted genres in columns, in the same order.
    """
    rates = _row_rates(table)
    order = affinity_order(np.nan_to_num(rates.to_numpy() + rates.to_numpy().T))
    ordered, count = rates.iloc[order, order], len(rates)
    cell = 0.102 if count > 60 else 0.17 if count > 20 else max(0.4, 2.4 / count)
    size = 6.2 if count > 60 else 8
    note = (
        "Rows are true genres, columns predicted ones; a cell is the share of its row, on a square-root colour "
        "scale. Genres that are taken for each other stand together; the diagonal is what is recognised."
    )
    figure, axes = heatmap_figure(ordered, confusion_finding(table), note, (cell, cell), (size, size), labels=0.2)
    norm = PowerNorm(0.5, 0, max(np.nanmax(rates.to_numpy(), initial=0), 0.01))
    mesh = draw_heatmap(axes, ordered, SEQUENTIAL, norm, sizes=(size, size))
    upright(axes)
    for spine in axes.spines.values():
        spine.set(visible=True, color=FAINT)
    axes.set(xlabel="Predicted genre", ylabel="True genre")
    bar = colour_bar(axes, mesh, "Share\nof row")
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    return figure


def worst_confusions_finding(table: pd.DataFrame) -> str:
    """The most frequent mistake."""
    if table.empty:
        return "No track is put into another genre"
    worst = largest(table, "rate")
    return sentence(
        f"{plain(worst['true'])} is taken for {plain(worst['predicted'])} more than any genre for another: "
        f"{percent(worst['rate'])} of its tracks"
    )


@in_house_style
def worst_confusions(table: pd.DataFrame, top: int = 20) -> Figure:
    """The pairs confused most. Table: true, predicted, count, rate (share of the true genre's tracks)."""
    rows = table.sort_values(["rate", "true", "predicted"], ascending=[False, True, True]).head(top)
    rows = rows.reset_index(drop=True)
    note = "True genre → predicted genre: share of the true genre's test tracks, number of tracks beside it."
    figure = titled_figure(8.0, max(len(rows), 2) * 1.2 * ROW + 0.6, worst_confusions_finding(table), note)
    axes, places = figure.subplots(), np.arange(len(rows))
    axes.hlines(places, 0, rows["rate"], color=FAINT, linewidth=1.6)
    axes.plot(rows["rate"], places, "o", color=BLUE)
    for place, rate, count in zip(places, rows["rate"], rows["count"], strict=True):
        axes.annotate(number(count, 0), (rate, place), (7, 0), textcoords="offset points", va="center", color=QUIET)
    pairs = zip(rows["true"], rows["predicted"], strict=True)
    name_rows(axes, [f"{plain(true, 26)} → {plain(predicted, 26)}" for true, predicted in pairs])
    axes.set_xlim(0, 1.1 * max(rows["rate"].max(), 0.01) if len(rows) else 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    axes.set_xlabel("Share of the true genre's tracks")
    return figure


def recall_by_genre_finding(table: pd.DataFrame) -> str:
    """Best, middle and worst recall."""
    best, recall = largest(table, "recall"), table["recall"]
    weak = int((recall < 0.1).sum())
    best_of_all = f"{plain(best['genre'])} is recognised best ({percent(best['recall'])} of its tracks)"
    rest = f"; {weak} of {len(table)} genres in less than a tenth" if weak else ""
    return sentence(f"{best_of_all}, the middle genre in {percent(recall.median())}{rest}")


@in_house_style
def recall_by_genre(table: pd.DataFrame) -> Figure:
    """Recall of each genre (filled), with precision (open). Table: genre, precision, recall, support[, kind]."""
    rows = table.sort_values(["recall", "genre"], ascending=[False, True], ignore_index=True)
    rows = rows.assign(genre=marked(rows))
    note = (
        "Recall (filled): share of the genre's test tracks that are recognised. "
        "Precision (open): share of the tracks put into the genre that belong there." + mark_note(rows)
    )
    figure, panels = strip_figure(len(rows), recall_by_genre_finding(table), note)
    for axes, part in zip(panels, draw_strips(panels, rows, "genre", "recall", "Recall, precision"), strict=True):
        axes.plot(part["precision"], part["place"], "o", color=QUIET, markerfacecolor="none", markersize=3.5)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
    return figure


def _row_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Shares of each row; a genre without test tracks has an empty (missing) row."""
    totals = table.sum(axis=1)
    return table.div(totals.where(totals > 0), axis=0)
