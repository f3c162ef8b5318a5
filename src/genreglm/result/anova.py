"""Tests of whole terms over all classes at once, types I, II and III: Wald, likelihood ratio and score."""

import numpy as np
import pandas as pd

from genreglm.engine.inference import ChiSquareTest, wald
from genreglm.options import AnovaType, TermTest, check_choice
from genreglm.out_of_core import OutOfCore
from genreglm.result.contrasts import term_contrasts, without
from genreglm.result.model import Result
from genreglm.result.refits import Maxima, Refits
from genreglm.result.refits_in_passes import refits_in_passes
from genreglm.sources import Source, comes_in_batches


def anova(
    result: Result,
    type: AnovaType = "II",
    test: TermTest = "wald",
    rows: Source | None = None,
    out_of_core: OutOfCore | None = None,
) -> pd.DataFrame:
    """Return term, statistic, df, p_value, log10_p: the test that a term is zero in all classes, for each term.

    Each compares a larger model, which has the term, with a smaller one that only lacks its columns. The larger
    one has, beside the term and the intercept,

    - type I: the terms before it, in the formula's order (main effects first);
    - type II: all terms but those that contain it (`energy:valence` contains `energy`), as car's `Anova`;
    - type III: all other terms, in the formula's coding: what a main effect then means depends on it.

    Parameters
    ----------
    test : "wald" needs the covariance and no refit: b_t' V_tt^-1 b_t, where the larger model is the fitted one. Where
        it is not, b_t and V_tt are taken given that the coefficients left out are zero, b_t - V_tr V_rr^-1 b_r and
        V_tt - V_tr V_rr^-1 V_rt: W(t and r) - W(r), as car has it, exact to first order.
        "lr" is 2 (l_larger - l_smaller), two maxima of the likelihood. "score" needs the smaller one alone: Rao's
        test in the larger model; see `genreglm.engine.score`
    rows : the rows of the fit, which "lr" and "score" ask of a loaded result, and of a fit in passes: Parquet files or
        a Dask frame, which are met in passes here, too
    out_of_core : how, as for `genreglm.fit`: the memory that they may take, and the folder that keeps the columns

    Degrees of freedom are k_t (K - 1) for k_t columns. Wald's loses the separated cells, which have no finite
    estimate to test; the other two keep them: along such a cell the likelihood has a limit, near which a
    `CellPrior` holds it.

    Raises
    ------
    InferenceError
        Without a covariance, for "wald"; for "lr" and "score" under a penalty other than `CellPrior`, and where
        the covariance is robust or clustered.
    DataError
        For "lr" and "score" of a loaded result without `rows`, or with other rows.

    Sources: Fox (2016), Applied Regression Analysis, 3rd ed., section 15.3; car 3.1 `Anova`.
    """
    check_choice("type", type, AnovaType)
    check_choice("test", test, TermTest)
    if test != "wald" and comes_in_batches(rows):
        with refits_in_passes(result, test, rows, out_of_core or OutOfCore()) as refits:
            return _table(result, type, refits)
    return _table(result, type, None if test == "wald" else Refits(result, test, rows))


def _table(result: Result, type: AnovaType, refits: Maxima | None) -> pd.DataFrame:
    records = []
    for term in result.design.slopes:
        outside = result.design.positions(outside_of(result, term, type))
        own = result.design.positions([term])
        if refits is None:
            found = wald_given_zero(result, own, outside)
        else:
            found = refits.compare(set(range(len(result.design.columns))) - set(outside), own)
        records.append({"term": term, **found.__dict__})
    return pd.DataFrame(records, columns=["term", "statistic", "df", "p_value", "log10_p"])


def wald_given_zero(result: Result, columns: list[int], zero: list[int]) -> ChiSquareTest:
    """Test that `columns` are zero in all classes, given that the columns `zero` are, too."""
    estimate, covariance, column = term_contrasts(result, [*columns, *zero])
    if zero:
        estimate, covariance = without(estimate, covariance, np.isin(column, zero))
    return wald(estimate, covariance)


def outside_of(result: Result, term: str, type: AnovaType) -> list[str]:
    """Return the terms that the larger of the two models that are compared for `term` lacks."""
    terms = result.design.slopes
    if type == "I":
        return terms[terms.index(term) + 1 :]
    return result.design.containing(term) if type == "II" else []
