import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genreglm.errors import DataError
from genreglm.study.splits import assign_splits


def table(artists: int, rows: int, genres: int = 3) -> pd.DataFrame:
    numbers = pd.Series(range(rows))
    return pd.DataFrame(
        {"artist": "a" + (numbers % artists).astype(str), "track_genre": "g" + (numbers % genres).astype(str)}
    )


def test_shares_are_about_what_was_asked_for() -> None:
    rows = table(artists=400, rows=4_000)
    splits = assign_splits(rows, test_share=5, valid_share=4, seed=0)
    by_artist = splits.groupby(rows["artist"])["split_artist"].first().value_counts()
    assert by_artist.to_dict() == {"train": 240, "test": 80, "valid": 80}
    assert splits["split_random"].value_counts().to_dict() == {"train": 3_200, "test": 800}


@given(seed=st.integers(0, 2**32 - 1), artists=st.integers(10, 60), genres=st.integers(2, 6))
def test_artists_stay_together_and_every_genre_is_learnt(seed: int, artists: int, genres: int) -> None:
    rows = table(artists, 240, genres)
    try:
        splits = assign_splits(rows, test_share=5, valid_share=5, seed=seed)
    except DataError:
        return  # nobody is left to hold out, which the other tests look at
    assert splits.groupby(rows["artist"])["split_artist"].nunique().max() == 1
    training = rows["track_genre"][splits["split_artist"] == "train"]
    assert set(training) == set(rows["track_genre"])
    assert set(splits["split_artist"]) == {"train", "valid", "test"}
    assert set(splits["split_random"]) == {"train", "test"}


def test_the_seed_decides() -> None:
    rows = table(50, 300)
    one, same, other = (assign_splits(rows, test_share=5, valid_share=5, seed=seed) for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)


def test_genre_of_one_artist_is_never_held_out() -> None:
    rows = pd.concat(
        [table(60, 300), pd.DataFrame({"artist": "lone", "track_genre": ["rare"] * 20})], ignore_index=True
    )
    for seed in range(20):
        split = assign_splits(rows, test_share=2, valid_share=2, seed=seed)["split_artist"]
        assert set(split[rows["artist"] == "lone"]) == {"train"}


@pytest.mark.parametrize(("test_share", "valid_share", "needed"), [(5, 5, 10), (20, 2, 20), (2, 20, 40)])
def test_too_few_artists_are_refused(test_share: int, valid_share: int, needed: int) -> None:
    with pytest.raises(DataError, match=f"names {needed - 1} artists.*needs at least {needed}"):
        assign_splits(table(needed - 1, 400), test_share=test_share, valid_share=valid_share, seed=0)
    splits = assign_splits(table(needed, 400, 2), test_share=test_share, valid_share=valid_share, seed=0)
    assert set(splits["split_artist"]) == {"train", "valid", "test"}


def test_genres_of_one_artist_each_leave_nobody_to_hold_out() -> None:
    rows = pd.DataFrame(
        {"artist": [f"a{i % 20}" for i in range(200)], "track_genre": [f"g{i % 20}" for i in range(200)]}
    )
    with pytest.raises(DataError, match="No artists are left to hold out"):
        assign_splits(rows, test_share=5, valid_share=5, seed=0)
