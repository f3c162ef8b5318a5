"""A table of tracks in blocks of rows, so that one of any length needs little memory: text, JSON lines, Parquet.

Rows keep their order and none goes missing: a line that is no row of the table comes as an empty one, with the reason.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from genreglm.errors import DataError
from genreglm.sources import ParquetRows, is_many_files
from genreglm.tracks.reading import FEATHER, PARQUET, decoded, only_member, sniff, unreadable

Choose = Callable[[list[str]], Sequence[str]]

ROWS = 65_536
STDIN = "-"
_HEAD = 1 << 16  # bytes from which delimiter and encoding are told
_TEXT_BLOCK = 16 << 20
_OPENERS: tuple[tuple[bytes, Callable[..., Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"\xfd7zXZ\x00", lzma.open),
    (b"BZh", bz2.open),
)


@dataclass(frozen=True)
class Block:
    """Some rows of a table.

    Attributes
    ----------
    first : how many rows of the table come before
    rows : they, with a running index
    broken : place in `rows` -> why the line there is no row
    """

    first: int
    rows: pd.DataFrame
    broken: Mapping[int, str] = field(default_factory=dict)


def blocks(source: str | Path, choose: Choose = list, rows: int = ROWS) -> Iterator[Block]:
    """Yield the rows of a file, of several Parquet files, or of standard input for "-", in order.

    Parameters
    ----------
    source : for several files a folder, a pattern such as tracks/*.parquet, or an address; see
        `genreglm.sources.ParquetRows.open`
    choose : which of the table's columns are wanted; others are not read
    rows : of a block; of text about as many as fit into 16 MB

    Raises
    ------
    DataError
        Where the source is missing, empty or no table, or breaks off.
    """
    if is_many_files(source):
        files = ParquetRows.open(source)
        yield from _numbered((batch, {}) for batch in files.batches(choose(list(files.names)), rows))
        return
    name = "standard input" if source == STDIN else str(source)
    try:
        with _opened(source) as stream:
            yield from _numbered(_parts(stream, source, name, choose, rows))
    except (EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as error:
        raise DataError(f"{name} is a damaged compressed file ({error}). Fetch it again.") from None
    except pa.ArrowInvalid as error:
        raise DataError(f"{name} breaks off as a table ({str(error).splitlines()[0]}).") from None
    except OSError as error:
        raise unreadable(Path(source), error) from None


def _opened(source: str | Path) -> "io.BufferedReader[Any]":
    return _buffered(sys.stdin.buffer if source == STDIN else Path(source).open("rb", buffering=0))


def _buffered(raw: Any) -> "io.BufferedReader[Any]":
    """Return a reader that can look ahead."""
    return io.BufferedReader(raw, _HEAD)


def _numbered(parts: Iterable[tuple[pd.DataFrame, dict[int, str]]]) -> Iterator[Block]:
    first = 0
    for rows, broken in parts:
        if len(rows):
            yield Block(first, rows, broken)
            first += len(rows)
    if not first:
        raise DataError("The table has a header but no rows.")


def _parts(
    stream: "io.BufferedReader[Any]", source: str | Path, name: str, choose: Choose, rows: int
) -> Iterator[tuple[pd.DataFrame, dict[int, str]]]:
    head = stream.peek(_HEAD)[:_HEAD]
    if not head.strip():
        raise DataError(f"{name} is empty. Expected a table with one row for each track.")
    if head.startswith(PARQUET):
        file = parquet.ParquetFile(pa.BufferReader(stream.read()) if source == STDIN else source)
        wanted = list(choose(list(file.schema_arrow.names)))
        yield from ((batch.to_pandas(), {}) for batch in file.iter_batches(rows, columns=wanted))
    elif head.startswith(FEATHER):
        with pa.ipc.open_file(pa.BufferReader(stream.read())) as file:
            wanted = list(choose(list(file.schema.names)))
            for place in range(file.num_record_batches):
                yield file.get_batch(place).select(wanted).to_pandas(), {}
    elif head.startswith(b"PK\x03\x04"):
        content, inner = only_member(stream.read(), name)
        yield from _text(_buffered(io.BytesIO(content)), inner, choose, rows)
    else:
        opener = next((opener for mark, opener in _OPENERS if head.startswith(mark)), None)
        plain = stream if opener is None else _buffered(opener(stream))
        yield from _text(plain, name, choose, rows)


def _text(
    stream: "io.BufferedReader[Any]", name: str, choose: Choose, rows: int
) -> Iterator[tuple[pd.DataFrame, dict[int, str]]]:
    head = stream.peek(_HEAD)[:_HEAD]
    # A letter of several bytes may be cut at the end; those of UTF-16 have two.
    whole = head[: head.rfind(b"\n") + 1] or head
    whole = whole[: len(whole) // 2 * 2] if whole[:2] in (b"\xff\xfe", b"\xfe\xff") else whole
    text, encoding = decoded(whole, name)
    if text.lstrip().startswith("{"):
        yield from _json_lines(stream, name, choose, rows)
        return
    delimiter = sniff(text)
    header = next(csv.reader(io.StringIO(text), delimiter=delimiter))
    names = [column.strip() for column in header]
    if len(names) < 2:
        raise DataError(f"{name} is no table with columns: its first line is {text.splitlines()[0][:60]!r}.")
    yield from _delimited(stream, names, list(choose(names)), delimiter, encoding)


def _delimited(
    stream: IO[bytes], names: list[str], wanted: list[str], delimiter: str, encoding: str
) -> Iterator[tuple[pd.DataFrame, dict[int, str]]]:
    broken: dict[int, str] = {}

    def note(row: Any) -> str:
        # The first row after the header is number 2.
        broken[row.number - 2] = f"the line has {row.actual_columns} cells and not {row.expected_columns}"
        return "skip"

    # Names may come twice, where the columns are not wanted: numbers do not.
    places = [str(place) for place in range(len(names))]
    kept = [places[names.index(column)] for column in wanted]
    reader = arrow_csv.open_csv(
        stream,
        read_options=arrow_csv.ReadOptions(
            column_names=places, skip_rows=1, block_size=_TEXT_BLOCK, use_threads=False, encoding=encoding
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(kept, pa.string()), include_columns=kept, strings_can_be_null=False
        ),
    )
    first = 0
    for batch in reader:
        rows = batch.to_pandas().set_axis(wanted, axis=1)
        rows, here = _with_broken(rows, first, broken)
        first += len(rows)
        yield rows, here
    after = {place: reason for place, reason in broken.items() if place >= first}
    if after:
        yield pd.DataFrame("", index=range(len(after)), columns=wanted), dict(enumerate(after.values()))


def _with_broken(rows: pd.DataFrame, first: int, broken: Mapping[int, str]) -> tuple[pd.DataFrame, dict[int, str]]:
    """Return the rows with an empty one for each broken line among them, and the places of these."""
    here: dict[int, str] = {}
    for place in sorted(place for place in broken if place >= first):
        if place - first > len(rows) + len(here) - 1:
            break
        here[place - first] = broken[place]
    if not here:
        return rows, here
    whole = [place for place in range(len(rows) + len(here)) if place not in here]
    return rows.set_axis(whole, axis=0).reindex(range(len(rows) + len(here)), fill_value=""), here


def _json_lines(
    stream: IO[bytes], name: str, choose: Choose, rows: int
) -> Iterator[tuple[pd.DataFrame, dict[int, str]]]:
    records: list[dict[str, Any]] = []
    broken: dict[int, str] = {}
    wanted: list[str] | None = None

    def made() -> tuple[pd.DataFrame, dict[int, str]]:
        nonlocal wanted
        if wanted is None:
            wanted = list(choose(list(dict.fromkeys(key for record in records for key in record))))
        return pd.DataFrame(records, columns=wanted), dict(broken)

    for line in stream:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            fault = "" if isinstance(record, dict) else "the line is no object of JSON"
        except (ValueError, RecursionError) as error:
            record, fault = {}, f"the line is no JSON ({error})"
        if fault:
            broken[len(records)] = fault
        records.append(record if not fault else {})
        if len(records) == rows:
            yield made()
            records, broken = [], {}
    if records:
        yield made()
