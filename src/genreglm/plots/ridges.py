"""How features are spread in each family of genres: ridgelines, one above the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from genreglm.plots.histograms import logarithmic
from genreglm.plots.style import BLUE, ORANGE, bare, in_house_style, titled_figure
from genreglm.plots.tables import largest, smallest
from genreglm.plots.text import feature_label, feature_word, number, plain, sentence, width_of

_RIDGE = 0.27  # inches from one family to the next
_HIGHEST = 1.5  # ridges that a peak may reach up
_COLUMNS = 4
_TOWERING = 2.0  # times as many rows in a bin as in any other


def family_distributions_finding(table: pd.DataFrame) -> str:
    """The feature whose medians lie furthest apart among the families, and the families at its ends."""
    medians = _medians(table)
    if medians["family"].nunique() < 2:
        return "One family, so there is nothing to compare"
    feature = _telling(medians)
    rows = medians[medians["feature"] == feature]
    low, high = smallest(rows, "median"), largest(rows, "median")
    digits = 2 if abs(high["median"]) < 10 else 0
    return sentence(
        f"{feature_word(feature)} sets the families apart most: half of {plain(low['family'])} lies below "
        f"{number(low['median'], digits)}, half of {plain(high['family'])} above {number(high['median'], digits)}"
    )


@in_house_style
def family_distributions(table: pd.DataFrame) -> Figure:
    """Ridgelines of each feature, a ridge a family. Table: feature, family, bin_left, bin_right, count.

    Families stand in the order of their medians of the feature that sets them apart most. Each ridge has its own scale.
    """
    medians, features = _medians(table), list(table["feature"].unique())
    ordered = medians[medians["feature"] == _telling(medians)].sort_values(["median", "family"])
    families = list(ordered["family"])
    across = min(_COLUMNS, len(features))
    down = -(-len(features) // across)
    note = (
        "Each ridge has its own scale; the bar is the family's median. A bin that towers over all others, such as the "
        "zeros of instrumentalness, is cut off at the top."
    )
    body = _RIDGE * (len(families) + 1) + 0.65
    figure = titled_figure(
        2.35 * across + width_of(families, 8) + 0.2, body * down, family_distributions_finding(table), note
    )
    panels = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    for axes, feature in zip(panels, features, strict=False):
        _ridges(axes, table[table["feature"] == feature], medians[medians["feature"] == feature], families)
        axes.set_xlabel(feature_label(feature))
    for axes in panels[len(features) :]:
        axes.remove()
    return figure


def _ridges(axes: Axes, table: pd.DataFrame, medians: pd.DataFrame, families: list[str]) -> None:
    """Draw the families of a feature, the first on top, those below in front."""
    middle = medians.set_index("family")["median"]
    for place, family in enumerate(families):
        bins = table[table["family"] == family]
        edges, counts = np.append(bins["bin_left"], bins["bin_right"].iloc[-1:]), bins["count"].to_numpy(dtype=float)
        if not counts.any():
            continue
        height = place - _HIGHEST * np.minimum(counts / _peak(counts), 1.0)
        axes.stairs(height, edges, baseline=place, fill=True, color=BLUE, alpha=0.75, zorder=2 * place + 2)
        axes.stairs(height, edges, baseline=place, color="white", linewidth=0.6, zorder=2 * place + 3)
        axes.vlines(middle[family], place - 0.55, place, color=ORANGE, linewidth=2.2, zorder=2 * place + 3)
    widths = (table["bin_right"] - table["bin_left"]).to_numpy()
    if widths.max() > 1.5 * widths.min():
        logarithmic(axes)
    axes.set_xlim(table["bin_left"].min(), table["bin_right"].max())
    axes.set_ylim(len(families) - 0.7, -_HIGHEST - 0.2)
    axes.set_yticks(range(len(families)), [plain(family) for family in families], size=8)
    bare(axes)


def _peak(counts: NDArray[np.float64]) -> float:
    """Return what is drawn at full height: the largest count, or the next one where the largest towers over it."""
    second, first = np.sort(counts)[-2:]
    return float(second if 0.0 < _TOWERING * second < first else first)


def _medians(table: pd.DataFrame) -> pd.DataFrame:
    """Return feature, family, median, place: the last is where the median lies among the bins, from 0 to 1."""
    rows = []
    for (feature, family), bins in table.groupby(["feature", "family"], sort=False):
        counts = bins["count"].to_numpy(dtype=float)
        if counts.sum() == 0:
            continue
        reached = np.cumsum(counts)
        bin_ = int(np.searchsorted(reached, reached[-1] / 2))
        share = (reached[-1] / 2 - (reached[bin_] - counts[bin_])) / counts[bin_]
        left, right = bins["bin_left"].iloc[bin_], bins["bin_right"].iloc[bin_]
        rows.append((feature, family, left + share * (right - left), (bin_ + share) / len(bins)))
    return pd.DataFrame(rows, columns=["feature", "family", "median", "place"])


def _telling(medians: pd.DataFrame) -> str:
    """Return the feature whose medians spread most over its bins."""
    return str(medians.groupby("feature", sort=False)["place"].agg(np.ptp).idxmax())
