"""Who is who in the simulated example: how many tracks, in which genres, by which artists.

A *track* is one track_id. It is simulated in its home genre and is a guest in the other genres of its label
set. A *recording* is what is heard: a re-issued track has its own track_id and the sound of another one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genreglm.study.example_figures import ARTIST_LEVELS, Figures, Floats, Integers

# Rows of each genre in the real table: artists and their sizes are known per so many rows.
_TABLE_ROWS = 1000


@dataclass(frozen=True)
class Plan:
    """Counts behind a simulated table; G genres, S label sets."""

    tracks: Integers
    """(G,) distinct tracks of each genre."""
    duplicates: Integers
    """(G,) rows of each genre beyond those, which repeat another one exactly."""
    label_tracks: Integers
    """(S,) tracks under each label set."""
    order: Integers
    """Genres in the order of simulation, those that share most first; a genre that only repeats another
    one's tracks is not simulated."""
    home: Integers
    """(S,) the genre in which the tracks of each label set are simulated: its first in `order`."""


def plan_tracks(figures: Figures, rows: int, rng: np.random.Generator) -> Plan:
    """Share `rows` out among genres, duplicates and label sets."""
    by_genre = rows_by_genre(figures, rows)
    own = figures.twin_of < 0
    duplicates = systematic_counts(figures.duplicate_share * by_genre, rng)
    duplicates[~own] = duplicates[figures.twin_of[~own]]
    tracks = by_genre - duplicates
    wanted = systematic_counts(figures.label_share * rows / len(figures.genres), rng)
    shared = figures.label_share @ figures.label_sets
    order = np.array([genre for genre in np.argsort(-shared, kind="stable") if own[genre]])
    turn = np.full(len(own), len(own))
    turn[order] = np.arange(len(order))
    home = np.where(figures.label_sets, turn, len(own)).argmin(axis=1)
    return Plan(tracks, duplicates, _fitting(figures.label_sets, wanted, tracks), order, home)


def rows_by_genre(figures: Figures, rows: int) -> Integers:
    """Equal rows for all; leftovers go to genres whose tracks no other genre repeats, one each."""
    genres = len(figures.genres)
    counts = np.full(genres, rows // genres)
    twins = figures.twin_of >= 0
    apart = np.setdiff1d(np.arange(genres), np.concatenate([np.flatnonzero(twins), figures.twin_of[twins]]))
    return counts + np.bincount(apart[np.arange(rows % genres) % len(apart)], minlength=genres)


def systematic_counts(expected: Floats, rng: np.random.Generator) -> Integers:
    """Whole counts, each within one of its expectation and right on average, as is every partial sum."""
    edges = np.floor(np.concatenate([[0.0], np.cumsum(expected)]) + rng.random())
    return np.diff(edges).astype(np.int64)


def _fitting(label_sets: NDArray[np.bool_], wanted: Integers, tracks: Integers) -> Integers:
    """Cut the wanted tracks of each label set down to what its genres still have room for."""
    left, granted = tracks.copy(), np.zeros_like(wanted)
    for index, members in enumerate(label_sets):
        granted[index] = min(wanted[index], left[members].min())
        left[members] -= granted[index]
    return granted


def draw_artists(
    figures: Figures, genre: int, tracks: int, rows: int, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Artist and recording of each of a genre's home tracks, numbered from 0 and sorted by both.

    A genre of more than 1,000 `rows` gets more artists, not larger ones; one of fewer is what is left of
    1,000 rows when rows are dropped at random.
    """
    copies = -(-rows // _TABLE_ROWS)
    slots = round(tracks * copies * _TABLE_ROWS / rows)
    owner = _slot_owners(figures, genre, copies, rng)[:slots]
    first = np.diff(owner, prepend=-1) != 0
    repeats = figures.reissue_share[genre] * slots / max(1, slots - first.sum())
    recording = np.cumsum(first | (rng.random(slots) >= repeats))
    kept = np.sort(rng.permutation(slots)[:tracks])
    return (
        np.unique(owner[kept], return_inverse=True)[1],
        np.unique(recording[kept], return_inverse=True)[1],
    )


def _slot_owners(figures: Figures, genre: int, copies: int, rng: np.random.Generator) -> Integers:
    """The artist of each of 1,000 x `copies` rows; one artist's rows stand together, artists at random."""
    artists = int(figures.artists[genre]) * copies
    held = np.interp(np.linspace(0, 1, artists + 1), ARTIST_LEVELS, figures.artist_curve[genre])
    sizes = rng.permutation(np.diff(held)) * copies * _TABLE_ROWS
    return np.repeat(np.arange(artists), systematic_counts(sizes, rng))
