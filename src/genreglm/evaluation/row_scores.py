"""What each row adds to a score, so that rows can be weighted and groups of them drawn again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class RowScores:
    """Rows under a model, by what their scores are made of.

    Attributes
    ----------
    values : for each score that is a mean over rows (log_loss, top_1, top_3, top_5, brier), its values (rows,)
    truth, best : (rows,) codes of the true and the most probable class
    classes : how many the model has
    confidence, bins : (rows,) the top probability, and its bin of fifteen with equal numbers of rows
    """

    values: Mapping[str, Floats]
    truth: Integers
    best: Integers
    classes: int
    confidence: Floats
    bins: Integers

    @classmethod
    def of(cls, prob: NDArray[Any], truth: Integers) -> "RowScores":
        """Take them from probabilities (rows, classes) and true classes (rows,)."""
        rows = np.arange(len(truth))
        of_truth = prob[rows, truth].astype(float)
        rank = (prob > of_truth[:, None]).sum(axis=1)
        best = prob.argmax(axis=1)
        values = {
            "log_loss": row_losses(prob, truth),
            "top_1": (best == truth).astype(float),
            "top_3": (rank < 3).astype(float),
            "top_5": (rank < 5).astype(float),
            "brier": np.einsum("ik,ik->i", prob, prob, dtype=float) - 2.0 * of_truth + 1.0,
        }
        confidence = prob.max(axis=1).astype(float)
        return cls(values, truth, best, prob.shape[1], confidence, bin_numbers(confidence))

    @classmethod
    def joined(cls, parts: Sequence["RowScores"]) -> "RowScores":
        """Return those of the rows of all parts together."""
        confidence = np.concatenate([part.confidence for part in parts])
        values = {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values}
        truth, best = (np.concatenate([getattr(part, name) for part in parts]) for name in ("truth", "best"))
        return cls(values, truth, best, parts[0].classes, confidence, bin_numbers(confidence))

    def score(self, metric: str, weights: Floats) -> float:
        """Return one of log_loss, top_1, top_3, top_5, brier, macro_f1 and ece, rows counting by `weights` (rows,)."""
        if metric == "macro_f1":
            return self._macro_f1(weights)
        if metric == "ece":
            return calibration_error(self.confidence, self.values["top_1"], self.bins, weights)
        return float(weights @ self.values[metric] / weights.sum())

    def _macro_f1(self, weights: Floats) -> float:
        right = np.bincount(self.truth, weights * self.values["top_1"], self.classes)
        called = np.bincount(self.truth, weights, self.classes) + np.bincount(self.best, weights, self.classes)
        return float(np.mean(2.0 * right / np.where(called > 0.0, called, 1.0)))


def row_losses(prob: NDArray[Any], truth: Integers) -> Floats:
    """Return -log p_truth of each row in nats, (rows,); finite where an impossible class came true."""
    return np.asarray(-np.log(np.maximum(prob[np.arange(len(truth)), truth].astype(float), _TINY)))


def calibration_error(confidence: Floats, right: Floats, bins: Integers, weights: Floats) -> float:
    """Return the mean over rows of |mean confidence - share right| of their bin; all are (rows,)."""
    return float(np.abs(np.bincount(bins, weights * (confidence - right))).sum() / weights.sum())


def bin_numbers(confidence: Floats) -> Integers:
    """Return the number of each row's bin, (rows,); see `calibration_bins`."""
    bins = np.empty(len(confidence), dtype=np.int64)
    for number, part in enumerate(calibration_bins(confidence)):
        bins[part] = number
    return bins


def calibration_bins(confidence: Floats, bins: int = 15) -> list[Integers]:
    """Return the positions of the rows in each bin, as many in one as in another, the least confident first."""
    order = np.argsort(confidence, kind="stable")
    return [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
