"""What a search for terms ends with: the model, its formula, every step, and what the numbers are not."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import designs
from genreglm.engine.memory import require_covariance
from genreglm.engine.penalties import Jeffreys, Penalty, Ridge, Shrinkage, in_words, kept_factors, require_penalty
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import InferenceError, OptionError
from genreglm.fitting import fit
from genreglm.inputs import Column, row_weights
from genreglm.notebook import Shown
from genreglm.options import ChoiceRule, CovarianceKind, Criterion, Screen, check_choice
from genreglm.result import Result
from genreglm.selection.cross_validation import WARNING as RANDOM_ROWS_WARNING
from genreglm.selection.dealt import RANDOM_ROWS, Dealt
from genreglm.selection.groups import Groups
from genreglm.selection.judges import Action, ByInformation, BySignificance, Judge
from genreglm.selection.scope import Scope
from genreglm.selection.search import Search
from genreglm.selection.unseen import ByUnseen
from genreglm.selection.whole import Model, Whole

Floats = NDArray[np.float64]

NOT_HONEST = (
    "p-values and standard errors after selection are not honest: they are computed as if these terms had been meant "
    "from the start. Test on rows that the search has not seen."
)
_OPTIMISTIC = (
    "The held-out loss of the model chosen is the smallest of many, so it flatters. gg.nested_cross_validate scores "
    "the search itself."
)
_NAMES: dict[Criterion, str] = {"aic": "AIC", "bic": "BIC", "p_value": "p-values", "held_out": "held-out log-loss"}


@dataclass(frozen=True)
class Selection(Shown):
    """A model whose terms a search chose; see `stepwise` and `interaction_search`.

    Attributes
    ----------
    result : the model, fitted to all rows
    formula : its formula
    trace : a row a step; see `stepwise`
    candidates : a row for each term that a step looked at; see `stepwise`
    criterion : what the search went by
    warning : what the numbers of the chosen model are not
    """

    result: Result = field(repr=False)
    formula: str
    trace: pd.DataFrame = field(repr=False)
    candidates: pd.DataFrame = field(repr=False)
    criterion: Criterion
    warning: str

    def __repr__(self) -> str:
        name = _NAMES[self.criterion]
        first, last = self.trace["after"].iloc[[0, -1]]
        steps = len(self.trace) - 1
        shown = "AIC" if self.criterion == "p_value" else name
        lines = [
            f"Terms chosen by {name}: {steps} step{'' if steps == 1 else 's'}, {shown} {first:,.5g} -> {last:,.5g}"
        ]
        for row in self.trace.iloc[1:].to_dict("records"):
            p_value = "" if np.isnan(row["p_value"]) else f", p {row['p_value']:.2g}"
            what = f"{'+' if row['action'] == 'add' else '-'} {row['term']} ({row['df']} df{p_value})"
            lines.append(f"  {what}: {shown} {row['before']:,.6g} -> {row['after']:,.6g}")
        return "\n".join([*lines, self.formula, self.warning])

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        return f"Terms chosen by {_NAMES[self.criterion]}: {self.formula} {self.warning}", {"Steps": self.trace}


@dataclass(frozen=True)
class Settings:
    """How a search goes; see `stepwise` for each."""

    criterion: Criterion
    level: float
    rule: ChoiceRule
    groups: Groups
    folds: int
    repeats: int
    weights: Column | None
    penalty: Penalty | None
    covariance: CovarianceKind | None
    fits: int | None
    screen: Screen
    max_steps: int
    seed: int

    def __post_init__(self) -> None:
        require_penalty(self.penalty)
        check_choice("criterion", self.criterion, Criterion)
        check_choice("rule", self.rule, ChoiceRule)
        check_choice("screen", self.screen, Screen)
        if self.covariance is not None:
            check_choice("covariance", self.covariance, CovarianceKind)
        if self.covariance == "clustered":
            raise OptionError("A search takes no clusters. Use covariance=None, and fit its formula with gg.fit.")
        if not 0.0 < self.level < 1.0:
            raise OptionError(f"level={self.level!r} must lie between 0 and 1.")
        if (self.fits is not None and self.fits < 1) or self.max_steps < 1:
            raise OptionError(f"fits={self.fits!r}, max_steps={self.max_steps!r}: both must be 1 or more.")
        if isinstance(self.penalty, Jeffreys):
            raise InferenceError("Models under Jeffreys' prior have no likelihoods to compare. Use gg.CellPrior().")
        if isinstance(self.penalty, Shrinkage) and not isinstance(self.penalty, Ridge):
            raise OptionError(
                f"A search chooses terms, and {in_words(self.penalty)} chooses columns by itself. Use "
                "gg.regularisation_path, or a search under gg.Ridge."
            )
        if isinstance(self.penalty, Ridge) and self.criterion != "held_out":
            raise InferenceError(
                f"criterion={self.criterion!r} compares likelihoods at their maxima and counts parameters, and "
                f"{self.penalty!r} moves fits away from theirs. Use criterion='held_out', or gg.CellPrior()."
            )


# One hold of BLAS for all fits: several of its threads wait for each other longer than a small fit takes.
@single_threaded_blas()
def select(
    scope: Scope, frame: pd.DataFrame, start: tuple[str, ...], actions: list[Action], how: Settings
) -> Selection:
    """Search from the terms `start`, and fit the model that it ends at."""
    weights = row_weights(how.weights, frame)
    whole = Whole.of(scope, frame, weights, how.penalty)
    judge, warning = _judge(scope, whole, frame, how)
    search = Search(scope, whole, judge, actions, how.fits, how.screen)
    ended = search.run(start, how.max_steps)
    assert ended.model is not None
    trace, candidates = search.tables()
    formula = scope.formula(ended.terms)
    covariance, without = _affordable(ended.model, whole, how)
    result = _final(formula, ended.model, whole, weights, replace(how, covariance=covariance))
    return Selection(result, formula, trace, candidates, how.criterion, " ".join([warning, *without]))


def _judge(scope: Scope, whole: Whole, frame: pd.DataFrame, how: Settings) -> tuple[Judge, str]:
    """Return the judge, and the warning that its choice deserves."""
    if how.criterion == "aic":
        return ByInformation(whole, 2.0), NOT_HONEST
    if how.criterion == "bic":
        return ByInformation(whole, float(np.log(whole.nobs))), NOT_HONEST
    if how.criterion == "p_value":
        return BySignificance(whole, 2.0, how.level), NOT_HONEST
    upper = scope.formula(scope.terms)
    dealt = Dealt.of(upper, frame, how.groups, how.folds, how.repeats, True, how.weights, how.seed)
    random = [RANDOM_ROWS_WARNING] if dealt.by == RANDOM_ROWS else []
    return ByUnseen.of(scope, whole, dealt, how.rule), " ".join([*random, _OPTIMISTIC, NOT_HONEST])


def _affordable(model: Model, whole: Whole, how: Settings) -> tuple[CovarianceKind | None, list[str]]:
    """Return the covariance to ask for, and why there is none where memory forbids: the search must not be lost."""
    if how.covariance is None or isinstance(how.penalty, Ridge):
        return how.covariance, []
    columns = len(whole.columns(model.terms))
    try:
        require_covariance(columns, whole.free + 1, sandwich=how.covariance != "observed")
    except InferenceError as error:
        return None, [f"The result has no covariance. {error}"]
    return how.covariance, []


def _final(formula: str, model: Model, whole: Whole, weights: Floats, how: Settings) -> Result:
    """Fit once more, by the model's own formula and with its covariance, from where the search ended."""
    design = designs.learn(formula, whole.frame)
    known = pd.DataFrame(model.coefficients, index=list(whole.design.columns), columns=list(whole.design.classes))
    return fit(
        design,
        whole.frame,
        weights=weights,
        penalty=kept_factors(how.penalty, model.terms),
        covariance=how.covariance,
        start=known.loc[list(design.columns), list(design.classes)].to_numpy(),
    )
