"""Which titles are the same song, and how such rows are counted and weighted."""

import numpy as np
import pandas as pd
import pytest

from genreglm.study.near_duplicates import plain_title, song_codes, with_song_rows
from genreglm.tracks.ledger import Ledger


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Song", "song"),
        ("  Two   Words ", "two words"),
        ("Song - Remastered 2011", "song"),
        ("Song - 2011 Remaster", "song"),
        ("Song (2009 Digital Remaster)", "song"),
        ("Song (feat. Somebody & Others) - Radio Edit", "song"),
        ("Song [ft. Somebody]", "song"),
        ("Song - Live at the Hall, 1977", "song"),
        ("Song (Live)", "song"),
        ("Song - Ao Vivo", "song"),
        ("Song - En Vivo en el Estadio", "song"),
        ("Song - Remix", "song"),
        ("Song - 1991 Remix", "song"),
        ("Song - Single Version / Mono", "song"),
        ("Song - Original Mix", "song"),
        ("Song (Remastered) - Live", "song"),
        # What makes another track of it, or belongs to the title, stays.
        ("Song - Somebody Remix", "song - somebody remix"),
        ("Song - Acoustic", "song - acoustic"),
        ("Song (Instrumental)", "song (instrumental)"),
        ("Song, Pt. 2", "song, pt. 2"),
        ("Live", "live"),
        ("(Live)", "(live)"),
        ("Live Forever", "live forever"),
        ("Nocturne - No. 2", "nocturne - no. 2"),
        ("Featuring Nobody", "featuring nobody"),
        ("1999", "1999"),
        ("", ""),
    ],
)
def test_only_editions_and_guests_are_left_out(title: str, plain: str) -> None:
    assert plain_title(title) == plain
    assert plain_title(plain) == plain


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "track_id": ["1", "2", "3", "4", "5", "1", "6", "7"],
            "artists": ["A", "A;B", "B", "A", "C", "A", None, None],
            "artist": ["A", "A", "B", "A", "C", "A", "track 6", "track 7"],
            "track_name": ["Song", "Song - Live", "Song", "Other", None, "song", "Song", "Song"],
            "track_genre": ["pop", "pop", "pop", "pop", "pop", "rock", "pop", "pop"],
        }
    )


def test_songs_are_known_by_first_artist_and_title() -> None:
    codes = song_codes(table())
    assert codes[0] == codes[1] == codes[5]
    assert len(set(codes.tolist())) == 6
    assert song_codes(table().drop(columns="track_name")).tolist() == list(range(8))


@pytest.mark.parametrize("as_one", [True, False])
def test_rows_are_counted_within_genres_and_none_is_dropped(as_one: bool) -> None:
    ledger = Ledger()
    rows = with_song_rows(table(), ledger, as_one=as_one)
    assert rows["song_rows"].tolist() == [2, 2, 1, 1, 1, 1, 1, 1]
    assert len(rows) == 8
    assert ledger.rows_dropped == 0
    several, again = ledger.entries
    assert (several.count, several.detail) == (3, "1 song; 1 of the rows name an edition or a guest")
    assert (again.count, again.action) == (2, "weighted as one" if as_one else "kept")


def test_a_table_without_names_has_no_songs() -> None:
    ledger = Ledger()
    rows = with_song_rows(table()[["artist", "track_genre"]], ledger, as_one=True)
    assert np.array_equal(rows["song_rows"], np.ones(8))
    assert [entry.count for entry in ledger.entries] == [0, 0]
