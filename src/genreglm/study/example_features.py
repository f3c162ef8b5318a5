"""Features of the simulated tracks: a Gaussian copula in each genre, with effects of artists in it.

Each track of a genre has a latent normal vector, the sum of an artist's effect with covariance `between` and
of the track's own with covariance `correlation - between`. Its ranks within the genre pick values from evenly
spaced levels of the genre's quantile functions, so that even a small table has the genre's distribution of
every feature. Guests, tracks simulated in an earlier genre, keep their features and take the levels nearest
to them; the home tracks share what is left.
"""

import numpy as np
from numpy.typing import NDArray

from genreglm.study.example_figures import BEATLESS, CATEGORIES, LATENT, NUMERIC, Figures, Floats, Integers

FEATURES = (*LATENT, "key")
_KEYS = np.arange(12.0)
_TEMPO, _MODE, _KEY = (FEATURES.index(name) for name in ("tempo", "mode", "key"))
_BEATLESS = np.array([FEATURES.index(name) for name in ("tempo", *BEATLESS)])
# Zero in these only without a beat; `valence` and `time_signature` are zero in a few other tracks as well.
_ONLY_BEATLESS = [FEATURES.index(name) for name in ("tempo", "danceability", "speechiness")]
_LATENT_SOUND = [index for index, name in enumerate(LATENT) if name != "popularity"]
_SOUND = [*_LATENT_SOUND, _KEY]
# With fewer tracks per dimension the sample covariance is too poor to be divided out.
_TRACKS_PER_DIMENSION = 3


def simulate_features(
    figures: Figures,
    genre: int,
    guests: Floats,
    artist: Integers,
    recording: Integers,
    rng: np.random.Generator,
) -> Floats:
    """Features (home tracks, `FEATURES`) of one genre's home tracks, given those of its guests."""
    tracks = len(guests) + len(artist)
    levels = (np.arange(tracks) + rng.random()) / max(tracks, 1)
    slots = np.column_stack(
        [free_slots(level_values(figures, genre, index, levels), guests[:, index]) for index in range(len(LATENT))]
    )
    latent = latent_normals(figures, genre, artist, recording, rng)
    first = np.unique(recording, return_index=True)[1]
    # Equal latent values rank side by side, so that giving re-issues one sound hardly moves the quantiles.
    latent[:, _LATENT_SOUND] = latent[first[recording]][:, _LATENT_SOUND]
    features = np.column_stack([_by_rank(slots, latent), np.zeros(len(artist))])
    features[:, _KEY] = _keys(figures.key_by_mode[genre], features[:, _MODE], guests, rng)
    features[:, _SOUND] = features[first[recording]][:, _SOUND]
    return features


def latent_normals(
    figures: Figures, genre: int, artist: Integers, recording: Integers, rng: np.random.Generator
) -> Floats:
    """Latent normal vectors (tracks, `LATENT`) whose sample correlation is the genre's where it can be."""
    between, total = figures.between[genre], figures.correlation[genre]
    size = len(LATENT)
    artists = rng.standard_normal((artist.max(initial=-1) + 1, size)) @ _root(between)
    tracks = rng.standard_normal((len(artist), size)) @ _root(total - between)
    latent: Floats = artists[artist] + tracks
    if len(latent) < _TRACKS_PER_DIMENSION * size:
        return latent
    centred = latent - latent.mean(axis=0)
    sample = np.linalg.cholesky(centred.T @ centred / len(centred))
    whitened: Floats = centred @ np.linalg.solve(sample.T, np.linalg.cholesky(total).T)
    return whitened


def _root(covariance: Floats) -> Floats:
    """The symmetric root: any other depends on the eigenvectors' signs, which differ between processors."""
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root


def level_values(figures: Figures, genre: int, index: int, levels: Floats) -> Floats:
    """Values of one latent feature at ascending `levels` in (0, 1): ascending too."""
    name = LATENT[index]
    if name in NUMERIC:
        return figures.numeric_values(genre, index, levels)
    return categories_at(np.array(CATEGORIES[name], float), figures.category_shares(name)[genre], levels)


def categories_at(categories: Floats, shares: Floats, levels: Floats) -> Floats:
    """The category that each level falls into; one of share zero is never hit."""
    edges = np.cumsum(shares) / shares.sum()
    possible = np.flatnonzero(shares > 0)
    return categories[possible[np.searchsorted(edges[possible][:-1], levels, side="right")]]


def may_enter(figures: Figures, genres: Integers, features: Floats) -> NDArray[np.bool_]:
    """Whether each track has only categories that occur in all of the given genres."""
    allowed = np.ones(len(features), dtype=np.bool_)
    for name, categories in CATEGORIES.items():
        occurs = (figures.category_shares(name)[genres] > 0).all(axis=0)
        allowed &= np.isin(features[:, FEATURES.index(name)], np.array(categories)[occurs])
    return allowed


def free_slots(slots: Floats, taken: Floats) -> Floats:
    """Ascending `slots` without those nearest in rank to the `taken` values, each of which takes one.

    The k-th smallest taken value wants the rank where it would stand; wants that collide are moved apart
    evenly, as little as possible and in order.
    """
    count = np.arange(len(taken))
    wanted = np.searchsorted(slots, np.sort(taken), side="left") - count
    from_left = np.maximum.accumulate(wanted)
    from_right = np.minimum.accumulate(wanted[::-1])[::-1]
    rank = (from_left + from_right) // 2 + count
    return np.delete(slots, np.clip(rank, count, len(slots) - len(taken) + count))


def _by_rank(slots: Floats, latent: Floats) -> Floats:
    """Give each track the slot of its latent rank; tracks without a beat rank lowest in all that needs one."""
    order = np.argsort(latent[:, _TEMPO], kind="stable")
    silent = order[: int((slots[:, _ONLY_BEATLESS] == 0).sum(axis=0).max())]
    ranked = latent.copy()
    ranked[np.ix_(silent, _BEATLESS)] = -np.inf
    values = np.empty_like(slots)
    np.put_along_axis(values, np.argsort(ranked, axis=0, kind="stable"), slots, axis=0)
    values[np.ix_(silent, _BEATLESS)] = 0.0
    return values


def _keys(shares: Floats, mode: Floats, guests: Floats, rng: np.random.Generator) -> Floats:
    keys = np.zeros(len(mode))
    for value in (0, 1):
        home, there = mode == value, guests[guests[:, _MODE] == value, _KEY]
        tracks = int(home.sum()) + len(there)
        levels = (np.arange(tracks) + rng.random()) / max(tracks, 1)
        if home.any():
            keys[home] = rng.permutation(free_slots(categories_at(_KEYS, shares[value], levels), there))
    return keys
