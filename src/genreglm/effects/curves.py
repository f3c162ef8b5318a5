"""Adjusted predictions: the average probability of classes along the values of one variable, with bands."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from genreglm.effects.changes import Levels, check_values
from genreglm.effects.estimates import known_errors
from genreglm.effects.population import Population, population, require_variable
from genreglm.engine.bands import sup_t
from genreglm.engine.blocks import Floats
from genreglm.engine.margins import Averages
from genreglm.engine.threads import ordered_map
from genreglm.errors import OptionError
from genreglm.options import Band, EffectsAt, check_choice, check_level
from genreglm.result import Result
from genreglm.result.positions import class_positions
from genreglm.sources import Source

_ENDS = [0.01, 0.99]


def curve(
    result: Result,
    rows: Source | None = None,
    variable: str | None = None,
    *,
    values: Sequence[Any] | None = None,
    points: int = 41,
    classes: Sequence[Any] | None = None,
    at: EffectsAt = "average",
    band: Band = "pointwise",
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Return feature, value, class, probability, std_error, conf_low, conf_high, as `plots.effect_curves` takes them.

    The probability is the mean over the rows of the class's probability were `variable` the value in all of them.
    Bands are made on the logit scale, by the delta method, and so stay within (0, 1):

        logit(p) +- c se(p) / (p (1 - p)),

    c the normal quantile for a "pointwise" band. For a "simultaneous" one, which holds a class's whole curve at once,
    c is the quantile of the largest |t| along that curve, simulated from the joint normal distribution of its points
    with a fixed seed (Montiel Olea and Plagborg-Moller 2019, J. Appl. Econometrics 34:1).

    Parameters
    ----------
    rows, at, conf_level : as for `marginal_effects`
    variable : a column that the formula reads
    values : those to show; else `points` from the 1st to the 99th percentile of the rows, or all levels of a factor
    classes : those to show, all unless given

    Everything that needs a covariance is NaN without one, and where a class never occurs at a level (see
    `marginal_effects`); bands also where a probability is 0 or 1 to the last digit.

    Raises
    ------
    DataError
        For a variable that the formula does not read, a value that the design refuses, rows that it cannot use, a
        loaded result without `rows`.
    OptionError
        For an unknown option, class or level, and fewer than two points.
    """
    check_choice("at", at, EffectsAt)
    check_choice("band", band, Band)
    check_level(conf_level)
    variable = require_variable(result, variable)
    shown = class_positions(result, classes)
    everyone = population(result, rows, "average")
    grid = _grid(everyone, variable, values, points)
    levels = Levels(result, everyone.typical() if at == "mean" else everyone, variable, shown)
    levels.expect(grid)
    found, shut = map(list, zip(*(levels.at(value) for value in grid), strict=True))
    probability = np.array([averages.estimate for averages in found])
    covariances = _covariances(result, found)
    error = np.sqrt(np.maximum(np.einsum("cvv->vc", covariances), 0.0))
    error = np.array([known_errors(result, *pair) for pair in zip(error, shut, strict=True)])
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = 1.0 / (probability * (1.0 - probability))
        reach = np.where(np.array(shut), np.nan, _critical(covariances, slope, band, conf_level) * error * slope)
        low, high = (special.expit(special.logit(probability) + sign * reach) for sign in (-1.0, 1.0))
    return pd.DataFrame(
        {
            "feature": variable,
            "value": np.tile(np.array(grid), len(shown)),
            "class": np.repeat(np.array(result.classes)[shown], len(grid)),
            "probability": probability.T.ravel(),
            "std_error": error.T.ravel(),
            "conf_low": low.T.ravel(),
            "conf_high": high.T.ravel(),
        }
    )


def _covariances(result: Result, found: Sequence[Averages]) -> Floats:
    """Return the covariance of each class's curve, (shown, points, points): NaN where the result carries none."""
    shown, points = len(found[0].estimate), len(found)
    if result.inference is None:
        return np.full((shown, points, points), np.nan)
    covariance = result.inference.covariance

    def task(position: int) -> Floats:
        jacobian = np.array([averages.jacobian[position] for averages in found if averages.jacobian is not None])
        return np.asarray(jacobian @ covariance @ jacobian.T)

    return np.array(list(ordered_map(task, range(shown))))


def _critical(covariances: Floats, slope: Floats, band: Band, conf_level: float) -> Floats | float:
    """Return how many standard errors a band reaches to each side: one number, or one for each class shown.

    `slope` (points, shown) is the derivative of the logit. What has no finite variance on that scale does not count.
    """
    if band == "pointwise" or np.isnan(covariances).all():
        return float(stats.norm.ppf(0.5 + conf_level / 2.0))
    logits = covariances * slope.T[:, :, None] * slope.T[:, None, :]
    logits = np.where(np.isfinite(logits), logits, 0.0)
    return np.array(list(ordered_map(lambda matrix: sup_t(matrix, conf_level), logits)))


def _grid(people: Population, variable: str, values: Sequence[Any] | None, points: int) -> list[Any]:
    if values is not None:
        check_values(people, variable, values)
        if not len(values):
            raise OptionError("values= is empty: give the values to show.")
        return list(values)
    if variable in people.levels:
        return list(people.levels[variable])
    if points < 2:
        raise OptionError(f"points={points!r} must be at least 2.")
    seen = people.frame[variable].to_numpy(dtype=np.float64)
    low, high = np.quantile(seen, _ENDS, weights=people.weights, method="inverted_cdf")
    return [float(value) for value in np.linspace(low, high, points)]
