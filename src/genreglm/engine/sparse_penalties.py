"""Lasso-type penalties: they set coefficients to exactly zero, and so choose columns. Each is a small value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genreglm.errors import OptionError

Floats = NDArray[np.float64]


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


SparsePenalty = Lasso | ElasticNet | GroupLasso


@dataclass(frozen=True)
class ColumnPenalty:
    """What a penalty costs for each unit of lambda, in standardised columns.

    sum_j [corner_j P(B_j) + ridge_j / 2 ||B_j||**2],  P(b) = ||b|| where `grouped`, else sum_k |b_k|.

    Attributes
    ----------
    corner, ridge : (columns,), both 0 for a free column
    grouped : whether classes share a column
    """

    corner: Floats
    ridge: Floats
    grouped: bool

    @classmethod
    def of(cls, penalty: SparsePenalty, factors: Floats, deviation: Floats) -> "ColumnPenalty":
        """Return it for `factors` (columns,), 0 where free, and the `deviation` (columns,) that each was divided by."""
        mixing = 1.0 if isinstance(penalty, Lasso) else penalty.mixing
        unit = np.ones_like(deviation) if penalty.standardise else deviation
        strengths = penalty.strength * factors
        return cls(mixing * strengths / unit, (1.0 - mixing) * strengths / unit**2, isinstance(penalty, GroupLasso))

    def keep(self, columns: NDArray[np.intp]) -> "ColumnPenalty":
        """Return that of some columns."""
        return ColumnPenalty(self.corner[columns], self.ridge[columns], self.grouped)

    def value(self, coefficients: Floats) -> float:
        """Return the cost of B (columns, classes) at lambda = 1."""
        lengths = np.linalg.norm(coefficients, axis=1) if self.grouped else np.abs(coefficients).sum(axis=1)
        return float(self.corner @ lengths + 0.5 * self.ridge @ np.square(coefficients).sum(axis=1))

    def dual(self, gradient: Floats) -> Floats:
        """Return the dual norm of each column's gradient, (columns,): a column of zeros stays while it is at most
        lambda times its corner.
        """
        return np.asarray(np.linalg.norm(gradient, axis=1) if self.grouped else np.abs(gradient).max(axis=1))

    def violations(self, coefficients: Floats, gradient: Floats, strength: float) -> Floats:
        """Return how far each column is from zero in the subdifferential of the objective, (columns,): the largest
        part of the shortest subgradient, at lambda = `strength`, for the `gradient` of the likelihood part.
        """
        corner = strength * self.corner[:, None]
        slope = gradient + strength * self.ridge[:, None] * coefficients
        if self.grouped:
            length = np.linalg.norm(coefficients, axis=1, keepdims=True)
            inside = np.maximum(np.linalg.norm(slope, axis=1, keepdims=True) - corner, 0.0)
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
