"""The rows that are most like their class, and those that surprise in it, by name."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import inputs
from genreglm.engine.problem import Problem
from genreglm.errors import DataError, OptionError
from genreglm.result import Result
from genreglm.result.rows import fitted_probabilities, problem_of
from genreglm.sources import Source, read_rows

Floats = NDArray[np.float64]

_OWN = ("class", "kind", "rank", "row", "probability", "expected", "expected_probability")


def typical_rows(
    result: Result,
    rows: Source | None = None,
    most: int = 3,
    names: Sequence[str] = (),
    distinct: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return class, kind, rank, row, probability, expected, expected_probability, and the columns `names`.

    Kind "typical" is the rows of a class to which the model gives the highest `probability` of that class, from the
    highest; kind "surprising" those to which it gives the lowest, from the lowest. `expected` is the most probable
    class of the row. `row` is its position in the table. Equal probabilities are in the order of the rows.

    Parameters
    ----------
    rows : rows with the response, as those of the fit or held out; those of the fit for None
    most : how many rows of each kind and class; fewer where the class has fewer
    names : columns to carry, such as a track's name and its artist
    distinct : columns; of rows of a class that agree in all of them only the first is shown. `names` unless given, so
        that the same track is not shown under each of its ids; the column of artists keeps one of them from filling
        the list

    Rows of weight zero are left out.

    Raises
    ------
    OptionError
        For `most` below 1, and a name that is a column of this table already.
    DataError, FormulaError
        For rows that cannot be used or lack a column, for soft labels, and for a loaded result without `rows`.
    """
    _check(most, names)
    given = None if rows is None else read_rows(rows)
    problem, frame = problem_of(result, given), result.require_rows(given)
    carried = {name: inputs.column(name, frame, "names") for name in names}
    by = [distinct] if isinstance(distinct, str) else list(names if distinct is None else distinct)
    table = _judged(result, problem).assign(same=_same(frame, by))[problem.w > 0]
    kinds = [_first(table, "typical", most), _first(table, "surprising", most)]
    found = pd.concat(kinds).sort_values(["code", "kind", "rank"], ascending=[True, False, True], ignore_index=True)
    picked = {name: values[found["row"].to_numpy()] for name, values in carried.items()}
    return found[list(_OWN)].assign(**picked)


def _check(most: int, names: Sequence[str]) -> None:
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise OptionError(f"most={most!r} must be a whole number of at least 1.")
    if isinstance(names, str) or set(names) & set(_OWN):
        raise OptionError(f"names={names!r} must be a list of columns, none of them one of {', '.join(_OWN)}.")


def _same(frame: pd.DataFrame, by: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each row, the same for those that agree in all columns `by`; each its own for none."""
    if not by:
        return np.arange(len(frame))
    keys = pd.DataFrame({name: inputs.column(name, frame, "distinct") for name in by})
    return np.asarray(keys.groupby(list(keys), dropna=False, sort=False).ngroup(), dtype=np.int64)


def _judged(result: Result, problem: Problem) -> pd.DataFrame:
    """Return what the model says of each row."""
    if problem.y.ndim == 2:
        raise DataError(
            "This model was fitted to soft labels, which put its rows into no one class: judge other rows by it, rows=."
        )
    probabilities, row = fitted_probabilities(result, problem), np.arange(len(problem.y))
    likeliest, labels = probabilities.argmax(axis=1), np.array(result.classes)
    return pd.DataFrame(
        {
            "code": problem.y,
            "class": labels[problem.y],
            "row": row,
            "probability": probabilities[row, problem.y],
            "expected": labels[likeliest],
            "expected_probability": probabilities[row, likeliest],
        }
    )


def _first(table: pd.DataFrame, kind: str, most: int) -> pd.DataFrame:
    ordered = table.sort_values("probability", ascending=kind == "surprising", kind="stable")
    first = ordered.drop_duplicates(["code", "same"]).groupby("code", sort=False).head(most)
    return first.assign(kind=kind, rank=first.groupby("code", sort=False).cumcount() + 1)
