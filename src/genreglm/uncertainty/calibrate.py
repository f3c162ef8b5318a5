"""Calibration: probabilities corrected on rows that the fit has not seen, so that they can be taken at their word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from genreglm.errors import DataError, OptionError
from genreglm.evaluation.families import class_codes
from genreglm.inputs import Column, row_weights
from genreglm.notebook import Shown
from genreglm.options import CalibrationMethod, check_choice

Floats = NDArray[np.float64]

_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Calibration(Shown):
    """A correction as learnt: q_k proportional to exp(scale_k log p_k + shift_k).

    Attributes
    ----------
    method : "temperature" or "vector"
    classes : those of the probabilities, in order
    scale, shift : (classes,); under "temperature" the scales are all 1 / temperature and the shifts 0
    log_loss_before, log_loss_after : of the rows that it was learnt from, in nats
    """

    method: CalibrationMethod
    classes: tuple[Any, ...]
    scale: Floats
    shift: Floats
    log_loss_before: float
    log_loss_after: float

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        line = (
            f"Calibration by {self.method}, temperature {self.temperature:.3f}: log-loss {self.log_loss_before:.4f} -> "
            f"{self.log_loss_after:.4f}"
        )
        return line, {"Corrections": pd.DataFrame({"class": self.classes, "scale": self.scale, "shift": self.shift})}

    @property
    def temperature(self) -> float:
        """1 / the mean scale: above 1 where the model was too sure of itself."""
        return float(1.0 / self.scale.mean())

    @property
    def one_scale(self) -> float | None:
        """What all logarithms are multiplied by; None where classes differ in it or in their shift."""
        return float(self.scale[0]) if np.ptp(self.scale) == 0.0 and not self.shift.any() else None

    def corrected(self, logs: Floats) -> Floats:
        """Return the logarithms of corrected probabilities, (..., classes), from those of a model's own."""
        return np.asarray(log_softmax(logs * self.scale + self.shift, axis=-1))

    def apply(self, prob: pd.DataFrame) -> pd.DataFrame:
        """Return corrected probabilities (rows, classes) of a table like `Result.predict` returns.

        Raises
        ------
        DataError
            Where its columns are not the classes that were learnt.
        """
        if list(prob.columns) != list(self.classes):
            raise DataError(
                f"The probabilities have {len(prob.columns)} columns that are not the {len(self.classes)} classes the "
                "calibration was learnt from, in their order. Predict with the same model."
            )
        corrected = np.exp(self.corrected(_logs(prob)))
        return pd.DataFrame(corrected, index=prob.index, columns=prob.columns)


def calibrate(
    prob: pd.DataFrame,
    truth: Sequence[Any] | pd.Series,
    *,
    method: CalibrationMethod = "temperature",
    weights: Column | None = None,
    prior_rows: float = 1000.0,
) -> Calibration:
    r"""Learn what to do to a model's probabilities so that they can be taken at their word.

        temperature: q_k = p_k^(1/T) / sum_l p_l^(1/T)
        vector:      q_k = exp(a_k log p_k + b_k) / sum_l exp(a_l log p_l + b_l)

    with T, or a and b, at the lowest mean log-loss of the rows given. These must be rows of groups (artists) that the
    fit has not seen: on its own rows a model is always too sure of itself, and correct by construction. The first never
    changes which class comes first. The second has two numbers a class, so it adds

        (prior_rows / 2 n) sum_k [(a_k - 1)^2 + b_k^2],

    which keeps a class of few rows as the model has it. Where a class's rows are of few artists it learns these, and a
    temperature does better.

    Parameters
    ----------
    prob : (rows, classes) as `Result.predict` returns them
    truth : (rows,) the true classes
    weights : (rows,) how much each row counts, such as `gg.group_weights`
    prior_rows : of "vector" only

    Sources: Guo, Pleiss, Sun and Weinberger (2017), On Calibration of Modern Neural Networks, ICML, section 4.2;
    Platt (1999).

    Raises
    ------
    DataError
        For a true class that is not among the columns, or weights that cannot be used.
    OptionError
        For an unknown method, or prior_rows that is not positive.
    """
    check_choice("method", method, CalibrationMethod)
    if not (np.isfinite(prior_rows) and prior_rows > 0):
        raise OptionError(f"prior_rows={prior_rows!r} must be finite and above 0.")
    codes = class_codes(list(prob.columns), truth, len(prob))
    w = row_weights(weights, prob)
    w = w / w.sum()
    logs, classes = _logs(prob), len(prob.columns)

    def loss(scale: Floats, shift: Floats) -> tuple[float, Floats, Floats]:
        """Return the mean log-loss and its derivatives by scale and shift."""
        found = log_softmax(logs * scale + shift, axis=1)
        residual = np.exp(found)
        residual[np.arange(len(codes)), codes] -= 1.0
        residual *= w[:, None]
        value = -float(w @ found[np.arange(len(codes)), codes])
        return value, np.einsum("ik,ik->k", residual, logs), residual.sum(axis=0)

    one, zero = np.ones(classes), np.zeros(classes)
    before = loss(one, zero)[0]

    def temperature(theta: Floats) -> tuple[float, Floats]:
        value, by_scale, _ = loss(np.exp(theta) * one, zero)
        return value, np.exp(theta) * by_scale.sum()

    def vector(theta: Floats) -> tuple[float, Floats]:
        scale, shift = theta.reshape(2, classes)
        value, by_scale, by_shift = loss(scale, shift)
        prior = prior_rows / len(codes)
        value += 0.5 * prior * float(((scale - 1.0) ** 2).sum() + (shift**2).sum())
        return value, np.concatenate([by_scale + prior * (scale - 1.0), by_shift + prior * shift])

    if method == "temperature":
        scale, shift = np.exp(_lowest(temperature, np.zeros(1))) * one, zero
    else:
        scale, shift = _lowest(vector, np.concatenate([one, zero])).reshape(2, classes)
    return Calibration(method, tuple(prob.columns), scale, shift, before, loss(scale, shift)[0])


def _lowest(function: Callable[[Floats], tuple[float, Floats]], start: Floats) -> Floats:
    """Return where a smooth function, given with its gradient, is lowest."""
    from scipy.optimize import minimize

    found: Any = minimize(
        function, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000}
    )
    return np.asarray(found.x, dtype=np.float64)


def _logs(prob: pd.DataFrame) -> Floats:
    return np.asarray(np.log(np.maximum(prob.to_numpy(dtype=np.float64), _TINY)))
