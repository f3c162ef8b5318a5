"""The built-in example: simulated tracks that tell the real table's story.

No row here is a real track: the tracks are simulated from the per-genre figures in `example_figures`, and
their names and identifiers say so ("Simulated Artist 00123").
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from genreglm.errors import OptionError
from genreglm.files import whole_file
from genreglm.study.example_features import FEATURES
from genreglm.study.example_figures import Floats, Integers, load_figures
from genreglm.study.example_tracks import Credits, simulate_tracks

MOST_ROWS = 1_000_000
_FEWEST_ROWS_PER_GENRE = 2
_WHOLE = ("popularity", "duration_ms", "key", "mode", "time_signature")
_THREE_DECIMALS = ("loudness", "tempo")
_NAMES = ["artists", "album_name", "track_name"]
_COLUMNS = [
    *("track_id", *_NAMES, "popularity", "duration_ms", "explicit", "danceability", "energy", "key"),
    *("loudness", "mode", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"),
    *("tempo", "time_signature", "track_genre"),
]


def example_tracks(rows: int = 11_400, seed: int = 0) -> pd.DataFrame:
    """Simulated tracks in the columns, order and types of the Kaggle Spotify table.

    The tracks are simulated, not real: within each of 114 genres a Gaussian copula with artist effects has
    the quantiles, correlations and factor frequencies of the real table. Like the real table it is
    sorted by genre and holds tracks under several genres, re-issued recordings, exact duplicates, tracks
    without a beat, empty cells of `explicit` and `time_signature`, and one row without names. A small table
    is like the real one with tracks left out at random; in one larger than 114,000 rows there are more
    artists, not larger ones.

    Args:
        rows: Number of rows, the same for each genre as nearly as can be; 228 to 1,000,000.
        seed: Same seed, same table.

    Raises:
        OptionError: `rows` is not a whole number in that range, or `seed` not one of at least 0.
    """
    figures = load_figures()
    _check_whole("rows", rows, _FEWEST_ROWS_PER_GENRE * len(figures.genres), MOST_ROWS)
    _check_whole("seed", seed, 0, None)
    tracks = simulate_tracks(figures, rows, np.random.default_rng(seed))
    track = np.concatenate(tracks.rows)
    genre = np.repeat(figures.genres.astype(object), [len(rows_of) for rows_of in tracks.rows])
    distinct = _rounded(tracks.features).assign(**_names(tracks.credits))
    table = distinct.iloc[track].reset_index(drop=True).assign(track_genre=genre)[_COLUMNS]
    table.loc[_row_without_names(track), _NAMES] = None
    return table.astype({"track_genre": table["track_id"].dtype})


def _check_whole(name: str, value: object, least: int, most: int | None) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):  # type: ignore[operator]
        allowed = f"from {least:,} to {most:,}" if most is not None else f"of at least {least}"
        raise OptionError(f"{name} is {value!r}; the example takes a whole number {allowed}.")


def _rounded(features: Floats) -> pd.DataFrame:
    """Features with the digits that Spotify gives: three significant ones for what lies between 0 and 1."""
    table = pd.DataFrame(features, columns=list(FEATURES))
    for name in table.columns.difference([*_WHOLE, *_THREE_DECIMALS, "explicit"]):
        table[name] = _significant(table[name].to_numpy(), 3)
    table[list(_THREE_DECIMALS)] = table[list(_THREE_DECIMALS)].round(3)
    table[list(_WHOLE)] = table[list(_WHOLE)].round().astype(np.int64)
    return table.astype({"explicit": bool})


def _significant(values: Floats, digits: int) -> Floats:
    """Round to so many significant digits, each value as the decimal number would be read from a file.

    The divisor is a power of ten that a double holds exactly, so the quotient is the nearest double.
    """
    magnitude = np.floor(np.log10(values, where=values > 0, out=np.zeros_like(values)))
    unit = 10.0 ** (digits - 1 - magnitude)
    rounded: Floats = np.rint(values * unit) / unit
    return rounded


def _names(credits: Credits) -> dict[str, list[str]]:
    artists = [
        f"Simulated Artist {first:05d}" + (f";Simulated Artist {second:05d}" if second >= 0 else "")
        for first, second in zip(credits.artist.tolist(), credits.featured.tolist(), strict=True)
    ]
    return {
        "track_id": [f"sim{number:019d}" for number in range(len(artists))],
        "artists": artists,
        "album_name": [f"Simulated Album {number:06d}" for number in credits.album.tolist()],
        "track_name": [f"Simulated Track {number:06d}" for number in credits.recording.tolist()],
    }


def _row_without_names(track: Integers) -> int:
    """The first row whose track has no other row: the real table has exactly one row without names."""
    _, first, rows = np.unique(track, return_index=True, return_counts=True)
    return int(first[rows == 1].min())


def write_example(path: str | os.PathLike[str], rows: int = 11_400, seed: int = 0) -> pd.DataFrame:
    """Write simulated tracks to a file and return them; see `example_tracks`.

    A name ending in `.parquet` gives Parquet, one in `.csv` the layout of the file downloaded from Kaggle with
    its unnamed index column. The file is complete or not there at all.

    Raises:
        OptionError: Another suffix, or `rows` or `seed` out of range.
        OutputError: The file cannot be written there.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise OptionError(f"The example cannot be written as {target.name!r}; give a name in .csv or .parquet.")
    table = example_tracks(rows, seed)
    with whole_file(target) as partial:
        _write(table, partial, suffix)
    return table


def _write(table: pd.DataFrame, path: Path, suffix: str) -> None:
    with path.open("wb") as stream:
        if suffix == ".parquet":
            table.to_parquet(stream, index=False)
        else:
            table.to_csv(stream, index=True, lineterminator="\n")
