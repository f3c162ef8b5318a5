"""The coefficients as a table in tidy form, one row an estimate; column names follow R's broom."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from genreglm.designs import INTERCEPT
from genreglm.engine.inference import two_sided_log10_p
from genreglm.options import Adjustment, check_choice, check_level
from genreglm.result.adjust import adjusted
from genreglm.result.contrasts import standard_errors, testable, weights_of_centre
from genreglm.result.model import Result


def tidy(
    result: Result,
    reference: Any = "first",
    *,
    exponentiate: bool = False,
    conf_level: float = 0.95,
    adjust: Adjustment | None = None,
) -> pd.DataFrame:
    """Return class, term, estimate, std_error, statistic, p_value, log10_p, conf_low, conf_high.

    Parameters
    ----------
    reference : a class, whose own rows are left out; "first" for the first in sorted order; None for the
        symmetric form, in which each term's estimates sum to zero over its estimable classes; under `Lasso` and
        `ElasticNet` as they are, zeros and all
    exponentiate : relative risk ratios and their intervals in place of estimates; std_error stays on the
        log scale
    conf_level : of the Wald interval
    adjust : adds `p_adjusted`, over all classes and terms together without the intercepts (whose own is NaN):
        "bh", "by", "holm" or "bonferroni"; see `genreglm.result.adjust.adjusted`

    Standard errors, tests and intervals are NaN without a covariance (fits under a ridge or a lasso have none), and for
    every contrast that involves a separated cell, whose maximum-likelihood estimate is infinite; Jeffreys' prior gives
    a standard error there too, but no test and no interval. Columns that the fit dropped as aliased come last in each
    class, all NaN, as R prints NA for them.

    Raises
    ------
    OptionError
        For a reference that is no class, an unknown adjustment, or a conf_level outside (0, 1).
    """
    check_level(conf_level)
    if adjust is not None:
        check_choice("adjust", adjust, Adjustment)
    reference = result.classes[0] if isinstance(reference, str) and reference == "first" else reference
    centre = weights_of_centre(result, reference)
    estimate = result.coefficients - np.sum(centre * result.coefficients, axis=1, keepdims=True)
    shown = [k for k, label in enumerate(result.classes) if reference is None or label != reference]
    terms = [*result.design.columns, *result.design.aliased]
    table = pd.DataFrame(
        {
            "class": np.repeat(np.array(result.classes)[shown], len(terms)),
            "term": terms * len(shown),
            "estimate": _by_class(estimate[:, shown], len(terms)),
            "std_error": _by_class(standard_errors(result, centre)[:, shown], len(terms)),
        }
    )
    known = testable(result)
    known = known & ~np.any((centre == 1.0) & ~known, axis=1, keepdims=True)
    tested = _by_class(known[:, shown].astype(float), len(terms)) == 1.0
    table = with_tests(table, tested, conf_level, exponentiate=exponentiate)
    if adjust is not None:
        slopes = table["p_value"].where(table["term"] != INTERCEPT).to_numpy(dtype=np.float64)
        table["p_adjusted"] = adjusted(slopes, adjust)
    return table


def _by_class(values: np.ndarray, terms: int) -> np.ndarray:
    """Return (columns, classes) class by class, with NaN for aliased columns."""
    full = np.full((terms, values.shape[1]), np.nan)
    full[: len(values)] = values
    return full.T.ravel()


def with_tests(
    table: pd.DataFrame, tested: np.ndarray, conf_level: float, *, exponentiate: bool = False
) -> pd.DataFrame:
    """Add statistic, p_value, log10_p, conf_low and conf_high to a table of estimate and std_error.

    They are NaN where a row is not `tested` (rows,). With `exponentiate` the estimates are logarithms: they and their
    intervals are shown as what they are the logarithms of, std_error is left alone.
    """
    error = table["std_error"].where(tested)
    statistic = table["estimate"] / error
    log10_p = two_sided_log10_p(statistic.to_numpy())
    margin = special.ndtri(0.5 + conf_level / 2.0) * error
    table = table.assign(
        statistic=statistic,
        p_value=10.0**log10_p,
        log10_p=log10_p,
        conf_low=table["estimate"] - margin,
        conf_high=table["estimate"] + margin,
    )
    if exponentiate:
        table[["estimate", "conf_low", "conf_high"]] = np.exp(table[["estimate", "conf_low", "conf_high"]])
    return table
