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

from genreglm.engine.binning import equal_mass_bins, sums_by_bin, targets_by_bin
from genreglm.engine.blocks import Codes, Floats
from genreglm.engine.problem import Problem

# Probabilities of rows that are alike differ in their last digits with where the rows stand.
_DIGITS = 12


@dataclass(frozen=True)
class Grouped:
    """Observed and expected weight of each class in each group, (groups, classes) each."""

    observed: Floats = field(repr=False)
    expected: Floats = field(repr=False)

    @classmethod
    def of(cls, problem: Problem, prob: Floats, groups: Codes) -> "Grouped":
        """Sum the rows of `problem` and their probabilities `prob` (rows, classes) by group (rows,)."""
        count = int(groups.max()) + 1
        observed = targets_by_bin(groups, count, problem.w, problem.y, problem.classes)
        return cls(observed, sums_by_bin(groups, count, problem.w, prob))

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


def quantile_groups(values: Floats, w: Floats, count: int) -> Codes:
    """Return the group of each row, 0 for the lowest `values` (rows,), in at most `count` groups of like weight.

    Rows of one value, to twelve decimals, are never parted, so that their order says nothing, and a weight of 2 is
    the row twice; see `genreglm.engine.binning.equal_mass_bins`.
    """
    live, groups = w > 0, np.zeros(len(w), dtype=np.int64)
    groups[live] = equal_mass_bins(np.round(values[live], _DIGITS), w[live], count)
    return groups


def patterns(problem: Problem) -> Codes:
    """Return for each row which of the distinct rows of columns (and offset) it is."""
    parts = [problem.x] if problem.offset is None else [problem.x, problem.offset]
    live = problem.w > 0
    whole = np.column_stack(parts)
    found = np.zeros(len(whole), dtype=np.int64)
    found[live] = np.unique(whole[live], axis=0, return_inverse=True)[1].reshape(-1)
    return found
