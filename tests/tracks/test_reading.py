import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from genreglm.errors import DataError
from genreglm.tracks.reading import read_table
from raw_tables import raw_table

TEXT = "track_name,energy,track_genre\nNA,0.5,rock\nBjörk,0.25,pop\n"
CELLS = [["NA", "0.5", "rock"], ["Björk", "0.25", "pop"]]


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("cp1252"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode("cp1252"),
        TEXT.replace(",", "|").encode(),
        b"sep=;\r\n" + TEXT.replace(",", ";").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("\n", "\r\n", 1).encode() + b"\n\n",
        TEXT.rstrip("\n").encode(),
        gzip.compress(TEXT.encode(), mtime=0),
        bz2.compress(TEXT.encode()),
        lzma.compress(TEXT.encode("utf-16")),
        zipped({"dataset.csv": TEXT, "__MACOSX/._dataset.csv": "x", "folder/": ""}),
    ],
)
def test_the_content_decides_whatever_the_name(tmp_path, content):
    table = read_table(written(tmp_path, "tracks.dat", content))
    assert table.columns.tolist() == ["track_name", "energy", "track_genre"]
    assert table.to_numpy().tolist() == CELLS


def test_text_cells_stay_text(tmp_path):
    path = written(tmp_path, "t.csv", 'track_name,id\nnull,007\n"None",1e3\n"two\nlines, one cell",\n')
    assert read_table(path).to_numpy().tolist() == [
        ["null", "007"],
        ["None", "1e3"],
        ["two\nlines, one cell", ""],
    ]


def test_a_short_row_has_empty_cells(tmp_path):
    assert read_table(written(tmp_path, "t.csv", "a,b,c\n1,2,3\n4\n")).iloc[1].tolist() == ["4", "", ""]


def test_ten_thousand_characters_in_a_name(tmp_path):
    name = "la" * 5_000
    table = read_table(written(tmp_path, "t.csv", f"{name},energy\n{name},0.5\n"))
    assert table.columns[0] == name
    assert table.iloc[0, 0] == name


def test_bytes_that_windows_1252_lacks_are_read_as_latin_1(tmp_path):
    table = read_table(written(tmp_path, "t.csv", b"track_name,energy\nB\xf6rk\x81,0.5\n"))
    assert table.iloc[0, 0] == "Börk\x81"


def test_notes_say_how_a_file_was_read(tmp_path):
    path = written(tmp_path, "t.csv", TEXT.replace(",", ";").encode("cp1252"))
    assert read_table(path).attrs["notes"] == [
        "The file is no UTF-8 text; it was read as cp1252.",
        "Cells are divided by ';'.",
    ]
    assert read_table(written(tmp_path, "u.csv", TEXT)).attrs["notes"] == []


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_columnar_files_keep_their_types(tmp_path, suffix):
    table = raw_table()
    path = tmp_path / f"tracks.{suffix}"
    getattr(table, f"to_{suffix}")(path)
    pd.testing.assert_frame_equal(read_table(path), table)


def test_a_named_index_is_a_column(tmp_path):
    path = tmp_path / "tracks.parquet"
    raw_table().set_index("track_id").to_parquet(path)
    assert read_table(path).columns[0] == "track_id"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\xff\xfe", "is empty"),
        (b"track_name,energy,track_genre\n", "has a header (track_name, energy, track_genre) but no rows"),
        (b"PAR1 and no more", "damaged Parquet"),
        (b"ARROW1 and no more", "damaged Feather"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-12], "damaged compressed file"),
        (lzma.compress(TEXT.encode())[:-12], "damaged compressed file"),
        (zipped({"a.csv": TEXT})[:-8], "damaged zip archive"),
        (zipped({"a.csv": TEXT, "b.csv": TEXT}), "a zip archive of 2 files (a.csv, b.csv); expected one"),
        (zipped({}), "without a file in it"),
        (zipped({"xl/workbook.xml": "", "xl/styles.xml": ""}), "Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not text"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b'[{"energy": 0.5}]', "is JSON"),
        (b"just a line\nand another\n", "is no table with columns: its first line is 'just a line'"),
        (b"a,b\n1,2\n1,2,3\n", "Expected 2 fields in line 3, saw 3"),
        (b'a,b\n"1,2\n3,4\n', "EOF inside string"),
    ],
)
def test_what_is_no_table_is_refused_in_one_paragraph(tmp_path, content, said):
    with pytest.raises(DataError) as refused:
        read_table(written(tmp_path, "tracks.csv", content))
    assert said in str(refused.value)
    assert "tracks.csv" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_locked_zip_archive_is_refused(tmp_path):
    locked = bytearray(zipped({"a.csv": TEXT}))
    for header in (b"PK\x03\x04", b"PK\x01\x02"):  # set the bit that says "encrypted"
        locked[locked.index(header) + (6 if header == b"PK\x03\x04" else 8)] |= 1
    with pytest.raises(DataError, match="with a password"):
        read_table(written(tmp_path, "a.zip", bytes(locked)))


def test_missing_file_folder_and_failing_disk(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="There is no file"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="is a folder, not a file"):
        read_table(tmp_path)
    path = written(tmp_path, "t.csv", TEXT)
    for error, said in [(PermissionError(), "permission denied"), (OSError(5, "Input/output error"), "Input")]:
        monkeypatch.setattr(Path, "read_bytes", lambda _, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(DataError, match=said):
            read_table(path)
