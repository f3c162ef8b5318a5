"""Scores row by row, against one class or shares of several: what means, intervals and differences are made of."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError
from genreglm.evaluation.row_scores import RowScores

Floats = NDArray[Any]
_GUESSES = (1, 3, 5)
_TINY = np.finfo(float).tiny
# Shares are given by counting; what does not sum to one within this is no share.
_ROUNDING = 1e-6


def row_scores(prob: Floats, truth: NDArray[np.int64], memberships: NDArray[np.bool_] | None = None) -> pd.DataFrame:
    """Return log_loss, top_1, top_3, top_5, brier and, with `memberships`, any_label of each row; see `scores`.

    Parameters
    ----------
    prob : (rows, classes)
    truth : (rows,) class codes
    memberships : (rows, classes), True for every label that a track carries
    """
    found = RowScores.of(prob, truth)
    table = pd.DataFrame(dict(found.values))
    if memberships is None:
        return table
    return table.assign(any_label=memberships[np.arange(len(truth)), found.best].astype(float))


def share_scores(prob: Floats, shares: Floats) -> pd.DataFrame:
    """Return log_loss, top_1, top_3, top_5, any_1, any_3, any_5, ceiling of each row with shares t of several classes.

    log_loss is the expected one, -sum_k t_k log p_k (nats); top_k the share of the labels that are among the k most
    probable classes; any_k whether any label is; ceiling the largest share, which no single answer can exceed. So the
    means of the first four, weighted by a track's rows, are those of the rows scored one by one.

    Parameters
    ----------
    prob, shares : (rows, classes) each, every row of `shares` with sum 1

    Raises
    ------
    DataError
        Where the shapes differ or a row of shares is negative or has another sum.
    """
    if prob.shape != shares.shape:
        raise DataError(f"Probabilities are {prob.shape} and shares {shares.shape}; they must be alike.")
    if (shares < 0).any() or not np.allclose(shares.sum(axis=1), 1.0, rtol=0.0, atol=_ROUNDING):
        raise DataError("Each row of shares must be >= 0 and sum to one; gg.label_shares makes them.")
    logs = np.log(np.maximum(prob.astype(float), _TINY))
    # The best classes first, of equal ones that with the lowest code, as argmax takes it.
    order = np.argsort(-prob, axis=1, kind="stable")[:, : max(_GUESSES)]
    told = np.take_along_axis(shares, order, axis=1)
    table = {"log_loss": -np.einsum("ik,ik->i", shares, logs)}
    table |= {f"top_{k}": told[:, :k].sum(axis=1) for k in _GUESSES}
    table |= {f"any_{k}": (told[:, :k] > 0).any(axis=1).astype(float) for k in _GUESSES}
    return pd.DataFrame({**table, "ceiling": shares.max(axis=1)})
