"""Which genres belong together, and which labels are no sounds: a table that comes along, or the user's own.

A label is no sound where its name tells only the language or nation that the music is from, a mood, or a use. Where
the name tells a style as well (`j-rock`, `mandopop`) it can be heard, and counts as a sound. Families follow what
the names mean among musicians, and where this table's tracks are plainly of another style (`note` says so) that.
They rest on no feature and no model's mistakes, so that what a model scores on them is its own merit.
"""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import pandas as pd

from genreglm.errors import DataError
from genreglm.evaluation import checked_families
from genreglm.study.context import Study
from genreglm.study.store import Store

_DEFAULT = "data/families.csv"


def genre_families(path: str | Path | None = None) -> pd.DataFrame:
    """Return genre, family, kind, note: the 114 genres of the Spotify table in 14 families, or those of a CSV file.

    Parameters
    ----------
    path : a CSV file with the columns `genre` and `family`, and, if wanted, `kind` ("sound", "language", "mood" or
        "use"; a sound where it is absent) and `note`

    Raises
    ------
    DataError
        Where the file cannot be read, lacks a column, names a genre twice, or has another kind.
    """
    if path is None:
        with files("genreglm.study").joinpath(_DEFAULT).open(encoding="utf-8") as handle:
            return checked_families(pd.read_csv(handle, dtype=str, keep_default_na=False))
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} could not be read as a CSV file of families: {error}") from error
    return checked_families(table)


def families_of(study: Study, genres: Iterable[str]) -> pd.DataFrame | None:
    """Return the families of a study's genres; None where it goes without.

    The user's own file must name them all. The default is for the genres of the Spotify table: where a table has
    others too, the study has no families, and says which genres are unknown.

    Raises
    ------
    DataError
        Where the user's file does not name some genres, with their names.
    """
    path, wanted = study.config.families, sorted(set(genres))
    table = genre_families(path)
    missing = [genre for genre in wanted if genre not in set(table["genre"])]
    if missing and path is not None:
        raise DataError(
            f"{path} names no family for {', '.join(missing)}. Add a line for each genre of the table, or leave "
            "families out of study.toml to go without."
        )
    if missing:
        study.note(
            f"no families: the default map does not know {len(missing)} of {len(wanted)} genres "
            f"({', '.join(missing[:5])}{', ...' if len(missing) > 5 else ''}); families in study.toml takes your own"
        )
        return None
    return table[table["genre"].isin(wanted)].reset_index(drop=True)


def with_kind(store: Store, table: pd.DataFrame) -> pd.DataFrame:
    """Add the column `kind` to a table with a row a genre, where the study has families."""
    if not store.has("tables/genre_families.csv"):
        return table
    kinds = store.read_table("genre_families").set_index("genre")["kind"]
    return table.assign(kind=table["genre"].map(kinds))
