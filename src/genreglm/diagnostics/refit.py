"""What changes when the rows that move a fit most are left out: a true refit, beside the coefficients of all rows."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from genreglm.errors import DataError
from genreglm.fitting import fit
from genreglm.result import Result
from genreglm.result.contrasts import standard_errors, weights_of_centre
from genreglm.result.rows import problem_of_fit
from genreglm.sources import Source, read_rows


def refit_without(result: Result, rows: Source | None = None, *, dropped: ArrayLike) -> pd.DataFrame:
    """Fit once more without some rows; return class, term, estimate, estimate_without, change, std_error, in_errors.

    Estimates are against the average class, as `tidy(reference=None)` has them, `std_error` is that of the fit to all
    rows (NaN where it has none), and in_errors = change / std_error. Weights, offset, soft labels and penalty are
    kept.

    Parameters
    ----------
    dropped : (rows,) True for the rows to leave out

    Raises
    ------
    DataError
        Where `dropped` is not one truth value a row, or leaves a class without rows; for a loaded result without
        `rows`, and for rows that are not those of its fit.
    EstimationError
        Where the others have no estimate.
    """
    problem = problem_of_fit(result, rows)
    frame = result.require_rows(None if rows is None else read_rows(rows))
    gone = np.asarray(dropped)
    if gone.dtype != bool or gone.shape != (len(frame),):
        raise DataError(f"dropped must be {len(frame):,} truth values, one a row; found {gone.dtype} {gone.shape}.")
    kept = ~gone
    soft = None if problem.y.ndim == 1 else pd.DataFrame(problem.y[kept], columns=list(result.classes))
    other = fit(
        result.design,
        frame[kept],
        weights=problem.w[kept],
        offset=None if problem.offset is None else problem.offset[kept],
        soft_labels=soft,
        penalty=result.penalty,
        covariance=None,
        start=result,
    )
    centre = weights_of_centre(result, None)
    before, after = (
        (one.coefficients - np.sum(centre * one.coefficients, axis=1, keepdims=True)).T.ravel()
        for one in (result, other)
    )
    error = standard_errors(result, centre).T.ravel()
    names = pd.MultiIndex.from_product([result.classes, result.design.columns], names=["class", "term"])
    return pd.DataFrame(
        {
            "estimate": before,
            "estimate_without": after,
            "change": after - before,
            "std_error": error,
            "in_errors": (after - before) / error,
        },
        index=names,
    ).reset_index()
