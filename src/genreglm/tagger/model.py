"""`Tagger`: a fitted model, what stands between a table of tracks and its probabilities, and what is known of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from genreglm.designs import INTERCEPT
from genreglm.errors import DataError
from genreglm.formula import require_columns
from genreglm.naming import feature
from genreglm.result import Result
from genreglm.tagger.training import TrainingSummary
from genreglm.tracks.cleaning import NEED_BEAT, measured
from genreglm.tracks.columns import GENRE
from genreglm.tracks.ledger import RowLedger
from genreglm.tracks.recipe import Recipe
from genreglm.tracks.validation import validate
from genreglm.uncertainty import Calibration, ConformalSets, Replicates

Floats = NDArray[np.float64]

_HALF = 0.5
_NOTHING: Mapping[int, str] = {}


@dataclass(frozen=True)
class Prepared:
    """Rows ready for the design, and what was wrong with them.

    Attributes
    ----------
    rows : features as the formula names them, one row for each of the table
    problems : (rows,) why a row cannot be relied on, in words; "" where nothing is wrong
    filled : (rows,) features that were missing and took the training rows' median or most frequent level, in words
    """

    rows: pd.DataFrame
    problems: pd.Series
    filled: pd.Series


@dataclass(frozen=True)
class Tagger:
    """What `gg.load` gives for a study's `model/`, and, without the rest, for a bare `Result.save`.

    Attributes
    ----------
    result : the model
    recipe : cleaning and transforms of a table of tracks; None: rows come as the formula wants them
    calibration : what makes its probabilities be taken at their word
    sets : thresholds of the sets of genres
    replicates : coefficients under other artists, for intervals
    families : genre -> family
    columns : canonical name -> column of the table, where the study had to be told
    training : what the training rows were like
    means : (columns,) the training means of the design's columns, from which an explanation starts
    card : what a user should know: title, rows, artists, scores on artists not heard
    """

    result: Result
    recipe: Recipe | None = None
    calibration: Calibration | None = None
    sets: ConformalSets | None = None
    replicates: Replicates | None = None
    families: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    training: TrainingSummary | None = None
    means: Floats | None = None
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[Any, ...]:
        """The genres, in sorted order."""
        return self.result.classes

    @cached_property
    def owners(self) -> tuple[list[str], Floats]:
        """The features that terms are of, in plain words, and (columns, these): 1 where a column is of them."""
        design = self.result.design
        owner = [""] * len(design.columns)
        for term, cut in design.terms.items():
            named = [INTERCEPT] if term == INTERCEPT else sorted({feature(name) for name in design.variables_of(term)})
            owner[cut] = [" × ".join(named)] * (cut.stop - cut.start)
        names = list(dict.fromkeys(owner))
        return names, np.array([[one == name for name in names] for one in owner], dtype=float)

    def prepare(self, rows: pd.DataFrame, broken: Mapping[int, str] = _NOTHING) -> Prepared:
        """Clean and transform rows of a table of tracks, none of which is dropped.

        `broken` says of some places what is wrong there already. A bare model has no medians to fill in, so there a row
        that cannot be used takes the values of one that can, which are not to be shown.

        Raises
        ------
        DataError
            Where a column that the model needs is absent, or what a column holds is open.
        """
        if self.recipe is None:
            return _bare(self.result, rows, broken)
        ledger = RowLedger()
        for place, reason in broken.items():
            ledger.mark(reason, np.arange(len(rows)) == place)
        # A genre that the table has of its own says nothing of what the model hears.
        columns = {**self.columns, GENRE: ""}
        cleaned = measured(validate(rows, columns=columns, genre_required=False, ledger=ledger).rows, ledger)
        ready = self.recipe.apply(cleaned)
        needed = [name for name in (*self.recipe.medians, *self.recipe.modes) if name != "popularity"]
        missing = cleaned[needed].isna()
        for name, levels in self.recipe.levels.items():
            # A level that the fit hardly had counts as the most frequent one.
            missing[name] |= ~cleaned[name].isin(levels)
        # Where no beat is found there is nothing to measure, and the fit had such rows too.
        beatless = ~cleaned["beat_found"].to_numpy(dtype=bool)
        missing.loc[beatless, [name for name in NEED_BEAT if name in missing]] = False
        ledger.mark("more than half of the features missing", missing.to_numpy(dtype=bool).mean(axis=1) > _HALF)
        problems = pd.Series(ledger.problems(len(rows)), index=rows.index)
        return Prepared(ready.set_axis(rows.index), problems, _listed(missing).set_axis(rows.index))

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return (rows, genres) probabilities, corrected where the model has a calibration.

        Raises
        ------
        DataError, FormulaError
            For rows that cannot be used; see `prepare` and `Design.matrix`.
        """
        return self.corrected(self.result.predict(rows if self.recipe is None else self.prepare(rows).rows))

    def corrected_predictors(self, eta: Floats) -> Floats:
        """Return (rows, genres) corrected probabilities of linear predictors."""
        logs = log_softmax(eta, axis=1)
        if self.calibration is not None:
            logs = self.calibration.corrected(logs)
        return np.asarray(np.exp(logs))

    def corrected(self, prob: pd.DataFrame) -> pd.DataFrame:
        """Return probabilities of the model as its calibration corrects them."""
        return prob if self.calibration is None else self.calibration.apply(prob)


def _listed(missing: pd.DataFrame) -> pd.Series:
    """Return the names of the columns that are True in each row, joined by commas."""
    names = np.array(list(missing.columns), dtype=object)
    flags = missing.to_numpy(dtype=bool)
    found = np.full(len(flags), "", dtype=object)
    for place in np.flatnonzero(flags.any(axis=1)):
        found[place] = ", ".join(names[flags[place]])
    return pd.Series(found)


def _bare(result: Result, rows: pd.DataFrame, broken: Mapping[int, str]) -> Prepared:
    """Read what a formula names: numbers, and factors by the spelling of their levels."""
    names, levels = result.design.variables, result.design.levels
    require_columns(names, rows.columns)
    ledger = RowLedger()
    for place, reason in broken.items():
        ledger.mark(reason, np.arange(len(rows)) == place)
    read = {}
    for name in names:
        if name in levels:
            read[name] = _level(rows[name], levels[name])
            listed = ", ".join(map(str, levels[name]))
            ledger.mark(f"{name} is none of {listed}", read[name].isna().to_numpy(dtype=bool))
        else:
            read[name] = pd.to_numeric(rows[name], errors="coerce")
            ledger.mark(f"{name} is no number", ~np.isfinite(read[name].to_numpy(dtype=float, na_value=np.nan)))
    frame = pd.DataFrame(read, index=rows.index)
    problems = ledger.problems(len(rows))
    good = np.flatnonzero(problems == "")
    if len(good) < len(rows):
        if not len(good):
            raise DataError(f"No row can be used; of the first: {problems[0]}.")
        frame = frame.iloc[np.where(problems == "", np.arange(len(rows)), good[0])].set_axis(rows.index)
        frame = frame.astype({name: type(levels[name][0]) for name in levels if name in frame})
    nothing = pd.Series("", index=rows.index, dtype=object)
    return Prepared(frame, pd.Series(problems, index=rows.index), nothing)


def _level(cells: pd.Series, levels: tuple[Any, ...]) -> pd.Series:
    """Return the level that each cell spells, missing where it spells none."""
    codes, spelt = pd.factorize(cells)
    known = {str(level): level for level in levels}
    found = [known.get(str(cell)) for cell in spelt]
    return pd.Series(np.array([*found, None], dtype=object)[codes], index=cells.index).infer_objects()
