"""Tags of a whole table, block by block: read, tagged by a thread for each core, written in order."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from genreglm.engine.threads import single_threaded_blas, thread_count
from genreglm.errors import DataError, OptionError
from genreglm.files import whole_file
from genreglm.tagger.model import Tagger
from genreglm.tagger.tags import Wanted, tags
from genreglm.tracks.columns import GENRE, assign
from genreglm.tracks.stream import ROWS, STDIN, Block, blocks

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_DIGITS = "%.6g"


@dataclass(frozen=True)
class Told:
    """What a table came to: rows, those with a value that could not be used, those unlike the rows of the fit."""

    rows: int
    problems: int
    unlike: int | None

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Told":
        """Count the lines of a table of tags."""
        problems = int((table["problem"] != "").sum()) if "problem" in table else 0
        unlike = int(table["unlike"].fillna(False).astype(bool).sum()) if "unlike" in table else 0
        return cls(len(table), problems, unlike)


def tag_table(tagger: Tagger, source: str | Path, out: str | Path, wanted: Wanted, rows: int = ROWS) -> Told:
    """Tag the rows of a table and write them in its order: as Parquet or JSON lines by the name of `out`, else as CSV.

    Parameters
    ----------
    source : a file, or "-" for standard input
    out : a file, which appears whole or not at all, or "-" for standard output

    Raises
    ------
    DataError
        Where the table cannot be read or lacks a column; under `on_error="fail"` for the first row that cannot be used.
    OptionError
        For what the model cannot give.
    OutputError
        Where `out` cannot be written.
    """
    wanted.check(tagger)
    problems = unlike = count = 0
    with ExitStack() as stack:
        write = _writer(str(out), stack)
        for table in _in_order(lambda block: _tagged(tagger, block, wanted), blocks(source, chooser(tagger), rows)):
            write(table)
            told = Told.of(table)
            count, problems, unlike = count + told.rows, problems + told.problems, unlike + (told.unlike or 0)
    return Told(count, problems, unlike if tagger.training is not None else None)


def all_rows(tagger: Tagger, source: str | Path) -> pd.DataFrame:
    """Return the columns of a table that the model needs, lines that are no rows left out.

    Raises
    ------
    DataError
        Where the table cannot be read or lacks a column.
    """
    parts = [block.rows.drop(index=list(block.broken)) for block in blocks(source, chooser(tagger))]
    return pd.concat(parts, ignore_index=True)


def one_row(tagger: Tagger, source: str | Path, number: int) -> pd.DataFrame:
    """Return a row of a table by its number, the first being 1, as a frame of one row.

    Raises
    ------
    DataError
        Where the table cannot be read, lacks a column, has no such row, or there is no row at that line.
    """
    last = 0
    for block in blocks(source, chooser(tagger)):
        place = number - 1 - block.first
        last = block.first + len(block.rows)
        if 0 <= place < len(block.rows):
            if place in block.broken:
                raise DataError(f"Data row {number} cannot be used: {block.broken[place]}.")
            return block.rows.iloc[[place]].reset_index(drop=True)
    raise DataError(f"There is no row {number}: the table has {last:,}, counted from 1.")


def chooser(tagger: Tagger) -> Callable[[list[str]], list[str]]:
    """Return what picks the columns that the model needs from those of a table."""
    if tagger.recipe is None:
        return lambda names: [name for name in tagger.result.design.variables if name in names]
    wanted = {*tagger.recipe.medians, *tagger.recipe.modes}
    told = {**tagger.columns, GENRE: ""}

    def choose(names: list[str]) -> list[str]:
        found = assign(names, columns=told, genre_required=False).source
        return [theirs for ours, theirs in found.items() if ours in wanted]

    return choose


def _tagged(tagger: Tagger, block: Block, wanted: Wanted) -> pd.DataFrame:
    return tags(tagger, block.rows, wanted, block.first, block.broken)


def _in_order(task: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
    """Yield the answers in the order of the items, a few of which are worked on at a time."""
    threads = thread_count()
    waiting: deque[Future[Answer]] = deque()
    with single_threaded_blas(), ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(task, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for left in waiting:
                left.cancel()


def _writer(out: str, stack: ExitStack) -> Callable[[pd.DataFrame], None]:
    if out == STDIN:
        return _csv(sys.stdout)
    partial = stack.enter_context(whole_file(Path(out)))
    if out.endswith(".parquet"):
        return _parquet(partial, stack)
    handle = stack.enter_context(partial.open("w", encoding="utf-8", newline=""))
    if out.endswith((".jsonl", ".ndjson")):
        return lambda table: table.to_json(handle, orient="records", lines=True, double_precision=6)
    if not out.endswith(".csv"):
        raise OptionError(f"--out {out} must end in .csv, .parquet, .jsonl or .ndjson, or be - for standard output.")
    return _csv(handle)


def _csv(handle: Any) -> Callable[[pd.DataFrame], None]:
    begun = False

    def write(table: pd.DataFrame) -> None:
        nonlocal begun
        table.to_csv(handle, index=False, header=not begun, float_format=_DIGITS, lineterminator="\n")
        begun = True

    return write


def _parquet(path: Path, stack: ExitStack) -> Callable[[pd.DataFrame], None]:
    writer: parquet.ParquetWriter | None = None

    def write(table: pd.DataFrame) -> None:
        nonlocal writer
        batch = pa.Table.from_pandas(table, preserve_index=False, schema=None if writer is None else writer.schema)
        if writer is None:
            writer = stack.enter_context(parquet.ParquetWriter(path, batch.schema))
        writer.write_table(batch)

    return write
