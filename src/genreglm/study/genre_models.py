"""The inference model of genre: initial, simplified by held-out artists, higher-order by AIC."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from genreglm.engine.penalties import CellPrior
from genreglm.errors import SeparationError
from genreglm.evaluation import evaluate
from genreglm.fitting import fit
from genreglm.result import Result
from genreglm.study.formulas import formula, spline

Say = Callable[[str], None]

# For comparing models: the log-likelihood is then within half of this of its maximum.
_ROUGH = {"gradient_tolerance": 1e-3, "decrement_tolerance": 0.1}
_CURVE_DF = 3


@dataclass(frozen=True)
class Simplification:
    """The terms kept and the trace of what was tried."""

    terms: list[str]
    trace: pd.DataFrame


def fit_for_inference(terms: Sequence[str], rows: pd.DataFrame, start: Result | None = None) -> Result:
    """Fit `terms` to all rows with a covariance clustered by artist; empty cells get a `CellPrior`."""
    return fit(formula(terms), rows, penalty=CellPrior(), covariance="clustered", clusters="artist", start=start)


def simplify(
    terms: Sequence[str], tests: pd.DataFrame, rows: pd.DataFrame, tolerance: float, say: Say
) -> Simplification:
    """Drop whole terms, the weakest first, while the log-loss on artists held out does not rise.

    Parameters
    ----------
    terms : the initial model's terms
    tests : its Wald tests clustered by artist, which give the order: statistic per degree of freedom
    rows : with `split_artist`; models are fitted to "train" and judged on "valid"
    tolerance : a rise of the log-loss (nats a row) that is still accepted

    At 113,550 rows a test at 5 % keeps every term, however little it tells about a new artist; so the tests give
    the order and unseen artists decide. Stops at the first term that must stay.
    """
    train, valid = rows[rows["split_artist"] == "train"], rows[rows["split_artist"] == "valid"]
    weakness = tests.assign(ratio=tests["statistic"] / tests["df"]).sort_values("ratio")
    kept = list(terms)
    current = _rough(kept, train)
    loss = _log_loss(current, valid)
    records = []
    for row in weakness.itertuples():
        if len(kept) == 1:
            break
        fewer = [term for term in kept if term != row.term]
        candidate = _rough(fewer, train, current)
        candidate_loss = _log_loss(candidate, valid)
        dropped = candidate_loss <= loss + tolerance
        records.append(
            {
                "step": len(records) + 1,
                "term": row.term,
                "statistic": row.statistic,
                "df": row.df,
                "log10_p": row.log10_p,
                "log_loss_with": loss,
                "log_loss_without": candidate_loss,
                "dropped": dropped,
            }
        )
        say(f"without {row.term}: log-loss on held-out artists {loss:.4f} -> {candidate_loss:.4f}")
        if not dropped:
            break
        kept, current, loss = fewer, candidate, candidate_loss
    return Simplification(kept, pd.DataFrame(records))


def add_curves(
    terms: Sequence[str], features: Sequence[str], rows: pd.DataFrame, start: Result, most_columns: int, say: Say
) -> tuple[Result, pd.DataFrame]:
    """Let features curve where AIC asks for it, the strongest first, within `most_columns` columns.

    Each feature of the model is replaced by a natural cubic spline, alone, and the model refitted to all rows;
    then those that lower AIC enter together, by their gain. Returns the fit and the trace: feature, term, columns,
    aic_change, verdict.
    """
    base = _aic(_rough(terms, rows, start))
    records = []
    for feature in [name for name in features if name in terms and rows[name].nunique() > 20]:
        curve = spline(feature, _CURVE_DF)
        candidate = _rough([curve if term == feature else term for term in terms], rows, start)
        records.append(
            {"feature": feature, "term": curve, "columns": _CURVE_DF - 1, "aic_change": _aic(candidate) - base}
        )
        say(f"{feature} as a spline: AIC {records[-1]['aic_change']:+,.0f}")
    trace = pd.DataFrame(records, columns=["feature", "term", "columns", "aic_change"])
    trace = trace.sort_values("aic_change", kind="stable").reset_index(drop=True)
    room = most_columns - len(start.design.columns)
    fits = trace["columns"].cumsum() <= room
    trace["verdict"] = np.select([trace["aic_change"] >= 0, ~fits], ["AIC prefers the line", "no room"], "entered")
    return _fit_curves(list(terms), trace, rows, start, say), trace


def _fit_curves(terms: list[str], trace: pd.DataFrame, rows: pd.DataFrame, start: Result, say: Say) -> Result:
    """Fit the terms with the curves that entered, taking back those along which the estimate runs away.

    Few rows and many columns can set a genre apart altogether; then no finite estimate exists. Marks `trace`.
    """
    while True:
        entered = trace["verdict"] == "entered"
        curves = dict(trace.loc[entered, ["feature", "term"]].itertuples(index=False))
        if not curves:
            return start
        try:
            return fit_for_inference([curves.get(term, term) for term in terms], rows, start)
        except SeparationError as error:
            blamed = [term for term in error.terms if term in curves.values()]
            back = blamed[0] if blamed else trace.loc[entered, "term"].iloc[-1]
            trace.loc[trace["term"] == back, "verdict"] = "separates genres"
            say(f"{back} taken back: with it the estimate runs to infinity")


def _rough(terms: Sequence[str], rows: pd.DataFrame, start: Result | None = None) -> Result:
    return fit(formula(terms), rows, penalty=CellPrior(), covariance=None, start=start, **_ROUGH)


def _log_loss(result: Result, rows: pd.DataFrame) -> float:
    return float(evaluate(result, rows)["log_loss"].iloc[0])


def _aic(result: Result) -> float:
    return float(result.glance()["aic"].iloc[0])
