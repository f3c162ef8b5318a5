import numpy as np
import pandas as pd
import pytest

from genreglm.study.artist_folds import artist_folds
from simulated import tracks


def frame(rows: int = 900, **options: object) -> pd.DataFrame:
    return tracks(rows=rows, genres=4, seed=3, strength=1.5, **options).rename(columns={"genre": "track_genre"})


def test_each_artist_is_tested_once_and_beats_chance() -> None:
    rows = frame()
    table = artist_folds("track_genre ~ energy + valence + C(key)", rows, 1.0, 5, 0)
    assert table["fold"].tolist() == [0, 1, 2, 3, 4]
    assert table["artists"].sum() == rows["artist"].nunique()
    assert table["rows"].sum() == len(rows)
    assert (table["unseen"] == 0).all()
    assert table["top_1"].mean() > 0.35
    assert table["log_loss"].mean() < np.log(4)


def test_a_genre_of_one_artist_cannot_be_told() -> None:
    rows = frame()
    rows.loc[rows["track_genre"] == "blues", "artist"] = "the only one"
    table = artist_folds("track_genre ~ energy + valence", rows, 1.0, 5, 0)
    assert table["unseen"].sum() == (rows["track_genre"] == "blues").sum()
    assert table["rows"].sum() + table["unseen"].sum() == pytest.approx(len(rows))
    assert np.isfinite(table["log_loss"]).all()


@pytest.mark.parametrize("level", ["A", "F"])  # the base of the factor, and its last level
def test_a_level_of_one_artist_stops_nothing(level: str) -> None:
    rows = frame()
    rows.loc[rows["artist"] == "artist 1", "key"] = level
    table = artist_folds("track_genre ~ energy + valence + C(key)", rows, 1.0, 5, 0)
    assert table["rows"].sum() == len(rows)
    assert (table["unseen"] == 0).all()
    assert np.isfinite(table["log_loss"]).all()
    assert table["log_loss"].mean() < np.log(4)
