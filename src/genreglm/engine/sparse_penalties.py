"""Lasso-type penalties: they set coefficients to exactly zero, and so choose columns. Each is a small value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genreglm.errors import OptionError

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True)
class Lasso:
    """The sum of absolute slopes, times `strength`; the intercept is free.

    objective = mean negative log-likelihood + strength * sum_j factor_j sum_k |B_jk|

    over the columns j and all K classes, as glmnet's ``type.multinomial="ungrouped"``. Each class chooses columns of
    its own. B is taken as given in the columns' own units, or per standard deviation of the column with
    `standardise=True` (glmnet's default). `factors` multiplies the strength by term, e.g. ``{"C(key)": 5.0}``; 0 frees
    a term. glmnet rescales its `penalty.factor` to a mean of one; here they are taken as given.

    The likelihood does not know a constant added to a column's coefficients of all classes; the penalty does, and puts
    their median at zero.

    Source: Tibshirani (1996), JRSS B 58:267; Friedman, Hastie and Tibshirani (2010), J. Stat. Softw. 33(1).
    """

    strength: float
    standardise: bool = False
    factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self, 1.0)


@dataclass(frozen=True)
class ElasticNet:
    """A mixture of a lasso and a ridge, times `strength`; the intercept is free.

    objective = mean negative log-likelihood
                + strength * sum_j factor_j sum_k [mixing |B_jk| + (1 - mixing) / 2 * B_jk**2]

    with 0 < mixing <= 1, glmnet's alpha; 1 is `Lasso`, and for 0 there is `Ridge`. The other arguments are those of
    `Lasso`.

    Source: Zou and Hastie (2005), JRSS B 67:301.
    """

    strength: float
    mixing: float = 0.5
    standardise: bool = False
    factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self, self.mixing)


@dataclass(frozen=True)
class GroupLasso:
    """The length of each column's coefficients over the classes, times `strength`; the intercept is free.

    objective = mean negative log-likelihood
                + strength * sum_j factor_j [mixing ||B_j|| + (1 - mixing) / 2 * ||B_j||**2]

    with ||B_j||**2 = sum_k B_jk**2 and 0 < mixing <= 1, as glmnet's ``type.multinomial="grouped"``. A column is in the
    model for all classes or for none. The other arguments are those of `Lasso`. Coefficients of a column sum to zero.

    Source: Yuan and Lin (2006), JRSS B 68:49; Simon, Friedman and Hastie (2013), arXiv:1311.6529.
    """

    strength: float
    mixing: float = 1.0
    standardise: bool = False
    factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self, self.mixing)


@dataclass(frozen=True)
class TermLasso:
    """The size of what each whole term adds to the linear predictors, times `strength`; the intercept is free.

    objective = mean negative log-likelihood
                + strength * sum_t factor_t sqrt(p_t) [mixing S_t + (1 - mixing) / 2 * S_t**2]

    with S_t**2 = sum_k mean_i ((x_it - mean x_t)' B_tk)**2 over the p_t columns of term t, and 0 < mixing <= 1. A
    factor, a spline or an interaction is in the model with all its columns for all classes, or with none. S_t is the
    same however a factor is coded and a spline is parameterised, and for a term of one column it is `GroupLasso`'s
    with `standardise=True`. `factors` multiplies the strength by term; 0 frees one.

    Source: Yuan and Lin (2006), JRSS B 68:49, whose columns are orthonormal within a group; Simon and Tibshirani
    (2012), Statistica Sinica 22:983, for measuring a group by its fit.
    """

    strength: float
    mixing: float = 1.0
    factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self, self.mixing)


SparsePenalty = Lasso | ElasticNet | GroupLasso | TermLasso


@dataclass(frozen=True)
class ColumnPenalty:
    """What a penalty costs for each unit of lambda, in standardised columns.

    sum_g [corner_g P(B_g) + ridge_g / 2 ||B_g||**2],  P(b) = ||b|| where `grouped`, else the sum of all |b_jk|.

    Attributes
    ----------
    corner, ridge : (columns,), both 0 for a free column, and alike in the columns of a group
    grouped : whether classes share a column
    groups : (columns,) codes of the columns that go together, rising; each by itself unless `grouped`
    """

    corner: Floats
    ridge: Floats
    grouped: bool
    groups: Integers

    @classmethod
    def of(cls, penalty: SparsePenalty, factors: Floats, deviation: Floats, groups: Integers) -> "ColumnPenalty":
        """Return it for `factors` (columns,), 0 where free, and the `deviation` (columns,) that each was divided by.

        `groups` (columns,) are the columns' terms, which only a `TermLasso` asks for.
        """
        mixing = 1.0 if isinstance(penalty, Lasso) else penalty.mixing
        strengths = penalty.strength * factors
        if isinstance(penalty, TermLasso):
            strengths = strengths * np.sqrt(np.bincount(groups)[groups])
            return cls(mixing * strengths, (1.0 - mixing) * strengths, True, groups)
        unit = np.ones_like(deviation) if penalty.standardise else deviation
        grouped, single = isinstance(penalty, GroupLasso), np.arange(len(factors))
        return cls(mixing * strengths / unit, (1.0 - mixing) * strengths / unit**2, grouped, single)

    def keep(self, columns: NDArray[np.intp]) -> "ColumnPenalty":
        """Return that of some columns, whole groups of them."""
        groups = np.unique(self.groups[columns], return_inverse=True)[1]
        return ColumnPenalty(self.corner[columns], self.ridge[columns], self.grouped, groups)

    @property
    def starts(self) -> Integers:
        """Where each group's columns begin, and their number."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.groups))])

    def lengths(self, values: Floats) -> Floats:
        """Return ||values_g|| of each column's group, (columns,), for (columns, classes)."""
        squares = np.bincount(self.groups, np.square(values).sum(axis=1))
        return np.asarray(np.sqrt(squares)[self.groups])

    def inside(self, coefficients: Floats) -> NDArray[np.bool_]:
        """Say for each column whether its group is in the model."""
        return self.lengths(coefficients) > 0.0

    def value(self, coefficients: Floats) -> float:
        """Return the cost of B (columns, classes) at lambda = 1."""
        if self.grouped:
            sizes = self.lengths(coefficients) / np.bincount(self.groups)[self.groups]
        else:
            sizes = np.abs(coefficients).sum(axis=1)
        return float(self.corner @ sizes + 0.5 * self.ridge @ np.square(coefficients).sum(axis=1))

    def dual(self, gradient: Floats) -> Floats:
        """Return the dual norm of the gradient of each column's group, (columns,): a group of zeros stays while it is
        at most lambda times its corner.
        """
        return self.lengths(gradient) if self.grouped else np.asarray(np.abs(gradient).max(axis=1))

    def violations(self, coefficients: Floats, gradient: Floats, strength: float) -> Floats:
        """Return how far each column is from zero in the subdifferential of the objective, (columns,): the largest
        part of the shortest subgradient, at lambda = `strength`, for the `gradient` of the likelihood part.
        """
        corner = strength * self.corner[:, None]
        slope = gradient + strength * self.ridge[:, None] * coefficients
        if self.grouped:
            length = self.lengths(coefficients)[:, None]
            inside = np.maximum(self.lengths(slope)[:, None] - corner, 0.0)
            there = slope + corner * coefficients / np.where(length > 0.0, length, 1.0)
            return np.asarray(np.where(length > 0.0, np.abs(there), inside).max(axis=1))
        inside = np.maximum(np.abs(slope) - corner, 0.0)
        return np.asarray(
            np.where(coefficients != 0.0, np.abs(slope + corner * np.sign(coefficients)), inside).max(axis=1)
        )


def _check(penalty: SparsePenalty, mixing: float) -> None:
    name = type(penalty).__name__
    values = [penalty.strength, *penalty.factors.values()]
    if not all(np.isfinite(value) and value >= 0 for value in values):
        raise OptionError(f"{name}({penalty.strength!r}): strength and factors must be finite and >= 0.")
    if not 0.0 < mixing <= 1.0:
        raise OptionError(f"{name}: mixing={mixing!r} must be above 0 and at most 1. For 0 use gg.Ridge.")
