"""The rows that an effect is averaged over, and the values that are put into them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from genreglm.designs import Design
from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.separation import EmptyCell
from genreglm.errors import DataError
from genreglm.options import EffectsAt
from genreglm.result import Result, SeparatedCell
from genreglm.result.rows import covariates_of
from genreglm.sources import Source, map_batches, read_rows


@dataclass(frozen=True)
class Population:
    """Rows with their weights and offset.

    Attributes
    ----------
    frame : the variables that the formula names
    weights : (rows,)
    offset : (rows, classes) or None
    seen : all rows that are known, those of the fit among them: what values are usual
    levels : for each variable that is a factor, its levels in order
    """

    frame: pd.DataFrame
    weights: Floats
    offset: Floats | None
    seen: pd.DataFrame
    levels: Mapping[str, tuple[Any, ...]]

    def with_value(self, variable: str, value: Any) -> "Population":
        """Return the same rows with one value of `variable` in all of them."""
        return replace(self, frame=self.frame.assign(**{variable: value}))

    def blocks(self, x: Floats, classes: int) -> Blocks:
        """Return the columns `x` of these rows in blocks; no class is known of them, nor needed."""
        return Blocks.of(x, np.zeros(len(x), dtype=np.int64), self.weights, classes, self.offset)

    def typical(self) -> "Population":
        """Return one row: means of numbers, most frequent levels of factors (the first of several), mean offset."""
        share = self.weights / self.weights.sum()
        row = {name: [self._typical_value(name, share)] for name in map(str, self.frame)}
        offset = None if self.offset is None else (share @ self.offset)[None]
        return replace(self, frame=pd.DataFrame(row), weights=np.ones(1), offset=offset)

    def _typical_value(self, name: str, share: Floats) -> Any:
        values = self.frame[name]
        if name not in self.levels:
            return float(share @ values.to_numpy(dtype=np.float64))
        codes = pd.Index(self.levels[name]).get_indexer(pd.Index(values))
        return self.levels[name][int(np.bincount(codes, weights=share).argmax())]


def population(result: Result, rows: Source | None, at: EffectsAt) -> Population:
    """Return the rows of the fit with their weights and offset, or `rows`; for "mean" one row that is typical of them.

    Raises
    ------
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.
    """
    _, weights, offset = covariates_of(result, rows)
    names = result.design.variables
    frame = (result.require_rows(None) if rows is None else read_rows(rows))[names]
    seen = frame if rows is None or result.source is None else pd.concat([frame, result.source[names]])
    levels = {name: (False, True) for name in names if pd.api.types.is_bool_dtype(frame[name])}
    found = Population(frame, weights, offset, seen, levels | result.design.levels)
    return found.typical() if at == "mean" else found


def typical_of_batches(result: Result, source: Any) -> Population:
    """Return one row that is typical of files or of a Dask frame, each row counting once; see `Population.typical`.

    Raises
    ------
    DataError
        For files that cannot be read, and a level that the design does not know.
    """
    sums = map_batches(partial(_sums_of, result.design), source, result.design.variables)
    count, typical, ends = sum(count for count, _, _ in sums), dict[str, Any](), dict[str, list[float]]()
    for name in result.design.variables:
        own = [by_name[name] for _, by_name, _ in sums]
        if isinstance(own[0], pd.Series):
            counts = pd.concat(own).groupby(level=0, sort=True).sum()
            levels = [level for level in result.design.levels.get(name, tuple(counts.index)) if level in counts.index]
            typical[name] = max(levels, key=lambda level: counts[level])
        else:
            typical[name] = sum(own) / count
            reached = [by_name[name] for _, _, by_name in sums]
            ends[name] = [min(low for low, _ in reached), max(high for _, high in reached)]
    row = pd.DataFrame({name: [value] for name, value in typical.items()})
    seen = pd.DataFrame({name: ends.get(name, [value, value]) for name, value in typical.items()})
    return replace(population(result, row, "average"), seen=seen)


def _sums_of(design: Design, batch: pd.DataFrame) -> tuple[int, dict[str, Any], dict[str, tuple[float, float]]]:
    """Return the rows, of each variable the sum, or the count of each level, and the ends of each number."""
    sums: dict[str, Any] = {}
    ends: dict[str, tuple[float, float]] = {}
    for name in design.variables:
        values = batch[name]
        if name in design.levels or pd.api.types.is_bool_dtype(values):
            sums[name] = values.value_counts()
        else:
            numbers = values.to_numpy(dtype=np.float64)
            sums[name], ends[name] = float(numbers.sum()), (float(numbers.min()), float(numbers.max()))
    return len(batch), sums, ends


def never(result: Result, x: Floats, w: Floats) -> np.ndarray:
    """Return (classes,): True where the model's limit gives the class no probability in any of the rows.

    That is so where every row has a level that never occurs in the class. A prior makes the estimate finite, but what
    the data say of it is one-sided: no standard error and no test of it means what it says.
    """
    live = x[w > 0]
    shut = {label: np.zeros(len(live), dtype=bool) for label in result.classes}
    for cell in result.separated:
        shut[cell.label] |= _empty_cell(result, cell).has_level(live)
    return np.array([shut[label].all() for label in result.classes])


def _empty_cell(result: Result, cell: SeparatedCell) -> EmptyCell:
    """Return the cell by the positions of its columns; the intercept of a base level tells no level."""
    columns = result.design.columns
    own = tuple(columns.index(name) for name in cell.columns if columns.index(name) != result.design.intercept)
    return EmptyCell(result.classes.index(cell.label), own, int(cell.level in cell.columns))


def require_variable(result: Result, variable: str | None) -> str:
    """Return `variable` where the formula reads it.

    Raises
    ------
    DataError
        With the variables there are.
    """
    if variable not in result.design.variables:
        raise DataError(
            f"variable={variable!r} is no column that {result.design.formula!r} reads: it must be one of "
            f"{', '.join(map(repr, result.design.variables))}."
        )
    return str(variable)
