"""The per-genre figures from which the built-in example is simulated.

`data/genres.npz` holds computed figures only, never a row of the real table: at most 21 quantiles of each
feature by genre, correlations of latent normals, frequencies, and counts of artists. It is written by
`scripts/summarise_tracks.py` from the Spotify Tracks Dataset (Maharshi Pandya, Kaggle,
DOI 10.34740/KAGGLE/DSV/4372070, Open Database License 1.0).
"""

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# How each feature is interpolated between its quantiles: on the scale where it is nearest to a normal.
SCALES = {
    "popularity": "plain",
    "duration_ms": "log",
    "danceability": "plain",
    "energy": "logit",
    "loudness": "plain",
    "speechiness": "log",
    "acousticness": "logit",
    "instrumentalness": "logit",
    "liveness": "log",
    "valence": "plain",
    "tempo": "plain",
}
NUMERIC = tuple(SCALES)
# Ordered categories that share the latent normal of the numeric features; `key` is drawn given `mode`.
CATEGORIES = {"explicit": (0, 1), "mode": (0, 1), "time_signature": (0, 1, 3, 4, 5)}
LATENT = (*NUMERIC, *CATEGORIES)
# A track without a beat has tempo 0, and then all of these are 0 as well.
BEATLESS = ("danceability", "speechiness", "valence", "time_signature")

_LOWER_LEVELS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4]
LEVELS = np.array([*_LOWER_LEVELS, 0.5, *(1 - level for level in reversed(_LOWER_LEVELS))])
# Dense at the top: a genre's few largest artists hold much of it.
ARTIST_LEVELS = np.array([0, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 1.0])
# The logit needs values inside (0, 1); nothing in the table is told apart beyond this.
_EDGE = 1e-7


@dataclass(frozen=True)
class Figures:
    """What is known of each genre; G genres, P numeric features, D latent dimensions, S label sets.

    Genres that hold exactly the same tracks appear once in `label_sets`: `twin_of[g]` is the genre whose
    tracks g repeats, or -1.
    """

    genres: NDArray[np.str_]
    """(G,) names, sorted."""
    quantiles: Floats
    """(G, P, 21) quantiles of the values other than zero, at `LEVELS`."""
    zero_share: Floats
    """(G, P) share of rows with exactly zero."""
    limits: Floats
    """(P, 2) least and greatest value other than zero in the whole table, rounded outwards."""
    correlation: Floats
    """(G, D, D) correlation, over tracks, of the normals whose ranks the features follow."""
    between: Floats
    """(G, D, D) the part of `correlation` that an artist's tracks share."""
    explicit: Floats
    """(G, 2) share of rows by category; an empty cell is an exact zero."""
    mode: Floats
    """(G, 2) the same for minor, major."""
    time_signature: Floats
    """(G, 5) the same for 0, 1, 3, 4, 5 beats."""
    key_by_mode: Floats
    """(G, 2, 12) share of each pitch class within each mode."""
    artists: Integers
    """(G,) first-named artists per 1,000 rows."""
    artist_curve: Floats
    """(G, 16) share of rows held by the smallest artists, at `ARTIST_LEVELS` of the artists."""
    reissue_share: Floats
    """(G,) share of tracks that repeat the sound of another track of the genre under another track_id."""
    duplicate_share: Floats
    """(G,) share of rows that are exact duplicates."""
    featured_share: Floats
    """(G,) share of rows with more than one artist."""
    label_sets: NDArray[np.bool_]
    """(S, G) which genres share a group of tracks."""
    label_share: Floats
    """(S,) tracks of each group per row of one genre."""
    twin_of: Integers
    """(G,) see above."""

    def category_shares(self, name: str) -> Floats:
        """Shares (G, categories) of `explicit`, `mode` or `time_signature`."""
        shares: Floats = getattr(self, name)
        return shares

    def numeric_values(self, genre: int, feature: int, levels: Floats) -> Floats:
        """Quantile function of one feature in one genre at `levels` in (0, 1), unrounded.

        Between two stored quantiles the transformed feature is linear in the normal score of the level;
        beyond the outermost it goes on with the slope of the outermost ones, inside the table's limits.
        """
        zero = self.zero_share[genre, feature]
        values = np.zeros(len(levels))
        positive = levels >= zero
        inside = (levels[positive] - zero) / max(1 - zero, _EDGE)
        scale = SCALES[NUMERIC[feature]]
        knots = to_scale(self.quantiles[genre, feature], scale)
        low, high = self.limits[feature]
        values[positive] = np.clip(from_scale(_extended(inside, knots), scale), low, high)
        return values


def _extended(levels: Floats, knots: Floats) -> Floats:
    scores, known = ndtri(np.clip(levels, _EDGE, 1 - _EDGE)), ndtri(LEVELS)
    values = np.interp(scores, known, knots)
    slopes = (knots[2] - knots[0]) / (known[2] - known[0]), (knots[-1] - knots[-3]) / (known[-1] - known[-3])
    values += slopes[0] * np.minimum(scores - known[0], 0)
    values += slopes[1] * np.maximum(scores - known[-1], 0)
    return values


def to_scale(values: Floats, scale: str) -> Floats:
    """Values on the scale ("plain", "log" or "logit") on which they are interpolated."""
    if scale == "log":
        return np.log(np.maximum(values, _EDGE))
    if scale == "logit":
        return np.asarray(logit(np.clip(values, _EDGE, 1 - _EDGE)), dtype=np.float64)
    return values


def from_scale(values: Floats, scale: str) -> Floats:
    """Inverse of `to_scale`."""
    if scale == "log":
        return np.exp(values)
    if scale == "logit":
        return np.asarray(expit(values), dtype=np.float64)
    return values


@cache
def load_figures() -> Figures:
    """The figures that come with the package."""
    with files("genreglm.study").joinpath("data/genres.npz").open("rb") as stream:
        stored = np.load(stream, allow_pickle=False)
        return Figures(**{field.name: _restored(stored[field.name]) for field in fields(Figures)})


def _restored(stored: NDArray[Any]) -> NDArray[Any]:
    """Stored figures are single precision or small integers; reckoning needs double and 64 bits."""
    if stored.dtype.kind == "f":
        restored = stored.astype(np.float64)
    elif stored.dtype.kind in "iu":
        restored = stored.astype(np.int64)
    else:
        restored = stored
    restored.setflags(write=False)
    return restored
