"""A penalised path: how its terms come in as the penalty weakens, and what unseen groups say of each strength."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genreglm.plots.style import BLUE, CATEGORIES, FAINT, QUIET, VERMILION, in_house_style, titled_figure
from genreglm.plots.text import listed, number, plain, sentence

_NAMED = 12
_ROOM = 0.055  # of the height, between two names
_WORDS = {
    "log_loss": "log-loss", "top_1": "accuracy", "top_3": "top-3 accuracy", "top_5": "top-5 accuracy",
    "macro_f1": "macro F1", "brier": "Brier score", "ece": "calibration error",
}  # fmt: skip


def coefficient_path_finding(table: pd.DataFrame) -> str:
    """Which terms come in first, and how many there are at the end."""
    first = _entries(table)
    last = table[table["strength"] == table["strength"].min()]
    there = int((last["size"] > 0).sum())
    if not len(first):
        return "No term comes in at any strength of the penalty"
    names = listed(plain(term, 24) for term in first.index[:3])
    verb = "comes" if len(first) == 1 else "come"
    return sentence(f"{names} {verb} in first; {there} of {len(last)} terms are in at the weakest penalty")


@in_house_style
def coefficient_path(table: pd.DataFrame, chosen: float | None = None) -> Figure:
    """The size of each term's coefficients, from the strongest penalty on the left to the weakest.

    Table: `RegularisationPath.sizes()` (strength, term, size). `chosen` marks a strength, such as `chosen()` gives.
    """
    note = "Size: root of the sum of squares over a term's columns and all classes, per standard deviation."
    if chosen is not None:
        note += " Dashed: the strength that was chosen."
    figure = titled_figure(8.0, 4.2, coefficient_path_finding(table), note)
    axes = figure.subplots()
    last = table[table["strength"] == table["strength"].min()].sort_values("size", ascending=False)
    for place, term in enumerate(last["term"]):
        own = table[table["term"] == term].sort_values("strength")
        colour = CATEGORIES[place % len(CATEGORIES)] if place < _NAMED else FAINT
        style = "-" if place < len(CATEGORIES) else "--"
        axes.plot(own["strength"], own["size"], style, color=colour, linewidth=1.5 if place < _NAMED else 0.8)
    _strengths(axes, table["strength"], chosen)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Size of the coefficients")
    _name_ends(axes, last.head(_NAMED), float(table["strength"].min()))
    return figure


def path_scores_finding(table: pd.DataFrame) -> str:
    """Which strength the rule took, how it does, and how the best one does."""
    word = _WORDS[str(table["metric"].iloc[0])]
    chosen = table[table["chosen"]].iloc[0]
    high = str(table["metric"].iloc[0]) in ("top_1", "top_3", "top_5", "macro_f1")
    best = table.iloc[int((-table["estimate"] if high else table["estimate"]).to_numpy().argmin())]
    said = f"strength {chosen['strength']:.2g} has a {word} of {number(chosen['estimate'], 4)} on unseen rows"
    if best["strength"] == chosen["strength"]:
        return sentence(f"{said}, the best of {len(table)}")
    return sentence(f"{said}; the best of {len(table)}, {best['strength']:.2g}, has {number(best['estimate'], 4)}")


@in_house_style
def path_scores(table: pd.DataFrame) -> Figure:
    """The score of each strength on unseen groups, with a standard error over folds.

    Table: `RegularisationPath.choose()` (strength, metric, estimate, fold_std_error, chosen, rule, split).
    """
    word = _WORDS[str(table["metric"].iloc[0])]
    note = f"Folds by {table['split'].iloc[0]}. Bars: a standard error over folds. Dashed: chosen by {_rule(table)}."
    figure = titled_figure(8.0, 3.6, path_scores_finding(table), note)
    axes = figure.subplots()
    axes.errorbar(
        table["strength"], table["estimate"], table["fold_std_error"],
        fmt="o", color=BLUE, ecolor=FAINT, markersize=3.5, elinewidth=1.2, clip_on=False,
    )  # fmt: skip
    taken = table[table["chosen"]]
    axes.plot(taken["strength"], taken["estimate"], "s", color=VERMILION, markersize=6)
    _strengths(axes, table["strength"], float(taken["strength"].iloc[0]))
    axes.set_ylabel(sentence(f"{word} on unseen rows"))
    return figure


def _rule(table: pd.DataFrame) -> str:
    return "the best score" if table["rule"].iloc[0] == "best" else "the rule of one standard error"


def _entries(table: pd.DataFrame) -> pd.Series:
    """Return the strength at which each term first has a size, the first to come in first."""
    there = table[table["size"] > 0]
    return there.groupby("term", sort=False)["strength"].max().sort_values(ascending=False, kind="stable")


def _strengths(axes: Axes, strengths: pd.Series, chosen: float | None) -> None:
    axes.set_xscale("log")
    axes.set_xlim(float(strengths.max()) * 1.05, float(strengths.min()) / 1.05)
    axes.set_xlabel("Strength of the penalty (log scale, falling)")
    if chosen is not None:
        axes.axvline(chosen, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)))


def _name_ends(axes: Axes, last: pd.DataFrame, end: float) -> None:
    """Name curves at their right ends, pushed apart where they would touch."""
    gap = _ROOM * axes.get_ylim()[1]
    places = last["size"].to_numpy(dtype=float).copy()
    for j in range(1, len(places)):
        places[j] = min(places[j], places[j - 1] - gap)
    places += max(0.0, -float(places.min(initial=0.0)))
    for j in range(len(places) - 2, -1, -1):
        places[j] = max(places[j], places[j + 1] + gap)
    for j, (term, place) in enumerate(zip(last["term"], places, strict=True)):
        axes.annotate(
            plain(term, 24), (end, place), (8, 0), textcoords="offset points", annotation_clip=False, va="center",
            size=8, color=CATEGORIES[j % len(CATEGORIES)],
        )  # fmt: skip
