"""The simulated tracks behind the example, before names and rows: features, artists, genres of each."""

from dataclasses import dataclass

import numpy as np

from genreglm.study.example_features import FEATURES, may_enter, simulate_features
from genreglm.study.example_figures import Figures, Floats, Integers
from genreglm.study.example_plan import Plan, draw_artists, plan_tracks

_TRACKS_PER_ALBUM = 8
# Tracks of one artist tend to be filed under the same genres: at 1 they always are, at 0 by chance only.
_FILED_ALIKE = 0.8
_NOBODY = -1


@dataclass(frozen=True)
class Credits:
    """Numbers of what a listener sees of each of T tracks."""

    artist: Integers
    """(T,) the first artist."""
    featured: Integers
    """(T,) a second artist, or -1."""
    recording: Integers
    """(T,) the recording; re-issues share it."""
    album: Integers
    """(T,) the album."""


@dataclass(frozen=True)
class SimulatedTracks:
    """Distinct simulated tracks (T of them) and the rows of each genre."""

    features: Floats
    """(T, features), in the order of `FEATURES`, not yet rounded."""
    credits: Credits
    rows: tuple[Integers, ...]
    """For each genre the tracks in its rows, exact duplicates included, in random order."""


def simulate_tracks(figures: Figures, rows: int, rng: np.random.Generator) -> SimulatedTracks:
    """Simulate the tracks of a table with `rows` rows, genre by genre."""
    plan = plan_tracks(figures, rows, rng)
    features = np.zeros((int(plan.tracks.sum()), len(FEATURES)))
    members: list[list[Integers]] = [[np.empty(0, dtype=np.int64)] for _ in figures.genres]
    credited: list[Credits] = []
    start = 0
    for genre in plan.order:
        guests = np.concatenate(members[genre])
        new = np.arange(start, start + plan.tracks[genre] - len(guests))
        start += len(new)
        artist, recording = draw_artists(figures, genre, len(new), int(plan.tracks[genre]), rng)
        features[new] = simulate_features(figures, genre, features[guests], artist, recording, rng)
        credited.append(_credits(artist, recording, float(figures.featured_share[genre]), rng))
        members[genre].append(new)
        _file_under_labels(figures, plan, genre, new[_filing_order(artist, rng)], features, members)
    rows_of = _genre_rows(figures, plan, members, rng)
    return SimulatedTracks(features[:start], _joined(credited), rows_of)


def _credits(artist: Integers, recording: Integers, featured_share: float, rng: np.random.Generator) -> Credits:
    """Credits of one genre's home tracks, numbered from 0; `artist` and `recording` are sorted."""
    featured = rng.permutation(artist)
    featured[(rng.random(len(artist)) >= featured_share) | (featured == artist)] = _NOBODY
    place = np.arange(len(artist)) - np.searchsorted(artist, artist)
    reissue = np.diff(recording, prepend=-1) == 0
    album = np.cumsum(reissue | (place % _TRACKS_PER_ALBUM == 0)) - 1
    return Credits(artist, featured, recording, album)


def _joined(parts: list[Credits]) -> Credits:
    """One numbering for all genres."""

    def shifts(numbers: list[Integers]) -> Integers:
        return np.cumsum([0] + [int(part.max(initial=-1)) + 1 for part in numbers])

    people = shifts([part.artist for part in parts])
    recordings, albums = shifts([part.recording for part in parts]), shifts([part.album for part in parts])
    return Credits(
        np.concatenate([part.artist + by for part, by in zip(parts, people, strict=False)]),
        np.concatenate(
            [
                np.where(part.featured == _NOBODY, _NOBODY, part.featured + by)
                for part, by in zip(parts, people, strict=False)
            ]
        ),
        np.concatenate([part.recording + by for part, by in zip(parts, recordings, strict=False)]),
        np.concatenate([part.album + by for part, by in zip(parts, albums, strict=False)]),
    )


def _filing_order(artist: Integers, rng: np.random.Generator) -> Integers:
    """Positions of a genre's home tracks in the order in which label sets are given out."""
    by_artist = rng.random(int(artist.max(initial=-1)) + 1)[artist]
    return np.argsort(_FILED_ALIKE * by_artist + (1 - _FILED_ALIKE) * rng.random(len(artist)))


def _file_under_labels(
    figures: Figures,
    plan: Plan,
    genre: int,
    tracks: Integers,
    features: Floats,
    members: list[list[Integers]],
) -> None:
    """Enter a genre's home tracks as guests of the other genres of the label sets at home in it.

    A track keeps out of a genre where one of its categories never occurs (explicit in `gospel`, say); if a
    label set finds too few tracks for that, its other genres simulate more of their own.
    """
    for label in np.flatnonzero((plan.home == genre) & (plan.label_tracks > 0)):
        others = np.setdiff1d(np.flatnonzero(figures.label_sets[label]), [genre])
        chosen = np.flatnonzero(may_enter(figures, others, features[tracks]))[: plan.label_tracks[label]]
        for other in others:
            members[other].append(tracks[chosen])
        tracks = np.delete(tracks, chosen)


def _genre_rows(
    figures: Figures, plan: Plan, members: list[list[Integers]], rng: np.random.Generator
) -> tuple[Integers, ...]:
    """Each genre's tracks with its exact duplicates, shuffled; a twin has the tracks of its other self."""
    rows = []
    for genre, twin in enumerate(figures.twin_of):
        tracks = np.concatenate(members[twin if twin >= 0 else genre])
        again = rng.choice(tracks, plan.duplicates[genre], replace=False)
        rows.append(rng.permutation(np.concatenate([tracks, again])))
    return tuple(rows)
