"""Where a fit starts that is told so: given coefficients, or those of another result."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from genreglm.designs import Design
from genreglm.engine.blocks import Floats
from genreglm.engine.problem import Problem
from genreglm.errors import OptionError
from genreglm.result import Result


def start_from(
    start: Result | Floats, design: Design, problem: Problem, frame: pd.DataFrame, columns: Sequence[str]
) -> Floats:
    """Return given coefficients, or those that come near another result's linear predictor; new classes get zero.

    Given ones are of the design's columns, or of all `columns` that it had before it left some out. Another result's
    are taken by name where all its columns are here too; else by least squares on this problem's columns.

    Raises
    ------
    OptionError
        For coefficients of another shape, or that are not finite.
    """
    if not isinstance(start, Result):
        values = np.asarray(start, dtype=np.float64)
        if values.shape == (len(columns), problem.classes):
            values = values[[list(columns).index(name) for name in design.columns]]
        if values.shape != (len(design.columns), problem.classes) or not np.isfinite(values).all():
            expected = (len(columns), problem.classes)
            raise OptionError(f"start must be a Result or {expected} finite coefficients; found shape {values.shape}.")
        return values
    mine, classes = list(design.columns), list(design.classes)
    given = pd.DataFrame(start.coefficients, index=list(start.design.columns), columns=list(start.classes))
    given = given.reindex(columns=classes, fill_value=0.0)
    if set(given.index) <= set(mine):
        return given.reindex(index=mine, fill_value=0.0).to_numpy()
    eta = start.design.matrix(frame) @ given.to_numpy()
    weight = np.sqrt(problem.w)[:, None]
    return np.asarray(np.linalg.lstsq(weight * problem.x, weight * eta)[0])
