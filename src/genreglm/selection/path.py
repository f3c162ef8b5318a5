"""`RegularisationPath`: the fits of a penalty at falling strengths, what is in each, and what to make of them."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.designs import Design
from genreglm.engine.sparse_penalties import SparsePenalty
from genreglm.errors import DataError, OptionError
from genreglm.fitting import fit
from genreglm.inputs import Column
from genreglm.notebook import Shown
from genreglm.options import ChoiceRule, CovarianceKind, Metric
from genreglm.result import Result
from genreglm.selection.choice import choose
from genreglm.selection.scope import Scope

Floats = NDArray[np.float64]

CAVEAT = (
    "The terms were chosen by these very rows, so standard errors, p-values and likelihoods of a refit are those of a "
    "model that was thought of before: too small, and too good (Berk et al. 2013, Ann. Stat. 41:802). Score the choice "
    "on rows that it has not seen."
)


@dataclass(frozen=True)
class RegularisationPath(Shown):
    """The fits of a lasso-type penalty at falling strengths.

    Attributes
    ----------
    design : of all rows
    penalty : whose own strength those of the path multiply
    table : a row a strength: strength, terms, columns and nonzero (coefficients) that are in the model beside the free
        ones, log_loss, deviance_ratio (1 - deviance / null deviance), kkt (the largest violation of the conditions of
        an optimum), steps
    coefficients : (strengths, columns, classes), in the columns' own units
    scores : of each strength on each fold, as `gg.cross_validate` gives them, with a column strength; None without
        folds
    ended : why the path ends where it does
    rows, weights : it was fitted to
    """

    design: Design
    penalty: SparsePenalty
    table: pd.DataFrame
    coefficients: Floats = field(repr=False)
    scores: pd.DataFrame | None = field(repr=False)
    ended: str
    rows: pd.DataFrame = field(repr=False, compare=False)
    weights: Column | None = field(default=None, repr=False, compare=False)
    caveat: ClassVar[str] = CAVEAT

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        return f"{self.penalty!r} at {len(self.table)} strengths; {self.ended}", {"Strengths": self.table}

    def choose(self, rule: ChoiceRule = "one-standard-error", metric: Metric | None = None) -> pd.DataFrame:
        """Sum up the scores, a row a strength, and choose; see `gg.choose`. The strongest penalty is the simplest.

        Raises
        ------
        DataError
            For a path without folds.
        """
        if self.scores is None:
            raise DataError("The path was not scored: fit it with folds=5.")
        return choose(self.scores, metric, rule).assign(strength=self.table["strength"].to_numpy())

    def chosen(self, rule: ChoiceRule = "one-standard-error", metric: Metric | None = None) -> float:
        """Return the strength that the rule takes."""
        summed = self.choose(rule, metric)
        return float(summed.loc[summed["chosen"], "strength"].iloc[0])

    def at(self, strength: float) -> Result:
        """Fit one strength of the path, or any other, as `gg.fit` does; `Result.predict` and `save` are its own."""
        penalty = replace(self.penalty, strength=strength * self.penalty.strength)
        return fit(self.design, self.rows, weights=self.weights, penalty=penalty)

    def terms(self, strength: float) -> list[str]:
        """Return the terms with a coefficient that is not zero at a strength of the path.

        Raises
        ------
        OptionError
            Where the path does not hold it.
        """
        return terms_in(self.design, self.coefficients[self._position(strength)])

    def refit(self, strength: float, covariance: CovarianceKind | None = "observed") -> Result:
        """Fit the terms of a strength without a penalty, and with them the main effects that an interaction needs.

        The `caveat` says what its tests are worth.

        Raises
        ------
        FormulaError
            Where the path's formula has no intercept, or an interaction without its main effects.
        SeparationError
            Where the terms have no maximum-likelihood estimate.
        """
        scope = Scope.of(None, self.design.formula)
        chosen = self.terms(strength)
        needed = set(chosen).union(*(scope.margins[term] for term in chosen))
        return fit(scope.formula(needed), self.rows, weights=self.weights, covariance=covariance)

    def tidy(self) -> pd.DataFrame:
        """Return strength, class, term, estimate: a row a coefficient that is not zero, the intercept's too."""
        place, column, code = np.nonzero(self.coefficients)
        return pd.DataFrame(
            {
                "strength": self.table["strength"].to_numpy()[place],
                "class": np.array(self.design.classes)[code],
                "term": np.array(self.design.columns)[column],
                "estimate": self.coefficients[place, column, code],
            }
        )

    def sizes(self) -> pd.DataFrame:
        """Return strength, term, size: the root of the sum of squares of a term's coefficients over its columns and
        the classes, each per standard deviation of its column.
        """
        deviation = self.design.matrix(self.rows).std(axis=0)
        squares = np.square(self.coefficients * deviation[:, None]).sum(axis=2)
        strengths = self.table["strength"].to_numpy()
        parts = [
            pd.DataFrame(
                {"strength": strengths, "term": term, "size": np.sqrt(squares[:, self.design.terms[term]].sum(axis=1))}
            )
            for term in self.design.slopes
        ]
        return pd.concat(parts, ignore_index=True)

    def _position(self, strength: float) -> int:
        known = self.table["strength"].to_numpy()
        nearest = int(np.abs(np.log(known / strength)).argmin()) if strength > 0.0 else 0
        if not np.isclose(known[nearest], strength, rtol=1e-9, atol=0.0):
            raise OptionError(
                f"strength={strength!r} is none of the path, which has {len(known)} from {known[0]:.4g} down to "
                f"{known[-1]:.4g}. Take one of `table`, or what `chosen()` returns."
            )
        return nearest


def terms_in(design: Design, coefficients: Floats) -> list[str]:
    """Return the terms of which a coefficient (columns, classes) is not zero, the intercept not among them."""
    return [term for term in design.slopes if coefficients[design.terms[term]].any()]
