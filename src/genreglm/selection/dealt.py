"""Rows dealt into folds, and what a model makes of each fold in turn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.designs import Design
from genreglm.engine.penalties import Penalty
from genreglm.errors import DataError, FormulaError, OptionError
from genreglm.formula import parse
from genreglm.inputs import Column, row_weights
from genreglm.selection.folds import deal
from genreglm.selection.groups import Groups, group_codes, require_divisible
from genreglm.selection.held_out import HeldOut, Rows, held_out
from genreglm.selection.jobs import in_order
from genreglm.selection.notes import noted
from genreglm.sources import Source, read_rows

Integers = NDArray[np.int64]

RANDOM_ROWS = "random rows"


@dataclass(frozen=True)
class Dealt:
    """Rows and their folds.

    Attributes
    ----------
    rows : those that have a weight
    fold_of : (repeats, rows), the fold of each row
    by : what was dealt: the name of the groups, or "random rows"
    """

    rows: Rows
    fold_of: Integers
    by: str

    @classmethod
    def of(
        cls,
        formula: str | Design,
        source: Source,
        groups: Groups,
        folds: int,
        repeats: int,
        stratify: bool,
        weights: Column | None,
        seed: int,
    ) -> "Dealt":
        """Deal rows; see `cross_validate` for what is asked, and for the errors."""
        if folds < 2 or repeats < 1:
            raise OptionError(f"folds={folds!r}, repeats={repeats!r}: needed are 2 folds and 1 repeat, or more.")
        frame = read_rows(source)
        weight = row_weights(weights, frame)
        random = isinstance(groups, str) and groups == "rows"
        codes = np.arange(len(frame)) if random else group_codes(groups, frame)
        by = RANDOM_ROWS if random else _name(groups)
        rows = Rows(frame, weight, codes).where(weight > 0)
        rows = replace(rows, groups=pd.factorize(rows.groups)[0].astype(np.int64))
        require_divisible(rows.groups, folds, by)
        classes = _classes(formula, rows.frame)
        dealt = [deal(None if random else rows.groups, classes, folds, stratify, seed + r) for r in range(repeats)]
        return cls(rows, np.array(dealt), by)

    def scored(
        self, formula: str | Design, penalties: Mapping[str, Penalty | None], jobs: int = 1
    ) -> Iterator[tuple[int, int, dict[str, HeldOut]]]:
        """Yield repeat, fold, and what `held_out` gives for it.

        No fit starts from that of another fold, which has seen the rows held out here: so a fold's fit is the same to
        the last bit whatever is in them, and whatever `jobs` is.
        """

        def task(place: tuple[int, int]) -> dict[str, HeldOut]:
            repeat, fold = place
            with noted(f"This was with fold {fold} of repeat {repeat} held out."):
                return held_out(formula, self.rows, self.fold_of[repeat] == fold, penalties)

        for (repeat, fold), found in zip(self.places, in_order(task, self.places, jobs), strict=True):
            yield repeat, fold, found

    def split(self, repeat: int, fold: int) -> tuple[Rows, Rows]:
        """Return the rows outside a fold, and those inside it."""
        inside = self.fold_of[repeat] == fold
        return self.rows.where(~inside), self.rows.where(inside)

    @property
    def places(self) -> list[tuple[int, int]]:
        """The repeat and the number of each fold, in order."""
        return [(repeat, fold) for repeat in range(len(self.fold_of)) for fold in range(int(self.fold_of.max()) + 1)]


def _name(groups: Groups) -> str:
    if isinstance(groups, str):
        return groups
    if isinstance(groups, list | tuple):
        return " or ".join(groups)
    return str(getattr(groups, "name", None) or "groups")


def _classes(formula: str | Design, frame: pd.DataFrame) -> Integers:
    response = formula.response if isinstance(formula, Design) else parse(formula)[0]
    if response not in frame.columns:
        raise FormulaError(f"The table lacks the response column {response!r}.")
    codes, _ = pd.factorize(frame[response])
    if (codes < 0).any():
        raise DataError(f"{int((codes < 0).sum()):,} rows have no {response!r}. Drop or fill them before the fit.")
    return codes.astype(np.int64)
