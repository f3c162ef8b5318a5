"""Effects by brute force: predictions on changed rows, and their derivatives by differences of the coefficients."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

import genreglm as gg


def mean_probabilities(result: gg.Result, rows: pd.DataFrame, weights: Any = None, **values: Any) -> np.ndarray:
    """The mean prediction with columns set to values."""
    return np.average(result.predict(rows.assign(**values)), axis=0, weights=weights)


def mean_slopes(
    result: gg.Result, rows: pd.DataFrame, variable: str, step: float = 1e-4, weights: Any = None
) -> np.ndarray:
    """The mean central difference of predictions, of fourth order."""
    near, far = (
        mean_probabilities(result, rows, weights, **{variable: rows[variable] + size})
        - mean_probabilities(result, rows, weights, **{variable: rows[variable] - size})
        for size in (step, 2.0 * step)
    )
    return (8.0 * near - far) / (12.0 * step)


def standard_errors(result: gg.Result, effect: Callable[[gg.Result], np.ndarray]) -> np.ndarray:
    """The delta method, the effect's derivative by central differences of each coefficient."""
    inference = result.require_inference()
    columns, classes = result.coefficients.shape
    jacobian = []
    for label in range(classes - 1):
        for column in range(columns):
            step = np.zeros((columns, classes))
            step[column, label] = 1e-5
            ends = [replace(result, coefficients=result.coefficients + sign * step) for sign in (1, -1)]
            jacobian.append((effect(ends[0]) - effect(ends[1])) / 2e-5)
    return np.sqrt(np.einsum("mj,mn,nj->j", jacobian, inference.covariance, jacobian))


def of(table: pd.DataFrame, variable: str, contrast: str = "dY/dX") -> pd.DataFrame:
    """The rows of one effect, a row a class."""
    return table[(table["variable"] == variable) & (table["contrast"] == contrast)]
