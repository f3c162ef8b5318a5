"""Marginal effects: how the probability of every class moves with every variable."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from genreglm.effects.changes import Levels
from genreglm.effects.derivatives import column_derivatives
from genreglm.effects.estimates import Effect, effects_table
from genreglm.effects.population import Population, never, population, require_variable, typical_of_batches
from genreglm.engine.margins import Direction, average_slopes, weighted_mean
from genreglm.options import EffectsAt, check_choice, check_level
from genreglm.result import Result
from genreglm.sources import Source, comes_in_batches, map_batches


def marginal_effects(
    result: Result,
    rows: Source | None = None,
    variables: Sequence[str] | None = None,
    *,
    at: EffectsAt = "average",
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Return class, variable, contrast, estimate, std_error, statistic, p_value, log10_p, conf_low, conf_high.

    Of a number it is the average slope of each class's probability, contrast "dY/dX":

        (1 / W) sum_i w_i p_ij (g_ij - sum_l p_il g_il),    g_i = B' dx_i / dv,

    with dx_i / dv the derivative of the design's columns, through logarithms, splines, polynomials and interactions
    (see `genreglm.effects.derivatives`). Of a factor (text, categories, truth values, numbers in C()) it is the change
    of the average probability from the first level to each other one, contrast "major - minor". Over the classes the
    effects of a contrast sum to zero. Standard errors are by the delta method, from the covariance that the result
    carries; statistic and p-value (two-sided, normal) test that the effect is zero.

    Parameters
    ----------
    rows : those averaged over, each counting once and without an offset; those of the fit with their weights and offset
        unless given. A frame of a few representative rows gives the effects there. Parquet files (a folder, a pattern)
        and Dask frames are met in batches
    variables : columns of the table, all that the formula reads unless given
    at : "average" over the rows, or at the "mean": the one row with the means of numbers (weighted) and the most
        frequent levels of factors
    conf_level : of the interval

    Everything that needs a covariance is NaN without one (a ridge fit has none), and for a class that never occurs at
    a level and so has its probability on the boundary there; Jeffreys' prior gives a standard error there too.

    Raises
    ------
    DataError
        For a variable that the formula does not read, rows that the design cannot use, a loaded result without `rows`.
    OptionError
        For an unknown `at`, and a conf_level outside (0, 1).

    Sources: Williams (2012), Stata J. 12:308; Arel-Bundock, Greifer and Heiss (2024), J. Stat. Softw. 111(9).
    """
    check_choice("at", at, EffectsAt)
    check_level(conf_level)
    chosen = [require_variable(result, name) for name in (result.design.variables if variables is None else variables)]
    if comes_in_batches(rows):
        if at == "mean":
            return effects_table(result, _effects(result, typical_of_batches(result, rows), chosen), conf_level)
        parts = map_batches(partial(_in_batch, result.without_rows(), chosen), rows, result.design.variables)
        return effects_table(result, _together(parts), conf_level)
    return effects_table(result, _effects(result, population(result, rows, at), chosen), conf_level)


def _in_batch(result: Result, chosen: Sequence[str], batch: pd.DataFrame) -> tuple[float, list[Effect]]:
    """Return the weight of some rows, and their effects."""
    people = population(result, batch, "average")
    return float(people.weights.sum()), _effects(result, people, chosen)


def _together(parts: Sequence[tuple[float, list[Effect]]]) -> list[Effect]:
    """Return the effects on all rows: averages of averages, and of their derivatives, by weight."""
    total = sum(weight for weight, _ in parts)
    found = []
    for same in zip(*(effects for _, effects in parts), strict=True):
        shares = [weight / total for weight, _ in parts]
        averages = weighted_mean([effect.averages for effect in same], shares)
        shut = np.logical_and.reduce([effect.never for effect in same])
        found.append(Effect(same[0].variable, same[0].contrast, averages, shut))
    return found


def _effects(result: Result, people: Population, chosen: Sequence[str]) -> list[Effect]:
    """Return the effects of each variable, in the order given."""
    numbers = [variable for variable in chosen if variable not in people.levels]
    slopes = dict(zip(numbers, _slopes(result, people, numbers), strict=True))
    effects: list[Effect] = []
    for variable in chosen:
        if variable in slopes:
            effects.append(slopes[variable])
        else:
            first, *others = people.levels[variable]
            levels = Levels(result, people, variable)
            effects += [levels.change(level, first) for level in others]
    return effects


def _slopes(result: Result, people: Population, variables: Sequence[str]) -> list[Effect]:
    """Return the average slopes along numbers, taken together."""
    if not variables:
        return []
    x = result.design.matrix(people.frame)
    directions = [
        Direction.of(column_derivatives(result.design, people.frame, variable, x, people.seen))
        for variable in variables
    ]
    blocks, derivatives = people.blocks(x, len(result.classes)), result.inference is not None
    found = average_slopes(blocks, result.coefficients, directions, derivatives=derivatives)
    shut = never(result, x, people.weights)
    return [Effect(variable, "dY/dX", slope, shut) for variable, slope in zip(variables, found, strict=True)]
