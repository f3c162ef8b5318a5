"""What a term is worth on groups that the model has not seen: fits with and without it, scored on held-out rows."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import designs
from genreglm.designs import Design
from genreglm.engine.nested import RESTRICTED
from genreglm.engine.penalties import Penalty, kept_factors
from genreglm.errors import DataError, OptionError
from genreglm.evaluation import grouped_folds, row_losses
from genreglm.fitting import fit
from genreglm.importance.paired import Held, by_class, by_term
from genreglm.importance.tables import Importance
from genreglm.inputs import Column, column, row_weights
from genreglm.result import Result
from genreglm.sources import Source, read_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


def drop_one(
    formula: str | Design,
    rows: Source,
    *,
    groups: Column = "artist",
    folds: int = 5,
    used: int = 1,
    held_out: Column | None = None,
    weights: Column | None = None,
    penalty: Penalty | None = None,
    seed: int = 0,
) -> Importance:
    """Return what each term is worth on groups not seen: models without it against the whole one.

    The whole model and each one without a term are fitted to the other groups and scored on those held out. A term
    goes with the terms that contain it (`energy` with `energy:valence`), so that what is left does not depend on the
    coding.

    `terms` has term, df (its parameters, those that go with it included), log_loss (without it, mean of -log p of
    the true class, nats), increase (against the whole model), std_error of the increase, top_1 (accuracy without it),
    decrease, decrease_std_error. `classes` has class, term, rows (held out, of the class), gain, std_error: the
    increase over the rows of one class alone; weighted by `rows` the gains average to the increase. A class without
    held-out rows has NaN.

    Standard errors are of the paired differences, summed by group: sqrt(G / (G - 1) sum_g (sum_i w_i (d_i - d))^2) /
    sum_i w_i over G groups. They say how far other held-out groups could have it otherwise, not other training rows.

    Parameters
    ----------
    formula : a formula, learnt from the training rows of each split, or a design learnt before
    groups : column name or (rows,) labels; rows of one group are all held out or none
    folds, used : groups are dealt into `folds` at random, and the first `used` of the folds are held out in turn
    held_out : column name or (rows,) of True and False, instead of folds
    weights : frequencies, as in `gg.fit`, for the fits and the scores
    penalty : of every fit, as in `gg.fit`

    Raises
    ------
    OptionError
        For a `used` outside 1 to `folds`.
    DataError
        For rows without a group, fewer groups than folds, a `held_out` that is no split by groups, and held-out rows
        with a class or level that the training rows lack. A level is no obstacle to a design of all rows, `gg.design`,
        under a ridge, which gives it no weight.
    GenreglmError
        What `gg.fit` raises for rows or a model that cannot be fitted.

    Source: Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), JASA 113:1094 (leave-one-covariate-out).
    """
    frame = read_rows(rows)
    codes = _groups(groups, frame)
    weight = row_weights(weights, frame)
    splits = [_given(held_out, frame, codes)] if held_out is not None else _dealt(codes, folds, used, seed)
    design, held = _scored(formula, frame, weight, codes, splits, penalty)
    terms = design.slopes
    parameters = [len(_lost(design, term)) * (len(design.classes) - 1) for term in terms]
    return Importance(by_term(held, terms, parameters), by_class(held, terms, design.classes))


def _groups(groups: Column, frame: pd.DataFrame) -> Integers:
    codes, _ = pd.factorize(column(groups, frame, "groups"))
    if (codes < 0).any():
        raise DataError(f"{int((codes < 0).sum()):,} rows have no group. Give each row one.")
    return codes.astype(np.int64)


def _dealt(codes: Integers, folds: int, used: int, seed: int) -> list[Mask]:
    if folds < 2 or not 1 <= used <= folds:
        raise OptionError(f"folds={folds!r}, used={used!r}: there must be 2 folds or more, of which 1 to all are used.")
    fold = grouped_folds(pd.Series(codes), folds, seed)
    return [fold == number for number in range(used)]


def _given(held_out: Column, frame: pd.DataFrame, codes: Integers) -> Mask:
    held = column(held_out, frame, "held_out")
    if held.dtype != bool or held.all() or not held.any():
        raise DataError("held_out must be True for some rows and False for the others.")
    both = np.intersect1d(codes[held], codes[~held])
    if len(both):
        raise DataError(f"{len(both):,} groups are on both sides of held_out. Hold out whole groups.")
    return held


def _scored(
    formula: str | Design,
    frame: pd.DataFrame,
    weights: Floats,
    groups: Integers,
    splits: list[Mask],
    penalty: Penalty | None,
) -> tuple[Design, Held]:
    """Return the design, and the held-out rows of all splits under the whole model and those without a term."""
    parts = []
    for held in splits:
        if not weights[held].any():
            raise DataError("No held-out row has a weight above 0; there must be some to score.")
        train, test = frame[~held], frame[held]
        design = formula if isinstance(formula, Design) else designs.learn(formula, train)
        truth = design.codes(test)
        losses, hits = [], []
        for prob in _predictions(design, train, test, weights[~held], penalty):
            losses.append(row_losses(prob, truth))
            hits.append((prob.argmax(axis=1) == truth).astype(np.float64))
        parts.append(Held(np.column_stack(losses), np.column_stack(hits), weights[held], groups[held], truth))
    return design, Held.joined(parts)


def _predictions(
    design: Design, train: pd.DataFrame, test: pd.DataFrame, weights: Floats, penalty: Penalty | None
) -> Iterator[Floats]:
    """Yield the probabilities (rows, classes) of `test`: those of the whole model, then without each term."""
    whole = _fit(design, train, weights, penalty)
    yield whole.predict(test).to_numpy()
    for term in design.slopes:
        smaller = design.without(_lost(design, term))
        if not smaller.columns:
            yield np.full((len(test), len(design.classes)), 1.0 / len(design.classes))
            continue
        yield _fit(smaller, train, weights, kept_factors(penalty, smaller.terms), whole).predict(test).to_numpy()


def _lost(design: Design, term: str) -> list[int]:
    """Return the columns of a term and of those that contain it."""
    return design.positions([term, *design.containing(term)])


def _fit(
    design: Design, train: pd.DataFrame, weights: Floats, penalty: Penalty | None, start: Result | None = None
) -> Result:
    return fit(
        design,
        train,
        weights=weights,
        penalty=penalty,
        covariance=None,
        start=start,
        gradient_tolerance=RESTRICTED.gradient_tolerance,
        decrement_tolerance=RESTRICTED.decrement_tolerance,
    )
