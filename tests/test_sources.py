"""Rows are found wherever their files lie, and files that were rewritten are not taken for the same."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from genreglm.errors import DataError
from genreglm.sources import ParquetRows, read_rows

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def bucket() -> str:
    """An address in memory, which is empty at first."""
    fsspec.filesystem("memory").store.clear()
    return "memory://bucket"


def put(path: Path | str, *values: Any, name: str = "value") -> None:
    """Write a column of values as a Parquet file, in its folder."""
    if isinstance(path, Path):
        path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({name: list(values)}).to_parquet(path)


def values(source: Any) -> list[Any]:
    return read_rows(source)["value"].tolist()


def test_a_file_rewritten_with_the_same_size_has_another_identity(bucket: str) -> None:
    put(f"{bucket}/a.parquet", 1.0, 2.0)
    first, again = (ParquetRows.open(f"{bucket}/").identity for _ in range(2))
    size = fsspec.filesystem("memory").size("/bucket/a.parquet")
    put(f"{bucket}/a.parquet", 2.0, 1.0)
    assert fsspec.filesystem("memory").size("/bucket/a.parquet") == size
    assert first == again != ParquetRows.open(f"{bucket}/").identity


@pytest.mark.parametrize(("told", "same"), [({"ETag": "1"}, True), ({"mode": 33188, "LastModified": None}, False)])
def test_a_file_of_which_nothing_tells_a_change_is_never_the_same(
    bucket: str, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], same: bool
) -> None:
    def modified(*_: object) -> None:
        raise NotImplementedError

    put(f"{bucket}/a.parquet", 1.0)
    system = type(fsspec.filesystem("memory"))
    info = system.info
    monkeypatch.setattr(system, "info", lambda *given, **named: {**info(*given, **named), **told})
    monkeypatch.setattr(system, "modified", modified)
    first, again = (ParquetRows.open(f"{bucket}/").identity for _ in range(2))
    assert (first == again) is same


def test_a_folder_is_as_it_is_now_and_not_as_it_is_remembered(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    system, remembered = type(fsspec.filesystem("memory")), {}
    find = system.find
    monkeypatch.setattr(system, "find", lambda self, path: remembered.setdefault(path, find(self, path)))
    monkeypatch.setattr(system, "invalidate_cache", lambda *_: remembered.clear())
    for number in range(2):
        put(f"{bucket}/{number}.parquet", number)
    assert values(f"{bucket}/") == [0, 1]
    del system.store["/bucket/1.parquet"]
    assert values(f"{bucket}/") == [0]


def test_only_what_was_found_below_a_source_may_be_hidden(tmp_path: Path, bucket: str) -> None:
    scratch = tmp_path / "_scratch" / ".tables"
    for path in ("a.parquet", "_temporary/0/b.parquet", ".c.parquet"):
        put(scratch / "t" / path, path)
        put(f"{bucket}/_t/{path}", path)
    for below in ("t", "t/*.parquet", "t/**/*.parquet", "*/*.parquet"):
        assert values(f"{scratch}/{below}") == ["a.parquet"]
        assert values(f"file://{scratch}/{below}") == ["a.parquet"]
    for below in ("", "*.parquet", "**/*.parquet"):
        assert values(f"{bucket}/_t/{below}") == ["a.parquet"]
    # What is named itself is wanted.
    assert values(f"{bucket}/_t/.c.parquet") == [".c.parquet"]
    assert values([scratch / "t" / ".c.parquet"]) == [".c.parquet"]


def test_a_path_that_exists_is_no_pattern(tmp_path: Path, bucket: str) -> None:
    put(tmp_path / "x1.parquet", "another")
    for place in (tmp_path, bucket):
        put(place / "x[1].parquet" if isinstance(place, Path) else f"{place}/x[1].parquet", "this")
        assert values(f"{place}/x[1].parquet") == ["this"]
        assert ParquetRows.open(f"{place}/x[1].parquet").rows == 1
    put(tmp_path / "folder[2]" / "a.parquet", "in a folder")
    assert values(tmp_path / "folder[2]") == ["in a folder"]


def test_a_pattern_may_match_folders(tmp_path: Path, bucket: str) -> None:
    for place in (tmp_path, bucket):
        for key in "CD":
            path = f"hive/key={key}/part.parquet"
            put(place / path if isinstance(place, Path) else f"{place}/{path}", key)
        for pattern in ("hive/key=*", "hive/key=*/", "hive/**", "hive/*/*.parquet"):
            rows = read_rows(f"{place}/{pattern}")
            assert rows["value"].tolist() == rows["key"].tolist() == ["C", "D"]


def test_columns_of_folders_above_a_pattern_are_kept(tmp_path: Path) -> None:
    put(tmp_path / "year=2024" / "key=C" / "part.parquet", 1.0)
    for source in ("year=2024/key=C", "year=2024/key=C/*.parquet", "year=2024/*"):
        rows = read_rows(str(tmp_path / source))
        assert rows.to_dict("list") == {"value": [1.0], "year": [2024], "key": ["C"]}
    # But for a column that the files have themselves.
    put(tmp_path / "value=3" / "part.parquet", 1.0)
    assert values(tmp_path / "value=3") == [1.0]


def test_lists_may_hold_folders_patterns_and_addresses(tmp_path: Path, bucket: str) -> None:
    for place in (tmp_path, bucket):
        for number, path in enumerate(("a/0.parquet", "a/1.parquet", "b/2.parquet", "c.parquet")):
            put(place / path if isinstance(place, Path) else f"{place}/{path}", number)
        assert values([f"{place}/b", f"{place}/a", f"{place}/c.parquet"]) == [2, 0, 1, 3]
        assert values([f"{place}/c.parquet", f"{place}/a/*.parquet"]) == [3, 0, 1]
        with pytest.raises(DataError, match=r"/none\.parquet: there are no Parquet files"):
            read_rows([f"{place}/c.parquet", f"{place}/none.parquet"])
    with pytest.raises(DataError, match="more than one file system"):
        read_rows([str(tmp_path / "a"), f"{bucket}/a"])
    with pytest.raises(DataError, match="there are no Parquet files"):
        read_rows([])


@pytest.mark.parametrize("empty", [pd.DataFrame({"value": [], "name": []}, dtype=object), pd.DataFrame()])
def test_a_file_without_rows_gives_no_types(tmp_path: Path, empty: pd.DataFrame) -> None:
    empty.to_parquet(tmp_path / "0.parquet")
    rows = pd.DataFrame({"value": [1.0, 2.0], "name": ["one", "two"]})
    for number in (1, 3):
        rows.to_parquet(tmp_path / f"{number}.parquet")
    empty.to_parquet(tmp_path / "2.parquet")
    found = read_rows(tmp_path)
    assert found.to_dict("list") == {"value": [1.0, 2.0] * 2, "name": ["one", "two"] * 2}
    (tmp_path / "1.parquet").unlink()
    (tmp_path / "3.parquet").unlink()
    with pytest.raises(DataError, match="no rows"):
        read_rows(tmp_path)


def test_a_dask_frame_is_not_brought_here_unasked() -> None:
    dask_frames = pytest.importorskip("dask.dataframe")
    frame = dask_frames.from_pandas(pd.DataFrame({"value": [1.0]}), npartitions=1)
    with pytest.raises(DataError, match=r"all rows at once.*\.compute\(\).*gg\.fit, .*gg\.influence"):
        read_rows(frame)
