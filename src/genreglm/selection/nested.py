"""Nested cross-validation: the choice is made anew inside each training sample, so the score is that of choosing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from genreglm import designs
from genreglm.engine.penalties import Penalty
from genreglm.errors import DataError, OptionError
from genreglm.formula import parse
from genreglm.inputs import Column
from genreglm.options import ChoiceRule, Metric, check_choice, check_level
from genreglm.result import Result
from genreglm.selection.candidates import Penalties, named_penalties
from genreglm.selection.choice import choose
from genreglm.selection.cross_validation import WARNING, cross_validate, record
from genreglm.selection.dealt import RANDOM_ROWS, Dealt
from genreglm.selection.groups import Groups
from genreglm.selection.held_out import HeldOut, Rows, fit_for_scores, require_scorable
from genreglm.selection.jobs import in_order, require_jobs
from genreglm.selection.notes import noted
from genreglm.sources import Source, read_rows

Chooser = Callable[[pd.DataFrame], Result]


@dataclass(frozen=True)
class _Choice:
    """What a training sample chose: its name, how well it did inside, and its score outside."""

    name: str
    inner: float
    held: HeldOut


def nested_cross_validate(
    formula: str | Mapping[str, str],
    rows: Source,
    *,
    penalty: Penalty | None = None,
    penalties: Penalties | None = None,
    choose_by: Chooser | None = None,
    metric: Metric = "log_loss",
    rule: ChoiceRule = "best",
    groups: Groups = "artist",
    folds: int = 5,
    inner_folds: int = 5,
    repeats: int = 1,
    stratify: bool = True,
    weights: Column | None = None,
    draws: int = 200,
    conf_level: float = 0.95,
    seed: int = 0,
    jobs: int = 1,
) -> pd.DataFrame:
    """Score a choice among models on groups that neither the fits nor the choice have seen: one row an outer fold.

    In each fold the candidates are cross-validated within the other folds' rows alone, by whole groups; the one chosen
    there is fitted to them and scored on the fold. The estimate of `gg.choose` for the best of many candidates is
    the best of many draws, and so flatters; this one does not. It is the score of *choosing so*, whatever is chosen,
    and `chosen` tells how steady the choice is.

    The table is that of `gg.cross_validate`, with the candidate "nested", and two more columns: chosen (the name of the
    candidate, or the formula that `choose_by` gave) and inner (its estimate inside, which flatters; NaN with
    `choose_by`). `gg.choose` sums it up.

    Parameters
    ----------
    formula : a formula, or several by name, the simplest first; each is learnt from training rows alone
    penalty, penalties : as in `gg.cross_validate`; with several formulas each is tried under each of them
    choose_by : in place of penalties, a function that gets the training rows, as a frame, and returns a fitted
        `Result`, e.g. ``lambda train: gg.stepwise(upper, train, criterion="bic").result``. It must keep to these rows
    metric, rule : what the choice goes by, and how, as in `gg.choose`
    groups : as in `gg.cross_validate`, for outer and inner folds
    folds, inner_folds, repeats, stratify : outer folds, folds inside each training sample, deals of the outer folds
    weights : frequencies, as in `gg.fit`, for fits and scores; `choose_by` finds them in its frame, if they are a
        column
    draws, conf_level, seed : as in `gg.cross_validate`
    jobs : outer folds at a time, in processes; see `gg.cross_validate`

    Raises
    ------
    OptionError
        For `choose_by` beside penalties or several formulas, inner_folds below 2, and what `gg.cross_validate` refuses.
    DataError
        For what `choose_by` returns if it is no result of the same response; for rows as `gg.cross_validate` says.
    GenreglmError
        What `gg.fit` raises for a model that cannot be fitted, with the outer fold as a note.

    Sources: Stone (1974), J. R. Stat. Soc. B 36:111, who calls it double; Varma and Simon (2006), BMC Bioinformatics
    7:91, for how much the other kind flatters.
    """
    check_choice("metric", metric, Metric)
    check_choice("rule", rule, ChoiceRule)
    check_level(conf_level)
    if draws < 2 or inner_folds < 2:
        raise OptionError(f"draws={draws!r}, inner_folds={inner_folds!r}: both must be 2 or more.")
    formulas = {"": formula} if isinstance(formula, str) else dict(formula)
    if not formulas:
        raise OptionError("formula= is empty; give one formula, or several by name.")
    if choose_by is not None and (len(formulas) > 1 or penalty is not None or penalties is not None):
        raise OptionError("choose_by= chooses by itself: give it with one formula, and without penalty= or penalties=.")
    candidates = named_penalties(penalty, penalties)
    dealt = Dealt.of(next(iter(formulas.values())), read_rows(rows), groups, folds, repeats, stratify, weights, seed)
    alone = dealt.by == RANDOM_ROWS
    inner = _Inner(formulas, candidates, metric, rule, inner_folds, stratify, alone, seed)

    def task(place: tuple[int, int]) -> _Choice:
        repeat, fold = place
        with noted(f"This was with outer fold {fold} of repeat {repeat} held out."):
            train, held = dealt.split(repeat, fold)
            return inner.choice(train, held) if choose_by is None else _chosen_by(choose_by, formulas[""], train, held)

    records: list[dict[str, Any]] = []
    for (repeat, fold), found in zip(dealt.places, in_order(task, dealt.places, require_jobs(jobs)), strict=True):
        scored = record(found.held, metric, draws, conf_level, (seed, repeat, fold))
        named = {"candidate": "nested", "chosen": found.name, "inner": found.inner}
        records.append({"repeat": repeat, "fold": fold, **named, **scored})
    return pd.DataFrame(records).assign(split=dealt.by, warning=WARNING if alone else "")


@dataclass(frozen=True)
class _Inner:
    """The choice inside one training sample."""

    formulas: Mapping[str, str]
    penalties: Mapping[str, Penalty | None]
    metric: Metric
    rule: ChoiceRule
    folds: int
    stratify: bool
    alone: bool
    seed: int

    def choice(self, train: Rows, held: Rows) -> _Choice:
        """Choose by cross-validation within `train`, fit the choice to all of it, and score it on `held`."""
        candidates = {
            self._name(name, ridge): (formula, penalty)
            for name, formula in self.formulas.items()
            for ridge, penalty in self.penalties.items()
        }
        summed = choose(pd.concat([self._table(name, train) for name in self.formulas]), self.metric, self.rule)
        chosen = summed[summed["chosen"]].iloc[0]
        formula, penalty = candidates[chosen["candidate"]]
        design = designs.learn(formula, train.frame)
        require_scorable(design, held)
        result = fit_for_scores(design, train, penalty)
        return _Choice(chosen["candidate"], float(chosen["estimate"]), HeldOut.of(result, held))

    def _table(self, name: str, train: Rows) -> pd.DataFrame:
        table = cross_validate(
            self.formulas[name],
            train.frame,
            groups="rows" if self.alone else train.groups,
            folds=self.folds,
            stratify=self.stratify,
            metric=self.metric,
            penalties=self.penalties,
            weights=train.weights,
            draws=2,
            seed=self.seed,
        )
        return table.assign(candidate=[self._name(name, ridge) for ridge in table["candidate"]])

    def _name(self, formula: str, penalty: str) -> str:
        """Name a candidate by what there is more than one of."""
        parts = [formula] if len(self.formulas) > 1 else []
        parts += [penalty] if len(self.penalties) > 1 or not parts else []
        return ", ".join(parts)


def _chosen_by(choose_by: Chooser, formula: str, train: Rows, held: Rows) -> _Choice:
    """Let a function choose from the training rows, and score what it returns."""
    result = choose_by(train.frame.copy())
    response = parse(formula)[0]
    if not isinstance(result, Result) or result.design.response != response:
        raise DataError(f"choose_by= must return a Result about {response!r}, as gg.fit does; it returned {result!r}.")
    require_scorable(result.design, held)
    return _Choice(result.design.formula, float("nan"), HeldOut.of(result, held))
