"""The search itself: at each step the candidates are ranked without a fit, and the best few are fitted and judged."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import pandas as pd

from genreglm.engine.inference import ChiSquareTest, chi_square_test
from genreglm.engine.penalties import Ridge
from genreglm.options import Screen
from genreglm.selection.judges import Action, Judge, Judged, likelihood_ratio
from genreglm.selection.scope import Scope
from genreglm.selection.whole import Whole

TRACE = [
    "step", "action", "term", "df", "statistic", "lr", "p_value", "log10_p", "before", "after", "std_error",
    "considered", "fitted", "seconds",
]  # fmt: skip
CANDIDATES = ["step", "action", "term", "df", "statistic", "p_value", "log10_p", "value", "std_error", "taken"]
_NAN = float("nan")


@dataclass(frozen=True)
class Candidate:
    """A term that may be added or dropped, and its score or Wald test."""

    action: Action
    term: str
    test: ChiSquareTest
    promise: float


@dataclass
class Search:
    """A search under way.

    Attributes
    ----------
    actions : what a step may do
    fits : of the candidates for each action, how many are fitted at a step; None for all
    """

    scope: Scope
    whole: Whole
    judge: Judge
    actions: Sequence[Action]
    fits: int | None
    screen: Screen
    trace: list[dict[str, Any]] = field(default_factory=list)
    candidates: list[dict[str, Any]] = field(default_factory=list)

    def run(self, terms: Sequence[str], most_steps: int) -> Judged:
        """Step from the model with `terms` until no step is worth it; return the model at the end."""
        began = perf_counter()
        current = self.judge.settled(self.judge.judge(self.scope.ordered(terms)))
        self._record(0, "start", "", None, None, current, [], 1, began)
        seen = {current.terms}
        for step in range(1, most_steps + 1):
            began = perf_counter()
            ranked = self._ranked(current)
            judged = [(item, self.judge.judge(self._after(current, item), current)) for item in self._chosen(ranked)]
            worth = [
                (self._merit(item, current, after), item, after) for item, after in judged if after.terms not in seen
            ]
            best = max(worth, key=lambda found: found[0], default=None)
            taken = best if best is not None and best[0] > 0.0 else None
            self._list(step, ranked, judged, None if taken is None else taken[1])
            if taken is None:
                break
            before, current = current, self.judge.settled(taken[2], current)
            seen.add(current.terms)
            self._record(
                step, taken[1].action, taken[1].term, taken[1].test, before, current, ranked, len(judged), began
            )
        return current

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the trace, and all candidates of all steps."""
        return pd.DataFrame(self.trace, columns=TRACE), pd.DataFrame(self.candidates, columns=CANDIDATES)

    def _merit(self, item: Candidate, before: Judged, after: Judged) -> float:
        return self.judge.merit(item.action, before, after)

    def _after(self, current: Judged, item: Candidate) -> tuple[str, ...]:
        if item.action == "add":
            return self.scope.ordered([*current.terms, item.term])
        return tuple(term for term in current.terms if term != item.term)

    def _ranked(self, current: Judged) -> list[Candidate]:
        """Return all candidates, the most promising first."""
        assert current.model is not None
        found: list[Candidate] = []
        if "drop" in self.actions:
            terms = self.scope.droppable(current.terms)
            tests = self.whole.removals(current.model, terms, self.screen)
            found += [self._candidate("drop", term, test) for term, test in zip(terms, tests, strict=True)]
        if "add" in self.actions:
            terms = self.scope.addable(current.terms)
            tests = self.whole.additions(current.model, terms, self.screen)
            found += [self._candidate("add", term, test) for term, test in zip(terms, tests, strict=True)]
        return sorted(found, key=lambda item: -item.promise)

    def _candidate(self, action: Action, term: str, test: ChiSquareTest) -> Candidate:
        return Candidate(action, term, test, self.judge.promise(action, test))

    def _chosen(self, ranked: list[Candidate]) -> list[Candidate]:
        """Return the candidates to fit: the best few for each action, but none that says nothing new."""
        found = []
        for action in self.actions:
            able = [item for item in ranked if item.action == action and (action == "drop" or item.test.df > 0)]
            found += able if self.fits is None else able[: self.fits]
        return found

    def _list(
        self, step: int, ranked: list[Candidate], judged: list[tuple[Candidate, Judged]], taken: Candidate | None
    ) -> None:
        values = {(item.action, item.term): after for item, after in judged}
        for item in ranked:
            after = values.get((item.action, item.term))
            self.candidates.append(
                {
                    "step": step,
                    "action": item.action,
                    "term": item.term,
                    **vars(item.test),
                    "value": _NAN if after is None else after.value,
                    "std_error": _NAN if after is None else after.std_error,
                    "taken": item is taken,
                }
            )

    def _record(
        self,
        step: int,
        action: str,
        term: str,
        test: ChiSquareTest | None,
        before: Judged | None,
        after: Judged,
        ranked: list[Candidate],
        fitted: int,
        began: float,
    ) -> None:
        tested = before is not None and not isinstance(self.whole.penalty, Ridge)
        lr = likelihood_ratio(before, after) if tested and before is not None else chi_square_test(_NAN, 0)
        self.trace.append(
            {
                "step": step,
                "action": action,
                "term": term,
                "df": 0 if test is None else self.whole.df(term),
                "statistic": _NAN if test is None else test.statistic,
                "lr": lr.statistic if tested else _NAN,
                "p_value": lr.p_value,
                "log10_p": lr.log10_p,
                "before": _NAN if before is None else before.value,
                "after": after.value,
                "std_error": _NAN if before is None else after.std_error,
                "considered": len(ranked),
                "fitted": fitted,
                "seconds": perf_counter() - began,
            }
        )
