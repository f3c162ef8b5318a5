"""Any file that may hold a track table -> the raw frame, nothing repaired.

The content decides what a file is, not its name: a download called `dataset.csv` that is really a zip
archive is read as one. Cells of a text file stay text, so that a track named "NA" or "007" keeps its name;
what the cells mean is decided in `tracks`.
"""

import bz2
import csv
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import feather, parquet

from genreglm.errors import DataError

_GZIP, _XZ, _BZ2, _ZIP = b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", (b"PK\x03\x04", b"PK\x05\x06")
PARQUET, FEATHER = b"PAR1", (b"ARROW1", b"FEA1")
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_DELIMITERS = ",;\t|"
_EXPECTED = "Expected a CSV, TSV, Parquet or Feather file with one row for each track and genre."


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table from CSV, TSV (both also as .gz, .xz, .bz2, .zip), Parquet or Feather.

    Text files: the delimiter (`,` `;` tab `|`) is taken from the header line; the encoding is UTF-8 or
    UTF-16, else Windows-1252, else Latin-1; every cell stays text. How a file was read, where that was not
    plain UTF-8 with commas, is said in `frame.attrs["notes"]`.

    Raises `DataError` for a path that is missing, a folder, unreadable, empty, without rows, or no table.
    """
    path = Path(path)
    frame = _parse(_read_bytes(path), str(path))
    if frame.empty:
        raise DataError(f"{path} has a header ({_some(frame.columns)}) but no rows. {_EXPECTED}")
    return frame


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: OSError) -> DataError:
    """Say why a table cannot be read, and what to do."""
    if path.is_dir():
        return DataError(f"{path} is a folder, not a file. Give the path of the table in it.")
    if isinstance(error, FileNotFoundError):
        return DataError(f"There is no file {path}. Check the spelling and the current folder.")
    if isinstance(error, PermissionError):
        return DataError(f"{path} cannot be opened: permission denied. Make it readable, or copy it.")
    return DataError(f"{path} cannot be read: {error.strerror or error}.")


def _parse(content: bytes, name: str) -> pd.DataFrame:
    if not content.strip():
        raise DataError(f"{name} is empty. {_EXPECTED}")
    if content.startswith(_ZIP):
        inner, name = only_member(content, name)
        return _parse(inner, name)
    if (decompress := _decompressor(content)) is not None:
        return _parse(_decompressed(decompress, content, name), name)
    if content.startswith(PARQUET):
        return _columnar(lambda: parquet.read_table(pa.BufferReader(content)), "Parquet", name)
    if content.startswith(FEATHER):
        return _columnar(lambda: feather.read_table(pa.BufferReader(content)), "Feather", name)
    return _delimited(content, name)


def _decompressor(content: bytes) -> Callable[[bytes], bytes] | None:
    if content.startswith(_GZIP):
        return gzip.decompress
    if content.startswith(_XZ):
        return lzma.decompress
    return bz2.decompress if content.startswith(_BZ2) else None


def _decompressed(decompress: Callable[[bytes], bytes], content: bytes, name: str) -> bytes:
    try:
        return decompress(content)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise DataError(
            f"{name} is a damaged compressed file ({error}). The download may have been cut short: fetch it again."
        ) from None


def only_member(content: bytes, name: str) -> tuple[bytes, str]:
    """The one file of a zip archive, with a name that says where it came from."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.namelist() if not _is_clutter(m)]
            if len(members) != 1:
                raise DataError(_wrong_members(members, name))
            return archive.read(members[0]), f"{name} ({members[0]})"
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(f"{name} is a damaged zip archive ({error}). Fetch it again.") from None
    except RuntimeError:
        raise DataError(f"{name} is a zip archive with a password. Unpack it and give the file.") from None


def _is_clutter(member: str) -> bool:
    """True for folders and for what macOS adds to an archive."""
    return member.endswith("/") or member.startswith("__MACOSX/") or Path(member).name.startswith(".")


