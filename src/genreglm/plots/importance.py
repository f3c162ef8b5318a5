"""Which terms shape the classes: the measures of it side by side, and term by class."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from genreglm.plots.heatmap import cluster_order, colour_bar, draw_heatmap, heatmap_figure, upright
from genreglm.plots.strips import ROW, name_rows
from genreglm.plots.style import BLUE, DIVERGING, FAINT, QUIET, SEQUENTIAL, VERMILION, in_house_style, titled_figure
from genreglm.plots.tables import largest, wide
from genreglm.plots.text import listed, number, plain, sentence

# Column of the table: what stands under its panel, and the column of its standard error.
_MEASURES = {
    "lr_share": ("Share of the\nlikelihood ratios", None),
    "unseen_increase": ("Log-loss without it,\nunseen groups (nats)", "unseen_std_error"),
    "permuted_increase": ("Log-loss with it\nshuffled (nats)", None),
    "effect": ("Standardised effect,\nmedian genre (log-odds)", None),
}
_COUNTS = {2: "two", 3: "three", 4: "four"}
_NORMAL_975 = 1.959963984540054
_APART = 3.0  # ranks off the mean rank that are marked
# Column of the table by class: its colours, unit, what a leading term does, and the note.
_BY_CLASS = {
    "gain": (
        DIVERGING,
        "nats",
        "tells most in {} genres",
        "Colour: nats that the term adds to the log-probability of the genre's own tracks (below zero: takes).",
    ),
    "unseen_gain": (
        DIVERGING,
        "nats",
        "tells most on unseen groups in {} genres",
        "Colour: nats that the term adds to the log-probability of the genre's own tracks in groups not seen.",
    ),
    "effect": (
        SEQUENTIAL,
        "log-odds",
        "moves the log-odds most in {} genres",
        "Colour: standard deviation of what the term adds to the genre's log-odds against the average genre.",
    ),
}


def term_importance_finding(table: pd.DataFrame) -> str:
    """The leading terms, and whether the measures agree on the order."""
    ranks = _ranks(table)
    order = ranks.mean(axis=1).sort_values(kind="stable").index
    leading = listed(plain(term, 40) for term in order[:3])
    text = f"{leading} {'shapes' if len(order) == 1 else 'shape'} the genres most"
    agreement = _agreement(ranks.dropna())
    if np.isnan(agreement):
        return sentence(text + _worthless(table))
    verdict = "agree" if agreement >= 0.8 else "agree in part" if agreement >= 0.5 else "disagree"
    text += f"; the {_COUNTS[ranks.shape[1]]} measures {verdict} on the order (Kendall's W {number(agreement)})"
    return sentence(text + _worthless(table))


@in_house_style
def term_importance(table: pd.DataFrame) -> Figure:
    """Measures of the importance of terms side by side, one panel each, in the order of the mean rank.

    Table: term, and at least one of lr_share, unseen_increase[, unseen_std_error], permuted_increase and effect. The
    figures right of the dots are ranks; one that is three or more off the mean rank is marked. A term without a measure
    has no dot there.
    """
    ranks = _ranks(table)
    rows = table.set_index("term").loc[ranks.mean(axis=1).sort_values(kind="stable").index]
    note = "Small figures: ranks, of which the rows are in the order of the mean."
    if (ranks.sub(ranks.mean(axis=1), axis=0).abs() >= _APART).any(axis=None):
        note += " Red dots: three or more places off it."
    if "unseen_std_error" in table:
        note += " Bars: 95 % intervals."
    width = {1: 6.0, 2: 7.5, 3: 9.0, 4: 10.5}[ranks.shape[1]]
    figure = titled_figure(width, ROW * 1.35 * max(len(rows), 3) + 0.8, term_importance_finding(table), note)
    panels = figure.subplots(1, ranks.shape[1], sharey=True, squeeze=False, gridspec_kw={"wspace": 0.14})[0]
    for axes, measure in zip(panels, ranks.columns, strict=True):
        _draw_measure(axes, rows, measure, ranks.loc[rows.index, measure], ranks.loc[rows.index].mean(axis=1))
        name_rows(axes, list(rows.index), longest=40)
        axes.tick_params(axis="y", labelleft=axes is panels[0])
    return figure


def class_importance_finding(table: pd.DataFrame, measure: str = "gain") -> str:
    """The term that leads in most classes, and the class that one term sets apart most."""
    values = wide(table, "class", "term", measure).dropna(how="all")
    counts = values.idxmax(axis=1).value_counts()
    best = min(counts.index[counts == counts.max()])
    top = largest(table, measure)
    return sentence(
        f"{plain(best, 40)} {_BY_CLASS[measure][2].format(f'{counts.max()} of {len(values)}')}; "
        f"the strongest pair is {plain(top['class'])} and {plain(top['term'], 40)}"
    )


@in_house_style
def class_importance(table: pd.DataFrame, measure: str = "gain") -> Figure:
    """Heatmap of a measure of importance, classes by terms, like beside like; a cell without a value is grey.

    Table: class, term and `measure`, which is "gain" or "unseen_gain" (in nats, coloured around zero) or "effect".
    """
    values = wide(table, "class", "term", measure)
    colours, unit, _, note = _BY_CLASS[measure]
    limit = max(float(np.nanquantile(np.abs(values.to_numpy()), 0.99)), 1e-9)
    shown = np.clip(values.to_numpy(), -limit, limit)  # one genre at 47 must not set the whole order
    ordered = values.iloc[cluster_order(shown), cluster_order(shown.T)]
    many = len(ordered) > 60
    cell, sizes = ((0.3, 0.102), (6.2, 8.0)) if many else ((0.4, max(0.2, 1.2 / len(ordered))), (8.0, 8.0))
    note += " Like genres and terms stand together."
    figure, axes = heatmap_figure(ordered, class_importance_finding(table, measure), note, cell, sizes)
    norm = Normalize(-limit if colours == DIVERGING else 0.0, limit)
    mesh = draw_heatmap(axes, ordered, colours, norm, sizes=sizes)
    upright(axes)
    colour_bar(axes, mesh, sentence(unit), extend="both" if colours == DIVERGING else "max")
    return figure


def _ranks(table: pd.DataFrame) -> pd.DataFrame:
    """Rank of each term by each measure that the table has, 1 the largest; NaN where it has none."""
    found = table.set_index("term")[[name for name in _MEASURES if name in table]]
    return found.rank(ascending=False)


def _worthless(table: pd.DataFrame) -> str:
    """Name the terms whose interval on unseen groups holds zero, or reaches no further."""
    if "unseen_std_error" not in table:
        return ""
    terms = table.loc[table["unseen_increase"] <= _NORMAL_975 * table["unseen_std_error"], "term"]
    if terms.empty:
        return ""
    names = listed(plain(term, 40) for term in terms) if len(terms) <= 3 else f"{len(terms)} of {len(table)} terms"
    return f"; on unseen groups {names} cannot be told from nothing"


def _agreement(ranks: pd.DataFrame) -> float:
    """Kendall's coefficient of concordance of the columns, 0 to 1; NaN for one column or one row.

    W = 12 sum_i (R_i - mean R)^2 / (m^2 (n^3 - n)), R_i the sum of the ranks of row i of n in m columns.
    """
    rows, measures = ranks.shape
    if measures < 2 or rows < 2:
        return float("nan")
    sums = ranks.rank().sum(axis=1)
    return float(12.0 * ((sums - sums.mean()) ** 2).sum() / (measures**2 * (rows**3 - rows)))


def _draw_measure(axes: Axes, rows: pd.DataFrame, measure: str, rank: pd.Series, mean: pd.Series) -> None:
    label, error = _MEASURES[measure]
    value, places = rows[measure].to_numpy(dtype=float), np.arange(len(rows))
    reach = _NORMAL_975 * rows[error].to_numpy(dtype=float) if error in rows else np.zeros(len(rows))
    low, high = min(0.0, float(np.nanmin(value - reach))), max(float(np.nanmax(value + reach)), 1e-12)
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.hlines(places, 0, value, color=FAINT, linewidth=1.2)
    axes.hlines(places, value - reach, value + reach, color=BLUE, linewidth=1.6)
    apart = (rank - mean).abs().to_numpy() >= _APART
    for marked, colour in ((False, BLUE), (True, VERMILION)):
        axes.plot(value[apart == marked], places[apart == marked], "o", color=colour, markersize=5)
    for place, position in zip(places[~np.isnan(value)], rank[~np.isnan(value)], strict=True):
        axes.annotate(f"{position:g}", (1.0, place), (-1, 0), ("axes fraction", "data"), "offset points",
                      ha="right", va="center", size=7, color=QUIET)  # fmt: skip
    axes.set_xlim(low - 0.04 * (high - low), high + 0.16 * (high - low))
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.set_xlabel(label)
