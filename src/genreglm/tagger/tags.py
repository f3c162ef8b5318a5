"""Tags of a table of tracks: the genres that come first, how sure they are, and what to beware of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.engine.leading import leading_rows
from genreglm.errors import DataError, OptionError
from genreglm.options import OnError, check_choice
from genreglm.tagger.model import Prepared, Tagger

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wanted:
    """What tags are to hold.

    Attributes
    ----------
    top : how many genres
    intervals : whether each probability comes with the ends of its interval (90 %)
    sets : whether the set of genres comes along, where the model has thresholds
    on_error : what becomes of a row with a value that cannot be used: "blank" leaves its tags empty, "fill" puts the
        training rows' median in the place of the value, "fail" refuses the table. Either way its `problem` says why
    """

    top: int = 3
    intervals: bool = False
    sets: bool = True
    on_error: OnError = "blank"

    def check(self, tagger: Tagger) -> None:
        """Refuse what this model cannot give.

        Raises
        ------
        OptionError
            For a number of genres that the model does not have, or intervals without replicates.
        """
        check_choice("on_error", self.on_error, OnError)
        if not 1 <= self.top <= len(tagger.classes):
            raise OptionError(f"top={self.top} must be from 1 to the model's {len(tagger.classes)} genres.")
        if self.intervals and tagger.replicates is None:
            raise OptionError("This model holds no replicates of its coefficients, so there are no intervals.")


def tags(
    tagger: Tagger, rows: pd.DataFrame, wanted: Wanted, first: int = 0, broken: Mapping[int, str] | None = None
) -> pd.DataFrame:
    """Return a line a row, in order.

    Columns: row, genre_1, p_1[, low_1, high_1], ..., family, p_family, set, set_size, unlike, filled, problem; those of
    what a model does not hold are absent. `row` counts the rows of the table from 1, `first` having come before;
    `broken` says what is wrong with some places already.

    Raises
    ------
    DataError
        Where a column that the model needs is absent; under "fail", for the first row that cannot be used.
    """
    prepared = tagger.prepare(rows, broken or {})
    unusable = (prepared.problems != "").to_numpy()
    if wanted.on_error == "fail" and unusable.any():
        place = int(np.flatnonzero(unusable)[0])
        raise DataError(
            f"Data row {first + place + 1} cannot be used: {prepared.problems.iloc[place]}. Put it right, or let such "
            "rows be blank or filled (--on-error)."
        )
    eta = tagger.result.design.matrix(prepared.rows) @ tagger.result.coefficients
    one_scale = 1.0 if tagger.calibration is None else tagger.calibration.one_scale
    # Others than those that come first are only wanted for what is made of all of them.
    whole = bool(tagger.families) or (wanted.sets and tagger.sets is not None) or one_scale is None
    prob = tagger.corrected_predictors(eta) if whole else None
    best, share = _leading(eta, prob, one_scale, wanted.top)
    table: dict[str, object] = {"row": np.arange(first + 1, first + len(rows) + 1)}
    classes = np.array(tagger.classes, dtype=object)
    low, high = _intervals(tagger, prepared) if wanted.intervals else (None, None)
    each = np.arange(len(rows))
    for rank in range(wanted.top):
        genre = best[:, rank]
        table[f"genre_{rank + 1}"] = pd.Categorical.from_codes(genre, categories=pd.Index(classes))
        table[f"p_{rank + 1}"] = share[:, rank]
        if low is not None and high is not None:
            table[f"low_{rank + 1}"], table[f"high_{rank + 1}"] = low[each, genre], high[each, genre]
    if prob is not None:
        table |= _family(tagger, prob) | _set(tagger, prob, wanted)
    if tagger.training is not None:
        table["unlike"] = tagger.training.unlike(prepared.rows)
    if tagger.recipe is not None:
        table["filled"] = prepared.filled.to_numpy()
    found = pd.DataFrame({**table, "problem": prepared.problems.to_numpy()})
    # A bare model has nothing to fill in.
    if unusable.any() and (wanted.on_error == "blank" or tagger.recipe is None):
        kept = [str(name) for name in found if name not in ("row", "filled", "problem")]
        found[kept] = found[kept].astype({name: object for name in kept if found[name].dtype == bool})
        found.loc[unusable, kept] = None
    return found


def _leading(eta: Floats, prob: Floats | None, scale: float | None, top: int) -> tuple[NDArray[np.int64], Floats]:
    """Return the places of the largest probabilities of each row, (rows, top), and these."""
    if prob is not None:
        best = _best(prob, top)
        return best, np.take_along_axis(prob, best, axis=1)
    places, shares = np.empty((len(eta), top), dtype=np.int64), np.empty((len(eta), top))
    assert scale is not None  # else all probabilities are at hand
    leading_rows(eta, scale, places, shares)
    return places, shares


def _best(prob: Floats, top: int) -> NDArray[np.int64]:
    """Return the places of the largest probabilities of each row, the largest first, ties in the order of genres."""
    if top == 1:
        return np.asarray(prob.argmax(axis=1)[:, None])
    held = prob.copy()
    found = np.empty((len(prob), top), dtype=np.int64)
    each = np.arange(len(prob))
    for rank in range(top):
        found[:, rank] = held.argmax(axis=1)
        held[each, found[:, rank]] = -1.0
    return found


def _family(tagger: Tagger, prob: Floats) -> dict[str, object]:
    """Return the most probable family, the sum of its genres', and its probability."""
    if not tagger.families:
        return {}
    names = sorted(set(tagger.families.values()))
    member = np.array([[tagger.families.get(str(label)) == name for name in names] for label in tagger.classes])
    shares = prob @ member.astype(float)
    first = shares.argmax(axis=1)
    return {
        "family": pd.Categorical.from_codes(first, categories=pd.Index(names)),
        "p_family": shares[np.arange(len(shares)), first],
    }


def _set(tagger: Tagger, prob: Floats, wanted: Wanted) -> dict[str, object]:
    """Return the set of genres of each row, joined by semicolons, and how many they are."""
    if tagger.sets is None or not wanted.sets:
        return {}
    held = tagger.sets.apply(pd.DataFrame(prob, columns=list(tagger.classes))).to_numpy()
    classes = np.array([str(label) for label in tagger.classes], dtype=object)
    return {"set": [";".join(classes[row]) for row in held], "set_size": held.sum(axis=1)}


def _intervals(tagger: Tagger, prepared: Prepared) -> tuple[Floats, Floats]:
    assert tagger.replicates is not None
    low, high = tagger.replicates.intervals(prepared.rows, calibration=tagger.calibration)
    return low.to_numpy(), high.to_numpy()
