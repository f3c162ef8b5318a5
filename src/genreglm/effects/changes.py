"""Contrasts: how the probability of every class changes from one value of a variable to another."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.effects.estimates import Effect, effects_table, label
from genreglm.effects.population import Population, never, population, require_variable
from genreglm.engine.blocks import Floats
from genreglm.engine.margins import Averages, average_probabilities
from genreglm.errors import OptionError
from genreglm.options import Comparison, EffectsAt, check_choice, check_level
from genreglm.result import Result
from genreglm.sources import Source

# Columns of so many rows are made for all values of a curve at once.
_FEW_ROWS = 20_000


def contrasts(
    result: Result,
    rows: Source | None = None,
    *,
    variable: str,
    low: Any = None,
    high: Any = None,
    pairs: Sequence[tuple[Any, Any]] | None = None,
    comparison: Comparison = "difference",
    at: EffectsAt = "average",
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Return class, variable, contrast, estimate, std_error, statistic, p_value, log10_p, conf_low, conf_high.

    The estimate is the mean probability of a class were `variable` `high` in every row, less that were it `low`:
    energy from 0.2 to 0.8 is the contrast "0.8 - 0.2". All else stays as it is in each row.

    Parameters
    ----------
    rows, at, conf_level : as for `marginal_effects`
    low, high : two values of the variable
    pairs : several of them as (low, high); of a factor, unless anything is given, each level against the first
    comparison : "difference", or the "ratio" of the two mean probabilities: then std_error is that of its logarithm,
        the test is of a ratio of one, and the interval is made on the log scale

    NaN stands where it does in `marginal_effects`.

    Raises
    ------
    DataError
        For a variable that the formula does not read, a value that the design refuses (outside a spline's range),
        rows that it cannot use, a loaded result without `rows`.
    OptionError
        For an unknown option, a level that the model does not know, a number without values to compare.
    """
    check_choice("comparison", comparison, Comparison)
    check_choice("at", at, EffectsAt)
    check_level(conf_level)
    variable = require_variable(result, variable)
    people = population(result, rows, at)
    wanted = _pairs(people, variable, low, high, pairs)
    check_values(people, variable, [value for pair in wanted for value in pair])
    levels = Levels(result, people, variable)
    ratio = comparison == "ratio"
    effects = [levels.change(second, first, ratio=ratio) for first, second in wanted]
    return effects_table(result, effects, conf_level, exponentiate=ratio)


class Levels:
    """Average probabilities with one variable set to a value in every row, each computed once."""

    def __init__(
        self, result: Result, people: Population, variable: str, shown: NDArray[np.intp] | None = None
    ) -> None:
        self.result, self.people, self.variable, self.shown = result, people, variable, shown
        self.at = cache(self._at)
        self._columns: dict[Any, Floats] = {}

    def expect(self, values: Sequence[Any]) -> None:
        """Make the columns at all of `values` together where rows are few: reading a formula takes longest then."""
        if len(values) * len(self.people.frame) > _FEW_ROWS:
            return
        frames = [self.people.with_value(self.variable, value).frame for value in values]
        x = self.result.design.matrix(pd.concat(frames, ignore_index=True))
        self._columns = dict(zip(values, np.split(x, len(values)), strict=True))

    def change(self, high: Any, low: Any, *, ratio: bool = False) -> Effect:
        """Return the change from `low` to `high`: the difference, or the logarithm of the ratio."""
        (upper, shut_above), (lower, shut_below) = self.at(high), self.at(low)
        change = upper.log() - lower.log() if ratio else upper - lower
        return Effect(self.variable, label(high, low, "/" if ratio else "-"), change, shut_above | shut_below)

    def _at(self, value: Any) -> tuple[Averages, NDArray[np.bool_]]:
        """Return the averages with the variable at `value`, and which classes never occur there."""
        result, people = self.result, self.people
        x = self._columns.get(value)
        if x is None:
            x = result.design.matrix(people.with_value(self.variable, value).frame)
        blocks, derivatives = people.blocks(x, len(result.classes)), result.inference is not None
        found = average_probabilities(blocks, result.coefficients, self.shown, derivatives=derivatives)
        shut = never(result, x, people.weights)
        return found, shut if self.shown is None else shut[self.shown]


def check_values(people: Population, variable: str, values: Sequence[Any]) -> None:
    """Refuse values that are no levels of a factor, or no finite numbers of a number.

    Raises
    ------
    OptionError
        With the levels there are.
    """
    levels = people.levels.get(variable)
    for value in values:
        if levels is not None and value not in levels:
            listed = ", ".join(map(repr, levels[:20]))
            raise OptionError(f"{value!r} is no level of {variable!r}: it must be one of {listed}.")
        if levels is None and not (isinstance(value, int | float | np.number) and np.isfinite(value)):
            raise OptionError(f"{variable!r} is a number, but {value!r} is none that is finite.")


def _pairs(
    people: Population, variable: str, low: Any, high: Any, pairs: Sequence[tuple[Any, Any]] | None
) -> list[tuple[Any, Any]]:
    if (low is None) != (high is None) or (low is not None and pairs is not None):
        raise OptionError("Give low= and high= together, or pairs=, and not both.")
    if low is not None:
        return [(low, high)]
    if pairs is not None:
        if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs) or not len(pairs):
            raise OptionError(f"pairs={pairs!r} must be a list of (low, high).")
        return [(first, second) for first, second in pairs]
    if variable not in people.levels:
        raise OptionError(f"{variable!r} is a number: say which values to compare, e.g. low=0.2, high=0.8.")
    first, *others = people.levels[variable]
    return [(first, other) for other in others]
