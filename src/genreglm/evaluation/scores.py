"""Scores of predicted probabilities against the truth."""

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.evaluation.row_scores import RowScores, calibration_bins
from genreglm.options import Metric

Floats = NDArray[Any]
Integers = NDArray[np.int64]


def scores(prob: Floats, truth: Integers, memberships: NDArray[np.bool_] | None = None) -> dict[str, float]:
    """Return log_loss, top_1, top_3, top_5, any_label, macro_f1, brier and ece.

    Parameters
    ----------
    prob : (rows, classes)
    truth : (rows,) class codes
    memberships : (rows, classes), True for every label that a track carries; `any_label` counts a most
        probable class among them as right. NaN without it.

    log_loss is the mean of -log p_truth (nats), brier the mean squared distance to the one-hot truth (0 to 2),
    ece the mean gap between top probability and accuracy over 15 bins of equal mass.
    """
    found = RowScores.of(prob, truth)
    any_label = float("nan") if memberships is None else float(memberships[np.arange(len(truth)), found.best].mean())
    return {"any_label": any_label, **all_scores(found)}


def all_scores(found: RowScores) -> dict[str, float]:
    """Return every score, all rows alike."""
    once = np.ones(len(found.truth))
    return {metric: found.score(metric, once) for metric in get_args(Metric)}


def calibration_table(prob: Floats, truth: Integers, bins: int = 15) -> pd.DataFrame:
    """Return bin, confidence, accuracy, count of the top label in bins of equal mass."""
    confidence, hit = prob.max(axis=1).astype(float), prob.argmax(axis=1) == truth
    parts = calibration_bins(confidence, bins)
    return pd.DataFrame(
        {
            "bin": np.arange(len(parts)),
            "confidence": [confidence[part].mean() for part in parts],
            "accuracy": [hit[part].mean() for part in parts],
            "count": [len(part) for part in parts],
        }
    )


def report_table(prob: Floats, truth: Integers, classes: Sequence[Any]) -> pd.DataFrame:
    """Return genre, precision, recall, f1, support; zero where a class is never predicted."""
    from sklearn.metrics import precision_recall_fscore_support

    precision, recall, f1, support = precision_recall_fscore_support(
        truth, prob.argmax(axis=1), labels=np.arange(len(classes)), zero_division=0.0
    )
    return pd.DataFrame(
        {"genre": list(classes), "precision": precision, "recall": recall, "f1": f1, "support": support}
    )


def confusion_table(prob: Floats, truth: Integers, classes: Sequence[Any]) -> pd.DataFrame:
    """Return counts with the true class in the index ("genre") and the predicted one in the columns."""
    from sklearn.metrics import confusion_matrix

    counts = confusion_matrix(truth, prob.argmax(axis=1), labels=np.arange(len(classes)))
    return pd.DataFrame(counts, index=pd.Index(list(classes), name="genre"), columns=list(classes))


def worst_confusions(confusion: pd.DataFrame, most: int = 20) -> pd.DataFrame:
    """Return true, predicted, count, rate (of the true class's rows) of the most frequent mistakes."""
    counts = confusion.to_numpy().astype(float)
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    rates = counts / totals
    np.fill_diagonal(rates, -1.0)
    true, predicted = np.unravel_index(np.argsort(-rates, axis=None, kind="stable")[:most], rates.shape)
    table = pd.DataFrame(
        {
            "true": confusion.index.to_numpy()[true],
            "predicted": confusion.columns.to_numpy()[predicted],
            "count": counts[true, predicted].astype(int),
            "rate": rates[true, predicted],
        }
    )
    return table[table["rate"] > 0].reset_index(drop=True)
