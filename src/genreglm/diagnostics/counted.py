"""Rows as the simulations of a diagnostic need them: one class each, and as often as their weights say."""

import numpy as np

from genreglm.engine.blocks import Codes
from genreglm.engine.problem import Problem
from genreglm.errors import DataError


def class_codes(problem: Problem, purpose: str) -> Codes:
    """Return each row's class code, (rows,).

    Raises
    ------
    DataError
        For soft labels, which say of no row which class it has. `purpose` names what cannot be had without.
    """
    if problem.y.ndim == 2:
        raise DataError(
            f"{purpose} need one class a row, and this fit has soft labels. Use kind='response', 'deviance' or "
            "'pearson' of gg.residuals, or gg.binned_residuals; or fit each row once for each class, with its share "
            "as its weight."
        )
    return np.asarray(problem.y, dtype=np.int64)


def counted_rows(problem: Problem, purpose: str) -> Codes:
    """Return the rows' positions, each as often as its weight says: a weight of 2 is two rows, drawn one by one.

    Raises
    ------
    DataError
        For weights that are no whole numbers.
    """
    if (problem.w % 1.0 != 0.0).any():
        raise DataError(
            f"{purpose} draw classes anew for each row, as often as its weight says, and some weights of this fit are "
            f"no whole numbers (e.g. {problem.w[problem.w % 1.0 != 0.0][0]:g}). Fit without weights, or pass rows=."
        )
    return np.repeat(np.arange(len(problem.w)), problem.w.astype(np.int64))
