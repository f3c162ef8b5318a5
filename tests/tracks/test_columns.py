import pytest

from genreglm.errors import DataError, OptionError
from genreglm.tracks.columns import ALIASES, AUDIO, CANONICAL, DURATION_UNITS, REQUIRED, assign, plain

REST = [*AUDIO, "duration_ms"]


def source(names, **told):
    return dict(assign(names, **told).source)


@pytest.mark.parametrize("name", ["track_genre", "Track Genre", "trackGenre", "GENRE", "music_genre", "playlist_genre"])
def test_names_of_the_genre_column(name):
    assert source([*REST, name])["track_genre"] == name


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("track_artist", "artists"),
        ("artist_name", "artists"),
        ("artist(s)_name", "artists"),
        ("track_album_name", "album_name"),
        ("song_name", "track_name"),
        ("track_popularity", "popularity"),
        ("Time Signature", "time_signature"),
    ],
)
def test_other_names_of_optional_columns(theirs, ours):
    assert source([*REST, "genre", theirs])[ours] == theirs


def test_no_name_stands_for_two_things():
    every = [alias for aliases in ALIASES.values() for alias in aliases]
    assert len(every) == len(set(every))
    assert set(ALIASES) == set(CANONICAL)
    assert all(plain(name) == ALIASES[name][0] for name in CANONICAL if name != "track_id")
    assert set(DURATION_UNITS) <= set(ALIASES["duration_ms"])


def test_other_names_of_features_and_the_order_of_the_result():
    names = ["BPM", "audio_valence", "Duration (min)", "danceability_%", "genre", *REST]
    for gone in ("tempo", "valence", "duration_ms", "danceability"):
        names.remove(gone)
    found = source(names)
    assert found["tempo"] == "BPM"
    assert found["valence"] == "audio_valence"
    assert found["duration_ms"] == "Duration (min)"
    assert found["danceability"] == "danceability_%"
    assert list(found) == [name for name in CANONICAL if name in found]


@pytest.mark.parametrize("pair", [("playlist_genre", "playlist_subgenre"), ("genre", "music_genre")])
def test_competing_genre_columns_need_a_word(pair):
    with pytest.raises(DataError) as refused:
        assign([*REST, *pair])
    assert f'"{pair[0]}" and "{pair[1]}"' in str(refused.value)
    assert f'genre_column = "{pair[0]}"' in str(refused.value)
    assert source([*REST, *pair], genre_column=pair[1])["track_genre"] == pair[1]


def test_the_canonical_name_wins_with_a_note():
    found = assign([*REST, "genre", "track_genre"])
    assert found.source["track_genre"] == "track_genre"
    assert found.unused == ("genre",)
    assert any('"genre" could have been' in note for note in found.notes)


def test_competing_artists_are_refused_but_titles_are_not():
    with pytest.raises(DataError, match=r'columns\.artists = "artist"'):
        assign([*REST, "genre", "track_artist", "artist"])
    found = assign([*REST, "genre", "title", "song_name", "uri", "id"])
    assert found.source["track_name"] == "song_name"
    assert found.source["track_id"] == "uri"
    assert any('"title" could have been' in note for note in found.notes)


def test_columns_override_rename_and_leave_out():
    names = [*[n for n in REST if n != "energy"], "Energy level", "genre", "key"]
    found = source(names, columns={"energy": "energy_level", "key": ""})
    assert found["energy"] == "Energy level"
    assert "key" not in found


def test_words_that_lead_nowhere():
    names = [*REST, "genre"]
    with pytest.raises(OptionError, match="vigour, which is no column that the study knows"):
        assign(names, columns={"vigour": "energy"})
    with pytest.raises(DataError, match=r'no column "gnre".* Did you mean "genre"'):
        assign(names, genre_column="gnre")
    with pytest.raises(OptionError, match="Keep one of the two"):
        assign(names, genre_column="genre", columns={"track_genre": "energy"})


def test_no_genre_column():
    with pytest.raises(DataError, match=r'genre_column = "style".*--genre-column.*not recognised: style'):
        assign([*REST, "style"])
    assert "track_genre" not in source([*REST, "style"], genre_required=False)


def test_missing_features_are_named():
    with pytest.raises(DataError, match=r'lacks energy, tempo\. .*columns\.energy = "vigour"'):
        assign([n for n in REQUIRED if n not in ("energy", "tempo")] + ["vigour"])


def test_a_message_about_a_wide_table_stays_short():
    with pytest.raises(DataError) as refused:
        assign([*REST, *(f"extra_{i}" for i in range(5_000))])
    assert "and 4970 more" in str(refused.value)
    assert len(str(refused.value)) < 1_000
