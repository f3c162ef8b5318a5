"""Whether probabilities can be taken at their word."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from genreglm.plots.style import CATEGORIES, QUIET, in_house_style, titled_figure
from genreglm.plots.text import number, plain, sentence

_MARKERS = "osD^v<>"
_TRUSTED = 0.02  # a mean gap below two points counts as calibrated


def top_label_calibration_finding(table: pd.DataFrame) -> str:
    """Expected calibration error of the best calibrated model, and the direction of the gap."""
    best, part = min(_by_model(table), key=lambda named: _mean_gap(named[1]))
    error, size = _mean_gap(part), number(100 * _mean_gap(part), 1)
    excess = np.average(part["confidence"] - part["accuracy"], weights=part["count"])
    verdict = "can be taken at their word" if error < _TRUSTED else "are too high" if excess > 0 else "are too low"
    whose = f"the probabilities of {plain(best)}" if best else "the probabilities"
    return sentence(f"{whose} {verdict}: they miss the share of right answers by {size} points on average")


@in_house_style
def top_label_calibration(table: pd.DataFrame) -> Figure:
    """Reliability curve over a strip of counts. Table: bin, confidence, accuracy, count[, model]."""
    note = (
        "Tracks binned by the probability of the predicted genre: on the diagonal, 30 % means right in 30 % of "
        "the cases. Below: tracks in each bin."
    )
    figure = titled_figure(6.4, 5.6, top_label_calibration_finding(table), note)
    curve, strip = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    curve.plot([0, 1], [0, 1], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    for place, (name, part) in enumerate(_by_model(table)):
        _draw(curve, strip, part, name, place % len(_MARKERS))
    for axes in (curve, strip):
        axes.grid()
    curve.set(xlim=(0, 1), ylim=(0, 1), ylabel="Share of right answers")
    strip.set(xlabel="Stated probability of the predicted genre", ylabel="Tracks")
    strip.set_ylim(bottom=0)
    strip.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    strip.locator_params(axis="y", nbins=3)
    if "model" in table:
        curve.legend(loc="upper left")
    return figure


def _draw(curve: Axes, strip: Axes, part: pd.DataFrame, name: str, place: int) -> None:
    colour, marker = CATEGORIES[place], _MARKERS[place]
    curve.plot(part["confidence"], part["accuracy"], marker=marker, color=colour, label=plain(name))
    strip.vlines(part["confidence"], 0, part["count"], color=colour, linewidth=1.2)
    strip.plot(part["confidence"], part["count"], marker, color=colour, markersize=4)


def _by_model(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The filled bins of each model, in the order of the table; one nameless model where there is no such column."""
    filled = table[table["count"] > 0]
    if "model" not in table:
        return [("", filled)]
    return [(str(name), part) for name, part in filled.groupby("model", sort=False)]


def _mean_gap(part: pd.DataFrame) -> float:
    """Expected calibration error: mean |confidence - accuracy| over tracks."""
    return float(np.average((part["confidence"] - part["accuracy"]).abs(), weights=part["count"]))
