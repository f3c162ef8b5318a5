"""Residuals of the training tracks, binned so that a figure of 100,000 of them is drawn in an instant.

A lowess through every point takes minutes; means and quantiles within bins of the fitted values show the
same trend, and the spread as well.
"""

import numpy as np
import pandas as pd
from scipy import stats

from genreglm.study.popularity.model import PopularityFit, Vector, response, sm_family

BINS = 40
HISTOGRAM_BINS = 60
HISTOGRAM_RANGE = (-4.0, 4.0)
QUANTILES = 400
_LEVELS = {"q05": 0.05, "q25": 0.25, "median": 0.50, "q75": 0.75, "q95": 0.95}


def standardised(fitted: PopularityFit, popularity: Vector, predicted: Vector) -> Vector:
    """Deviance residuals over the root of the dispersion (not randomised, leverage not removed)."""
    y, mu = response(fitted.family, popularity), response(fitted.family, predicted)
    raw = sm_family(fitted.family).resid_dev(y, mu)
    return np.asarray(raw / np.sqrt(fitted.scale), dtype=np.float64)


def against_fitted(family: str, popularity: Vector, predicted: Vector) -> pd.DataFrame:
    """Response residuals (points) by bins with equal numbers of tracks along the fitted values.

    Columns: family, bin, tracks, fitted (mean of the bin), mean, q05, q25, median, q75, q95.
    """
    edges = np.unique(np.quantile(predicted, np.linspace(0.0, 1.0, BINS + 1)))
    of_bin = np.searchsorted(edges[1:-1], predicted, side="right")
    frame = pd.DataFrame({"bin": of_bin, "fitted": predicted, "residual": popularity - predicted})
    grouped = frame.groupby("bin")
    table = pd.DataFrame(
        {"tracks": grouped.size(), "fitted": grouped["fitted"].mean(), "mean": grouped["residual"].mean()}
    )
    for column, level in _LEVELS.items():
        table[column] = grouped["residual"].quantile(level)
    table.insert(0, "family", family)
    return table.reset_index()[["family", "bin", *table.columns[1:]]]


def histogram(family: str, residuals: Vector) -> pd.DataFrame:
    """Counts of standardised residuals: family, low, high, count, density, normal_density.

    Residuals beyond the range are counted in the outermost bins. `normal_density` is the standard
    normal's mean density over the bin.
    """
    edges = np.linspace(*HISTOGRAM_RANGE, HISTOGRAM_BINS + 1)
    count, _ = np.histogram(np.clip(residuals, *HISTOGRAM_RANGE), edges)
    width = np.diff(edges)
    return pd.DataFrame(
        {
            "family": family,
            "low": edges[:-1],
            "high": edges[1:],
            "count": count,
            "density": count / (len(residuals) * width),
            "normal_density": np.diff(stats.norm.cdf(edges)) / width,
        }
    )


def quantile_pairs(family: str, residuals: Vector) -> pd.DataFrame:
    """Pairs of a Q-Q plot of standardised residuals: family, theoretical (normal), sample.

    At most `QUANTILES` pairs at the plotting positions (i - 1/2) / n, both extremes among them.
    """
    ordered = np.sort(residuals)
    n = len(ordered)
    ranks = np.unique(np.round(np.linspace(0, n - 1, min(QUANTILES, n))).astype(int))
    theoretical = stats.norm.ppf((ranks + 0.5) / n)
    return pd.DataFrame({"family": family, "theoretical": theoretical, "sample": ordered[ranks]})
