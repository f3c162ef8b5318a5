import numpy as np
import pandas as pd
import pytest

from genreglm.errors import DataError
from genreglm.tracks.columns import CANONICAL
from genreglm.tracks.validation import validate
from raw_tables import raw_table


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(str)


def with_column(name: str, values: object) -> pd.DataFrame:
    return raw_table().assign(**{name: values})


def test_a_canonical_table_stays_as_it_is():
    raw = raw_table()
    found = validate(raw)
    assert found.rows.columns.tolist() == ["source_row", *CANONICAL]
    assert found.missing_optional == ()
    assert found.unusable == {}
    assert found.entries == ()
    assert found.rows["explicit"].dtype == "boolean"
    numeric = [n for n in CANONICAL if n not in ("explicit", "track_genre") and raw[n].dtype.kind in "if"]
    assert {str(found.rows[name].dtype) for name in numeric} == {"float64"}
    pd.testing.assert_frame_equal(found.rows[numeric], raw[numeric].astype(float))


def test_text_and_values_give_the_same_frame():
    raw = raw_table()
    pd.testing.assert_frame_equal(validate(as_text(raw)).rows, validate(raw).rows)


def test_running_index_without_a_name_is_left_out():
    raw = raw_table()
    for name in ("", "Unnamed: 0"):
        indexed = raw.copy()
        indexed.insert(0, name, np.arange(len(raw)))
        pd.testing.assert_frame_equal(validate(as_text(indexed)).rows, validate(raw).rows)


def test_another_column_without_a_name_is_refused():
    raw = raw_table()
    raw.insert(0, "", "rock")
    with pytest.raises(DataError, match=r"Column 1 of the table has no name .*'rock'"):
        validate(raw)


def test_doubled_names_are_refused():
    raw = raw_table()
    raw.insert(0, "energy", 0.5, allow_duplicates=True)
    with pytest.raises(DataError, match="more than one column called energy"):
        validate(raw)


def test_only_the_required_columns():
    kept = ["danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness"]
    kept += ["liveness", "valence", "tempo", "duration_ms", "track_genre"]
    found = validate(raw_table()[kept])
    assert set(found.missing_optional) == set(CANONICAL) - set(kept)
    assert len(found.rows.columns) == len(kept) + 1


def test_names_that_look_missing_are_names():
    found = validate(with_column("track_name", ["NA", "None", "null", "nan", "", *["x"] * 55]))
    assert found.rows["track_name"].tolist()[:4] == ["NA", "None", "null", "nan"]
    assert found.rows["track_name"].isna().sum() == 1


def test_artists_written_as_lists():
    names = ["['A', \"B's\"]", "[]", "empty_field", "", "[broken", "A;B", *["x"] * 54]
    found = validate(with_column("artists", names)).rows["artists"]
    assert found.tolist()[0] == "A;B's"
    assert found.tolist()[4:6] == ["[broken", "A;B"]
    assert found[1:4].fillna("").tolist() == ["", "", ""]
    lists = validate(with_column("artists", [["A", "B"]] * 60)).rows["artists"]
    assert set(lists) == {"A;B"}


def test_missing_numbers_in_any_notation():
    missing = ["?", "", "NA", "nan", "null", "-", " "]
    found = validate(with_column("tempo", [*missing, *[" 120.5 "] * 53]))
    assert found.rows["tempo"].isna().sum() == len(missing)
    assert found.rows["tempo"].max() == 120.5


@pytest.mark.parametrize("name", ["duration_ms", "tempo", "popularity", "key", "mode", "energy"])
def test_minus_one_is_missing(name):
    raw = raw_table()
    raw[name] = raw[name].astype(float)
    raw.loc[3, name] = -1
    found = validate(raw)
    assert np.flatnonzero(found.rows[name].isna()).tolist() == [3]
    assert [(e.unit, e.count, e.action) for e in found.entries] == [("cells", 1, "set to missing")]


def test_minus_one_decibel_is_a_loudness():
    raw = raw_table()
    raw.loc[3, "loudness"] = -1
    assert validate(raw).rows["loudness"][3] == -1


def test_infinities_are_missing_and_said():
    raw = raw_table()
    raw.loc[3, "tempo"] = np.inf
    for table in (raw, as_text(raw)):
        found = validate(table)
        assert np.isnan(found.rows["tempo"][3])
        assert [(e.rule, e.count) for e in found.entries] == [("infinite tempo", 1)]
        assert "1 infinite values of tempo count as missing." in found.notes


