"""Why this genre and not that one: what each feature of a row adds to the log-odds between two genres."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import OptionError
from genreglm.notebook import Shown
from genreglm.tagger.model import Tagger
from genreglm.uncertainty import Calibration

Floats = NDArray[np.float64]

_INTERVAL = 0.9
BASE = "a typical track"


@dataclass(frozen=True)
class Explanation(Shown):
    """Why `genre` rather than `other`, for one row.

    Attributes
    ----------
    genre, other : the two
    probabilities : of the two
    table : term, contribution[, conf_low, conf_high], in units of log-odds. The first line is `BASE`: the log-odds of a
        row whose columns are all at their training means; the others, the largest first, add up with it to the log-odds
        of this row
    """

    genre: Any
    other: Any
    probabilities: tuple[float, float]
    table: pd.DataFrame

    @property
    def log_odds(self) -> float:
        """log(p_genre / p_other)."""
        return float(self.table["contribution"].sum())

    def __str__(self) -> str:
        p, q = self.probabilities
        lines = [
            f"{self.genre} ({100 * p:.1f} %) rather than {self.other} ({100 * q:.1f} %): log-odds {self.log_odds:+.2f}"
        ]
        for row in self.table.to_dict("records"):
            interval = f"   ({row['conf_low']:+.2f} to {row['conf_high']:+.2f})" if "conf_low" in row else ""
            lines.append(f"  {row['contribution']:+7.2f}  {row['term']}{interval}")
        return "\n".join(lines)

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        return str(self).splitlines()[0], {"Contributions to the log-odds": self.table}


def explain(tagger: Tagger, row: pd.DataFrame, genre: Any = None, other: Any = None) -> Explanation:
    """Explain one row.

        log p_a / p_b = s m'(b_a - b_b) + sum_t s (x_t - m_t)'(b_ta - b_tb)

    exactly, with x_t the row's columns of term t, m the columns' training means (zero where the model does not hold
    them), and s the calibration's scale. Terms of the same features are added up: the line and the curve of energy are
    one line, the products of energy and valence another. Intervals of 90 % say how far a contribution would move with
    other artists in the training rows, where the model has replicates.

    Parameters
    ----------
    row : one row of a table of tracks (a bare result: of what its formula names)
    genre, other : the two genres; the most probable and the one after it (of those left) unless given

    Raises
    ------
    OptionError
        For another number of rows than one, a genre that the model does not have, twice the same, or a calibration that
        scales genres differently, under which log-odds are no sum over terms.
    DataError, FormulaError
        For a row that cannot be used.
    """
    if len(row) != 1:
        raise OptionError(f"explain takes one row, and was given {len(row):,}.")
    x, prob = columns_and_probabilities(tagger, row)
    return explain_columns(tagger, x[0], prob[0], genre, other)


def columns_and_probabilities(tagger: Tagger, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return (rows, columns) and (rows, genres) of rows, for `explain_columns`: many cost little more than one.

    Raises
    ------
    DataError, FormulaError
        For rows that cannot be used.
    """
    x = tagger.result.design.matrix(tagger.prepare(rows).rows)
    return x, tagger.corrected_predictors(x @ tagger.result.coefficients)


def explain_columns(tagger: Tagger, x: Floats, prob: Floats, genre: Any = None, other: Any = None) -> Explanation:
    """Explain one row by its columns and probabilities; see `explain`.

    Raises
    ------
    OptionError
        As `explain` does.
    """
    result = tagger.result
    scale = 1.0 if tagger.calibration is None else _one_scale(tagger.calibration)
    a, b = _pair(tagger, prob, genre, other)
    means = np.zeros(len(x)) if tagger.means is None else tagger.means
    if tagger.means is None and result.design.intercept is not None:
        means[result.design.intercept] = 1.0
    names, member = tagger.owners

    def parts(coefficients: NDArray[Any]) -> Floats:
        """Return (..., 1 + terms): the base, then each term's contribution, of (..., columns, genres)."""
        gap = scale * (coefficients[..., a].astype(np.float64) - coefficients[..., b])
        base = gap @ means
        return np.concatenate([base[..., None], ((x - means) * gap) @ member], axis=-1)

    table = pd.DataFrame({"term": [BASE, *names], "contribution": parts(result.coefficients)})
    if tagger.replicates is not None:
        drawn = parts(tagger.replicates.coefficients)
        ends = np.quantile(drawn, [(1 - _INTERVAL) / 2, (1 + _INTERVAL) / 2], axis=0)
        table = table.assign(conf_low=ends[0], conf_high=ends[1])
    table = table[(table["term"] == BASE) | (table["contribution"] != 0.0)]
    order = table["contribution"].abs().where(table["term"] != BASE, np.inf).sort_values(ascending=False, kind="stable")
    chosen = (float(prob[a]), float(prob[b]))
    return Explanation(tagger.classes[a], tagger.classes[b], chosen, table.loc[order.index].reset_index(drop=True))


def _one_scale(calibration: Calibration) -> float:
    scale = calibration.one_scale
    if scale is None:
        raise OptionError(
            "Under a calibration with a scale for each genre log-odds are no sum over terms; use temperature."
        )
    return scale


def _pair(tagger: Tagger, prob: Floats, genre: Any, other: Any) -> tuple[int, int]:
    classes = list(tagger.classes)
    for label in (genre, other):
        if label is not None and label not in classes:
            raise OptionError(f"{label!r} is no genre of this model. It has {', '.join(map(str, classes[:10]))}, ...")
    ranked = [classes[place] for place in np.argsort(-prob, kind="stable")]
    first = genre if genre is not None else next(label for label in ranked if label != other)
    second = other if other is not None else next(label for label in ranked if label != first)
    if first == second:
        raise OptionError(f"explain compares two genres, and was given {first!r} twice.")
    return classes.index(first), classes.index(second)
