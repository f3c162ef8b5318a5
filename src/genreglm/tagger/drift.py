"""Are new tracks like those that the model was fitted to? Where not, its probabilities are not to be believed."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError
from genreglm.notebook import Shown
from genreglm.tagger.model import Tagger
from genreglm.tagger.training import UNLIKE, TrainingSummary, bin_shares

Floats = NDArray[np.float64]
Verdict = Literal["like", "shifted", "unlike"]

# The customary readings of the index: below a tenth no change to speak of, above a quarter another population.
_SHIFTED, _UNLIKE = 0.1, 0.25
_TAILS = 20.0  # as many times as many unlike rows as the training rows had make a table unlike them
_LEAST = 1e-4  # a share of a bin, so that none is empty
_WORDS = {
    "like": "These tracks are like those of the fit: probabilities mean what they mean for any new artist.",
    "shifted": "Some features are shifted: the order of genres holds up better than probabilities. Check some by ear.",
    "unlike": "These tracks are unlike those of the fit, or measured in another way: do not trust the predictions.",
}


@dataclass(frozen=True)
class Drift(Shown):
    """How a table's features lie beside those of the training rows.

    Attributes
    ----------
    features : a row a feature, the most shifted first: feature, psi, median, training_median, outside (share of rows
        beyond all but one in a thousand of the training rows), missing, training_missing, verdict
    rows : how many were compared
    unlike_share : of rows less familiar than all but one in a thousand of the training rows
    problem_share : of rows with a value that cannot be read or cannot be
    verdict : "like", "shifted" or "unlike"
    """

    features: pd.DataFrame
    rows: int
    unlike_share: float
    problem_share: float
    verdict: Verdict

    def __str__(self) -> str:
        table = self.features.to_string(index=False, float_format="{:.3g}".format)
        return (
            f"{self.rows:,} rows: {100 * self.unlike_share:.2g} % unlike anything in the training rows (there 0.1 %), "
            f"{100 * self.problem_share:.2g} % with a value that cannot be used.\n{_WORDS[self.verdict]}\n\n{table}"
        )

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        return _WORDS[self.verdict], {"Features": self.features}


def drift(tagger: Tagger, rows: pd.DataFrame) -> Drift:
    """Compare a table's features with the training rows.

    The population stability index of a feature is sum_j (q_j - p_j) log(q_j / p_j) over bins j, p_j the training rows'
    share and q_j the table's; bins are the training rows' twentieths, or a factor's levels.

    Raises
    ------
    DataError
        Where the model holds no summary of its training rows, or a column that it needs is absent.
    """
    training = tagger.training
    if training is None:
        raise DataError(
            "This model holds no summary of its training rows, as a bare result does not. Give the folder "
            "model/ that a study left."
        )
    prepared = tagger.prepare(rows)
    raw = prepared.rows.mask(_filled(prepared.filled, list(prepared.rows.columns)))
    lines = [_continuous(name, raw[name].to_numpy(dtype=float), training) for name in training.quantiles]
    lines += [_factor(name, raw[name], training) for name in training.shares]
    table = pd.DataFrame(lines).sort_values("psi", ascending=False, kind="stable", ignore_index=True)
    unlike = float(training.unlike(prepared.rows).mean())
    problems = float((prepared.problems != "").mean())
    worst = float(table["psi"].max())
    verdict: Verdict = "unlike" if unlike > _TAILS * UNLIKE or worst > _UNLIKE else "like"
    if verdict == "like" and worst > _SHIFTED:
        verdict = "shifted"
    return Drift(table, len(rows), unlike, problems, verdict)


def _filled(filled: pd.Series, columns: list[str]) -> NDArray[np.bool_]:
    """Return (rows, columns): where a value is not the row's own."""
    found = np.zeros((len(filled), len(columns)), dtype=bool)
    for place in np.flatnonzero((filled != "").to_numpy()):
        for name in filled.iloc[place].split(", "):
            # The length in minutes is made of the one in milliseconds.
            own = "duration_min" if name == "duration_ms" else name
            found[place, columns.index(own)] = True
    return found


def _continuous(name: str, values: Floats, training: TrainingSummary) -> dict[str, object]:
    known = values[~np.isnan(values)]
    edges = np.asarray(training.quantiles[name])
    found = bin_shares(known, training.quantiles[name])
    psi = _psi(found, np.asarray(training.binned[name])) if len(known) else float("nan")
    return {
        "feature": name,
        "psi": psi,
        "median": float(np.median(known)) if len(known) else float("nan"),
        "training_median": float(edges[len(edges) // 2]),
        "outside": float(((known < edges[0]) | (known > edges[-1])).mean()) if len(known) else float("nan"),
        "missing": float(np.isnan(values).mean()),
        "training_missing": training.missing[name],
        "verdict": _verdict(psi),
    }


def _factor(name: str, values: pd.Series, training: TrainingSummary) -> dict[str, object]:
    shares = training.shares[name]
    known = values.dropna().map(lambda level: str(int(level)))
    found = np.array([float((known == level).mean()) if len(known) else np.nan for level in shares])
    psi = _psi(found, np.array(list(shares.values())))
    return {
        "feature": name,
        "psi": psi,
        "median": float("nan"),
        "training_median": float("nan"),
        "outside": float((~known.isin(list(shares))).mean()) if len(known) else float("nan"),
        "missing": float(values.isna().mean()),
        "training_missing": 0.0,
        "verdict": _verdict(psi),
    }


def _psi(found: Floats, expected: Floats) -> float:
    q, p = np.maximum(found, _LEAST), np.maximum(expected, _LEAST)
    return float(((q - p) * np.log(q / p)).sum())


def _verdict(psi: float) -> Verdict:
    return "like" if psi <= _SHIFTED else "shifted" if psi <= _UNLIKE else "unlike"
