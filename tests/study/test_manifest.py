from pathlib import Path

import pytest

from genreglm.errors import DataError
from genreglm.files import file_digest
from genreglm.study.config import StudyConfig
from genreglm.study.manifest import altered, describe, differences
from genreglm.study.store import Store


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "tracks.csv"
    path.write_text("a,b\n1,2\n")
    return path


def test_describes_input_settings_and_versions(data: Path) -> None:
    found = describe(StudyConfig(data=data, seed=4), "genreglm study tracks.csv")
    assert found["input"] == {"name": "tracks.csv", "sha256": file_digest(data)}
    assert found["config"]["seed"] == 4
    assert found["command"] == "genreglm study tracks.csv"
    assert {"numpy", "pandas", "formulaic"} <= set(found["packages"])
    assert found["stages"] == {}


def test_built_in_example_is_known_by_its_size_and_seed() -> None:
    assert describe(StudyConfig(seed=2), "")["input"] == {"name": "built-in example", "rows": 22_800, "seed": 2}


def test_same_study_in_another_place_differs_in_nothing(data: Path) -> None:
    there = data.parent / "there" / "tracks.csv"
    there.parent.mkdir()
    there.write_bytes(data.read_bytes())
    before, now = describe(StudyConfig(data=data), "x"), describe(StudyConfig(data=there, out=there.parent), "y")
    assert differences(before, now) == []


def test_differences_are_said_in_words(data: Path) -> None:
    before = describe(StudyConfig(data=data), "")
    data.write_text("a,b\n1,3\n")
    now = describe(StudyConfig(data=data, seed=1), "")
    assert differences(before, now) == ["the input is another one or has changed", "seed was 0, is 1"]
    older = {**now, "genreglm": "0.0.1", "config": {**now["config"], "gone": 1}}
    assert differences(older, now) == [f"genreglm was 0.0.1, is {now['genreglm']}", "gone was 1, is None"]
    assert differences({}, now)


@pytest.mark.parametrize(("name", "said"), [("nowhere.csv", "There is no file"), (".", "is a folder, not a file")])
def test_input_that_cannot_be_read_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        describe(StudyConfig(data=tmp_path / name), "")


def test_altered_and_lost_files_of_a_stage_are_found(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in ("a", "b", "c"):
        store.text(name, name)
    stage = {"files": {name: file_digest(store.path(name)) for name in ("a", "b", "c")}}
    assert altered(store, stage) == []
    store.path("a").write_text("edited")
    store.path("c").unlink()
    assert altered(store, stage) == ["a", "c"]
