"""Which column of a table is which: the canonical names, the names that other tables use, and the choice.

A column is recognised by its name with case, spaces and punctuation left out, so that `Track Genre`,
`trackGenre` and `track_genre` are one. Where two columns could be the same thing the table is refused, and
the message says what to write; nothing is guessed from the values.
"""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from genreglm.errors import DataError, OptionError

GENRE = "track_genre"
UNIT_FEATURES = (
    "danceability",
    "energy",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
)
AUDIO = (
    "danceability",
    "energy",
    "loudness",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
)
FACTORS = ("key", "mode", "time_signature", "explicit")
NAMES = ("track_id", "artists", "album_name", "track_name")
REQUIRED = (*AUDIO, "duration_ms", GENRE)
CANONICAL = (
    *NAMES,
    "popularity",
    "duration_ms",
    "explicit",
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "time_signature",
    GENRE,
)

# Names in order of preference, without case and punctuation. A name that could mean something else is absent.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "track_id": ("trackid", "spotifyid", "spotifytrackid", "trackuri", "uri", "id"),
    "artists": (
        "artists",
        "artist",
        "artistname",
        "artistsname",
        "artistnames",
        "trackartist",
        "trackartists",
    ),
    "album_name": ("albumname", "album", "trackalbumname", "trackalbum"),
    "track_name": ("trackname", "track", "songname", "song", "tracktitle", "songtitle", "title", "name"),
    "popularity": ("popularity", "trackpopularity", "songpopularity", "spotifypopularity"),
    "duration_ms": (
        "durationms",
        "trackdurationms",
        "songdurationms",
        "durations",
        "durationsec",
        "durationseconds",
        "durationmin",
        "durationmins",
        "durationminutes",
        "duration",
        "trackduration",
        "songduration",
        "length",
    ),
    "explicit": ("explicit", "isexplicit", "trackexplicit"),
    "danceability": ("danceability",),
    "energy": ("energy",),
    "key": ("key", "trackkey", "musickey", "keyname", "keysignature"),
    "loudness": ("loudness", "loudnessdb"),
    "mode": ("mode", "audiomode", "trackmode"),
    "speechiness": ("speechiness",),
    "acousticness": ("acousticness",),
    "instrumentalness": ("instrumentalness",),
    "liveness": ("liveness",),
    "valence": ("valence", "audiovalence"),
    "tempo": ("tempo", "tempobpm", "bpm", "beatsperminute"),
    "time_signature": ("timesignature", "meter", "metre"),
    GENRE: (
        "trackgenre",
        "genre",
        "genres",
        "genrename",
        "musicgenre",
        "songgenre",
        "playlistgenre",
        "topgenre",
        "maingenre",
        "primarygenre",
        "subgenre",
        "playlistsubgenre",
    ),
}

# Milliseconds in the unit that the name of a duration column states.
DURATION_UNITS: Mapping[str, float] = {
    "durationms": 1.0,
    "trackdurationms": 1.0,
    "songdurationms": 1.0,
    "durations": 1_000.0,
    "durationsec": 1_000.0,
    "durationseconds": 1_000.0,
    "durationmin": 60_000.0,
    "durationmins": 60_000.0,
    "durationminutes": 60_000.0,
}

# Where several columns name a track, any of them names it: no model is built on these.
_INTERCHANGEABLE = ("track_id", "album_name", "track_name")


@dataclass(frozen=True)
class Assignment:
    """Canonical name -> column of the table, and what there is to say about the choice."""

    source: Mapping[str, str]
    unused: tuple[str, ...]
    notes: tuple[str, ...]


