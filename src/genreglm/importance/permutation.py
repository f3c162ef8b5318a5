"""Permutation importance: what a model's scores lose when one variable is shuffled among the rows."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn import inspection

from genreglm.designs import Design
from genreglm.errors import DataError
from genreglm.evaluation import row_losses
from genreglm.result import Result
from genreglm.result.rows import problem_of
from genreglm.sources import Source, read_rows


def permutation_importance(
    result: Result, rows: Source | None = None, *, repeats: int = 5, seed: int = 0
) -> pd.DataFrame:
    """Return variable, increase, sd, decrease, decrease_sd; the largest increase of the log-loss first.

    Each column of the table that the formula reads is shuffled `repeats` times, by scikit-learn's
    `permutation_importance`; all terms that it enters, splines and interactions, move with it. `increase` is the mean
    rise of the log-loss (nats a row), `decrease` the mean fall of the accuracy, `sd` and `decrease_sd` their standard
    deviations over the shuffles.

    The model is not fitted anew. So variables that say the same share the weight that the fit gave them, and a
    shuffled row may be one that no track could be: of two correlated variables neither can be had without the
    other. `drop_one` asks what the others cannot replace.

    Parameters
    ----------
    rows : rows with the response, best such as the model has not seen; None for those of the fit, with their weights,
        which count in the scores

    Raises
    ------
    DataError, FormulaError
        For rows that the design cannot use, for a loaded result without `rows`, and for the rows of a fit with an
        offset or soft labels, given or not.

    Sources: Breiman (2001), Machine Learning 45:5; Hooker, Mentch and Zhou (2021), Statistics and Computing 31:82, on
    what shuffling correlated variables does.
    """
    problem = problem_of(result, rows)
    if problem.offset is not None or problem.y.ndim == 2:
        raise DataError(
            "These are the rows of the fit, and it had an offset or soft labels, which no shuffled row has. Pass "
            "other rows that have the response, best such as the model has not seen."
        )
    frame = result.require_rows(None if rows is None else read_rows(rows))
    variables = result.design.variables
    if not variables:
        return pd.DataFrame(columns=_COLUMNS)
    found = inspection.permutation_importance(
        _Fitted(result, frame[variables]),
        frame[variables],
        problem.y,
        scoring=_scores,
        n_repeats=repeats,
        random_state=seed,
        sample_weight=problem.w,
    )
    loss, accuracy = found["neg_log_loss"], found["accuracy"]
    measures = (loss.importances_mean, loss.importances_std, accuracy.importances_mean, accuracy.importances_std)
    table = pd.DataFrame(dict(zip(_COLUMNS, (variables, *measures), strict=True)))
    return table.sort_values("increase", ascending=False, kind="stable", ignore_index=True)


_COLUMNS = ["variable", "increase", "sd", "decrease", "decrease_sd"]


class _Fitted:
    """A result as a fitted classifier of scikit-learn: frames of variables in, probabilities of class codes out.

    Of a frame that differs from `base` in one variable, only the columns that read that variable are made anew.
    """

    def __init__(self, result: Result, base: pd.DataFrame) -> None:
        self._result, self._base = result, base
        self._eta = result.predict(base, "linear").to_numpy()
        self._last: tuple[str, Design, NDArray[np.float64], NDArray[np.float64]] | None = None

    def fit(self, x: pd.DataFrame, y: NDArray[np.int64]) -> Self:
        """Return it as it is: scikit-learn takes nothing without this method, and never calls it on a fitted one."""
        return self

    def predict_proba(self, x: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities, (rows, classes)."""
        moved = [
            str(name) for name in self._base if not np.array_equal(x[name].to_numpy(), self._base[name].to_numpy())
        ]
        if len(moved) > 1:
            return np.asarray(self._result.predict(x).to_numpy())
        eta = self._eta + self._change(moved[0], x) if moved else self._eta
        return np.asarray(np.exp(log_softmax(eta, axis=1)))

    def _change(self, variable: str, x: pd.DataFrame) -> NDArray[np.float64]:
        """Return what another `variable` adds to the linear predictors of the base."""
        if self._last is None or self._last[0] != variable:
            part = self._result.design.reading(variable, self._base)
            places = [self._result.design.columns.index(name) for name in part.columns]
            coefficients = self._result.coefficients[places]
            self._last = variable, part, coefficients, part.matrix(self._base) @ coefficients
        _, part, coefficients, before = self._last
        return np.asarray(part.matrix(x) @ coefficients - before)


def _scores(
    model: _Fitted, x: pd.DataFrame, y: NDArray[np.int64], sample_weight: NDArray[np.float64]
) -> dict[str, Any]:
    """Return scikit-learn's scores of these names from one prediction; its own scorers would need two."""
    prob = model.predict_proba(x)
    return {
        "neg_log_loss": -np.average(row_losses(prob, y), weights=sample_weight),
        "accuracy": np.average(prob.argmax(axis=1) == y, weights=sample_weight),
    }
