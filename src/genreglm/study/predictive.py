"""The predictive models and their yardsticks, each from training rows to probabilities on test rows."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from genreglm.engine.penalties import Ridge
from genreglm.engine.threads import thread_count
from genreglm.evaluation import evaluate
from genreglm.fitting import fit
from genreglm.result import Result
from genreglm.study.config import StudyConfig

# A ridge fit for prediction needs no digits that no score can see.
_ENOUGH = {"gradient_tolerance": 1e-5, "decrement_tolerance": 1.0, "covariance": None}


@dataclass(frozen=True)
class Trained:
    """A model's probabilities on test rows (rows, genres), its size, its time, and what was chosen."""

    prob: NDArray[np.float32]
    parameters: int
    seconds: float
    detail: str
    result: Result | None = None


@dataclass(frozen=True)
class Choice:
    """The ridge strength that unseen artists prefer, its log-loss there, its fit, and the trace of all tried."""

    strength: float
    log_loss: float
    result: Result
    trace: pd.DataFrame


def choose_ridge(formula: str, train: pd.DataFrame, valid: pd.DataFrame, strengths: Sequence[float]) -> Choice:
    """Fit to `train` under each strength (in rows), the strongest first, and judge on `valid`.

    Each fit starts from the one before; the first that is worse than its predecessor ends the search.
    """
    best: tuple[float, float, Result] | None = None
    result: Result | None = None
    records = []
    for strength in sorted(strengths, reverse=True):
        result = fit(formula, train, penalty=_ridge(strength, train), start=result, **_ENOUGH)
        loss = float(evaluate(result, valid)["log_loss"].iloc[0])
        records.append({"strength": strength, "log_loss": loss})
        if best is not None and loss > best[1]:
            break
        best = (strength, loss, result)
    assert best is not None
    return Choice(*best, pd.DataFrame(records))


def train_glm(
    formula: str, train: pd.DataFrame, test: pd.DataFrame, strength: float, start: Result | None = None
) -> Trained:
    """Fit a ridge GLM of `strength` rows to `train` and predict `test`."""
    begin = time.perf_counter()
    result = fit(formula, train, penalty=_ridge(strength, train), start=start, **_ENOUGH)
    prob = result.predict(test).to_numpy().astype(np.float32)
    return Trained(prob, result.df_model, time.perf_counter() - begin, f"ridge of {strength:g} rows", result)


def _ridge(rows_worth: float, train: pd.DataFrame) -> Ridge:
    return Ridge(rows_worth / len(train), standardise=True)


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
    train_x: NDArray[np.float64], train_y: NDArray[np.int64], test_x: NDArray[np.float64], config: StudyConfig
) -> Trained:
    """Fit gradient boosting of trees (LightGBM), sized to the study's time by the settings."""
    import lightgbm

    start = time.perf_counter()
    settings = {
        "objective": "multiclass",
        "num_class": int(train_y.max()) + 1,
        "num_leaves": config.boosting_leaves,
        "learning_rate": config.boosting_rate,
        "min_data_in_leaf": 20,
        "max_bin": 63,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": thread_count(),
        "verbosity": -1,
    }
    data = lightgbm.Dataset(train_x, train_y, free_raw_data=True)
    booster = lightgbm.train(settings, data, num_boost_round=config.boosting_rounds)
    prob = np.asarray(booster.predict(test_x), dtype=np.float32)
    leaves = config.boosting_rounds * settings["num_class"] * config.boosting_leaves
    detail = f"LightGBM, {config.boosting_rounds} rounds of {config.boosting_leaves} leaves"
    return Trained(prob, int(leaves), time.perf_counter() - start, detail)
