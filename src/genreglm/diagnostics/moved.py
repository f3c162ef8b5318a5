"""How far the deletion of rows moves the coefficients of a term: linear maps of what each row pulls."""

import numpy as np

from genreglm.designs import INTERCEPT
from genreglm.engine.blocks import Floats
from genreglm.errors import OptionError
from genreglm.result import Result
from genreglm.result.contrasts import standard_errors, weights_of_centre


def span_of(result: Result, term: str) -> slice:
    """Return the columns of a term.

    Raises
    ------
    OptionError
        With the terms that there are.
    """
    if term not in result.design.terms:
        known = ", ".join(name for name in result.design.terms if name != INTERCEPT)
        raise OptionError(f"{term!r} is no term of this model; there are {known}.")
    return result.design.terms[term]


def map_of(result: Result, covariance: Floats, back: Floats, term: str) -> Floats:
    """Return what maps a row's pull to b - b_(i) of a term's coefficients against the average class,
    (classes * columns, m).

    Parameters
    ----------
    covariance : (m, m), the inverse of the information in standardised columns
    back : (p, p), from standardised coefficients to those of the columns as given
    """
    cut, columns = span_of(result, term), len(back)
    width, classes = cut.stop - cut.start, len(result.classes)
    by_class = covariance.reshape(classes - 1, columns, -1)
    of = np.zeros((classes, width, by_class.shape[2]))
    of[:-1] = np.einsum("ca,kam->kcm", back[cut], by_class)
    centre = weights_of_centre(result, None)[cut].T[:, :, None]
    of -= np.sum(centre * of, axis=0)
    return of.reshape(classes * width, -1)


def errors_of(result: Result, term: str) -> Floats:
    """Return the standard errors of a term's coefficients against the average class, (classes * columns,)."""
    result.require_inference()
    errors = standard_errors(result, weights_of_centre(result, None))
    return errors[span_of(result, term)].T.ravel()


def largest_in(errors: Floats, changes: Floats) -> Floats:
    """Return of each row the change that is largest in standard errors; NaN where there is none."""
    moved = changes / errors
    sizes = np.where(np.isnan(moved), -1.0, np.abs(moved))
    return np.asarray(moved[np.arange(len(moved)), sizes.argmax(axis=1)])
