"""Can each class's probability be taken at its word? Reliability by class, and what would correct it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from genreglm.engine.blocks import Floats
from genreglm.engine.grouped import quantile_groups
from genreglm.engine.inference import two_sided_log10_p
from genreglm.engine.problem import Problem
from genreglm.engine.recalibration import recalibrate
from genreglm.engine.threads import ordered_map
from genreglm.errors import OptionError
from genreglm.options import check_level
from genreglm.result import Result
from genreglm.result.positions import class_positions
from genreglm.result.rows import fitted_probabilities, problem_of
from genreglm.sources import Source


def calibration(
    result: Result,
    rows: Source | None = None,
    classes: Sequence[Any] | None = None,
    *,
    bins: int = 10,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Return class, bin, count, predicted, observed, conf_low, conf_high: reliability of each class's probability.

    For each class the rows are put in `bins` bins of like weight by its probability, rows of one probability together
    (so there can be fewer). `predicted` is the mean probability in a bin, `observed` the class's share of its rows,
    with Wilson's interval (1927, JASA 22:209; Brown, Cai and DasGupta 2001, Stat. Sci. 16:101), which counts rows as
    independent: where one artist fills many it is too narrow.

    Over the rows of a fit by maximum likelihood with an intercept, the two means of a class agree by construction, and
    the bins tell of the shape alone; over new rows they tell of both. `genreglm.evaluation.calibration_table` asks the
    same of the most probable class, whichever it is.

    Parameters
    ----------
    rows : any rows with the response; those of the fit, with their weights, unless given
    classes : those to show; all of them unless given

    Raises
    ------
    OptionError
        For a class that is not of the model, bins below 1, or a conf_level outside (0, 1).
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without rows.
    """
    if bins < 1:
        raise OptionError(f"bins={bins!r} must be at least 1.")
    z, chosen = _quantile(conf_level), class_positions(result, classes)
    problem = problem_of(result, rows)
    prob = fitted_probabilities(result, problem)

    def task(k: int) -> pd.DataFrame:
        codes = quantile_groups(prob[:, k], problem.w, bins)
        count = np.asarray(np.bincount(codes, problem.w), dtype=np.float64)
        predicted = np.bincount(codes, problem.w * prob[:, k]) / count
        observed = np.bincount(codes, problem.w * _share(problem, k)) / count
        low, high = _wilson(observed, count, z)
        return pd.DataFrame(
            {
                "class": [result.classes[k]] * len(count),
                "bin": np.arange(1, len(count) + 1),
                "count": count,
                "predicted": predicted,
                "observed": observed,
                "conf_low": low,
                "conf_high": high,
            }
        )

    return pd.concat(ordered_map(task, chosen), ignore_index=True)


def calibration_slopes(
    result: Result, rows: Source | None = None, classes: Sequence[Any] | None = None, *, conf_level: float = 0.95
) -> pd.DataFrame:
    """Return class, term, ideal, estimate, std_error, statistic, p_value, log10_p, conf_low, conf_high.

    For each class against the rest, logit P(y = k) = a + b logit p_k (Cox 1958; see
    `genreglm.engine.recalibration`), three rows: "in_the_large" is a with b held at 1, ideally 0: above it the class
    is commoner than stated; "intercept" and "slope" are a and b together, ideally 0 and 1: a slope below 1 says that
    probabilities are too extreme, above that they are too timid. `statistic` is (estimate - ideal) / std_error; rows
    count as independent, and probabilities as given. Over the rows of a fit by maximum likelihood "in_the_large" is
    about 0 by construction.

    NaN where no finite correction exists: no row of the class, or its probability tells it from the rest without error.

    Raises
    ------
    OptionError
        For a class that is not of the model, or a conf_level outside (0, 1).
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without rows.
    """
    z, chosen = _quantile(conf_level), class_positions(result, classes)
    problem = problem_of(result, rows)
    prob = fitted_probabilities(result, problem)
    found = list(ordered_map(lambda k: recalibrate(_share(problem, k), problem.w, prob[:, k]), chosen))
    estimate, error = np.array(found).reshape(len(chosen), 2, 3).transpose(1, 0, 2).reshape(2, -1)
    ideal = np.tile([0.0, 0.0, 1.0], len(chosen))
    statistic = (estimate - ideal) / error
    log10_p = two_sided_log10_p(statistic)
    return pd.DataFrame(
        {
            "class": np.repeat(np.array(result.classes)[chosen], 3),
            "term": ["in_the_large", "intercept", "slope"] * len(chosen),
            "ideal": ideal,
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "p_value": 10.0**log10_p,
            "log10_p": log10_p,
            "conf_low": estimate - z * error,
            "conf_high": estimate + z * error,
        }
    )


def _quantile(conf_level: float) -> float:
    check_level(conf_level)
    return float(stats.norm.ppf(0.5 + conf_level / 2.0))


def _share(problem: Problem, k: int) -> Floats:
    """Return what of each row is of class k, (rows,)."""
    return np.asarray(problem.y[:, k] if problem.y.ndim == 2 else problem.y == k, dtype=np.float64)


def _wilson(share: Floats, count: Floats, z: float) -> tuple[Floats, Floats]:
    middle = (share + z**2 / (2.0 * count)) / (1.0 + z**2 / count)
    reach = z / (1.0 + z**2 / count) * np.sqrt(share * (1.0 - share) / count + z**2 / (4.0 * count**2))
    return np.maximum(middle - reach, 0.0), np.minimum(middle + reach, 1.0)
