"""All rows under the upper formula's columns: models on some of its terms, and what the others promise."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import designs, inputs
from genreglm.designs import INTERCEPT, Design
from genreglm.engine.inference import ChiSquareTest, chi_square_test
from genreglm.engine.nested import Family
from genreglm.engine.penalties import CellPrior, Penalty, Ridge, kept_factors
from genreglm.engine.removal import wald_bounds, wald_screen
from genreglm.engine.screening import score_bounds, score_screen
from genreglm.fitting import fit
from genreglm.options import Screen
from genreglm.refusals import named, require_optimum, separated_by_cells
from genreglm.selection.notes import noted
from genreglm.selection.scope import Scope

Floats = NDArray[np.float64]

_WITHOUT_INFORMATION = "With screen='bound' candidates are ranked without the information of all classes."


@dataclass(frozen=True)
class Model:
    """A model on some terms of the scope, fitted to all rows.

    Attributes
    ----------
    terms : in the order of the scope
    coefficients : (all columns, classes), zero for the terms it has not
    log_likelihood : at these, rows of a prior included
    parameters : free ones
    """

    terms: tuple[str, ...]
    coefficients: Floats = field(repr=False)
    log_likelihood: float
    parameters: int


@dataclass(frozen=True)
class Whole:
    """The rows, with the columns of all terms side by side.

    In a model that keeps the hierarchy a term has the same columns as in the whole one, so that no formula is evaluated
    again.
    """

    design: Design
    family: Family
    frame: pd.DataFrame = field(repr=False)
    penalty: Penalty | None

    @classmethod
    def of(cls, scope: Scope, frame: pd.DataFrame, weights: Floats, penalty: Penalty | None) -> "Whole":
        """Learn the columns of all terms.

        Raises
        ------
        SeparationError
            Where a class never has some level of a factor, and no penalty is given.
        """
        design, matrix = designs.learn_with_matrix(scope.formula(scope.terms), frame)
        problem = inputs.problem(design, frame, weights, matrix=matrix)
        cells = [] if isinstance(penalty, Ridge) else problem.empty_cells(design.spans)
        if cells and penalty is None:
            raise separated_by_cells(named(design, cells))
        family = Family.with_cells(problem, cells, penalty.count) if isinstance(penalty, CellPrior) else Family(problem)
        return cls(design, family, frame, penalty)

    @property
    def free(self) -> int:
        """Classes that have coefficients of their own."""
        return self.family.problem.classes - 1

    @property
    def nobs(self) -> float:
        """Sum of the weights."""
        return float(self.family.problem.w.sum())

    def columns(self, terms: Collection[str]) -> list[int]:
        """Return the columns of a model, the intercept's among them."""
        return sorted(self.design.positions([INTERCEPT, *terms]))

    def df(self, term: str) -> int:
        """Return the parameters that a term has."""
        return self.free * len(self.design.positions([term]))

    def fit(self, terms: Sequence[str], start: Model | None = None) -> Model:
        """Fit a model, from the coefficients of another.

        Raises
        ------
        RankError, SeparationError, ConvergenceError
            Where it has no estimate, with its terms as a note.
        """
        columns = self.columns(terms)
        parameters = self.free * len(columns)
        if isinstance(self.penalty, Ridge):
            return self._penalised(terms, columns, start)
        size = (len(self.design.columns), self.family.problem.classes)
        full, found = self.family.restricted(columns, np.zeros(size) if start is None else start.coefficients)
        assert found is not None
        if not found.converged:
            with noted(f"This was the model with the terms {', '.join(terms) or 'none'}."):
                require_optimum(self._smaller(columns), found)
        likelihood = self.family.keep(columns).at(full[columns]).log_likelihood
        return Model(tuple(terms), full, likelihood, parameters)

    def additions(self, model: Model, terms: Sequence[str], screen: Screen) -> list[ChiSquareTest]:
        """Return the score test of each term beside those of the model, or a lower bound of it."""
        groups, among = [self.design.positions([term]) for term in terms], self.columns(model.terms)
        if screen == "exact":
            with noted(_WITHOUT_INFORMATION):
                return score_screen(self.family, model.coefficients, groups, among)
        bounds = score_bounds(self.family, model.coefficients, groups, among)
        return [chi_square_test(value, self.df(term)) for value, term in zip(bounds.tolist(), terms, strict=True)]

    def removals(self, model: Model, terms: Sequence[str], screen: Screen) -> list[ChiSquareTest]:
        """Return the Wald test of each of the model's terms, or an upper bound of it."""
        groups, among = [self.design.positions([term]) for term in terms], self.columns(model.terms)
        if screen == "exact":
            with noted(_WITHOUT_INFORMATION):
                return wald_screen(self.family, model.coefficients, groups, among)
        bounds = wald_bounds(self.family, model.coefficients, groups, among)
        return [chi_square_test(value, self.df(term)) for value, term in zip(bounds.tolist(), terms, strict=True)]

    def _penalised(self, terms: Sequence[str], columns: list[int], start: Model | None) -> Model:
        smaller, full = self._smaller(columns), np.zeros((len(self.design.columns), self.family.problem.classes))
        found = fit(
            smaller,
            self.frame,
            weights=self.family.problem.w,
            penalty=kept_factors(self.penalty, terms),
            covariance=None,
            start=None if start is None else start.coefficients[columns],
            gradient_tolerance=1e-5,
            decrement_tolerance=1e-3,
        )
        full[columns] = found.coefficients
        return Model(tuple(terms), full, found.statistics.log_likelihood, self.free * len(columns))

    def _smaller(self, columns: Collection[int]) -> Design:
        return self.design.without([j for j in range(len(self.design.columns)) if j not in columns])
