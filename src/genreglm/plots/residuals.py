"""Residuals of the popularity models: against fitted values, as a histogram, and against the normal."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genreglm.plots.style import BLUE, QUIET, VERMILION, in_house_style, titled_figure
from genreglm.plots.text import number, plain, sentence

_LIMITS = 4.5  # standardised residuals beyond are as rare as they are uninformative


def residual_panel_finding(binned: pd.DataFrame) -> str:
    """How wide the residuals of the first family are, against how far its fitted values reach."""
    first = binned[binned["family"] == binned["family"].iloc[0]]
    low, high = (float(np.average(first[column], weights=first["tracks"])) for column in ("q05", "q95"))
    fitted = first["fitted"].max() - first["fitted"].min()
    return (
        f"Nine in ten tracks lie from {number(-low, 0)} points below to {number(high, 0)} above what the model "
        f"expects; its expectations span {'only ' if fitted < high - low else ''}{number(fitted, 0)} points"
    )


@in_house_style
def residual_panel(binned: pd.DataFrame, histogram: pd.DataFrame, quantiles: pd.DataFrame) -> Figure:
    """Three views of the residuals side by side, a row for each family of models.

    Args:
        binned: residuals in points by bins of the fitted value: family, tracks, fitted, mean, q05, q25, q75, q95.
        histogram: standardised residuals: family, low, high, density, normal_density.
        quantiles: family, theoretical (standard normal), sample (standardised residuals).
    """
    families = list(binned["family"].unique())
    note = (
        "Left: the middle 50 % and 90 % of the residuals, and their mean, by bins of the fitted value. "
        "Middle and right: standardised residuals; the lines are the standard normal."
    )
    figure = titled_figure(11.5, 3.1 * len(families), residual_panel_finding(binned), note)
    grid = figure.subplots(len(families), 3, width_ratios=(1.3, 1, 1), squeeze=False)
    for family, (against, spread, normal) in zip(families, grid, strict=True):
        _draw_binned(against, binned[binned["family"] == family])
        _draw_histogram(spread, histogram[histogram["family"] == family])
        _draw_quantiles(normal, quantiles[quantiles["family"] == family])
        against.set_title(f"{sentence(plain(family))}: residual by fitted value")
    return figure


def _draw_binned(axes: Axes, binned: pd.DataFrame) -> None:
    rows = binned.sort_values("fitted")
    axes.fill_between(rows["fitted"], rows["q05"], rows["q95"], color=BLUE, alpha=0.15, label="90 %")
    axes.fill_between(rows["fitted"], rows["q25"], rows["q75"], color=BLUE, alpha=0.3, label="50 %")
    axes.plot(rows["fitted"], rows["mean"], "o-", color=BLUE, markersize=3, label="mean")
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.set(xlabel="Fitted popularity (points)", ylabel="Residual (points)")
    axes.legend(loc="upper left", ncols=3, columnspacing=1.0, handlelength=1.2)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.16 * (high - low))


def _draw_histogram(axes: Axes, bins: pd.DataFrame) -> None:
    edges = [*bins["low"], bins["high"].iloc[-1]]
    axes.stairs(bins["density"], edges, fill=True, color=BLUE)
    axes.plot((bins["low"] + bins["high"]) / 2, bins["normal_density"], color=VERMILION, linewidth=1.1)
    axes.set(xlabel="Standardised residual", ylabel="Density", title="Histogram")
    axes.set_ylim(bottom=0)


def _draw_quantiles(axes: Axes, quantiles: pd.DataFrame) -> None:
    axes.plot([-_LIMITS, _LIMITS], [-_LIMITS, _LIMITS], color=VERMILION, linewidth=1.1)
    axes.plot(quantiles["theoretical"], quantiles["sample"], "o", color=BLUE, markersize=2.5)
    axes.set(xlabel="Standard normal quantile", ylabel="Standardised residual", title="Normal Q-Q")
    axes.set_xlim(-_LIMITS, _LIMITS)
