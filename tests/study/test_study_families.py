"""The default map of genres, a user's own, and what is refused."""

from pathlib import Path

import pytest

import genreglm as gg
from genreglm.errors import DataError
from genreglm.study.config import StudyConfig
from genreglm.study.context import Study
from genreglm.study.families import families_of, genre_families
from genreglm.study.progress import Reporter
from genreglm.study.store import Store


def study(folder: Path, **settings: object) -> Study:
    return Study(Store(folder / "out"), StudyConfig(**settings), Reporter(quiet=True))


def test_the_default_map_is_about_a_dozen_families_of_114_genres() -> None:
    table = genre_families()
    assert list(table) == ["genre", "family", "kind", "note"]
    assert len(table) == table["genre"].nunique() == 114
    assert table["genre"].is_monotonic_increasing
    sizes = table["family"].value_counts()
    assert 12 <= len(sizes) <= 14
    assert sizes.min() >= 4
    kinds = table.set_index("genre")["kind"]
    assert kinds[["german", "sad", "study", "j-rock", "mandopop"]].tolist() == [
        "language",
        "mood",
        "use",
        "sound",
        "sound",
    ]
    # Why a label is no sound is always said.
    assert (table.loc[table["kind"] != "sound", "note"] != "").all()


def test_the_default_map_covers_the_example() -> None:
    assert set(gg.example_tracks(rows=1_140)["track_genre"]) <= set(genre_families()["genre"])


def test_a_map_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("genre,family,kind\npolka,dances,\nlullaby,songs,use\nmazurka,dances,sound\n")
    table = genre_families(path)
    assert table["kind"].tolist() == ["sound", "use", "sound"]
    found = families_of(study(tmp_path, families=path), ["polka", "lullaby"])
    assert found is not None
    assert found["genre"].tolist() == ["polka", "lullaby"]
    with pytest.raises(DataError, match=r"my\.csv names no family for jig, reel"):
        families_of(study(tmp_path, families=path), ["polka", "reel", "jig"])


def test_a_table_with_other_genres_goes_without_families(tmp_path: Path) -> None:
    assert families_of(study(tmp_path), ["rock", "polka", "reel"]) is None
    found = families_of(study(tmp_path), ["rock", "blues"])
    assert found is not None
    assert found["family"].tolist() == ["jazz and soul", "rock"]


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="could not be read as a CSV file of families"):
        genre_families(tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_text("name,group\na,b\n")
    with pytest.raises(DataError, match="genre, family is not there"):
        genre_families(tmp_path / "bad.csv")


def test_another_file_of_families_is_another_study(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("genre,family\na,b\n")
    before = StudyConfig(families=path).identity()
    path.write_text("genre,family\na,c\n")
    after = StudyConfig(families=path).identity()
    assert before["families"] != after["families"]
    assert before["families"].startswith("my.csv (")
    assert StudyConfig().identity()["families"] is None
