"""A search's judge by rows that the fit has not seen: whole groups held out, fold by fold."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from genreglm import designs
from genreglm.engine.inference import ChiSquareTest
from genreglm.engine.penalties import Penalty, kept_factors
from genreglm.evaluation import row_losses
from genreglm.fitting import fit
from genreglm.options import ChoiceRule
from genreglm.result import Result
from genreglm.selection.dealt import Dealt
from genreglm.selection.held_out import DECREMENT, GRADIENT, Rows, require_scorable, scorable
from genreglm.selection.judges import Action, Judged
from genreglm.selection.notes import noted
from genreglm.selection.scope import Scope
from genreglm.selection.whole import Whole

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Rows to fit to, and those to score, which every model of the scope can score."""

    train: Rows
    test: Rows
    truth: Integers

    @classmethod
    def of(cls, scope: Scope, rows: Rows, held: NDArray[np.bool_]) -> "Fold":
        """Divide rows; left out are those with a class, or a level of any factor of the scope, that no other fold has.

        Raises
        ------
        DataError
            Where none is left.
        """
        train, test = rows.where(~held), rows.where(held)
        design = designs.learn(scope.formula(scope.terms), train.frame)
        require_scorable(design, test)
        test = test.where(scorable(design, test.frame)[1])
        return cls(train, test, design.codes(test.frame))


@dataclass(frozen=True)
class Evidence:
    """The models of the folds, and the loss of each scored row, fold after fold."""

    results: tuple[Result, ...] = field(repr=False)
    losses: Floats = field(repr=False)


@dataclass(frozen=True)
class ByUnseen:
    """The mean of -log p of the true class over held-out rows, each scored by a fit without its group."""

    scope: Scope
    whole: Whole
    folds: tuple[Fold, ...]
    penalty: Penalty | None
    rule: ChoiceRule

    @classmethod
    def of(cls, scope: Scope, whole: Whole, dealt: Dealt, rule: ChoiceRule) -> "ByUnseen":
        """Cut the folds of every repeat."""
        folds = []
        for repeat, fold_of in enumerate(dealt.fold_of):
            for number in range(int(fold_of.max()) + 1):
                with noted(f"This was with fold {number} of repeat {repeat} held out."):
                    folds.append(Fold.of(scope, dealt.rows, fold_of == number))
        return cls(scope, whole, tuple(folds), whole.penalty, rule)

    def judge(self, terms: tuple[str, ...], before: Judged | None = None) -> Judged:
        """Fit the model to the training rows of each fold, and score the others."""
        formula, known = self.scope.formula(terms), None if before is None else before.evidence
        starts = known.results if isinstance(known, Evidence) else (None,) * len(self.folds)
        results, losses = [], []
        for number, (fold, start) in enumerate(zip(self.folds, starts, strict=True)):
            with noted(f"This was {formula!r} in fold {number}."):
                result = fit(
                    formula,
                    fold.train.frame,
                    weights=fold.train.weights,
                    penalty=kept_factors(self.penalty, terms),
                    covariance=None,
                    start=start,
                    gradient_tolerance=GRADIENT,
                    decrement_tolerance=DECREMENT,
                )
                losses.append(row_losses(result.predict(fold.test.frame).to_numpy(), fold.truth))
            results.append(replace(result, source=None, problem=None))
        evidence = Evidence(tuple(results), np.concatenate(losses))
        value = float(np.average(evidence.losses, weights=self._weights))
        return Judged(None, terms, value, self._error(evidence, known), evidence)

    def settled(self, judged: Judged, before: Judged | None = None) -> Judged:
        """Return it fitted to all rows, too."""
        if judged.model is not None:
            return judged
        return replace(judged, model=self.whole.fit(judged.terms, None if before is None else before.model))

    def promise(self, action: Action, test: ChiSquareTest) -> float:
        """Return by how much AIC would fall, to first order: it stands for what unseen rows would say."""
        gained = test.statistic - 2.0 * test.df
        return gained if action == "add" else -gained

    def merit(self, action: Action, before: Judged, after: Judged) -> float:
        """Return by how much the loss falls, less a standard error of that under the one-standard-error rule."""
        fall = before.value - after.value
        return fall - after.std_error if self.rule == "one-standard-error" else fall

    @property
    def _weights(self) -> Floats:
        return np.concatenate([fold.test.weights for fold in self.folds])

    def _error(self, evidence: Evidence, before: object) -> float:
        """Return the standard error of the difference of two mean losses, rows summed by group."""
        if not isinstance(before, Evidence):
            return float("nan")
        weights = self._weights
        groups = np.concatenate([fold.test.groups for fold in self.folds])
        differences = evidence.losses - before.losses
        deviations = weights * (differences - np.average(differences, weights=weights))
        sums = np.bincount(groups, deviations)
        count = len(np.unique(groups))
        return float(np.sqrt(count / max(count - 1, 1) * np.sum(sums**2)) / weights.sum())
