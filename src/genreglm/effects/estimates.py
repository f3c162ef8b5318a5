"""From averages and their derivatives to a table: standard errors by the delta method, tests, intervals.

With J the derivative of an effect by the coefficients and Sigma their covariance, whichever the result carries
(observed, robust or clustered), the effect's variance is J Sigma J'. The rows averaged over are taken as given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.engine.blocks import Floats
from genreglm.engine.margins import Averages
from genreglm.engine.penalties import Jeffreys
from genreglm.engine.threads import single_threaded_blas
from genreglm.result import Result
from genreglm.result.tidy import with_tests

COLUMNS = (
    "class", "variable", "contrast", "estimate", "std_error", "statistic", "p_value", "log10_p", "conf_low",
    "conf_high",
)  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """One effect on every class.

    Attributes
    ----------
    variable, contrast : what moves, and how
    averages : the effects and their derivatives
    never : (classes,) True where the class cannot occur in any row on one side of the contrast; see `population.never`
    """

    variable: str
    contrast: str
    averages: Averages
    never: NDArray[np.bool_]


def effects_table(
    result: Result, effects: Sequence[Effect], conf_level: float, *, exponentiate: bool = False
) -> pd.DataFrame:
    """Return class, variable, contrast, estimate, std_error, statistic, p_value, log10_p, conf_low, conf_high."""
    if not effects:
        return pd.DataFrame(columns=list(COLUMNS))
    labels, count = np.array(result.classes), len(result.classes)
    tested = np.concatenate([~effect.never for effect in effects])
    table = pd.DataFrame(
        {
            "class": np.tile(labels, len(effects)),
            "variable": np.repeat([effect.variable for effect in effects], count),
            "contrast": np.repeat([effect.contrast for effect in effects], count),
            "estimate": np.concatenate([effect.averages.estimate for effect in effects]),
            "std_error": np.concatenate([standard_errors(result, effect.averages, effect.never) for effect in effects]),
        }
    )
    return with_tests(table, tested, conf_level, exponentiate=exponentiate)


@single_threaded_blas()
def standard_errors(result: Result, averages: Averages, never: NDArray[np.bool_]) -> Floats:
    """Return the standard error of each average, (classes,): NaN without a covariance, and see `known_errors`."""
    if result.inference is None or averages.jacobian is None:
        return np.full(len(averages.estimate), np.nan)
    jacobian = averages.jacobian
    variance = np.einsum("jm,jm->j", jacobian @ result.inference.covariance, jacobian)
    return known_errors(result, np.sqrt(np.maximum(variance, 0.0)), never)


def known_errors(result: Result, error: Floats, never: NDArray[np.bool_]) -> Floats:
    """Return standard errors but for classes that never occur, where only Jeffreys' prior has one."""
    return error if isinstance(result.penalty, Jeffreys) else np.where(never, np.nan, error)


def label(high: Any, low: Any, sign: str = "-") -> str:
    """Return the name of a contrast: "major - minor"."""
    return f"{high} {sign} {low}"
