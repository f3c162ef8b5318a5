"""Files appear whole or not at all."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from genreglm.errors import OutputError
from genreglm.files import file_digest, make_folder, whole_file, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with whole_file(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
        assert partial.parent == tmp_path
    assert target.read_text() == "new"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("error", [ValueError("odd"), KeyboardInterrupt()])
def test_an_interruption_leaves_the_old_file(error: BaseException, tmp_path: Path) -> None:
    target = write_whole(tmp_path / "table.csv", b"old")

    def write() -> None:
        with whole_file(target) as partial:
            partial.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize(
    ("code", "says"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "may not be written"), (errno.EIO, "could not be")]
)
def test_an_error_of_the_system_says_what_to_do(
    code: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OutputError, match=says):
        write_whole(tmp_path / "table.csv", b"data")
    assert names(tmp_path) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        write_whole(tmp_path / "absent" / "table.csv", b"data")


def test_make_folder_with_parents_twice(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert make_folder(folder) == folder
    assert make_folder(folder).is_dir()


def test_a_file_in_the_way_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="is a file; a folder is needed"):
        make_folder(tmp_path / "out")
    with pytest.raises(OutputError, match="could not be written"):
        make_folder(tmp_path / "out" / "deeper")


def test_digest_is_sha256(tmp_path: Path) -> None:
    data = b"x" * 3_000_000
    assert file_digest(write_whole(tmp_path / "big", data)) == hashlib.sha256(data).hexdigest()
