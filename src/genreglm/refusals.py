"""What the data do not allow, in words: separated cells and directions by name, and the errors that say so."""

import numpy as np
from numpy.typing import NDArray

from genreglm.designs import INTERCEPT, Design
from genreglm.engine.estimate import Ending
from genreglm.engine.newton import Outcome
from genreglm.engine.penalties import Penalty, Shrinkage
from genreglm.engine.separation import EmptyCell
from genreglm.errors import ConvergenceError, RankError, SeparationError
from genreglm.result import SeparatedCell

Floats = NDArray[np.float64]

_LISTED = 12
_REMEDIES = (
    "Use penalty=gg.Jeffreys() (finite, with standard errors), penalty=gg.CellPrior() (finite in empty cells, with "
    "inference for everything else), penalty=gg.Ridge(...), or leave those columns out."
)
_HELD_BACK = "Give {name} a strength, and those terms a factor, above 0, or leave those columns out."


def named(design: Design, cells: list[EmptyCell]) -> tuple[SeparatedCell, ...]:
    """Name each cell, and the columns whose coefficients it leaves without a finite estimate.

    Where the level is the one that the others are compared with, that is all of them and the intercept.
    """
    found = []
    for cell in cells:
        columns = tuple(design.columns[j] for j in cell.columns)
        if cell.value == 0 and design.intercept is not None:
            columns += (design.columns[design.intercept],)
        found.append(SeparatedCell(design.classes[cell.class_code], _level(design, cell), columns))
    return tuple(found)


def _level(design: Design, cell: EmptyCell) -> str:
    if cell.value == 1:
        return design.columns[cell.columns[0]]
    owner = next(term for term, cut in design.terms.items() if cut.start == cell.columns[0])
    return f"the base level of {owner}"


def separated_by_cells(cells: tuple[SeparatedCell, ...], penalty: Penalty | None = None) -> SeparationError:
    """Return the error that empty cells raise where no penalty holds them back, level by level."""
    by_level: dict[str, list[str]] = {}
    for cell in cells:
        by_level.setdefault(cell.level, []).append(str(cell.label))
    listed = "; ".join(f"{level} never occurs in {_some(labels)}" for level, labels in by_level.items())
    columns = tuple(dict.fromkeys(name for cell in cells for name in cell.columns if name != INTERCEPT))
    return SeparationError(
        f"{_does_not_exist(penalty)}: {len(cells)} cells of class x level are empty ({listed}). {_remedies(penalty)}",
        columns,
    )


def require_optimum(design: Design, found: Ending, penalty: Penalty | None = None) -> None:
    """Raise unless the estimate is at the optimum; the solver itself only says how it ended.

    Raises
    ------
    RankError, SeparationError, ConvergenceError
        By its outcome, each with its remedy.
    """
    if found.outcome is Outcome.CONVERGED:
        return
    if found.outcome is Outcome.SINGULAR:
        names = ", ".join(design.columns[j] for j in found.aliased)
        raise RankError(
            f"Columns that depend linearly on those before them: {names}. Leave them out of the formula, fit with "
            "aliased='drop' as R does, or use penalty=gg.Ridge(...).",
            tuple(term for term, cut in design.terms.items() if set(found.aliased) & set(range(cut.start, cut.stop))),
        )
    assert found.solution is not None
    if found.outcome is Outcome.SEPARATED:
        assert found.direction is not None
        classes, terms = separating(design, found.direction)
        raise SeparationError(
            f"{_does_not_exist(penalty)}: along some direction the likelihood rises for ever. It sets {_some(classes)} "
            f"apart by {_some(terms)}. {_remedies(penalty)}",
            tuple(terms),
        )
    ended = f"after {found.solution.steps} steps, largest mean gradient {found.solution.gradient:.2g}"
    moving, terms = "", list[str]()
    if found.outcome is Outcome.STEP_LIMIT and found.direction is not None:
        classes, terms = separating(design, found.direction)
        moving = f" Its last step moved {_some(classes)} by {_some(terms)}."
    raise ConvergenceError(f"{found.outcome.value} ({ended}){moving}", tuple(terms))


def _does_not_exist(penalty: Penalty | None) -> str:
    kind = "estimate under that penalty" if isinstance(penalty, Shrinkage) else "maximum-likelihood estimate"
    return f"The {kind} does not exist"


def _remedies(penalty: Penalty | None) -> str:
    return _HELD_BACK.format(name=type(penalty).__name__) if isinstance(penalty, Shrinkage) else _REMEDIES


def separating(design: Design, direction: Floats) -> tuple[list[str], list[str]]:
    """Return the classes and the terms that a separating direction (columns, classes) is made of, the largest first.

    The direction is in standardised columns, against the mean of the classes: a class that it leaves alone has 0.
    """
    against = direction - np.median(direction, axis=1, keepdims=True)
    slopes = {term: np.abs(against[cut]).max() for term, cut in design.terms.items() if term != INTERCEPT}
    terms = [term for term in sorted(slopes, key=lambda t: -slopes[t]) if slopes[term] > 0.01 * max(slopes.values())]
    by_class = np.abs(against).max(axis=0)
    classes = [str(design.classes[k]) for k in np.argsort(-by_class) if by_class[k] > 0.1 * by_class.max()]
    return classes, terms


def _some(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
