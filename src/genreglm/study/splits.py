"""Who is held out: artists for the headline, random rows beside it, and a fold of artists for choosing strengths."""

import numpy as np
import pandas as pd

from genreglm.errors import DataError
from genreglm.evaluation import grouped_folds, random_folds


def assign_splits(rows: pd.DataFrame, *, test_share: int, valid_share: int, seed: int) -> pd.DataFrame:
    """Return `split_artist` ("train", "valid", "test") and `split_random` ("train", "test") for each row.

    One in `test_share` artists is held out for the test; of the others, one in `valid_share` for choosing
    strengths. An artist's rows, and so a track's, stay together. A genre that no training artist has left gets
    its held-out artists back: a model cannot be asked for a genre that it never saw.

    Raises
    ------
    DataError
        Where there are too few artists, or nothing is left to test on.
    """
    artists, needed = rows["artist"].nunique(), max(test_share, 2 * valid_share)
    if artists < needed:
        raise DataError(
            f"The table names {artists:,} artists; a study that holds out one in {test_share} for the test, and of "
            f"the others one in {valid_share}, needs at least {needed}. Give tracks by more artists, or, if the "
            'column of artists is not worth keeping, leave it out: columns.artists = "" in study.toml.'
        )
    test = grouped_folds(rows["artist"], test_share, seed) == 0
    split = np.where(test, "test", "train").astype(object)
    split[~test] = np.where(grouped_folds(rows["artist"][~test], valid_share, seed + 1) == 0, "valid", "train")
    give_back(rows, split)
    if not (split == "test").any() or not (split == "valid").any():
        raise DataError(
            "No artists are left to hold out: every genre rests on one or two artists. A study of unseen artists "
            "needs at least 2 artists in most genres."
        )
    random = np.where(random_folds(len(rows), test_share, seed) == 0, "test", "train")
    return pd.DataFrame({"split_artist": split.astype(str), "split_random": random}, index=rows.index)


def give_back(rows: pd.DataFrame, split: np.ndarray) -> None:
    """Move the artists of genres without training rows to the training rows, until every genre has some."""
    genre, artist = rows["track_genre"].to_numpy(), rows["artist"].to_numpy()
    while True:
        absent = np.setdiff1d(genre, genre[split == "train"])
        if not len(absent):
            return
        split[np.isin(artist, artist[np.isin(genre, absent)])] = "train"