def _wrong_members(members: list[str], name: str) -> str:
    if "xl/workbook.xml" in members:
        return f"{name} is an Excel workbook. Save the sheet as CSV (UTF-8) and give that file."
    if not members:
        return f"{name} is a zip archive without a file in it. {_EXPECTED}"
    return (
        f"{name} is a zip archive of {len(members)} files ({_some(members)}); expected one. "
        "Unpack it and give the path of the table."
    )


def _columnar(read: Callable[[], pa.Table], kind: str, name: str) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = read().to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{name} is a damaged {kind} file ({_first_line(error)}). Fetch it again.") from None
    # A named index is a column that pandas put aside when the file was written.
    named = [level for level in frame.index.names if level is not None]
    return frame.reset_index(level=named) if named else frame


def _delimited(content: bytes, name: str) -> pd.DataFrame:
    text, encoding = decoded(content, name)
    _refuse_other_text(text, name)
    announced = re.match(r"sep=(.)\r?\n", text, flags=re.IGNORECASE)  # Excel's own first line
    text = text[announced.end() :] if announced else text
    delimiter = announced[1] if announced else sniff(text)
    frame = _with_header(_cells(text, delimiter, name))
    if frame.shape[1] < 2:
        raise DataError(
            f"{name} is no table with columns: its first line is {_shown(text)}, and no comma, semicolon, "
            f"tab or | divides it. {_EXPECTED}"
        )
    frame.attrs["notes"] = _reading_notes(encoding, delimiter)
    return frame


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """The text and the encoding that it turned out to have."""
    candidates = ["utf-8", "cp1252", "latin-1"]
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            candidates = [encoding]
    head = content[:4096]
    if len(candidates) > 1 and b"\x00" in head:
        candidates = ["utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"]
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, encoding
    raise DataError(f"{name} is not text, nor a Parquet or Feather file. {_EXPECTED}")


def _refuse_other_text(text: str, name: str) -> None:
    start = text.lstrip()[:100].casefold()
    if not start:
        raise DataError(f"{name} is empty. {_EXPECTED}")
    if start.startswith(("<!doctype", "<html", "<?xml")):
        raise DataError(
            f"{name} is a web page, not a table: often the login page of a site that wants an account for "
            f"the download. Fetch the file in the browser or with the site's own client. {_EXPECTED}"
        )
    if start.startswith(("{", "[")):
        raise DataError(f"{name} is JSON. Write it as CSV or Parquet first. {_EXPECTED}")


def sniff(text: str) -> str:
    """The delimiter that divides the header line into most fields; a comma where none does."""
    header = re.split(r"[\r\n]", text.lstrip("\r\n")[:100_000], maxsplit=1)[0]
    return max(_DELIMITERS, key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _cells(text: str, delimiter: str, name: str) -> pd.DataFrame:
    """Header and rows as one frame of text: pandas would rename doubled names and hide a first column."""
    try:
        return pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=str, keep_default_na=False, na_filter=False
        )
    except pd.errors.ParserError as error:
        raise DataError(
            f"{name} breaks off as a table ({_first_line(error)}), with {delimiter!r} between cells. Look at "
            "that line for a missing or a stray quotation mark or delimiter, and put it right."
        ) from None


def _with_header(cells: pd.DataFrame) -> pd.DataFrame:
    names = [str(name).strip() for name in cells.iloc[0]]
    return cells.iloc[1:].set_axis(names, axis=1).reset_index(drop=True)


def _reading_notes(encoding: str, delimiter: str) -> list[str]:
    notes = []
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"The file is no UTF-8 text; it was read as {encoding}.")
    if delimiter != ",":
        notes.append(f"Cells are divided by {delimiter!r}.")
    return notes


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].removeprefix("Error tokenizing data. C error: ").rstrip(".")


def _some(names: Iterable[object], limit: int = 6) -> str:
    shown = [str(name)[:40] for name in names]
    return ", ".join(shown[:limit]) + (", ..." if len(shown) > limit else "")


def _shown(text: str) -> str:
    line = text.lstrip("\r\n").splitlines()[0]
    return repr(line[:60] + ("..." if len(line) > 60 else ""))
