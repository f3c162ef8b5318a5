"""Scores of predicted probabilities against the truth."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

Floats = NDArray[Any]
Integers = NDArray[np.int64]
_TINY = np.finfo(float).tiny


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
    rows = np.arange(len(truth))
    of_truth = prob[rows, truth].astype(float)
    rank = (prob > of_truth[:, None]).sum(axis=1)
    best = prob.argmax(axis=1)
    squares = np.einsum("ik,ik->i", prob, prob, dtype=float)
    bins = calibration_table(prob, truth)
    return {
        "top_1": float((best == truth).mean()),
        "top_3": float((rank < 3).mean()),
        "top_5": float((rank < 5).mean()),
        "any_label": float("nan") if memberships is None else float(memberships[rows, best].mean()),
        "macro_f1": float(f1_score(truth, best, average="macro", labels=np.arange(prob.shape[1]), zero_division=0.0)),
        "log_loss": float(row_losses(prob, truth).mean()),
        "brier": float((squares - 2.0 * of_truth + 1.0).mean()),
        "ece": float(((bins["confidence"] - bins["accuracy"]).abs() * bins["count"]).sum() / bins["count"].sum()),
    }


def row_losses(prob: Floats, truth: Integers) -> NDArray[np.float64]:
    """Return -log p_truth of each row in nats, (rows,); finite where an impossible class came true."""
    return np.asarray(-np.log(np.maximum(prob[np.arange(len(truth)), truth].astype(float), _TINY)))


def calibration_table(prob: Floats, truth: Integers, bins: int = 15) -> pd.DataFrame:
    """Return bin, confidence, accuracy, count of the top label in bins of equal mass."""
    confidence, hit = prob.max(axis=1).astype(float), prob.argmax(axis=1) == truth
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
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
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, prob.argmax(axis=1), labels=np.arange(len(classes)), zero_division=0.0
    )
    return pd.DataFrame(
        {"genre": list(classes), "precision": precision, "recall": recall, "f1": f1, "support": support}
    )


def confusion_table(prob: Floats, truth: Integers, classes: Sequence[Any]) -> pd.DataFrame:
    """Return counts with the true class in the index ("genre") and the predicted one in the columns."""
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
