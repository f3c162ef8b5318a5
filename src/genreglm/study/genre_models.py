"""The inference model of genre: initial, simplified by held-out artists, higher-order by AIC."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import naming
from genreglm.engine.penalties import CellPrior, Penalty, Ridge
from genreglm.errors import DataError, EstimationError
from genreglm.evaluation import row_losses
from genreglm.fitting import design, fit
from genreglm.importance.paired import grouped_mean
from genreglm.result import Result
from genreglm.study.formulas import formula, spline

Say = Callable[[str], None]

# For comparing models: the log-likelihood is then within half of this of its maximum.
_ROUGH_GRADIENT, _ROUGH_DECREMENT = 1e-3, 0.1
# Where there is an estimate, 5 to 15 steps reach it; a fit that takes more is on its way to infinity, or so nearly that
# no standard error of it means anything. Walking on until that is certain takes as long as the rest of the stage.
_MOST_STEPS = 20
_CURVE_DF = 3
_JUDGED_ROWS = 40_000
_NO_ESTIMATE = "no estimate with it"
_TRACE = (
    "step", "term", "log_loss_with", "log_loss_without", "change", "conf_low", "conf_high",
    "statistic", "df", "log10_p", "p_adjusted", "dropped",
)  # fmt: skip
_STANDARD_ERRORS = 1.96  # on either side of an interval of 95 %


@dataclass(frozen=True)
class Estimable:
    """A fit for inference, its terms, and those set aside on the way, each with the reason."""

    result: Result
    terms: list[str]
    set_aside: dict[str, str]


@dataclass(frozen=True)
class Simplification:
    """The terms kept and the trace of what was tried."""

    terms: list[str]
    trace: pd.DataFrame


def fit_for_inference(terms: Sequence[str], rows: pd.DataFrame, start: Result | None = None) -> Result:
    """Fit `terms` to all rows with a covariance clustered by artist; empty cells get a `CellPrior`."""
    return fit(
        formula(terms),
        rows,
        penalty=CellPrior(),
        covariance="clustered",
        clusters="artist",
        start=start,
        max_steps=_MOST_STEPS,
    )


def fit_what_rows_allow(terms: Sequence[str], rows: pd.DataFrame, say: Say, start: Result | None = None) -> Estimable:
    """Fit `terms` for inference, setting aside those that leave the estimate without an honest value.

    Few rows and many columns can set genres apart altogether, by no single cell: then the likelihood rises for
    ever, and no standard error means anything. The term most to blame is set aside, and the others fitted anew.
    The predictive models, which are penalised, keep it.

    Raises
    ------
    DataError
        Where no term is left.
    """
    kept, set_aside = list(terms), dict[str, str]()
    while kept:
        try:
            return Estimable(fit_for_inference(kept, rows, start), kept, set_aside)
        except EstimationError as error:
            term = _most_to_blame(error, kept, rows)
            set_aside[term] = str(error)
            kept.remove(term)
            say(f"{naming.term(term)} set aside: with it the rows allow no estimate ({type(error).__name__})")
    raise DataError(
        f"No term of the GLM of genre can be estimated from {len(rows):,} rows: {set_aside[list(set_aside)[-1]]} "
        "Give more rows of each genre, by more artists."
    )


def _most_to_blame(error: EstimationError, terms: Sequence[str], rows: pd.DataFrame) -> str:
    """Return the term that the error names first, else the one with the most columns, the last among equals."""
    named = [term for term in error.terms if term in terms]
    if named:
        return named[0]
    width = {term: cut.stop - cut.start for term, cut in design(formula(terms), rows).terms.items()}
    return max(reversed(terms), key=lambda term: width[term])


def simplify(
    terms: Sequence[str], tests: pd.DataFrame, rows: pd.DataFrame, tolerance: float, say: Say
) -> Simplification:
    """Drop whole terms, the weakest first, while the log-loss on artists held out does not rise.

    Parameters
    ----------
    terms : the initial model's terms
    tests : its Wald tests clustered by artist, with p_adjusted, which give the order: statistic per degree of freedom
    rows : with `split_artist`; models are fitted to "train" and judged on "valid"
    tolerance : a rise of the log-loss (nats a row) that is still accepted

    At 113,550 rows a test at 5 % keeps every term, however little it tells about a new artist; so the tests give
    the order and unseen artists decide. Stops at the first term that must stay. Where the training rows alone
    have no maximum-likelihood estimate, a ridge worth one row keeps all the fits finite.

    The trace has step, term, the log-loss with and without it, the change with the ends of its interval of 95 % by
    artist, and the term's test.
    """
    weakest_first = tests.assign(ratio=tests["statistic"] / tests["df"]).sort_values("ratio", kind="stable")
    try:
        return _backwards(terms, weakest_first, rows, tolerance, CellPrior(), say)
    except EstimationError:
        say("the training rows alone allow no estimate: again, with a ridge worth one row")
        ridge = Ridge(1.0 / len(rows), standardise=True)
        return _backwards(terms, weakest_first, rows, tolerance, ridge, say)


def _backwards(
    terms: Sequence[str], order: pd.DataFrame, rows: pd.DataFrame, tolerance: float, penalty: Penalty, say: Say
) -> Simplification:
    train, valid = rows[rows["split_artist"] == "train"], rows[rows["split_artist"] == "valid"]
    kept = list(terms)
    current = _rough(kept, train, penalty=penalty)
    losses, loss = _losses(current, valid)
    records: list[dict[str, Any]] = []
    for row in order.itertuples():
        if len(kept) == 1:
            break
        fewer = [term for term in kept if term != row.term]
        candidate = _rough(fewer, train, current, penalty)
        candidate_losses, candidate_loss = _losses(candidate, valid)
        dropped = candidate_loss <= loss + tolerance
        change, error = _mean_by_artist(candidate_losses - losses, valid)
        records.append(
            {
                "step": len(records) + 1,
                "term": row.term,
                "log_loss_with": loss,
                "log_loss_without": candidate_loss,
                "change": change,
                "conf_low": change - _STANDARD_ERRORS * error,
                "conf_high": change + _STANDARD_ERRORS * error,
                "statistic": row.statistic,
                "df": row.df,
                "log10_p": row.log10_p,
                "p_adjusted": row.p_adjusted,
                "dropped": dropped,
            }
        )
        say(f"without {row.term}: log-loss on held-out artists {loss:.4f} -> {candidate_loss:.4f}")
        if not dropped:
            break
        kept, current, losses, loss = fewer, candidate, candidate_losses, candidate_loss
    return Simplification(kept, pd.DataFrame(records, columns=list(_TRACE)))


def add_curves(
    terms: Sequence[str], features: Sequence[str], rows: pd.DataFrame, start: Result, most_columns: int, say: Say
) -> tuple[Result, pd.DataFrame]:
    """Let features curve where AIC asks for it, the strongest first, within `most_columns` columns.

    Each feature of the model is replaced by a natural cubic spline, alone, and the model refitted; then those that
    lower AIC enter together, by their gain. Large tables are judged on 40,000 of their rows, all those of artists
    drawn at random: a gain that matters shows there, and whoever is in doubt stays a line. Returns the fit, on all
    rows, and the trace: feature, term, columns, aic_change (missing where the curve leaves no estimate), verdict.
    """
    judged = _some_artists(rows)
    line = _rough(terms, judged, start)
    records: list[dict[str, Any]] = []
    for feature in [name for name in features if name in terms and rows[name].nunique() > 20]:
        curve = spline(feature, _CURVE_DF, rows)
        if curve == feature:
            continue
        change, columns = float("nan"), _CURVE_DF - 1
        try:
            curved = _rough([curve if term == feature else term for term in terms], judged, line)
            change, columns = _aic(curved) - _aic(line), len(curved.design.columns) - len(line.design.columns)
        except EstimationError:
            pass
        records.append({"feature": feature, "term": curve, "columns": columns, "aic_change": change})
        say(f"{feature} as a spline: AIC {change:+,.0f}")
    trace = pd.DataFrame(records, columns=["feature", "term", "columns", "aic_change"])
    trace = trace.sort_values("aic_change", kind="stable").reset_index(drop=True)
    room = most_columns - len(start.design.columns)
    fits = trace["columns"].cumsum() <= room
    trace["verdict"] = np.select(
        [trace["aic_change"].isna(), trace["aic_change"] >= 0, ~fits],
        [_NO_ESTIMATE, "AIC prefers the line", "no room"],
        "entered",
    )
    return _fit_curves(list(terms), trace, rows, start, say), trace


def _fit_curves(terms: list[str], trace: pd.DataFrame, rows: pd.DataFrame, start: Result, say: Say) -> Result:
    """Fit the terms with the curves that entered, taking back those that leave no estimate. Marks `trace`."""
    while True:
        entered = trace["verdict"] == "entered"
        curves = dict(zip(trace.loc[entered, "feature"], trace.loc[entered, "term"], strict=True))
        if not curves:
            return start
        try:
            return fit_for_inference([curves.get(term, term) for term in terms], rows, start)
        except EstimationError as error:
            blamed = [term for term in error.terms if term in curves.values()]
            back = blamed[0] if blamed else trace.loc[entered, "term"].iloc[-1]
            trace.loc[trace["term"] == back, "verdict"] = _NO_ESTIMATE
            say(f"{naming.term(back)} taken back: with it the rows allow no estimate ({type(error).__name__})")


def _some_artists(rows: pd.DataFrame) -> pd.DataFrame:
    """Return all rows of a table of moderate size, else those of artists drawn until there are enough."""
    if len(rows) <= _JUDGED_ROWS:
        return rows
    sizes = rows["artist"].value_counts().sort_index()
    drawn = sizes.iloc[np.random.default_rng(0).permutation(len(sizes))]
    return rows[rows["artist"].isin(drawn.index[drawn.cumsum() <= _JUDGED_ROWS])]


def _rough(
    terms: Sequence[str], rows: pd.DataFrame, start: Result | None = None, penalty: Penalty | None = None
) -> Result:
    return fit(
        formula(terms),
        rows,
        penalty=penalty or CellPrior(),
        covariance=None,
        start=start,
        gradient_tolerance=_ROUGH_GRADIENT,
        decrement_tolerance=_ROUGH_DECREMENT,
    )


def _losses(result: Result, rows: pd.DataFrame) -> tuple[NDArray[np.float64], float]:
    """Return the log-loss of each row, and their mean."""
    prob = result.predict(rows).to_numpy()
    losses = row_losses(prob, result.design.codes(rows))
    return losses, float(losses.mean())


def _mean_by_artist(values: NDArray[np.float64], rows: pd.DataFrame) -> tuple[float, float]:
    """Return a mean over the rows and its standard error, rows of an artist depending on each other."""
    mean, error = grouped_mean(values[:, None], np.ones(len(rows)), pd.factorize(rows["artist"])[0])
    return float(mean[0]), float(error[0])


def _aic(result: Result) -> float:
    return float(result.glance()["aic"].iloc[0])
