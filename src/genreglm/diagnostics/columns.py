"""The columns of a design on rows that count, as the tables of collinearity look at them."""

import numpy as np

from genreglm.designs import Design
from genreglm.engine.blocks import Floats
from genreglm.errors import OptionError
from genreglm.result import Result
from genreglm.result.rows import covariates_of
from genreglm.sources import Source, read_rows


def counted_columns(model: Result | Design, rows: Source | None, asker: str) -> tuple[Design, Floats, Floats]:
    """Return the design, its columns (rows, p) and the weights (rows,) of the rows of positive weight.

    Weights are those of the fit on its own rows, and one on others. `asker` is the name of the public function.

    Raises
    ------
    OptionError
        For a design without rows.
    DataError, FormulaError
        For rows that cannot be used, and for a loaded result without `rows`.
    """
    if isinstance(model, Result):
        x, w, _ = covariates_of(model, rows)
        live = w > 0
        return model.design, x if live.all() else x[live], w[live]
    if rows is None:
        raise OptionError(f"{asker}(design) needs rows=: a design holds none.")
    x = model.matrix(read_rows(rows))
    return model, x, np.ones(len(x))
