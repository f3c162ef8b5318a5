import json
import os
from pathlib import Path

import pandas as pd
import pytest

from genreglm.errors import OutputError
from genreglm.study.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "new" / "outputs")


def test_everything_written_can_be_read_again(store: Store) -> None:
    table = pd.DataFrame({"genre": ["NA", "déjà, vu"], "share": [1 / 3, float("nan")]})
    store.table("shares", table)
    store.frame("exact", table)
    store.json("work/found.json", {"ü": [1, None]})
    assert store.read_table("shares")["genre"].tolist() == ["NA", "déjà, vu"]
    assert store.path("tables/shares.csv").read_text(encoding="utf-8").splitlines()[1] == "NA,0.3333333333"
    pd.testing.assert_frame_equal(store.read_frame("exact"), table)
    assert store.read_json("work/found.json") == {"ü": [1, None]}
    assert store.written == ["tables/shares.csv", "work/exact.parquet", "work/found.json"]


def test_figure_is_two_files_and_a_caption_in_order(store: Store) -> None:
    store.figure("b", b"png", b"svg", "Second")
    store.figure("a", b"png", b"svg", "First")
    assert json.loads(store.path("figures/captions.json").read_text()) == {"a": "First", "b": "Second"}
    assert store.path("figures/a.svg").read_bytes() == b"svg"
    assert store.has("figures/b.png")
    assert not store.has("figures")


def test_failed_write_leaves_the_old_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.text("report.html", "old")
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="disk is full"):
        store.text("report.html", "new")
    assert store.path("report.html").read_text() == "old"
    assert [path.name for path in store.root.iterdir() if "partial" in path.name] == []


def test_removes_its_own_files_and_no_others(store: Store) -> None:
    store.text("tables/own.csv", "x")
    store.text("tables/kept.csv", "x")
    for foreign in ("tables/theirs.csv", "note.partial", ".hidden"):
        store.path(foreign).write_text("theirs")
    store.path("tables/.own.csv.1.partial").write_text("half")
    again = Store(store.root)
    again.remove_all_but(["tables/kept.csv"])
    left = {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}
    assert left == {"tables/kept.csv", "tables/theirs.csv", "note.partial", ".hidden", "work/files.txt"}


def test_removes_nothing_outside_its_folder(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_text("theirs")
    store.text("a.txt", "x")
    with open(store.path("work/files.txt"), "a") as journal:
        journal.write(f"../../precious.txt\n{outside}\n\n")
    store.remove_all_but([])
    assert outside.exists()
    assert store.root.is_dir()
    assert not store.has("a.txt")
