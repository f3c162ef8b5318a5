"""What the GLMs are measured against: the genres' shares, the linear discriminant, and boosting of trees."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    """A manner of boosting.

    Attributes
    ----------
    rounds, leaves, rate : at most so many rounds of trees with so many leaves, and how much each round adds
    least_rows : rows that a leaf holds at least
    ridge : on a leaf's value. A class of one in a hundred has little curvature: without one its leaves explode
    columns : the share of the columns that each tree may use, drawn anew for each
    """

    rounds: int
    leaves: int
    rate: float
    least_rows: int = 20
    ridge: float = 1.0
    columns: float = 1.0

    def __str__(self) -> str:
        return (
            f"{self.leaves} leaves of at least {self.least_rows} rows, rate {self.rate:g}, ridge {self.ridge:g}, "
            f"{self.columns:.0%} of the columns a tree"
        )


def other_trees(first: Trees) -> list[dict[str, Any]]:
    """Return what a thorough search changes, one after the other: with `first` as many tries as a GLM has."""
    return [
        {"leaves": max(2, first.leaves // 2)},
        {"leaves": 2 * first.leaves},
        {"rate": first.rate / 2, "rounds": 2 * first.rounds},
        {"least_rows": 3 * first.least_rows},
        {"ridge": 5.0 * first.ridge},
        {"ridge": 20.0 * first.ridge},
        {"columns": 0.6 * first.columns},
        {"columns": 0.3 * first.columns},
    ]


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


def train_boosting(
    train: Rows,
    valid: Rows,
    test_x: Floats,
    first: Trees,
    others: Sequence[Mapping[str, Any]] = (),
    *,
    longer: int = 1,
    seed: int = 0,
) -> Trained:
    """Fit gradient boosting of trees (LightGBM) in the manner, and with as many rounds, as `valid` likes it best.

    Like the manners of the GLMs these are chosen on the artists held out for choosing, whose rows count alike there:
    `first`, then each change of the best so far, and the best of them with `longer` times as many rounds. Then it is
    fitted anew to both, each with its weights.
    """
    import lightgbm

    start = time.perf_counter()
    classes = int(max(train.y.max(), valid.y.max())) + 1

    def tried(trees: Trees) -> tuple[float, int]:
        # A dataset takes over some settings of its first use.
        learning = lightgbm.Dataset(train.x, train.y, weight=train.weights)
        watched = lightgbm.Dataset(valid.x, valid.y, reference=learning)
        trial = lightgbm.train(
            _settings(trees, classes, seed),
            learning,
            num_boost_round=trees.rounds,
            valid_sets=[watched],
            callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
        )
        return float(trial.best_score["valid_0"]["multi_logloss"]), trial.best_iteration

    best = first
    loss, rounds = tried(first)
    for change in others:
        trees = replace(best, **change)
        found = tried(trees)
        if found[0] < loss:
            best, (loss, rounds) = trees, found
    if longer > 1:
        best = replace(best, rounds=longer * best.rounds)
        _, rounds = tried(best)
    both = _joined(train, valid)
    booster = lightgbm.train(
        _settings(best, classes, seed),
        lightgbm.Dataset(both.x, both.y, weight=both.weights),
        num_boost_round=rounds,
    )
    prob = np.asarray(booster.predict(test_x), dtype=np.float32)
    detail = f"LightGBM, {rounds} of at most {best.rounds} rounds of {best}"
    return Trained(prob, rounds * classes * best.leaves, time.perf_counter() - start, detail)


def _joined(first: Rows, second: Rows) -> Rows:
    """Return the rows of both; the weights of each have mean one, so they go on side by side."""
    weights = None
    if first.weights is not None and second.weights is not None:
        weights = np.concatenate([first.weights, second.weights])
    return Rows(np.concatenate([first.x, second.x]), np.concatenate([first.y, second.y]), weights)


def _settings(trees: Trees, classes: int, seed: int) -> dict[str, Any]:
    return {
        "objective": "multiclass",
        "metric": "multi_logloss",
        "num_class": classes,
        "num_leaves": trees.leaves,
        "learning_rate": trees.rate,
        "min_data_in_leaf": trees.least_rows,
        "lambda_l2": trees.ridge,
        "feature_fraction": trees.columns,
        "max_bin": 63,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": thread_count(),
        "verbosity": -1,
    }
