"""The whole fit in one row: size, log-likelihoods, information criteria, pseudo-R2."""

import numpy as np
import pandas as pd

from genreglm.engine.penalties import Shrinkage
from genreglm.result.model import Result


def glance(result: Result) -> pd.DataFrame:
    """Return one row: size, log-likelihoods, information criteria, pseudo-R2, and how the solver ended.

    With l, l0 the log-likelihoods of the fit and of intercepts alone, m the free parameters, n the sum of the
    weights, D = -2 l:

    - aic D + 2 m (Akaike 1974); aicc AIC + 2 m (m + 1) / (n - m - 1), infinite at n <= m + 1 (Hurvich and Tsai
      1989); bic D + m log n (Schwarz 1978); caic D + m (log n + 1) (Bozdogan 1987); hqic D + 2 m log log n (Hannan
      and Quinn 1979);
    - mcfadden_r2 1 - l / l0, mcfadden_r2_adjusted 1 - (l - m) / l0, with m the parameters of this fit, intercepts
      included (McFadden 1974; Ben-Akiva and Lerman 1985);
    - cox_snell_r2 1 - exp(2 (l0 - l) / n) (1989); nagelkerke_r2 that over its largest value, 1 - exp(2 l0 / n)
      (1991);
    - tjur_r2 the mean over classes of Tjur's coefficient; see `tjur_r2`;
    - count_r2 the share c / n of rows whose most probable class is their own; count_r2_adjusted
      (c - n_max) / (n - n_max), n_max the rows of the largest class: what is gained over always naming that one
      (Long 1997).

    Under a ridge penalty m does not count parameters, so what uses it is NaN. So it is with importance weights, whose
    scale means nothing: log-likelihoods grow with it, and m does not. nobs is the number of rows of positive weight
    then, in place of n. The count coefficients, Tjur's and that number are NaN for a model saved before they were kept.
    """
    fitted = result.statistics
    row = {
        "nobs": fitted.rows if fitted.weight_kind == "importance" else fitted.nobs,
        "classes": len(result.classes),
        "df_model": result.df_model,
        "log_likelihood": fitted.log_likelihood,
        "null_log_likelihood": fitted.null_log_likelihood,
        "deviance": -2.0 * fitted.log_likelihood,
        "null_deviance": -2.0 * fitted.null_log_likelihood,
        **_criteria(result),
        **_pseudo_r2(result),
        "gradient_norm": fitted.gradient_norm,
        "iterations": fitted.iterations,
    }
    return pd.DataFrame([row])


def tjur_r2(result: Result) -> pd.DataFrame:
    """Return class, tjur_r2: how far each class's fitted probability rises among its own rows.

    D_k is the mean of p_ik over the rows of class k less that over all other rows: 0 for a model that tells
    nothing, 1 for one that is always sure and right. NaN for a model saved before it was kept.

    Source: Tjur (2009), Am. Stat. 63:366.
    """
    values = result.statistics.tjur or (float("nan"),) * len(result.classes)
    return pd.DataFrame({"class": list(result.classes), "tjur_r2": values})


def _free(result: Result) -> float:
    """Return the parameters to set against a log-likelihood, NaN where they are no match for it."""
    unlike = isinstance(result.penalty, Shrinkage) or result.statistics.weight_kind == "importance"
    return float("nan") if unlike else float(result.df_model)


def _criteria(result: Result) -> dict[str, float]:
    free, n, deviance = _free(result), result.statistics.nobs, -2.0 * result.statistics.log_likelihood
    left = n - free - 1.0
    small = float("inf") if left <= 0.0 else 2.0 * free * (free + 1.0) / left
    return {
        "aic": deviance + 2.0 * free,
        "aicc": deviance + 2.0 * free + small,
        "bic": deviance + float(np.log(n)) * free,
        "caic": deviance + (float(np.log(n)) + 1.0) * free,
        "hqic": deviance + 2.0 * float(np.log(max(np.log(n), 1.0))) * free,
    }


def _pseudo_r2(result: Result) -> dict[str, float]:
    fitted, free = result.statistics, _free(result)
    likelihood, null, n = fitted.log_likelihood, fitted.null_log_likelihood, fitted.nobs
    cox_snell = float(-np.expm1(2.0 * (null - likelihood) / n))
    return {
        "mcfadden_r2": 1.0 - likelihood / null,
        "mcfadden_r2_adjusted": 1.0 - (likelihood - free) / null,
        "cox_snell_r2": cox_snell,
        "nagelkerke_r2": cox_snell / float(-np.expm1(2.0 * null / n)),
        "tjur_r2": float(np.mean(fitted.tjur)) if fitted.tjur else float("nan"),
        "count_r2": fitted.told_right / n,
        "count_r2_adjusted": (fitted.told_right - fitted.largest_class) / (n - fitted.largest_class),
    }
