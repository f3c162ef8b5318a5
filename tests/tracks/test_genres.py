import pandas as pd
import pytest

from genreglm.tracks import genres


def table(*pairs: tuple[str | None, str], **columns: object) -> pd.DataFrame:
    tracks, labels = zip(*pairs, strict=True)
    return pd.DataFrame({"track_id": list(tracks), "track_genre": list(labels), **columns})


def test_identical_genres_hold_the_same_tracks_in_any_order():
    rows = table(
        *[("1", "songwriter"), ("2", "songwriter"), ("2", "rock"), ("1", "folk"), ("2", "folk"), ("3", "pop")],
        *[("2", "singer-songwriter"), ("1", "singer-songwriter"), ("1", "singer-songwriter")],
    )
    groups = genres.identical_genres(rows)
    assert groups == [("folk", "singer-songwriter", "songwriter")]
    names = genres.merged_names(groups)
    assert names == {"singer-songwriter": "folk", "songwriter": "folk"}
    assert set(genres.rename(rows["track_genre"], names)) == {"folk", "rock", "pop"}


def test_a_genre_with_more_tracks_is_another():
    assert genres.identical_genres(table(("1", "a"), ("2", "a"), ("1", "b"))) == []


def test_one_shared_track_makes_no_identity():
    assert genres.identical_genres(table(("1", "a"), ("1", "b"), ("1", "a"))) == []


def test_a_track_without_a_name_is_its_own():
    rows = table((None, "a"), (None, "b"), ("1", "a"), ("1", "b"))
    codes = genres.track_codes(rows)
    assert len(set(codes)) == 3
    assert codes[2] == codes[3]
    assert genres.identical_genres(rows) == []


@pytest.mark.parametrize(
    ("columns", "tracks"),
    [(["artists", "track_name"], [0, 1, 0, 2]), (["artists"], [0, 1, 2, 3]), ([], [0, 1, 2, 3])],
)
def test_tracks_are_known_by_artists_and_title_where_there_is_no_id(columns, tracks):
    rows = pd.DataFrame(
        {"artists": ["A", "A", "A", "B"], "track_name": ["x", "y", "x", "x"], "track_genre": ["a", "b", "b", "a"]}
    )
    assert genres.track_codes(rows[[*columns, "track_genre"]]).tolist() == tracks


def test_label_sets_are_sorted_and_follow_the_rows():
    rows = table(("1", "rock"), ("2", "rock"), ("1", "folk"), ("1", "rock"), ("3", "pop"))
    rows.index = [10, 11, 12, 13, 14]
    labels = genres.label_sets(rows)
    assert labels.tolist() == ["folk|rock", "rock", "folk|rock", "folk|rock", "pop"]
    assert labels.index.tolist() == [10, 11, 12, 13, 14]


def test_label_ceiling_is_one_row_for_each_track():
    assert genres.label_ceiling(table(("1", "a"), ("1", "b"), ("1", "c"), ("2", "a"))) == 0.5
    assert genres.label_ceiling(table(("1", "a"), ("1", "a"), ("1", "b"))) == pytest.approx(2 / 3)


def test_rare_genres_with_their_rows():
    rows = table(("1", "b"), ("2", "b"), ("3", "a"), ("4", "c"), ("5", "c"), ("6", "c"))
    assert genres.rare_genres(rows, 3) == {"a": 1, "b": 2}
