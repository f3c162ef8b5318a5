"""Penalties and priors, each a small value that says what it adds to the objective."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genreglm.errors import OptionError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ridge:
    """Half the sum of squared slopes, times `strength`; the intercept is free.

    objective = mean negative log-likelihood + strength / 2 * sum_jk factor_j B_jk**2

    as in glmnet. B is taken as given in the columns' own units, or per standard deviation of the column
    with `standardise=True`. `factors` multiplies the strength by term, e.g. ``{"C(key)": 5.0}``.
    """

    strength: float
    standardise: bool = False
    factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = [self.strength, *self.factors.values()]
        if not all(np.isfinite(value) and value >= 0 for value in values):
            raise OptionError(f"Ridge({self.strength!r}): strength and factors must be finite and >= 0.")


@dataclass(frozen=True)
class CellPrior:
    """A prior worth `count` rows for every empty class x level cell; everything else is left alone.

    Where a 0/1 column is never 1 in a class, the likelihood rises for ever as that coefficient falls.
    For each such cell this adds `count` rows of that class, placed at the mean of the rows that have the
    level: a data-augmentation prior (Clogg et al. 1991, JASA 86:68; Greenland 2007, Stat. Med. 26:1). The
    estimate of the cell is finite; the other coefficients stay within rounding of the limit of the
    likelihood, and their covariance is that of the augmented data.
    """

    count: float = 0.5

    def __post_init__(self) -> None:
        if not (np.isfinite(self.count) and self.count > 0):
            raise OptionError(f"CellPrior({self.count!r}): count must be finite and > 0.")


@dataclass(frozen=True)
class Jeffreys:
    """Jeffreys' invariant prior: half the log determinant of the information is added to the log-likelihood.

    The estimate is finite whatever is separated, does not depend on how factors are coded or columns scaled, and
    is less biased than maximum likelihood in small samples (Firth 1993, Biometrika 80:27; Kosmidis and Firth 2021,
    Biometrika 108:71). Its covariance is the inverse of the information at the estimate.
    """


Penalty = Ridge | CellPrior | Jeffreys
