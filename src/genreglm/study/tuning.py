"""Tuning: which manner of fitting the artists held out for choosing prefer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from genreglm.evaluation import evaluate
from genreglm.result import Result
from genreglm.study.manner import Manner, fit_glm


@dataclass(frozen=True)
class Held:
    """Rows to fit to, rows of other artists to choose by, and the genres' families, where there are some."""

    train: pd.DataFrame
    valid: pd.DataFrame
    families: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Choice:
    """The manner that was chosen, its log-loss on rows held out and its fit, and a line for each that was tried."""

    manner: Manner
    log_loss: float
    result: Result
    trace: pd.DataFrame


def choose_ridge(
    formula: str, held: Held, strengths: Sequence[float], manner: Manner, start: Result | None = None
) -> Choice:
    """Fit under each strength (in rows), the strongest first; the first that is worse than its predecessor ends it.

    Each fit starts from the one before.
    """
    best: Choice | None = None
    result = start
    records = []
    for strength in sorted(strengths, reverse=True):
        tried = replace(manner, strength=strength)
        result, loss = _tried(formula, held, tried, result)
        records.append(_record(tried, loss))
        if best is not None and loss > best.log_loss:
            break
        best = Choice(tried, loss, result, pd.DataFrame())
    assert best is not None
    return replace(best, trace=pd.DataFrame(records))


def choose_manner(formula: str, held: Held, first: Choice, others: Sequence[Manner]) -> Choice:
    """Return the best of `first` and of `others`, all judged on the same rows, which count alike there."""
    best = first
    records = [_record(first.manner, first.log_loss)]
    for manner in others:
        result, loss = _tried(formula, held, manner, best.result)
        records.append(_record(manner, loss))
        if loss < best.log_loss:
            best = Choice(manner, loss, result, first.trace)
    return replace(best, trace=pd.DataFrame(records))


def _tried(formula: str, held: Held, manner: Manner, start: Result | None) -> tuple[Result, float]:
    result = fit_glm(formula, held.train, manner, held.families, start)
    return result, float(evaluate(result, held.valid)["log_loss"].iloc[0])


def _record(manner: Manner, loss: float) -> dict[str, object]:
    return {"manner": str(manner), "strength": manner.strength, "log_loss": loss}