def test_decimal_commas():
    raw = raw_table()
    written = as_text(raw)
    for name in ("energy", "loudness", "instrumentalness"):
        written[name] = written[name].str.replace(".", ",")
    found = validate(written)
    pd.testing.assert_frame_equal(found.rows, validate(raw).rows)
    assert "energy was read with decimal commas." in found.notes


@pytest.mark.parametrize(
    ("name", "cell", "said"),
    [
        ("duration_ms", "210,666", "a comma may part decimals or thousands .data row 1: '210,666'"),
        ("energy", "0,5", "mixes decimal points and decimal commas"),
    ],
)
def test_open_commas_are_refused(name, cell, said):
    raw = as_text(raw_table())
    raw.loc[0, name] = cell
    with pytest.raises(DataError, match=said):
        validate(raw)


def test_percentages_become_shares():
    raw = raw_table()
    for written in (raw["energy"] * 100, (raw["energy"] * 100).round().astype(int).astype(str) + "%"):
        found = validate(raw.assign(energy=written))
        np.testing.assert_allclose(found.rows["energy"], raw["energy"], atol=0.0051)
        assert any(note.startswith("energy runs to") for note in found.notes)
        assert found.entries[0].action == "divided by 100"


def test_one_wrong_value_is_no_percentage():
    raw = raw_table()
    raw.loc[3, "energy"] = 7.0
    assert validate(raw).rows["energy"][3] == 7.0


def test_an_open_scale_is_refused():
    with pytest.raises(DataError, match="energy has 33% of its positive values above 1, the largest 250"):
        validate(with_column("energy", [0.5, 250.0, 0.25] * 20))


@pytest.mark.parametrize(
    ("name", "factor"),
    [("duration_s", 1_000), ("Duration (min)", 60_000), ("duration", 1), ("duration", 1_000), ("length", 60_000)],
)
def test_durations_in_any_unit(name, factor):
    raw = raw_table()
    other = raw.rename(columns={"duration_ms": name}).assign(**{name: raw["duration_ms"] / factor})
    np.testing.assert_allclose(validate(other).rows["duration_ms"], raw["duration_ms"])


def test_durations_as_minutes_and_seconds():
    found = validate(with_column("duration_ms", ["3:45", "1:02:03", "", *["0:30.5"] * 57]))
    np.testing.assert_allclose(found.rows["duration_ms"][[0, 1, 3]], [225_000, 3_723_000, 30_500])
    assert found.rows["duration_ms"].isna().sum() == 1


@pytest.mark.parametrize(("name", "length"), [("length", 2e9), ("length", 25.0), ("duration_ms", 214.0)])
def test_a_duration_in_another_unit_than_it_says_is_refused(name, length):
    raw = raw_table().rename(columns={"duration_ms": name}).assign(**{name: length})
    with pytest.raises(DataError, match=f'"{name}" has the median .*Call it by its unit'):
        validate(raw)


def test_durations_of_zero_are_left_to_the_cleaning():
    one = raw_table().iloc[[3]].assign(duration_ms=0)
    assert validate(one, genre_required=False).rows["duration_ms"].tolist() == [0]


def test_a_wrongly_written_clock_is_refused():
    with pytest.raises(DataError, match=r"cannot be read as a number \(data row 1: '3:4:5:6'\)"):
        validate(with_column("duration_ms", "3:4:5:6"))


@pytest.mark.parametrize(
    ("cell", "pitch"),
    [
        *[("C", 0), ("c#", 1), ("Db", 1), ("D♭", 1), ("C♯/D♭", 1), ("B", 11), ("Bb", 10), ("B♭", 10)],
        *[("bb", 10), ("A flat", 8), ("F sharp", 6), ("Cb", 11), ("7", 7), ("7.0", 7), ("G minor", 7)],
    ],
)
def test_keys_in_any_notation(cell, pitch):
    found = validate(with_column("key", ["D", cell] * 30))
    assert found.rows["key"][:2].tolist() == [2, pitch]


def test_a_mode_in_the_key_counts_where_no_mode_column_is():
    keys = ["C# minor", "Am", "D major", "CM", "C M", "G"] * 10
    raw = with_column("key", keys)
    assert validate(raw).rows["mode"].tolist() == raw["mode"].tolist()
    found = validate(raw.drop(columns="mode"))
    np.testing.assert_array_equal(found.rows["mode"][:6], [0, 0, 1, 1, 1, np.nan])
    assert "mode was read from the names of the keys." in found.notes
    assert "mode" not in validate(with_column("key", ["D", "E"] * 30).drop(columns="mode")).rows


