"""What a design needs to know of rows that are met in batches: a mergeable summary, learnt in one pass.

Exact are the number of rows, the classes, the levels of factors and the range of each number. Quantiles, means and all
else that a formula may learn come from a sample in which every row is as likely as any other: the rows with the
smallest of random keys, so that two samples merge into one of the same kind.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from genreglm.designs import Design, learn
from genreglm.errors import DataError
from genreglm.formula import coded_columns, parse, require_columns, variables

SAMPLE_ROWS = 200_000
# A fit begins on so many rows for each of its parameters, on such a part of all, and on no fewer than these.
_ROWS_A_PARAMETER, _PART, _LEAST_ROWS = 16, 8, 50_000
_MOST_LEVELS = 10_000


@dataclass(frozen=True)
class Asked:
    """The columns that a formula needs, response included, those that it codes as factors, and columns of shares.

    And the column of weights, if there is one: a fit needs a row of positive weight in each class.
    """

    columns: tuple[str, ...]
    levels: tuple[str, ...]
    weights: str | None = None

    @classmethod
    def by(cls, formula: str, shares: Sequence[str] = (), weights: str | None = None) -> "Asked":
        """Return what a formula asks for; its response is a factor, unless columns of `shares` stand in its place."""
        response, right = parse(formula)
        named = () if shares else (response,)
        return cls((*named, *shares, *variables(right)), (*named, *coded_columns(right)), weights)


@dataclass(frozen=True)
class Summary:
    """Rows in brief.

    Attributes
    ----------
    rows : how many there are
    sample : at most `size` of them, with their random keys as index, in ascending order
    ends : rows that hold the least and the largest of each number, and one row of each level: of all rows, and of
        those of positive weight
    missing : how many have no value, by column
    levels : columns whose values are levels
    asked : what was to be learnt
    size : rows that a sample may have
    """

    rows: int
    sample: pd.DataFrame
    ends: pd.DataFrame
    missing: pd.Series
    levels: tuple[str, ...]
    asked: Asked
    size: int

    @classmethod
    def of(cls, frame: pd.DataFrame, asked: "Asked", seed: Sequence[int], size: int = SAMPLE_ROWS) -> "Summary":
        """Summarise a batch; `seed` is another for each batch."""
        held = tuple(name for name in asked.columns if name in asked.levels or not _is_number(frame[name]))
        keys = np.random.default_rng(list(seed)).random(len(frame))
        sample = frame.set_axis(pd.Index(keys)).sort_index().head(size)
        return cls(len(frame), sample, _ends(frame, asked, held), frame.isna().sum(), held, asked, size)

    def merged(self, other: "Summary") -> "Summary":
        """Return the summary of both."""
        return Summary(
            self.rows + other.rows,
            pd.concat([self.sample, other.sample]).sort_index().head(self.size),
            _ends(pd.concat([self.ends, other.ends], ignore_index=True), self.asked, self.levels),
            self.missing + other.missing,
            self.levels,
            self.asked,
            self.size,
        )

    @property
    def frame(self) -> pd.DataFrame:
        """The sample and the rows that hold ends and levels, from which a design is learnt."""
        return pd.concat([self.sample, self.ends], ignore_index=True)

    def beginning(self, parameters: int) -> pd.DataFrame:
        """Return so much of it as a fit of so many parameters begins on.

        A part of all rows, so that the fit of this sample is a small part of the work; and some for each parameter, so
        that its information resembles that of all rows.
        """
        enough = max(self.rows // _PART, _ROWS_A_PARAMETER * parameters, _LEAST_ROWS)
        return pd.concat([self.sample.head(enough), self.ends], ignore_index=True)


def summarise(
    formula: str,
    batches: Iterable[pd.DataFrame],
    *,
    seed: int = 0,
    size: int = SAMPLE_ROWS,
    shares: Sequence[str] = (),
    weights: str | None = None,
) -> Summary:
    """Return the summary of rows that come in batches; `shares` are columns that stand in the response's place.

    `weights` is the column of the rows' weights.

    Raises
    ------
    DataError
        Where there are no rows, values are missing, or a factor has more than 10,000 levels.
    """
    asked = Asked.by(formula, shares, weights)
    found: Summary | None = None
    for number, batch in enumerate(batches):
        if len(batch):
            found = merged(found, Summary.of(batch, asked, (seed, number), size))
    return checked(found)


def merged(*parts: Summary | None) -> Summary | None:
    """Return the summary of all; None stands for no rows."""
    there = [part for part in parts if part is not None]
    return reduce(Summary.merged, there) if there else None


def checked(found: Summary | None) -> Summary:
    """Return the summary of all rows.

    Raises
    ------
    DataError
        Where there are no rows, or values are missing.
    """
    if found is None:
        raise DataError("The table has no rows; at least one is needed.")
    missing = found.missing[found.missing > 0]
    if len(missing):
        counts = ", ".join(f"{name} ({count:,})" for name, count in missing.items())
        raise DataError(f"Missing values in {counts}. Drop or fill those rows before the fit; none are dropped here.")
    return found


def needed_columns(
    formula: str | Design, names: Sequence[str], extra: Iterable[str] = (), *, response: bool = True
) -> list[str]:
    """Return the columns of a table that a fit reads, in the table's order, without the `response` where it does not.

    Raises
    ------
    FormulaError
        For those that are not there, with the nearest name.
    """
    if isinstance(formula, Design):
        label, right = formula.response, formula.variables
    else:
        label, terms = parse(formula)
        right = variables(terms)
    wanted = {*([label] if response else []), *right, *extra}
    require_columns(sorted(wanted), names)
    return [name for name in names if name in wanted]


def learn_from(formula: str, summary: Summary, classes: Sequence[Any] | None = None) -> Design:
    """Learn a design from a summary; see `genreglm.designs.learn`."""
    return learn(formula, summary.frame, classes)


def _ends(frame: pd.DataFrame, asked: Asked, levels: Sequence[str]) -> pd.DataFrame:
    """Return the rows with the least and the largest of each number, and the first row of each level.

    Those of all rows, since a design is learnt from all; and those of the rows of positive weight, which alone show a
    fit that a class is there.
    """
    frame = frame.reset_index(drop=True)
    places = _end_places(frame, asked.columns, levels)
    if asked.weights is not None:
        # Weights that are no numbers are refused where they are used.
        live = pd.to_numeric(frame[asked.weights], errors="coerce") > 0
        places |= _end_places(frame[live], asked.columns, levels)
    return frame.loc[sorted(places)]


def _end_places(frame: pd.DataFrame, columns: Sequence[str], levels: Sequence[str]) -> set[Any]:
    places: set[Any] = set()
    for name in columns:
        values = frame[name]
        if name in levels:
            first = values.drop_duplicates().dropna()
            if len(first) > _MOST_LEVELS:
                raise DataError(
                    f"{name!r} has more than {_MOST_LEVELS:,} levels, e.g. {first.iloc[0]!r}: as a factor it would "
                    "have as many columns. Leave it out, or group its levels."
                )
            places.update(first.index)
        elif values.notna().any():
            places.update((values.idxmin(), values.idxmax()))
    return places


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