def plain(name: str) -> str:
    """A column name without case, spaces and punctuation."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def assign(
    found: Iterable[str],
    genre_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    genre_required: bool = True,
) -> Assignment:
    """Decide which column is which.

    `columns` maps canonical names to columns of the table and overrides what would be recognised; an empty
    name leaves that column out. `genre_column` is short for `columns[track_genre]`.

    Raises `OptionError` for an unknown canonical name, `DataError` where a name is absent or the choice open.
    """
    names = list(found)
    chosen = _told(names, genre_column, columns or {})
    taken = set(chosen.values())
    free = {name: plain(name) for name in names if name not in taken}
    notes: list[str] = []
    for canonical in CANONICAL:
        if canonical not in chosen:
            candidates = _candidates(free, canonical)
            if candidates:
                chosen[canonical] = _decide(canonical, candidates, notes)
    source = {name: chosen[name] for name in CANONICAL if chosen.get(name)}
    unused = tuple(n for n in names if n not in source.values())
    _refuse_missing(source, unused, genre_required)
    renamed = [f"{theirs} read as {ours}" for ours, theirs in source.items() if ours != theirs]
    if renamed:
        notes.append("Columns recognised: " + "; ".join(renamed) + ".")
    if unused:
        notes.append("Columns not used: " + _listed(unused) + ".")
    return Assignment(source, unused, tuple(notes))


def _told(names: list[str], genre_column: str | None, columns: Mapping[str, str]) -> dict[str, str]:
    told = dict(columns)
    unknown = sorted(set(told) - set(CANONICAL))
    if unknown:
        raise OptionError(
            f"[columns] names {', '.join(unknown)}, which is no column that the study knows. "
            f"On the left may stand: {', '.join(CANONICAL)}."
        )
    if genre_column is not None:
        if told.get(GENRE, genre_column) != genre_column:
            raise OptionError(
                f'genre_column says "{genre_column}" and [columns] says "{told[GENRE]}" for {GENRE}. '
                "Keep one of the two."
            )
        told[GENRE] = genre_column
    return {canonical: _exactly(theirs, names, canonical) for canonical, theirs in told.items()}


def _exactly(wanted: str, names: list[str], canonical: str) -> str:
    """The column meant by a name that the user wrote; "" stays "" (leave the column out)."""
    if not wanted or wanted in names:
        return wanted
    same = [n for n in names if plain(n) == plain(wanted)]
    if len(same) == 1:
        return same[0]
    close = difflib.get_close_matches(wanted, names, n=3)
    hint = f"Did you mean {_quoted(close)}? " if close else ""
    raise DataError(
        f'The table has no column "{wanted}", which was named as {canonical}. {hint}Its columns are: {_listed(names)}.'
    )


def _candidates(free: Mapping[str, str], canonical: str) -> list[str]:
    """Columns (name -> plain name) that may be the canonical one, the preferred name first."""
    aliases = ALIASES[canonical]
    return sorted((name for name in free if free[name] in aliases), key=lambda name: aliases.index(free[name]))


def _decide(canonical: str, candidates: list[str], notes: list[str]) -> str:
    if canonical in candidates:
        picked = canonical
    elif len(candidates) == 1 or canonical in _INTERCHANGEABLE:
        picked = candidates[0]
    else:
        raise DataError(_open_choice(canonical, candidates))
    if len(candidates) > 1:
        others = _quoted(c for c in candidates if c != picked)
        notes.append(f'"{picked}" was taken as {canonical}; {others} could have been, and was left aside.')
    return picked


def _open_choice(canonical: str, candidates: list[str]) -> str:
    line = f'genre_column = "{candidates[0]}"' if canonical == GENRE else _columns_line(canonical, candidates[0])
    option = f" (or --genre-column {candidates[0]})" if canonical == GENRE else ""
    return (
        f"The table has {len(candidates)} columns that may be {canonical}: {_quoted(candidates)}. "
        f"Say which in study.toml, for example {line}{option}."
    )


def _refuse_missing(source: Mapping[str, str], unused: tuple[str, ...], genre_required: bool) -> None:
    if genre_required and GENRE not in source:
        raise DataError(
            "The table has no column that is recognised as the genre. Name it in study.toml, for example "
            f'genre_column = "{unused[0] if unused else "style"}", or with --genre-column. '
            f"Columns not recognised: {_listed(unused) or 'none'}."
        )
    missing = [n for n in REQUIRED if n not in source and n != GENRE]
    if missing:
        example = _columns_line(missing[0], unused[0] if unused else "its name in the table")
        raise DataError(
            f"The table lacks {', '.join(missing)}. The study needs {', '.join(AUDIO)} and duration_ms, as "
            f"Spotify's audio features define them. If a column has them under another name, say so in "
            f"study.toml, for example {example}. "
            f"Columns not recognised: {_listed(unused) or 'none'}."
        )


def _columns_line(canonical: str, theirs: str) -> str:
    return f'columns.{canonical} = "{theirs[:60]}"'


def _listed(names: Iterable[str], limit: int = 30) -> str:
    shown = [n[:60] for n in names]
    return ", ".join(shown[:limit]) + (f" and {len(shown) - limit} more" if len(shown) > limit else "")


def _quoted(names: Iterable[str]) -> str:
    return " and ".join(f'"{n[:60]}"' for n in names)
