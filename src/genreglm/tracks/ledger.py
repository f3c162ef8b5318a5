"""The ledger: every rule that touched the table, how much it touched, and what was done."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import GenreglmError

Unit = Literal["rows", "cells", "columns"]

DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    `unit` says what `count` counts. Only lines with the unit "rows" and the action "dropped" take rows
    out of the table; every other line reports rows, cells or columns that stayed or were changed in place.
    """

    step: str
    rule: str
    unit: Unit
    count: int
    action: str
    detail: str = ""


class Ledger:
    """An append-only list of entries, in the order in which the rules were applied.

    `strict` says whether a column with many cells that cannot be read is refused.
    """

    strict = True

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = list(entries)

    def mark(self, reason: str, where: NDArray[np.bool_]) -> None:
        """Hear which rows hold a cell that cannot be used, and why; here they only count, see `RowLedger`."""

    def add(self, step: str, rule: str, unit: Unit, count: int, action: str, detail: str = "") -> None:
        """Append one line."""
        self._entries.append(Entry(step, rule, unit, int(count), action, detail))

    def extend(self, entries: Iterable[Entry]) -> None:
        """Append lines made elsewhere, such as those of `tracks.validate`."""
        self._entries.extend(entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The lines so far."""
        return tuple(self._entries)

    @property
    def rows_dropped(self) -> int:
        """The rows that all lines so far took out of the table."""
        return sum(line.count for line in self._entries if line.unit == "rows" and line.action == DROPPED)

    def check(self, rows_in: int, rows_out: int, already_dropped: int = 0) -> None:
        """Raise `GenreglmError` unless rows in = rows out + rows dropped.

        `already_dropped` is what `rows_dropped` was when `rows_in` were counted.
        """
        dropped = self.rows_dropped - already_dropped
        if rows_in != rows_out + dropped:
            raise GenreglmError(
                f"The ledger does not balance: {rows_in:,} rows came in, {rows_out:,} went out and "
                f"{dropped:,} are accounted for as dropped. This is a fault of genreglm, not of the table; "
                "please report it with the ledger."
            )

    def to_frame(self) -> pd.DataFrame:
        """The ledger as a table: step, rule, unit, count, action, detail."""
        names = [field.name for field in fields(Entry)]
        return pd.DataFrame([asdict(line) for line in self._entries], columns=names)


class RowLedger(Ledger):
    """A ledger of new rows, none of which is dropped: it knows of each row what is wrong with it."""

    strict = False

    def __init__(self) -> None:
        super().__init__()
        self._marks: list[tuple[str, NDArray[np.intp]]] = []

    def mark(self, reason: str, where: NDArray[np.bool_]) -> None:
        """Remember the rows; positions are those of the table as it was read."""
        if where.any():
            self._marks.append((reason, np.flatnonzero(where)))

    def problems(self, rows: int) -> NDArray[np.object_]:
        """What is wrong with each of so many rows, in words; "" with most of them."""
        found = np.full(rows, "", dtype=object)
        for reason, places in self._marks:
            for place in places:
                found[place] = f"{found[place]}; {reason}" if found[place] else reason
        return found
