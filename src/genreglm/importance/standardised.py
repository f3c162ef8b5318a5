"""How far each term moves each class's log-odds against the average class, for terms of any kind."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.engine.threads import single_threaded_blas
from genreglm.importance.tables import class_table
from genreglm.result import Result
from genreglm.result.contrasts import class_covariance_of, estimable
from genreglm.result.rows import covariates_of
from genreglm.sources import Source

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TermSize:
    """One term's standardised effects: estimate, std_error and sign by class, (classes,) each."""

    estimate: Floats
    std_error: Floats
    sign: Floats

    def overall(self, class_weights: Floats) -> dict[str, float]:
        """Return median and root mean squares, equal and by `class_weights`, over the classes with an estimate."""
        known = np.isfinite(self.estimate)
        squares, weights = self.estimate[known] ** 2, class_weights[known]
        if not len(squares):
            return dict.fromkeys(("effect", "effect_rms", "effect_rms_weighted"), float("nan"))
        return {
            "effect": float(np.median(self.estimate[known])),
            "effect_rms": float(np.sqrt(squares.mean())),
            "effect_rms_weighted": float(np.sqrt(np.average(squares, weights=weights))),
        }


def standardised_effects(result: Result, rows: Source | None = None) -> pd.DataFrame:
    """Return class, term, estimate, std_error, sign: how much each term moves each class, one row a class and term.

    With x_t the columns of term t, S_t (q, q) their covariance over the rows, and d_tk = b_tk - mean_l b_tl its
    coefficients in class k against the average class,

        estimate = sd over the rows of x_t' d_tk = sqrt(d_tk' S_t d_tk),

    in log-odds: for one column |d| times its standard deviation, for a factor or a spline the same of all its columns
    together. It does not depend on the units of a column, the coding of a factor or the base class. A term beside
    its own interaction has no such effect of its own: what is its part depends on where zero lies.

    `sign` is that of d for a term of one column, NaN for others. A class in which a level of the term never occurs has
    an infinite effect and NaN here, and does not enter the mean; Jeffreys' prior makes it finite.

    `std_error` is by the delta method, sqrt(d'S V S d) / estimate with V the covariance of d_tk; NaN without a
    covariance and for an effect of 0. A size cannot be negative, so noise makes it larger: `result.anova` tests
    whether there is an effect, this says how large it is.

    Parameters
    ----------
    rows : those over which the standard deviations are taken; None for those of the fit, with their weights

    Raises
    ------
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.

    Sources: Agresti (2013), Categorical Data Analysis, 3rd ed., section 5.5 (standardised coefficients); Menard
    (2004), The American Statistician 58:218.
    """
    sizes = term_sizes(result, rows)
    columns = {name: [getattr(size, name) for size in sizes.values()] for name in ("estimate", "std_error", "sign")}
    return class_table(result.classes, list(sizes), columns)


@single_threaded_blas()
def term_sizes(result: Result, rows: Source | None = None) -> dict[str, TermSize]:
    """Return the standardised effects of each term."""
    x, w, _ = covariates_of(result, rows)
    return {term: _size(result, x, w, result.design.terms[term]) for term in result.design.slopes}


def _size(result: Result, x: Floats, w: Floats, cut: slice) -> TermSize:
    known = estimable(result)[cut].all(axis=0)
    if known.sum() < 2:  # nothing to compare a class with
        nothing = np.full(len(result.classes), np.nan)
        return TermSize(nothing, nothing, nothing)
    centre = known / known.sum()
    spread = _covariance(x[:, cut], w)
    deviation = result.coefficients[cut] - result.coefficients[cut] @ centre[:, None]
    squares = np.einsum("ak,ab,bk->k", deviation, spread, deviation)
    estimate = np.where(known, np.sqrt(np.maximum(squares, 0.0)), np.nan)
    slope = np.divide(spread @ deviation, estimate, out=np.full(deviation.shape, np.nan), where=estimate > 0)
    sign = np.sign(deviation[0]) if len(deviation) == 1 else np.full(len(estimate), np.nan)
    return TermSize(estimate, _standard_errors(result, cut, centre, slope), np.where(known, sign, np.nan))


def _covariance(x: Floats, w: Floats) -> Floats:
    """Return the covariance of columns over rows that count `w` times each, divided by their number, (q, q)."""
    centred = x - np.average(x, axis=0, weights=w)
    return np.asarray(centred.T @ (w[:, None] * centred) / w.sum())


def _standard_errors(result: Result, cut: slice, centre: Floats, slope: Floats) -> Floats:
    """Return sqrt(g_k' var(b_k - mean b) g_k) for gradients g `slope` (q, classes), (classes,)."""
    if result.inference is None:
        return np.full(len(centre), np.nan)
    whole = class_covariance_of(result, cut)
    with_mean = np.einsum("kalb,l->kab", whole, centre)
    of_mean = np.einsum("kab,k->ab", with_mean, centre)
    variance = np.einsum("kakb->kab", whole) - with_mean - with_mean.transpose(0, 2, 1) + of_mean
    return np.asarray(np.sqrt(np.maximum(np.einsum("ak,kab,bk->k", slope, variance, slope), 0.0)))
