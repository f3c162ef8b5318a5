"""How far each term moves the log-odds among the classes that a row may be of, with an interval."""

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.engine.blocks import Blocks
from genreglm.engine.information import information
from genreglm.engine.problem import Problem
from genreglm.engine.threads import single_threaded_blas
from genreglm.result import Result
from genreglm.result.contrasts import class_covariance_of, estimable
from genreglm.result.rows import covariates_of, fitted_probabilities
from genreglm.result.sizes import QuadraticForm, size_table
from genreglm.sources import Source

Floats = NDArray[np.float64]


@single_threaded_blas()
def term_effects(result: Result, rows: Source | None = None, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Return term, size, conf_low, conf_high: how far each term moves the log-odds, one row a term.

    With x_it the columns of term t in row i, b_tk its coefficients and p_ik the fitted probabilities,

        size^2 = (1 / W) sum_i w_i sum_k p_ik (x_it' b_tk - sum_l p_il x_it' b_tl)^2 = b_t' (I_tt / W) b_t,

    in log-odds, less what noise alone would make of it by the fit's covariance: the root mean square over the rows of
    the standard deviation of what the term adds to the log-odds, among the classes as probable as the model holds them.
    I_tt is the term's block of the information. A test says whether a term does anything at all, which at many rows
    nearly every term does; this says how much, with an interval. It depends neither on the base class nor on the coding
    of a factor beside an intercept. A class that a column all but rules out counts where it is still possible:
    `standardised_effects` has the same class by class, all counting alike.

    Classes without an estimate of the term (see `Result.separated`) are left out, and the probabilities of the others
    divided by their sum. NaN where fewer than two are left, and without a covariance.

    Parameters
    ----------
    rows : those over which the mean is taken; None for those of the fit, with their weights
    conf_level : of the intervals

    Raises
    ------
    OptionError
        Where `conf_level` is not between 0 and 1.
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.
    """
    x, w, offset = covariates_of(result, rows)
    codes = np.zeros(len(x), dtype=np.int64)
    problem = Problem(x, codes, w, len(result.classes), result.design.intercept, offset)
    prob = fitted_probabilities(result, problem)
    terms = result.design.slopes
    forms = [_form(result, result.design.terms[term], x, w, prob) for term in terms]
    table = size_table(forms, conf_level)
    table.insert(0, "term", list(terms))
    return table


def _form(result: Result, cut: slice, x: Floats, w: Floats, prob: Floats) -> QuadraticForm | None:
    known = np.flatnonzero(estimable(result)[cut].all(axis=0))
    if len(known) < 2 or result.inference is None:
        return None
    own = prob[:, known]
    own /= own.sum(axis=1, keepdims=True)
    slopes = result.coefficients[cut][:, known]
    against_last = (slopes[:, :-1] - slopes[:, -1:]).T.ravel()
    whole = class_covariance_of(result, cut)[known][:, :, known]
    covariance = whole[:-1, :, :-1] - whole[-1:, :, :-1] - whole[:-1, :, -1:] + whole[-1:, :, -1:]
    size = len(against_last)
    gradient = _half_gradient(x, w, own, cut, slopes)
    whole_gradient = np.zeros(result.coefficients.shape)
    whole_gradient[:, known] = gradient
    free = np.ascontiguousarray(whole_gradient[:, :-1].T).ravel()
    along = float(free @ result.inference.covariance @ free)
    return QuadraticForm.of(against_last, _spread(x[:, cut], w, own), covariance.reshape(size, size), along)


def _half_gradient(x: Floats, w: Floats, prob: Floats, cut: slice, slopes: Floats) -> Floats:
    """Return half the derivative of size^2 for the coefficients of all columns, (columns, classes).

    What a term adds depends on its own coefficients; how probable the classes are, on all of them.
    """
    centred = x[:, cut] - np.average(x[:, cut], axis=0, weights=w)
    added = centred @ slopes
    added -= np.einsum("ik,ik->i", prob, added)[:, None]
    own = prob * added
    variance = np.einsum("ik,ik->i", own, added)[:, None]
    share = w[:, None] / w.sum()
    found = x.T @ (0.5 * share * (own * added - prob * variance))
    found[cut] += centred.T @ (share * own)
    return np.asarray(found)


def _spread(columns: Floats, w: Floats, prob: Floats) -> Floats:
    """Return the information of centred columns per unit of weight, ((classes - 1) q, (classes - 1) q).

    Centred, so that a factor's coding and the intercept say nothing; by that of the columns as they are beside one of
    ones, since cells of zeros and ones make an information cheap.
    """
    classes, width = prob.shape[1], columns.shape[1] + 1
    beside = np.column_stack([np.ones(len(columns)), columns])
    blocks = Blocks.of(beside, np.zeros(len(columns), dtype=np.int64), w, classes)
    ends = np.cumsum([0, *(len(part) for part in blocks.parts)])
    parts = [(part, prob[slice(*place)]) for part, place in zip(blocks.parts, pairwise(ends), strict=True)]
    whole = information(parts, classes).reshape(classes - 1, width, classes - 1, width)
    centring = np.vstack([-np.average(columns, axis=0, weights=w), np.eye(width - 1)])
    found = np.einsum("kalb,ac,bd->kcld", whole, centring, centring, optimize=True) / w.sum()
    size = (classes - 1) * (width - 1)
    return np.asarray(found.reshape(size, size))
