"""Exploration: the clean track frame in, tidy tables out. Nothing here draws.

One row of the frame is one track under one genre, so a track with three genres counts three times, except in
`popularity_by_key_mode` and `popularity_bands`, where a track counts once. A tempo of zero means that no beat
was found; it is left out of every figure about tempo rather than read as 0 BPM.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from genreglm.naming import MODES, PITCH_CLASSES
from genreglm.tracks.columns import AUDIO

FEATURES = ("popularity", "duration_min", *AUDIO)
DENSITY_PAIRS = (("energy", "danceability"), ("loudness", "acousticness"))
SPEECH_EDGES, SPEECH_BANDS = (-np.inf, 0.33, 0.66, np.inf), ("music", "mixed", "spoken")
POPULARITY_EDGES, POPULARITY_BANDS = (-np.inf, 0, 33, 66, np.inf), ("zero", "low", "middle", "high")

_LOGARITHMIC = frozenset({"duration_min"})
_QUANTILES = {"q10": 0.10, "q25": 0.25, "median": 0.50, "q75": 0.75, "q90": 0.90}
_NORMAL_975 = 1.959963984540054


def feature_values(frame: pd.DataFrame) -> pd.DataFrame:
    """The continuous features that the frame has, in a fixed order, as float64; tempo zero becomes missing."""
    present = [feature for feature in FEATURES if feature in frame]
    values = frame[present].astype("float64")
    if "tempo" in values:
        values["tempo"] = values["tempo"].where(values["tempo"] > 0)
    return values


def descriptive_statistics(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a feature: feature, count, missing, mean, sd, min, q25, median, q75, max, skewness."""
    values = feature_values(frame)
    table = pd.DataFrame(
        {
            "count": values.count(),
            "missing": values.isna().sum(),
            "mean": values.mean(),
            "sd": values.std(),
            "min": values.min(),
            "q25": values.quantile(0.25),
            "median": values.median(),
            "q75": values.quantile(0.75),
            "max": values.max(),
            "skewness": values.skew(),
        }
    )
    return table.rename_axis("feature").reset_index()


