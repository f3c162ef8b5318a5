"""What a search goes by: AIC, BIC or p-values of the rows of the fit, each a judge of one step."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from genreglm.engine.inference import ChiSquareTest, chi_square_test
from genreglm.selection.whole import Model, Whole

Action = Literal["add", "drop"]

# R's step() takes no step that lowers AIC by less.
_SMALLEST_GAIN = 1e-7


@dataclass(frozen=True)
class Judged:
    """A model as a judge sees it.

    Attributes
    ----------
    model : fitted to all rows; None where a judge by held-out rows has not needed that yet
    terms : of the model
    value : the criterion, less is better
    std_error : of the difference of the criterion to the model that the step began from; NaN where it has none
    evidence : what else the judge knows of it
    """

    model: Model | None
    terms: tuple[str, ...]
    value: float
    std_error: float = float("nan")
    evidence: object = None


class Judge(Protocol):
    """Fits models, and says which step is worth it."""

    def judge(self, terms: tuple[str, ...], before: Judged | None = None) -> Judged:
        """Fit the model with these terms, from the one that the step begins from."""

    def settled(self, judged: Judged, before: Judged | None = None) -> Judged:
        """Return the model that a step ends at, fitted to all rows."""

    def promise(self, action: Action, test: ChiSquareTest) -> float:
        """Say what a step seems worth by its score or Wald test: more is better, above 0 is worth it."""

    def merit(self, action: Action, before: Judged, after: Judged) -> float:
        """Say what a step is worth: more is better, above 0 is worth it."""


@dataclass(frozen=True)
class ByInformation:
    """AIC, -2 l + 2 m, or BIC, -2 l + m log n: `each` is what a parameter costs."""

    whole: Whole
    each: float

    def judge(self, terms: tuple[str, ...], before: Judged | None = None) -> Judged:
        """Fit the model to all rows."""
        model = self.whole.fit(terms, None if before is None else before.model)
        return Judged(model, terms, -2.0 * model.log_likelihood + self.each * model.parameters)

    def settled(self, judged: Judged, before: Judged | None = None) -> Judged:
        """Return it as it is."""
        return judged

    def promise(self, action: Action, test: ChiSquareTest) -> float:
        """Return by how much the criterion would fall, to first order."""
        gained = test.statistic - self.each * test.df
        return gained if action == "add" else -gained

    def merit(self, action: Action, before: Judged, after: Judged) -> float:
        """Return by how much it falls."""
        return before.value - after.value - _SMALLEST_GAIN


@dataclass(frozen=True)
class BySignificance(ByInformation):
    """Likelihood-ratio tests at `level`: what is not significant goes first, then what is comes in.

    The value of a model is its AIC, which no step goes by.
    """

    level: float

    def promise(self, action: Action, test: ChiSquareTest) -> float:
        """Return how far log10 p is on the right side of the level."""
        return self._beyond(action, test.log10_p) if test.df else -np.inf

    def merit(self, action: Action, before: Judged, after: Judged) -> float:
        """Return the same by the likelihood-ratio test; a term that should go comes before one that should come."""
        beyond = self._beyond(action, likelihood_ratio(before, after).log10_p)
        return beyond if action == "add" or beyond <= 0.0 else beyond + 1e9

    def _beyond(self, action: Action, log10_p: float) -> float:
        above = log10_p - float(np.log10(self.level))
        return above if action == "drop" else -above


def likelihood_ratio(before: Judged, after: Judged) -> ChiSquareTest:
    """Return twice the difference of the log-likelihoods of two models, one inside the other, as a test."""
    assert before.model is not None
    assert after.model is not None
    one, two = before.model, after.model
    statistic = 2.0 * abs(one.log_likelihood - two.log_likelihood)
    return chi_square_test(statistic, abs(one.parameters - two.parameters))
