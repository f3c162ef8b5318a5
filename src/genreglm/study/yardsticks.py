"""What the GLMs are measured against: the genres' shares, the linear discriminant, and boosting of trees."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from genreglm.engine.threads import thread_count
from genreglm.study.trained import Trained

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

_PATIENCE = 5


@dataclass(frozen=True)
class Rows:
    """Columns (rows, columns), class codes (rows,), and the weights (rows,) of a fit, None where all count alike."""

    x: Floats
    y: Codes
    weights: Floats | None = None


@dataclass(frozen=True)
class Trees:
    """A size of boosting: at most so many rounds of trees with so many leaves, and how much each round adds."""

    rounds: int
    leaves: int
    rate: float


def train_prior(train: pd.Series, test_rows: int, classes: Sequence[Any]) -> Trained:
    """Predict every row by the genres' shares in the training rows: what knowing nothing is worth."""
    shares = train.value_counts(normalize=True).reindex(list(classes)).to_numpy()
    return Trained(np.tile(shares.astype(np.float32), (test_rows, 1)), len(classes) - 1, 0.0, "shares of the genres")


def train_discriminant(train: Rows, test_x: Floats) -> Trained:
    """Fit linear discriminant analysis (scikit-learn) on the linear model's columns."""
    start = time.perf_counter()
    model = LinearDiscriminantAnalysis(solver="lsqr").fit(train.x, train.y)
    prob = model.predict_proba(test_x).astype(np.float32)
    classes, columns = len(model.classes_), train.x.shape[1]
    parameters = classes * columns + columns * (columns + 1) // 2
    return Trained(prob, parameters, time.perf_counter() - start, "pooled covariance")


def train_boosting(train: Rows, valid: Rows, test_x: Floats, sizes: Sequence[Trees], seed: int) -> Trained:
    """Fit gradient boosting of trees (LightGBM), as large as `valid` likes it best.

    Like the manners of the GLMs, its size, of those given, and its rounds are chosen on the artists held out for
    choosing, whose rows count alike there; then it is fitted anew to both, each with its weights.
    """
    import lightgbm

    start = time.perf_counter()
    classes = int(max(train.y.max(), valid.y.max())) + 1
    learning, both = (
        lightgbm.Dataset(rows.x, rows.y, weight=rows.weights, free_raw_data=False)
        for rows in (train, _joined(train, valid))
    )
    watched = lightgbm.Dataset(valid.x, valid.y, reference=learning, free_raw_data=False)
    best: tuple[float, Trees, int] | None = None
    for size in sizes:
        trial = lightgbm.train(
            _settings(size, classes, seed),
            learning,
            num_boost_round=size.rounds,
            valid_sets=[watched],
            callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
        )
        loss = trial.best_score["valid_0"]["multi_logloss"]
        if best is None or loss < best[0]:
            best = (loss, size, trial.best_iteration)
    assert best is not None
    _, size, rounds = best
    booster = lightgbm.train(_settings(size, classes, seed), both, num_boost_round=rounds)
    prob = np.asarray(booster.predict(test_x), dtype=np.float32)
    detail = f"LightGBM, {rounds} of at most {size.rounds} rounds of {size.leaves} leaves, rate {size.rate:g}"
    return Trained(prob, rounds * classes * size.leaves, time.perf_counter() - start, detail)


def _joined(first: Rows, second: Rows) -> Rows:
    """Return the rows of both; the weights of each have mean one, so they go on side by side."""
    weights = None
    if first.weights is not None and second.weights is not None:
        weights = np.concatenate([first.weights, second.weights])
    return Rows(np.concatenate([first.x, second.x]), np.concatenate([first.y, second.y]), weights)


def _settings(size: Trees, classes: int, seed: int) -> dict[str, Any]:
    return {
        "objective": "multiclass",
        "metric": "multi_logloss",
        "num_class": classes,
        "num_leaves": size.leaves,
        "learning_rate": size.rate,
        "min_data_in_leaf": 20,
        # A class of one in a hundred has little curvature: without a penalty its leaves explode.
        "lambda_l2": 1.0,
        "max_bin": 63,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": thread_count(),
        "verbosity": -1,
    }