def genre_distribution(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a genre: genre, rows, share, artists, shared.

    `artists` counts first named artists; `shared` is the share of the genre's rows whose track stands under
    another genre as well.
    """
    grouped = frame.groupby("track_genre", observed=True, sort=True)
    table = pd.DataFrame({"rows": grouped.size()})
    table["share"] = table["rows"] / len(frame)
    if "artist" in frame:
        table["artists"] = grouped["artist"].nunique()
    if "labels" in frame:
        several = frame["labels"] != frame["track_genre"]
        table["shared"] = several.groupby(frame["track_genre"], observed=True).mean()
    return table.rename_axis("genre").reset_index()


def genre_profiles(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a genre and feature: genre, feature, q10, q25, median, q75, q90, mean, sd."""
    values = feature_values(frame)
    grouped = values.groupby(frame["track_genre"], observed=True, sort=True)
    columns = {name: grouped.quantile(level) for name, level in _QUANTILES.items()}
    columns |= {"mean": grouped.mean(), "sd": grouped.std()}
    long = {name: wide.stack(future_stack=True) for name, wide in columns.items()}  # noqa: PD013 (keeps the order)
    return pd.DataFrame(long).rename_axis(["genre", "feature"]).reset_index()


def feature_quantiles(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a feature: feature, q10, q25, median, q75, q90 of all rows, beside those of each genre."""
    values = feature_values(frame)
    table = pd.DataFrame({name: values.quantile(level) for name, level in _QUANTILES.items()})
    return table.rename_axis("feature").reset_index()


def correlations(frame: pd.DataFrame) -> pd.DataFrame:
    """Spearman's rank correlation of every ordered pair: feature_x, feature_y, spearman.

    Missing values are left out pair by pair; the correlation with a constant feature is NaN.
    """
    matrix = feature_values(frame).corr(method="spearman").rename_axis("feature_x")
    long = matrix.reset_index().melt("feature_x", var_name="feature_y", value_name="spearman")
    return long.sort_values(["feature_x", "feature_y"], ignore_index=True)


def popularity_by_key_mode(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Mean popularity by key and mode over distinct tracks; None where one of the three columns is absent.

    Columns: key, mode (names), tracks, artists, mean, sd, std_error, conf_low, conf_high (95 %). The standard
    error is clustered by artist, because an artist's tracks share their popularity:
    se^2 = A / (A - 1) * sum over artists a of (sum over tracks i of a of (y_i - mean))^2 / n^2.
    A cell with one artist has no standard error.
    """
    if not {"popularity", "key", "mode"} <= set(frame.columns):
        return None
    tracks = _distinct_tracks(frame)
    return pd.DataFrame([_cell(rows) for _, rows in tracks.groupby(["key", "mode"], sort=True)])


def density(frame: pd.DataFrame, feature_x: str, feature_y: str, bins: int = 60) -> pd.DataFrame:
    """Counts on a grid of `bins` x `bins` equal cells: feature_x, feature_y, x, y (cell centres), count."""
    values = feature_values(frame)[[feature_x, feature_y]].dropna().to_numpy()
    counts, *edges = np.histogram2d(values[:, 0], values[:, 1], bins=bins)
    x, y = ((edge[1:] + edge[:-1]) / 2 for edge in edges)
    return pd.DataFrame(
        {
            "feature_x": feature_x,
            "feature_y": feature_y,
            "x": np.repeat(x, bins),
            "y": np.tile(y, bins),
            "count": counts.ravel().astype("int64"),
        }
    )


def distributions(frame: pd.DataFrame, bins: int = 50) -> pd.DataFrame:
    """Histograms of every feature: feature, bin_left, bin_right, count. Duration has logarithmic bins."""
    values = feature_values(frame)
    tables = [_histogram(str(name), column.dropna().to_numpy(), bins) for name, column in values.items()]
    return pd.concat(tables, ignore_index=True)


def family_distributions(frame: pd.DataFrame, families: pd.DataFrame, bins: int = 40) -> pd.DataFrame:
    """Histograms of every feature within each family: feature, family, bin_left, bin_right, count.

    `families` has a row a genre: genre, family. Bins span the middle 99 % of all rows, and what lies further out counts
    in the outermost, so that no family is squeezed by a few odd tracks. Duration has logarithmic bins.
    """
    family = frame["track_genre"].map(families.set_index("genre")["family"])
    tables = []
    for name, column in feature_values(frame).items():
        known = column.dropna()
        inner = known.clip(*known.quantile([0.005, 0.995])) if len(known) else known
        edges = _edges(str(name), inner.to_numpy(), bins)
        for label, values in inner.groupby(family[inner.index], sort=True):
            counts, _ = np.histogram(values, edges)
            tables.append(_binned({"feature": name, "family": label}, edges, counts))
    return pd.concat(tables, ignore_index=True)


def speech_band(speechiness: pd.Series) -> pd.Series:
    """Bands of spoken words: music (up to 0.33), mixed (up to 0.66), spoken (above)."""
    return _band(speechiness, SPEECH_EDGES, SPEECH_BANDS)


def popularity_band(popularity: pd.Series) -> pd.Series:
    """Bands of popularity: zero, low (up to 33), middle (up to 66), high (above)."""
    return _band(popularity, POPULARITY_EDGES, POPULARITY_BANDS)


def speech_bands(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows in each band of spoken words: band, rows, share."""
    return _band_counts(speech_band(frame["speechiness"]), "rows")


def popularity_bands(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Distinct tracks in each band of popularity: band, tracks, share; None without popularity."""
    if "popularity" not in frame:
        return None
    return _band_counts(popularity_band(_distinct_tracks(frame)["popularity"]), "tracks")


def _distinct_tracks(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop_duplicates("track_id") if "track_id" in frame else frame


def _cell(rows: pd.DataFrame) -> dict[str, object]:
    """One row of `popularity_by_key_mode`."""
    popularity = rows["popularity"]
    mean, error = float(popularity.mean()), _clustered_error(rows)
    return {
        "key": PITCH_CLASSES[int(rows["key"].iloc[0])],
        "mode": MODES[int(rows["mode"].iloc[0])],
        "tracks": len(rows),
        "artists": _artists(rows).nunique(),
        "mean": mean,
        "sd": float(popularity.std()) if len(rows) > 1 else np.nan,
        "std_error": error,
        "conf_low": mean - _NORMAL_975 * error,
        "conf_high": mean + _NORMAL_975 * error,
    }


def _artists(rows: pd.DataFrame) -> pd.Series:
    return rows["artist"] if "artist" in rows else rows.index.to_series()


def _clustered_error(rows: pd.DataFrame) -> float:
    """Standard error of mean popularity with artists as clusters; NaN with fewer than two artists."""
    deviations = rows["popularity"] - rows["popularity"].mean()
    sums = deviations.groupby(_artists(rows)).sum().to_numpy()
    if len(sums) < 2:
        return float("nan")
    return float(np.sqrt(len(sums) / (len(sums) - 1) * np.sum(sums**2)) / len(rows))


def _histogram(feature: str, values: np.ndarray, bins: int) -> pd.DataFrame:
    edges = _edges(feature, values, bins)
    return _binned({"feature": feature}, edges, np.histogram(values, edges)[0])


def _edges(feature: str, values: np.ndarray, bins: int) -> np.ndarray:
    if feature not in _LOGARITHMIC or values.min(initial=np.inf) <= 0:
        return np.asarray(np.histogram_bin_edges(values, bins))
    edges = np.asarray(np.exp(np.histogram_bin_edges(np.log(values), bins)))
    # Rounding must not leave the smallest and the largest value outside.
    edges[0], edges[-1] = min(edges[0], values.min()), max(edges[-1], values.max())
    return edges


def _binned(named: dict[str, object], edges: np.ndarray, counts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({**named, "bin_left": edges[:-1], "bin_right": edges[1:], "count": counts})


def _band(values: pd.Series, edges: Sequence[float], names: Sequence[str]) -> pd.Series:
    return pd.cut(values, list(edges), labels=list(names)).rename("band")


def _band_counts(bands: pd.Series, unit: str) -> pd.DataFrame:
    counts = bands.value_counts(sort=False)
    table = pd.DataFrame({unit: counts, "share": counts / len(bands)})
    return table.rename_axis("band").reset_index().astype({"band": "str"})
