"""Residuals of single rows of a genre model: against the normal, and in a simulated envelope."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtr, ndtri

from genreglm.plots.style import BLUE, QUIET, SKY, VERMILION, in_house_style, titled_figure
from genreglm.plots.text import number

_MOST_POINTS = 400  # of a Q-Q plot
_HALF_WIDTH = 1.96
_FAR = 3.0
_SURPRISE = 3.0  # standard errors of a count
_SMALL_DISTANCE = 0.02
_KOLMOGOROV_95 = 1.358  # of sqrt(n) times the largest distance between two distribution functions


def quantile_residuals_finding(table: pd.DataFrame) -> str:
    """The largest distance between the residuals' distribution and the normal, and how many lie far out."""
    ordered = np.sort(table["resid"].to_numpy(dtype=float))
    rows, expected = len(ordered), ndtr(ordered)
    steps = np.arange(rows + 1) / rows
    distance = float(max((steps[1:] - expected).max(), (expected - steps[:-1]).max()))
    far, usual = int((np.abs(ordered) > _FAR).sum()), 2 * rows * float(ndtr(-_FAR))
    normal = distance * np.sqrt(rows) < _KOLMOGOROV_95 and abs(far - usual) < _SURPRISE * np.sqrt(usual) + 1
    verdict = "are as good as" if normal else "are not quite" if distance < _SMALL_DISTANCE else "are not"
    return (
        f"Quantile residuals {verdict} standard normal: the distributions differ by at most "
        f"{number(100 * distance, 1)} points of probability, and {far:,} "
        f"{'row lies' if far == 1 else 'rows lie'} beyond {_FAR:g}, where {usual:,.0f} should"
    )


@in_house_style
def quantile_residuals(table: pd.DataFrame) -> Figure:
    """Histogram against the normal, and a detrended Q-Q plot (worm plot; van Buuren and Fredriks 2001).

    Table: resid, a row each (`gg.residuals(kind="quantile")`).
    """
    ordered = np.sort(table["resid"].to_numpy(dtype=float))
    note = (
        f"{len(ordered):,} rows. Left: density, with the standard normal as a line. Right: how far each quantile lies "
        "above its normal value; 95 % of the points lie in the band if the model is right."
    )
    figure = titled_figure(9.6, 3.6, quantile_residuals_finding(table), note)
    spread, worm = figure.subplots(1, 2, width_ratios=(1, 1.25))
    reach = max(4.0, float(np.abs(ordered).max()))
    spread.hist(ordered, bins=np.linspace(-reach, reach, min(81, 11 + len(ordered) // 10)), density=True, color=SKY)
    grid = np.linspace(-reach, reach, 400)
    spread.plot(grid, np.exp(-0.5 * grid**2) / np.sqrt(2 * np.pi), color=VERMILION, linewidth=1.2)
    spread.set(xlabel="Quantile residual", ylabel="Density", xlim=(-reach, reach))
    _draw_worm(worm, ordered)
    return figure


def _draw_worm(axes: Axes, ordered: np.ndarray) -> None:
    rows = len(ordered)
    levels = (np.arange(1, rows + 1) - 0.375) / (rows + 0.25)
    normal = ndtri(levels)
    wanted = np.linspace(normal[0], normal[-1], min(rows, _MOST_POINTS))
    shown = np.unique(np.clip(np.searchsorted(normal, wanted - 1e-12), 0, rows - 1))
    level, x = levels[shown], normal[shown]
    limit = _HALF_WIDTH * np.sqrt(level * (1 - level) / rows) * np.sqrt(2 * np.pi) * np.exp(0.5 * x**2)
    axes.fill_between(x, -limit, limit, color=QUIET, alpha=0.2, linewidth=0)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.plot(x, ordered[shown] - x, "o", color=BLUE, markersize=2.5)
    axes.set(xlabel="Standard normal quantile", ylabel="Residual minus normal quantile")


def envelope_finding(table: pd.DataFrame) -> str:
    """How many points lie outside, and on which side the largest residuals lie."""
    outside, top = int((~table["inside"]).sum()), table.iloc[-max(1, len(table) // 10) :]
    count = f"{outside} of {len(table)} points lie outside the simulated envelope"
    if outside <= 0.1 * len(table):
        return f"The residuals are those of the model: {count}"
    gap = float((top["observed"] - top["median"]).mean())
    if bool((top["inside"]).mean() > 0.5):
        return f"The residuals are not those of the model: {count}"
    way = "larger" if gap > 0 else "smaller"
    return f"The largest residuals are {way} than the model's own would be: {count}"


@in_house_style
def envelope(table: pd.DataFrame) -> Figure:
    """Half-normal plot with its simulated envelope, and the same with the median taken off.

    Table: theoretical, observed, low, median, high, inside (`gg.envelope`). Open red dots lie outside.
    """
    note = (
        "Left: absolute residuals in order of size (dots), with the median (line) and the limits (band) of responses "
        "drawn from the model. Right: the same less the median. Open dots lie outside the limits."
    )
    figure = titled_figure(9.6, 3.8, envelope_finding(table), note)
    for axes, base in zip(figure.subplots(1, 2), (0.0 * table["median"], table["median"]), strict=True):
        axes.fill_between(
            table["theoretical"], table["low"] - base, table["high"] - base, color=QUIET, alpha=0.25, linewidth=0
        )
        axes.plot(table["theoretical"], table["median"] - base, color=QUIET, linewidth=0.9)
        for inside, colour, face in ((True, BLUE, BLUE), (False, VERMILION, "white")):
            part = table["inside"] == inside
            axes.plot(
                table["theoretical"][part],
                (table["observed"] - base)[part],
                "o",
                color=colour,
                markerfacecolor=face,
                markeredgewidth=0.7,
                markersize=3,
            )
        axes.set_xlabel("Half-normal quantile")
        axes.set_xlim(left=0)
    figure.axes[0].set_ylabel("Absolute residual")
    figure.axes[1].set_ylabel("Absolute residual minus median")
    return figure
