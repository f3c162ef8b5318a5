"""Separated cells of a design, before any fit."""

import pandas as pd

from genreglm.designs import Design
from genreglm.fitting import separated_cells
from genreglm.sources import Source


def separation(formula: str | Design, rows: Source) -> pd.DataFrame:
    """List the empty cells of class x level: class, level, columns.

    Each makes the likelihood rise for ever, so that the coefficients of `columns` have no finite estimate in
    that class. An empty table: no such cell.
    """
    cells = separated_cells(formula, rows)
    return pd.DataFrame(
        [(cell.label, cell.level, ", ".join(cell.columns)) for cell in cells], columns=["class", "level", "columns"]
    )
