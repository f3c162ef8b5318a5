"""What separates the classes of a formula on rows, before any fit."""

from collections.abc import Sequence

import pandas as pd

from genreglm.designs import Design
from genreglm.fitting import find_separation
from genreglm.result import SeparatedCell
from genreglm.sources import Source

_COLUMNS = ["class", "level", "columns", "kind"]


def separation(formula: str | Design, rows: Source) -> pd.DataFrame:
    """List what leaves the maximum-likelihood estimate without a finite value: class, level, columns, kind.

    An "empty cell" is a level of a factor that never occurs in a class: the coefficients of `columns` have no finite
    estimate in that class. A "direction" sets classes apart by the terms named as its level together, and is
    certified on all rows (Albert and Anderson 1984, Biometrika 71:1). An empty table: the estimate exists.

    Raises
    ------
    RankError
        Where columns are linearly dependent: whether the classes are separated cannot be asked then.
    ConvergenceError
        Where the fit that looks for a direction ended neither at a maximum nor on its way to infinity.
    """
    design, cells, direction = find_separation(formula, rows)
    table = cells_table(cells)
    if direction is None:
        return table
    labels, terms = direction
    columns = ", ".join(name for term in terms for name in design.columns[design.terms[term]])
    along = [(label, " with ".join(terms), columns, "direction") for label in labels]
    return pd.DataFrame([*table.itertuples(index=False, name=None), *along], columns=_COLUMNS)


def cells_table(cells: Sequence[SeparatedCell]) -> pd.DataFrame:
    """Return empty cells, such as `Result.separated`, as rows of the same table."""
    found = [(cell.label, cell.level, ", ".join(cell.columns), "empty cell") for cell in cells]
    return pd.DataFrame(found, columns=_COLUMNS)
