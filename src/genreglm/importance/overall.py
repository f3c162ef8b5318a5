"""How far each term moves the log-odds of the classes as a whole, with an interval."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.engine.threads import single_threaded_blas
from genreglm.importance.standardised import covariance_over_rows
from genreglm.result import Result
from genreglm.result.contrasts import class_covariance_of, estimable
from genreglm.result.rows import covariates_of
from genreglm.result.sizes import QuadraticForm, size_table
from genreglm.sources import Source

Floats = NDArray[np.float64]


@single_threaded_blas()
def term_effects(result: Result, rows: Source | None = None, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Return term, size, conf_low, conf_high: the typical effect of each term over all classes, one row a term.

    With d_tk and S_t as in `standardised_effects`, and K classes with an estimate, it is their root mean square

        size = sqrt(sum_k d_tk' S_t d_tk / K)

    in log-odds, less what noise alone would make of it by the fit's covariance. A test says whether a term does
    anything at all, which at many rows nearly every term does; this says how much, with an interval. It is large where
    a single class nearly lacks the variable: the median over the classes, `effect` of `term_importance`, is not moved
    by one.

    NaN where fewer than two classes have an estimate, and without a covariance.

    Parameters
    ----------
    rows : those over which the covariances S_t are taken; None for those of the fit, with their weights
    conf_level : of the intervals

    Raises
    ------
    OptionError
        Where `conf_level` is not between 0 and 1.
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.
    """
    x, w, _ = covariates_of(result, rows)
    terms = result.design.slopes
    cuts = [result.design.terms[term] for term in terms]
    forms = [_form(result, cut, covariance_over_rows(x[:, cut], w)) for cut in cuts]
    table = size_table(forms, conf_level)
    table.insert(0, "term", list(terms))
    return table


def _form(result: Result, cut: slice, spread: Floats) -> QuadraticForm | None:
    known = np.flatnonzero(estimable(result)[cut].all(axis=0))
    if len(known) < 2 or result.inference is None:
        return None
    slopes = result.coefficients[cut][:, known]
    deviation = (slopes - slopes.mean(axis=1, keepdims=True)).T.ravel()
    covariance = class_covariance_of(result, cut)[known][:, :, known]
    covariance = covariance - covariance.mean(axis=0)
    covariance = covariance - covariance.mean(axis=2, keepdims=True)
    size = len(deviation)
    form = np.kron(np.eye(len(known)), spread) / len(known)
    return QuadraticForm.of(deviation, form, covariance.reshape(size, size))
