"""One model fitted to some groups and scored on the others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import designs
from genreglm.designs import Design
from genreglm.engine.penalties import Penalty
from genreglm.errors import DataError
from genreglm.evaluation import RowScores
from genreglm.fitting import fit
from genreglm.result import Result

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

# No score can see what is left of the likelihood then: a thousandth of one unit, over all rows.
GRADIENT, DECREMENT = 1e-5, 1e-3


@dataclass(frozen=True)
class Rows:
    """Rows that folds are cut from.

    Attributes
    ----------
    frame : the rows
    weights, groups : (rows,); the groups as codes
    """

    frame: pd.DataFrame
    weights: Floats
    groups: Integers

    def where(self, mask: Mask) -> "Rows":
        """Return some of the rows."""
        return Rows(self.frame[mask].reset_index(drop=True), self.weights[mask], self.groups[mask])


@dataclass(frozen=True)
class Scored:
    """What a model says of rows that it has not seen.

    Attributes
    ----------
    scores, weights, groups : of the rows that could be scored
    unseen : rows of a class that no training row has
    unseen_levels : other rows with a level of a factor that no training row has
    """

    scores: RowScores
    weights: Floats
    groups: Integers
    unseen: int
    unseen_levels: int


@dataclass(frozen=True)
class HeldOut(Scored):
    """The same, and `result`, the model, without the rows of its fit."""

    result: Result

    @classmethod
    def of(cls, result: Result, held: Rows) -> "HeldOut":
        """Score the rows that can be scored."""
        design = result.design
        seen, known = scorable(design, held.frame)
        scored = held.where(known)
        counted = RowScores.of(result.predict(scored.frame).to_numpy(), design.codes(scored.frame))
        unseen, levels = int((~seen).sum()), int((seen & ~known).sum())
        return cls(counted, scored.weights, scored.groups, unseen, levels, replace(result, source=None, problem=None))


def held_out(
    formula: str | Design,
    rows: Rows,
    test: Mask,
    penalties: Mapping[str, Penalty | None],
    start: Result | None = None,
) -> dict[str, HeldOut]:
    """Fit to the rows outside `test` under each penalty, and score those inside it.

    Each fit starts from the one before it, the first from `start`, which should not know the rows inside `test`: this
    changes the time, not the answer.

    Raises
    ------
    DataError
        Where no row can be scored.
    GenreglmError
        What `gg.fit` raises for rows or a model that cannot be fitted.
    """
    train, held = rows.where(~test), rows.where(test)
    design = restricted(formula, train.frame) if isinstance(formula, Design) else designs.learn(formula, train.frame)
    require_scorable(design, held)
    found: dict[str, HeldOut] = {}
    for name, penalty in penalties.items():
        found[name] = HeldOut.of(fit_for_scores(design, train, penalty, start), held)
        start = found[name].result
    return found


def require_scorable(design: Design, held: Rows) -> None:
    """Refuse held-out rows of which none can be scored.

    Raises
    ------
    DataError
        Where each has a class, or a level of a factor, that no training row has.
    """
    if not scorable(design, held.frame)[1].any():
        raise DataError("No held-out row has a class and levels that the others have, so none can be scored.")


def fit_for_scores(design: Design, rows: Rows, penalty: Penalty | None, start: Result | None = None) -> Result:
    """Fit without a covariance, as closely as scores can see."""
    return fit(
        design,
        rows.frame,
        weights=rows.weights,
        penalty=penalty,
        covariance=None,
        start=None if start is None else _aligned(start, design),
        gradient_tolerance=GRADIENT,
        decrement_tolerance=DECREMENT,
    )


def restricted(design: Design, train: pd.DataFrame) -> Design:
    """Return the design without classes that no training row has."""
    present = set(train[design.response])
    return replace(design, classes=tuple(label for label in design.classes if label in present))


def scorable(design: Design, frame: pd.DataFrame) -> tuple[Mask, Mask]:
    """Return which rows have a class of the design, and which of them levels of it, too."""
    seen = frame[design.response].isin(design.classes).to_numpy()
    known = seen.copy()
    for column, levels in design.levels.items():
        known &= frame[column].isin(levels).to_numpy()
    return seen, known


def _aligned(start: Result, design: Design) -> Floats:
    """Return coefficients by the names of columns and classes; zero for those that the start has not."""
    given = pd.DataFrame(start.coefficients, index=list(start.design.columns), columns=list(start.classes))
    return given.reindex(index=list(design.columns), columns=list(design.classes), fill_value=0.0).to_numpy()
