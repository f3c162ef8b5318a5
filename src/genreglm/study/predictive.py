"""The predictive models and their yardsticks, each from training rows to probabilities on test rows."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from genreglm.dependence import group_weights
from genreglm.designs import Design
from genreglm.engine.penalties import Ridge
from genreglm.engine.threads import thread_count
from genreglm.evaluation import evaluate
from genreglm.fitting import fit
from genreglm.result import Result
from genreglm.study.config import StudyConfig

# A fit for prediction needs no digits that no score can see: within half a unit of log-likelihood.
_GRADIENT, _DECREMENT = 1e-5, 1.0
_PATIENCE = 5


@dataclass(frozen=True)
class Trained:
    """A model's probabilities on test rows (rows, genres), its size, its time, and what was chosen."""

    prob: NDArray[np.float32]
    parameters: int
    seconds: float
    detail: str
    result: Result | None = None


@dataclass(frozen=True)
class Weighting:
    """How rows count: an artist of n rows n^(1 - power), and with `as_one` the rows of a song in a genre as one row."""

    power: float = 0.0
    as_one: bool = False

    def __call__(self, rows: pd.DataFrame) -> NDArray[np.float64] | None:
        """Return the weights of training rows, with mean one; None where all count alike."""
        if self == Weighting():
            return None
        own = 1.0 / rows["song_rows"].to_numpy(dtype=float) if self.as_one else None
        return group_weights(rows, "artist", self.power, weights=own)

    def __str__(self) -> str:
        return f"an artist of n rows counts n^{1 - self.power:g}" + (", a song once" if self.as_one else "")


@dataclass(frozen=True)
class Choice:
    """The ridge strength that unseen artists prefer, its log-loss there, its fit, and the trace of all tried."""

    strength: float
    log_loss: float
    result: Result
    trace: pd.DataFrame
    weighting: Weighting = Weighting()


def choose_weighting(
    formula: str, train: pd.DataFrame, valid: pd.DataFrame, first: Choice, others: Sequence[Weighting]
) -> Choice:
    """Return the better of `first` and the same strength under each of `others`, judged on the rows of `valid` alike.

    Its trace has a row for each that was tried.
    """
    best = first
    records = [{"weights": str(first.weighting), "strength": first.strength, "log_loss": first.log_loss}]
    for weighting in others:
        result = _fit(formula, train, first.strength, first.result, weighting)
        loss = float(evaluate(result, valid)["log_loss"].iloc[0])
        records.append({"weights": str(weighting), "strength": first.strength, "log_loss": loss})
        if loss < best.log_loss:
            best = Choice(first.strength, loss, result, first.trace, weighting)
    return replace(best, trace=pd.DataFrame(records))


def choose_ridge(
    formula: str,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    strengths: Sequence[float],
    weighting: Weighting = Weighting(),
) -> Choice:
    """Fit to `train` under each strength (in rows), the strongest first, and judge on `valid`.

    Each fit starts from the one before; the first that is worse than its predecessor ends the search.
    """
    best: tuple[float, float, Result] | None = None
    result: Result | None = None
    records = []
    for strength in sorted(strengths, reverse=True):
        result = _fit(formula, train, strength, result, weighting)
        loss = float(evaluate(result, valid)["log_loss"].iloc[0])
        records.append({"strength": strength, "log_loss": loss})
        if best is not None and loss > best[1]:
            break
        best = (strength, loss, result)
    assert best is not None
    return Choice(*best, pd.DataFrame(records), weighting)


def train_glm(
    formula: str | Design,
    train: pd.DataFrame,
    test: pd.DataFrame,
    strength: float,
    start: Result | None = None,
    weighting: Weighting = Weighting(),
) -> Trained:
    """Fit a ridge GLM of `strength` rows to `train` and predict `test`."""
    begin = time.perf_counter()
    result = _fit(formula, train, strength, start, weighting)
    prob = result.predict(test).to_numpy().astype(np.float32)
    detail = f"ridge of {strength:g} rows" + ("" if weighting == Weighting() else f"; {weighting}")
    return Trained(prob, result.df_model, time.perf_counter() - begin, detail, result)


def _fit(
    formula: str | Design, train: pd.DataFrame, rows_worth: float, start: Result | None, weighting: Weighting
) -> Result:
    weights = weighting(train)
    return fit(
        formula,
        train,
        weights=weights,
        weight_kind="frequency" if weights is None else "importance",
        penalty=Ridge(rows_worth / len(train), standardise=True),
        start=start,
        gradient_tolerance=_GRADIENT,
        decrement_tolerance=_DECREMENT,
    )


def train_prior(train: pd.Series, test_rows: int, classes: Sequence[Any]) -> Trained:
    """Predict every row by the genres' shares in the training rows: what knowing nothing is worth."""
    shares = train.value_counts(normalize=True).reindex(list(classes)).to_numpy()
    return Trained(np.tile(shares.astype(np.float32), (test_rows, 1)), len(classes) - 1, 0.0, "shares of the genres")


def train_discriminant(
    train_x: NDArray[np.float64], train_y: NDArray[np.int64], test_x: NDArray[np.float64]
) -> Trained:
    """Fit linear discriminant analysis (scikit-learn) on the linear model's columns."""
    start = time.perf_counter()
    model = LinearDiscriminantAnalysis(solver="lsqr").fit(train_x, train_y)
    prob = model.predict_proba(test_x).astype(np.float32)
    classes, columns = len(model.classes_), train_x.shape[1]
    parameters = classes * columns + columns * (columns + 1) // 2
    return Trained(prob, parameters, time.perf_counter() - start, "pooled covariance")


def train_boosting(
    train: tuple[NDArray[np.float64], NDArray[np.int64]],
    valid: tuple[NDArray[np.float64], NDArray[np.int64]],
    test_x: NDArray[np.float64],
    config: StudyConfig,
) -> Trained:
    """Fit gradient boosting of trees (LightGBM), at most as large as the settings allow.

    Like the ridge strengths of the GLMs, its rounds are chosen on `valid`, the artists held out for choosing;
    then it is fitted anew to both.
    """
    import lightgbm

    start = time.perf_counter()
    x, y = (np.concatenate(parts) for parts in zip(train, valid, strict=True))
    settings = {
        "objective": "multiclass",
        "metric": "multi_logloss",
        "num_class": int(y.max()) + 1,
        "num_leaves": config.boosting_leaves,
        "learning_rate": config.boosting_rate,
        "min_data_in_leaf": 20,
        # A class of one in a hundred has little curvature: without a penalty its leaves explode.
        "lambda_l2": 1.0,
        "max_bin": 63,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": thread_count(),
        "verbosity": -1,
    }
    learning = lightgbm.Dataset(*train)
    trial = lightgbm.train(
        settings,
        learning,
        num_boost_round=config.boosting_rounds,
        valid_sets=[lightgbm.Dataset(*valid, reference=learning)],
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
    )
    rounds = trial.best_iteration
    booster = lightgbm.train(settings, lightgbm.Dataset(x, y), num_boost_round=rounds)
    prob = np.asarray(booster.predict(test_x), dtype=np.float32)
    leaves = rounds * (int(y.max()) + 1) * config.boosting_leaves
    detail = f"LightGBM, {rounds} of at most {config.boosting_rounds} rounds of {config.boosting_leaves} leaves"
    return Trained(prob, leaves, time.perf_counter() - start, detail)
