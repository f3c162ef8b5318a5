"""Tables of a result in tidy form, one row an estimate; column names follow R's broom."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from genreglm.designs import INTERCEPT
from genreglm.engine.inference import two_sided_log10_p, wald
from genreglm.engine.penalties import Ridge
from genreglm.errors import OptionError
from genreglm.options import AnovaType, check_choice
from genreglm.result.contrasts import (
    class_covariances,
    contrast_variances,
    estimable,
    term_contrasts,
    weights_of_centre,
    without,
)
from genreglm.result.model import Result


def tidy(
    result: Result, reference: Any = "first", *, exponentiate: bool = False, conf_level: float = 0.95
) -> pd.DataFrame:
    """Return class, term, estimate, std_error, statistic, p_value, log10_p, conf_low, conf_high.

    Parameters
    ----------
    reference : a class, whose own rows are left out; "first" for the first in sorted order; None for the
        symmetric form, in which each term's estimates sum to zero over its estimable classes
    exponentiate : relative risk ratios and their intervals in place of estimates; std_error stays on the
        log scale
    conf_level : of the Wald interval

    Standard errors, tests and intervals are NaN without a covariance, and for every contrast that involves a
    separated cell, whose maximum-likelihood estimate is infinite.
    """
    if not 0.0 < conf_level < 1.0:
        raise OptionError(f"conf_level={conf_level!r} must lie between 0 and 1.")
    reference = result.classes[0] if isinstance(reference, str) and reference == "first" else reference
    centre = weights_of_centre(result, reference)
    estimate = result.coefficients - np.sum(centre * result.coefficients, axis=1, keepdims=True)
    error = _standard_errors(result, centre)
    shown = [k for k, label in enumerate(result.classes) if reference is None or label != reference]
    columns = list(result.design.columns)
    table = pd.DataFrame(
        {
            "class": np.repeat(np.array(result.classes)[shown], len(columns)),
            "term": columns * len(shown),
            "estimate": estimate[:, shown].T.ravel(),
            "std_error": error[:, shown].T.ravel(),
        }
    )
    return _with_tests(table, exponentiate, conf_level)


def _standard_errors(result: Result, centre: np.ndarray) -> np.ndarray:
    if result.inference is None:
        return np.full(result.coefficients.shape, np.nan)
    columns, classes = result.coefficients.shape
    covariances = class_covariances(result.inference.covariance, columns, classes)
    error = np.sqrt(np.maximum(contrast_variances(covariances, centre), 0.0))
    known = estimable(result)
    error[~known] = np.nan
    error[np.any((centre > 0) & ~known, axis=1)] = np.nan
    return error


def _with_tests(table: pd.DataFrame, exponentiate: bool, conf_level: float) -> pd.DataFrame:
    statistic = table["estimate"] / table["std_error"]
    log10_p = two_sided_log10_p(statistic.to_numpy())
    margin = stats.norm.ppf(0.5 + conf_level / 2.0) * table["std_error"]
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


def glance(result: Result) -> pd.DataFrame:
    """Return one row: size, log-likelihoods, information criteria, pseudo-R2, and how the solver ended.

    With l, l0 the log-likelihoods, m the free parameters and n the sum of the weights:
    mcfadden 1 - l / l0; adjusted 1 - (l - m) / l0; cox_snell 1 - exp(2 (l0 - l) / n); nagelkerke divides that by
    1 - exp(2 l0 / n). Under a ridge penalty m does not count parameters, so what uses it is NaN.
    """
    fitted = result.statistics
    likelihood, null, n = fitted.log_likelihood, fitted.null_log_likelihood, fitted.nobs
    free = float("nan") if isinstance(result.penalty, Ridge) else float(result.df_model)
    cox_snell = -np.expm1(2.0 * (null - likelihood) / n)
    row = {
        "nobs": n,
        "classes": len(result.classes),
        "df_model": result.df_model,
        "log_likelihood": likelihood,
        "null_log_likelihood": null,
        "deviance": -2.0 * likelihood,
        "null_deviance": -2.0 * null,
        "aic": -2.0 * likelihood + 2.0 * free,
        "bic": -2.0 * likelihood + np.log(n) * free,
        "mcfadden_r2": 1.0 - likelihood / null,
        "mcfadden_r2_adjusted": 1.0 - (likelihood - free) / null,
        "cox_snell_r2": cox_snell,
        "nagelkerke_r2": cox_snell / -np.expm1(2.0 * null / n),
        "gradient_norm": fitted.gradient_norm,
        "iterations": fitted.iterations,
    }
    return pd.DataFrame([row])


def anova(result: Result, type: AnovaType = "II", test: str = "wald") -> pd.DataFrame:
    """Return term, statistic, df, p_value, log10_p: the Wald test that a whole term is zero in all classes.

    b_t' V_tt^-1 b_t on k_t (K - 1) degrees of freedom, less the separated cells, which no test can hold. The
    intercept is left out. Type III tests each term given all others; type II given all but those that contain
    it, and is the same where no term contains another.

    Raises
    ------
    InferenceError
        Without a covariance.
    """
    check_choice("type", type, AnovaType)
    if test != "wald":
        raise OptionError(f"test={test!r} is not an option: it must be 'wald'.")
    terms = {term: range(cut.start, cut.stop) for term, cut in result.design.terms.items() if term != INTERCEPT}
    rows = []
    for term, columns in terms.items():
        over = [j for other, span in terms.items() if type == "II" and _contains(other, term) for j in span]
        estimate, covariance, column = term_contrasts(result, [*columns, *over])
        if over:
            estimate, covariance = without(estimate, covariance, np.isin(column, over))
        rows.append({"term": term, **wald(estimate, covariance).__dict__})
    return pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value", "log10_p"])


def _contains(larger: str, smaller: str) -> bool:
    return set(smaller.split(":")) < set(larger.split(":"))
