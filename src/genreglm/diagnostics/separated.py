"""Separated cells of a design, before any fit."""

import pandas as pd

from genreglm import designs
from genreglm.designs import Design
from genreglm.engine.separation import empty_cells
from genreglm.sources import Source, read_rows


def separation(formula: str | Design, rows: Source) -> pd.DataFrame:
    """List the empty cells of class x level: class, column, value, rows (of the class).

    Each makes the likelihood rise for ever along its coefficient, so that no maximum exists. `value` is 1
    where the 0/1 column is never 1 in the class, 0 where it always is. An empty table: no such cell.
    """
    frame = read_rows(rows)
    design = formula if isinstance(formula, Design) else designs.learn(formula, frame)
    codes = design.codes(frame)
    x = design.matrix(frame)
    found = empty_cells(x, codes, (codes >= 0).astype(float), len(design.classes))
    return pd.DataFrame(
        [
            (
                design.classes[cell.class_code],
                design.columns[cell.column],
                cell.value,
                int((codes == cell.class_code).sum()),
            )
            for cell in found
        ],
        columns=["class", "column", "value", "rows"],
    )
