"""Blocks of a table: the same cells whatever the file, every line accounted for."""

import bz2
import gzip
import io
import lzma
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from genreglm.errors import DataError
from genreglm.tracks import stream
from genreglm.tracks.stream import blocks
from raw_tables import raw_table

TABLE = raw_table(50)
CSV = TABLE.to_csv(index=False).encode()


def read(path: str | Path, **options: object) -> pd.DataFrame:
    found = list(blocks(path, **options))
    assert [block.first for block in found] == [sum(len(b.rows) for b in found[:k]) for k in range(len(found))]
    return pd.concat([block.rows for block in found], ignore_index=True)


def zipped(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("tracks.csv", data)
    return held.getvalue()


@pytest.mark.parametrize(
    "written",
    [
        CSV,
        TABLE.to_csv(index=False, sep=";").encode(),
        TABLE.to_csv(index=False, sep="\t").encode("utf-16"),
        b"\xef\xbb\xbf" + CSV,
        gzip.compress(CSV),
        lzma.compress(CSV),
        bz2.compress(CSV),
        zipped(CSV),
    ],
    ids=["csv", "semicolons", "utf-16", "mark", "gzip", "xz", "bz2", "zip"],
)
def test_text_stays_text(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "tracks"
    path.write_bytes(written)
    pd.testing.assert_frame_equal(read(path), TABLE.astype(str), check_dtype=False)


def test_parquet_feather_and_json_lines_come_in_blocks(tmp_path: Path) -> None:
    TABLE.to_parquet(tmp_path / "a")
    feather.write_feather(pa.Table.from_pandas(TABLE), str(tmp_path / "b"), compression="uncompressed", chunksize=20)
    (tmp_path / "c").write_text(TABLE.to_json(orient="records", lines=True), encoding="utf-8")
    for name in "abc":
        assert len(list(blocks(tmp_path / name, rows=20))) == 3
        pd.testing.assert_frame_equal(read(tmp_path / name, rows=20), TABLE, check_dtype=False)


def test_only_the_columns_that_are_wanted_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CSV)
    TABLE.to_parquet(tmp_path / "b")
    for name in "ab":
        assert list(read(tmp_path / name, choose=lambda names: ["tempo", "energy"])) == ["tempo", "energy"]


@pytest.mark.parametrize("size", [1 << 24, 400])
def test_a_line_that_is_no_row_keeps_its_place(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_TEXT_BLOCK", size)
    lines = ["name,energy", *(f"song {k},0.{k}" for k in range(100))]
    for place in (1, 40, 41, 100):
        lines[place] += ",too,many"
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = list(blocks(tmp_path / "a.csv"))
    broken = {block.first + place: reason for block in found for place, reason in block.broken.items()}
    assert broken == dict.fromkeys([0, 39, 40, 99], "the line has 4 cells and not 2")
    rows = pd.concat([block.rows for block in found], ignore_index=True)
    assert len(rows) == 100
    assert rows["name"].tolist() == ["" if k in broken else f"song {k}" for k in range(100)]


def test_a_quoted_line_end_is_part_of_its_cell(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('name,energy\n"two\nlines",0.5\nb,0.6\n', encoding="utf-8")
    assert read(tmp_path / "a.csv")["name"].tolist() == ["two\nlines", "b"]


def test_a_line_that_is_no_json_keeps_its_place(tmp_path: Path) -> None:
    lines = ['{"energy": 0.1, "name": "a"}', "{broken", "[1]", "", '{"energy": 0.2}']
    (tmp_path / "a").write_text("\n".join(lines), encoding="utf-8")
    [block] = blocks(tmp_path / "a")
    assert sorted(block.broken) == [1, 2]
    assert block.rows["energy"].tolist()[::3] == [0.1, 0.2]


@pytest.mark.parametrize("data", [CSV, TABLE.to_json(orient="records", lines=True).encode()], ids=["csv", "json"])
def test_standard_input_is_read_as_a_file_is(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert read("-")["track_name"].tolist() == TABLE["track_name"].tolist()


def test_parquet_comes_through_standard_input_too(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    TABLE.to_parquet(held)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(held.getvalue())))
    assert len(read("-")) == 50


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"a,b\n", "no rows"),
        (b"one column\n1\n", "no table with columns"),
        (gzip.compress(CSV)[:200], "damaged compressed file"),
        (b"PK\x03\x04rubbish", "damaged"),
        (b"PAR1rubbish", "breaks off"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(DataError, match=said):
        list(blocks(tmp_path / "a"))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        list(blocks(tmp_path / "none.csv"))


def test_several_parquet_files_are_one_table(tmp_path: Path) -> None:
    for number, (start, stop) in enumerate(((0, 20), (20, 20), (20, 50))):
        TABLE.iloc[start:stop].to_parquet(tmp_path / f"part-{number}.parquet")
    whole = read(tmp_path / "part-0.parquet").shape[1]
    for source in (tmp_path, str(tmp_path / "part-*.parquet")):
        found = read(source, rows=7)
        assert found.shape == (50, whole)
        assert found["track_name"].tolist() == TABLE["track_name"].tolist()
    with pytest.raises(DataError, match="no Parquet files"):
        read(str(tmp_path / "other-*.parquet"))