def test_modes_flags_and_time_signatures_in_any_notation():
    raw = raw_table().assign(
        mode=["Major", "minor", "1", "0.0", "?", "MAJ"] * 10,
        explicit=["True", "no", "1", "0", "Explicit", "not explicit"] * 10,
        time_signature=["4/4", "3/4", "5", "4.0", "", "1/4"] * 10,
    )
    found = validate(raw).rows
    np.testing.assert_array_equal(found["mode"][:6], [1, 0, 1, 0, np.nan, 1])
    assert found["explicit"][:6].tolist() == [True, False, True, False, True, False]
    np.testing.assert_array_equal(found["time_signature"][:6], [4, 3, 5, 4, np.nan, 1])


def test_flags_of_other_numbers_are_missing():
    found = validate(with_column("explicit", [0, 1, 2] * 20))
    assert found.rows["explicit"].isna().sum() == 20
    assert found.entries[0].rule == "explicit neither 0 nor 1"


def test_categories_are_read_as_what_they_stand_for():
    raw = raw_table()
    found = validate(raw.astype({"track_genre": "category", "key": "category"}))
    pd.testing.assert_frame_equal(found.rows, validate(raw).rows)


def test_a_stray_cell_is_missing_and_counted():
    raw = raw_table(300).astype({"tempo": str, "mode": str})
    raw.loc[7, "tempo"] = "fast"
    raw.loc[9, "mode"] = "dorian"
    found = validate(raw)
    assert np.isnan(found.rows["tempo"][7])
    assert np.isnan(found.rows["mode"][9])
    assert sorted((e.rule, e.count, e.detail) for e in found.entries) == [
        ("unreadable mode", 1, "data row 10: 'dorian'"),
        ("unreadable tempo", 1, "data row 8: 'fast'"),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tempo", r'"tempo" has 60 of 60 cells that cannot be read as a number \(data row 1: \'fast\'\)'),
        ("key", r'a pitch class.*columns\.key = "" leaves it out'),
        ("explicit", r'true or false.*columns\.explicit = "" leaves it out'),
    ],
)
def test_a_column_of_other_text_is_refused(name, said):
    with pytest.raises(DataError, match=said):
        validate(with_column(name, "fast"))
    if name != "tempo":
        assert name not in validate(with_column(name, "fast"), columns={name: ""}).rows


def test_genres_are_stripped_and_may_be_missing():
    found = validate(with_column("track_genre", [" rock ", "pop", "", "nan", "?"] * 12))
    assert found.rows["track_genre"].isna().sum() == 36
    assert set(found.rows["track_genre"].dropna()) == {"rock", "pop"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["rock"] * 60, "'rock' in every row"),
        ([""] * 60, "no genre in any row"),
        ([f"g{i}" for i in range(60)], "60 genres in 60 rows"),
        (["a", *["b"] * 59], "fewer than two of them have more than one row"),
        (["['a', 'b']", *["b"] * 59], "several genres in a cell .data row 1"),
        (["a|b", *["b"] * 59], "several genres in a cell"),
    ],
)
def test_genre_columns_that_allow_no_study(cells, said):
    with pytest.raises(DataError, match=said):
        validate(with_column("track_genre", cells))


def test_a_feature_without_values_is_refused():
    with pytest.raises(DataError, match="no value in energy"):
        validate(with_column("energy", np.nan))


def test_columns_without_information_are_set_aside():
    raw = raw_table().assign(energy=0.5, time_signature=4, key=np.nan)
    raw["valence"] = raw["danceability"]
    found = validate(raw)
    assert found.unusable == {
        "energy": "the same value, 0.5, in every row",
        "valence": "equal to danceability in every row",
        "key": "no value in any row",
        "time_signature": "the same value, 4, in every row",
    }
    assert found.missing_optional == ("key",)
    assert [e.unit for e in found.entries] == ["columns"] * 4


def test_no_rows():
    with pytest.raises(DataError, match="no rows"):
        validate(raw_table().iloc[:0])


def test_new_tracks_need_no_genre():
    one = raw_table().iloc[[7]].drop(columns=["track_genre", "popularity"])
    found = validate(one, genre_required=False)
    assert len(found.rows) == 1
    assert found.unusable == {}


def test_notes_of_the_reader_come_first():
    raw = raw_table()
    raw.attrs["notes"] = ["The file is no UTF-8 text."]
    assert validate(raw.rename(columns={"track_genre": "genre"})).notes == (
        "The file is no UTF-8 text.",
        "Columns recognised: genre read as track_genre.",
    )
