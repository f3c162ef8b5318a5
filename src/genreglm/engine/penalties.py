"""Penalties and priors, each a small value that says what it adds to the objective."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.sparse_penalties import ElasticNet, GroupLasso, Lasso, TermLasso
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


@dataclass(frozen=True, kw_only=True)
class FamilyRidge(Ridge):
    """A ridge that shrinks each class's slopes towards those of its family, and families less than classes.

    With B_k = F_f(k) + D_k, a ridge on the deviations D, and a weaker one on the family's own slopes F,

        strength / 2 * sum_j factor_j [sum_k D_jk**2 + sum_f n_f (1 - pooling) / pooling * F_jf**2],

    F can be minimised over. What is left is a quadratic form in B alone, with family f's mean M_f over its n_f classes:

        strength / 2 * sum_j factor_j [sum_k (B_jk - M_jf(k))**2 + (1 - pooling) sum_f n_f M_jf**2]
        = strength / 2 * tr(B' diag(factor) B A),    A = I - pooling * (1 / n_f where two classes share family f).

    With pooling 0 it is `Ridge`. The nearer to 1, the more freely a family moves as a whole, so that a class with few
    rows takes what its rows do not tell from its family, not from all classes. A class that is a family of its own is
    shrunk by strength * (1 - pooling) alone.

    Parameters
    ----------
    strength, standardise, factors : as in `Ridge`
    families : class -> name of its family, for every class of the response
    pooling : from 0 up to, but not including, 1

    Source: Gelman and Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models, chapter 12;
    the variances of the two levels stand here as 1 / strength and pooling / ((1 - pooling) n_f strength).
    """

    families: Mapping[Any, str]
    pooling: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.pooling < 1.0:
            raise OptionError(f"FamilyRidge: pooling={self.pooling!r} must be at least 0 and below 1.")
        if not isinstance(self.families, Mapping) or not all(isinstance(name, str) for name in self.families.values()):
            raise OptionError(
                "FamilyRidge: families must map each class to the name of its family, such as "
                "dict(zip(table['genre'], table['family'])) of gg.genre_families()."
            )


@dataclass(frozen=True, kw_only=True)
class SmoothRidge(Ridge):
    """A ridge, and beside it a penalty on how much the curves of spline terms bend.

    objective = mean negative log-likelihood + strength / 2 * sum_jk factor_j B_jk**2
                + roughness / 2 * sum_t bend_t sum_k integral of f_tk''(u)**2 du

    over the terms t of one continuous variable and several columns, f_tk their curve in class k, and u the variable
    scaled so that the rows of the fit reach from 0 to 1; see `genreglm.smoothness.roughness`. As `roughness` rises each
    such curve becomes its straight line, which the ridge alone holds back. So a basis can have many knots, and the
    penalty, not their number, says how much of them is used.

    Parameters
    ----------
    strength, standardise, factors : the ridge, as in `Ridge`; `strength` may be 0
    roughness : of all spline terms; in nats for one row
    bends : multiplies it by term, e.g. ``{"cr(tempo, df=12)": 0.1}``

    Sources: O'Sullivan, Yandell and Raynor (1986), JASA 81:96; Wood (2017), Generalized Additive Models, chapter 6.
    """

    roughness: float
    bends: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        values = [self.roughness, *self.bends.values()]
        if not all(np.isfinite(value) and value >= 0 for value in values):
            raise OptionError(f"SmoothRidge: roughness={self.roughness!r} and bends must be finite and >= 0.")


@dataclass(frozen=True, kw_only=True)
class SmoothFamilyRidge(FamilyRidge, SmoothRidge):
    """A `FamilyRidge` whose curves are held back from bending, as `SmoothRidge` does, and pooled in that, too.

    objective = mean negative log-likelihood
                + tr(B' (strength diag(factor) + roughness S) B A) / 2,

    S the roughness of the curves and A what pools classes into families: a class may bend away from its family's curve
    as hardly as it may from its slope, and a family bends (1 - pooling) times as hardly.
    """


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


# Those that move estimates towards zero on purpose, so that no standard error of theirs means what it says.
Shrinkage = Ridge | Lasso | ElasticNet | GroupLasso | TermLasso
Penalty = Shrinkage | CellPrior | Jeffreys

_IN_WORDS = {Lasso: "a lasso", ElasticNet: "an elastic-net", GroupLasso: "a group-lasso", TermLasso: "a term-lasso"}


def require_penalty(penalty: object) -> None:
    """Refuse what is no penalty: a fit would ignore it, and look as if it had been penalised.

    Raises
    ------
    OptionError
        With the penalties that there are.
    """
    if penalty is None or isinstance(penalty, Penalty):
        return
    if isinstance(penalty, type) and issubclass(penalty, Penalty):
        name = penalty.__name__
        raise OptionError(f"penalty={name} is a class, not a penalty made of it: call it, as in gg.{name}(...).")
    kinds = ", ".join(f"gg.{kind.__name__}" for kind in get_args(Penalty))
    raise OptionError(
        f"penalty={penalty!r} is no penalty: give one such as gg.Ridge(0.1) or gg.Jeffreys(), or None. There are "
        f"{kinds}, and the kin of gg.Ridge."
    )


def in_words(penalty: Shrinkage) -> str:
    """Return such as "a ridge penalty"."""
    return f"{_IN_WORDS.get(type(penalty), 'a ridge')} penalty"


def kept_factors(penalty: Penalty | None, terms: Collection[str]) -> Penalty | None:
    """Return the penalty without factors of terms that a model has not, which a fit would refuse."""
    if not isinstance(penalty, Shrinkage):
        return penalty
    return replace(penalty, factors={term: factor for term, factor in penalty.factors.items() if term in terms})
