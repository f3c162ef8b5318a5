"""Rows are found wherever their files lie, and files that were rewritten are not taken for the same."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

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
