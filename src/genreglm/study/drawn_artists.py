"""All tracks of some artists, out of more rows than memory holds.

An artist is drawn by a hash of the name, so that the same ones are drawn wherever their tracks lie, and every batch of
rows can be told apart by itself. What is honest of a study of them is honest of the table: it never splits an artist.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError, OptionError
from genreglm.sources import ParquetRows
from genreglm.study.config import StudyConfig
from genreglm.tracks import cells
from genreglm.tracks.columns import assign

_ALL = 2.0**64
_USUAL_ROWS = 120_000


@dataclass(frozen=True)
class ArtistDraw:
    """Which artists of some Parquet files are drawn.

    Attributes
    ----------
    files : all rows
    artists : the column that names a track's artists, the first of whom counts
    share : of the artists that are drawn
    seed : of the draw
    """

    files: ParquetRows
    artists: str
    share: float
    seed: int

    def batches(self) -> Iterator[tuple[pd.DataFrame, NDArray[np.uint64], NDArray[np.bool_]]]:
        """Yield some rows, a hash of the artist of each, and whether the artist is drawn."""
        done = 0
        for rows in self.files.batches(self.files.names):
            if len(rows):
                hashes = self._hashes(rows[self.artists], done)
                yield rows, hashes, hashes < self.share * _ALL
                done += len(rows)

    def drawn(self) -> pd.DataFrame:
        """Return the tracks of the artists that are drawn.

        Raises
        ------
        DataError
            Where there are none.
        """
        found = pd.concat([rows[own] for rows, _, own in self.batches()], ignore_index=True)
        if found.empty:
            raise DataError(f"No artist of {self.files.rows:,} rows was drawn. Ask for a larger --sample.")
        return found

    def _hashes(self, names: pd.Series, done: int) -> NDArray[np.uint64]:
        """Return a hash of each row's artist; of its place where none is named."""
        first = cells.artists(names).str.split(";").str[0].str.strip().str.casefold().fillna("")
        places = pd.Series(np.arange(done, done + len(first)).astype(str), index=first.index)
        told = first.where(first != "", "row " + places)
        hashed: Any = pd.util.hash_array(told.to_numpy(dtype=object), hash_key=f"{self.seed:016d}")
        return np.asarray(hashed, dtype=np.uint64)


def address(path: Path) -> str:
    """Return a path as it was written: `Path` makes one slash of the two in s3://bucket/tracks/."""
    return re.sub(r"^([a-zA-Z][a-zA-Z0-9+.-]+):/(?=[^/])", r"\1://", str(path))


def artist_draw(config: StudyConfig) -> ArtistDraw | None:
    """Draw so many artists of a table that about `config.sample` rows are theirs; None for a study of all rows.

    Raises
    ------
    DataError
        For files that cannot be read, and a table that names no artists.
    OptionError
        For the built-in example, which is in memory.
    """
    if not config.out_of_core:
        return None
    if config.data is None:
        raise OptionError("--out-of-core is for Parquet files: name them. The built-in example fits in memory.")
    files = ParquetRows.open(address(config.data))
    found = assign(list(files.names), config.genre_column, config.columns).source
    if "artists" not in found:
        raise DataError(
            f"{config.data}: no column names the artists, and tracks are drawn by artist. Expected a column such as "
            f'artists; the table has {", ".join(files.names)}. Name it in study.toml: columns.artists = "..."'
        )
    share = min(1.0, (config.sample or _USUAL_ROWS) / files.rows)
    return ArtistDraw(files, found["artists"], share, config.seed)
