"""Rows in groups: what was observed of each class, what the model expects, and how far the two lie apart.

With O_gk the weight of class k in group g and E_gk the sum of its fitted probabilities there,

    Pearson       sum_gk (O_gk - E_gk)^2 / E_gk
    deviance      2 sum_gk O_gk log(O_gk / E_gk)
    dissimilarity sum_gk |O_gk - E_gk| / (2 n), the share of rows that would have to change class to fit

Sources: McCullagh and Nelder (1989), Generalized Linear Models, section 5.5; Gini (1914) and Agresti (2013),
Categorical Data Analysis, section 9.1.4, for the dissimilarity.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Floats
from genreglm.engine.problem import Problem

Integers = NDArray[np.intp]
# Probabilities of rows that are alike differ in their last digits with where the rows stand.
_DIGITS = 12


@dataclass(frozen=True)
class Grouped:
    """Observed and expected weight of each class in each group, (groups, classes) each."""

    observed: Floats = field(repr=False)
    expected: Floats = field(repr=False)

    @classmethod
    def of(cls, problem: Problem, prob: Floats, groups: Integers) -> "Grouped":
        """Sum the rows of `problem` and their probabilities `prob` (rows, classes) by group (rows,)."""
        weight, count = problem.w[:, None], int(groups.max()) + 1
        expected = _sums(weight * prob, groups)
        if problem.y.ndim == 2:
            return cls(_sums(weight * problem.y, groups), expected)
        cell = groups * problem.classes + problem.y
        counts = np.bincount(cell, weights=problem.w, minlength=count * problem.classes)
        return cls(np.asarray(counts, dtype=np.float64).reshape(count, problem.classes), expected)

    @property
    def size(self) -> Floats:
        """Weight of each group, (groups,)."""
        return np.asarray(self.observed.sum(axis=1))

    def pearson(self) -> float:
        """Pearson's statistic."""
        there = self.expected > 0
        return float(np.sum((self.observed - self.expected)[there] ** 2 / self.expected[there]))

    def deviance(self) -> float:
        """Twice the log-likelihood that the groups' own shares have more."""
        there = self.observed > 0
        return 2.0 * float(np.sum(self.observed[there] * np.log(self.observed[there] / self.expected[there])))

    def dissimilarity(self) -> float:
        """Share of rows that would have to change class."""
        return float(np.abs(self.observed - self.expected).sum() / (2.0 * self.observed.sum()))

    def chance(self) -> float:
        """About what the dissimilarity is by chance alone: with normal counts E|O - E| = sqrt(2 var / pi)."""
        variance = self.expected * (1.0 - self.expected / self.size[:, None])
        return float(np.sqrt(2.0 / np.pi * np.maximum(variance, 0.0)).sum() / (2.0 * self.observed.sum()))


def quantile_groups(values: Floats, w: Floats, count: int) -> Integers:
    """Return the group of each row, 0 for the lowest `values` (rows,), in at most `count` groups of like weight.

    Rows of one value are never parted, so that their order says nothing, and a weight of 2 is the row twice. Values
    are compared to twelve decimals.
    """
    levels, place = np.unique(np.round(values, _DIGITS), return_inverse=True)
    weight = np.bincount(place, weights=w, minlength=len(levels))
    middle = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    wanted = np.minimum((count * middle).astype(np.intp), count - 1)
    filled = np.unique(wanted[weight > 0])
    return np.asarray(np.minimum(np.searchsorted(filled, wanted), len(filled) - 1)[place])


def patterns(problem: Problem) -> Integers:
    """Return for each row which of the distinct rows of columns (and offset) it is."""
    parts = [problem.x] if problem.offset is None else [problem.x, problem.offset]
    live = problem.w > 0
    whole = np.column_stack(parts)
    found = np.zeros(len(whole), dtype=np.intp)
    found[live] = np.unique(whole[live], axis=0, return_inverse=True)[1].reshape(-1)
    return found


def _sums(values: Floats, groups: Integers) -> Floats:
    """Return the sum of `values` (rows, classes) over each group, all of which have rows."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(int(groups.max()) + 1))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))
