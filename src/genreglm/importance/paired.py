"""Models scored on the same held-out rows: mean differences, with standard errors by group."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.importance.tables import class_table

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """Held-out rows under the whole model, which comes first, and those without one term each.

    Attributes
    ----------
    losses : (rows, 1 + terms), -log p of the true class
    hits : (rows, 1 + terms), 1 where the most probable class is the true one
    weights, groups, truth : (rows,); groups and true classes as codes
    """

    losses: Floats
    hits: Floats
    weights: Floats
    groups: Integers
    truth: Integers

    @classmethod
    def joined(cls, parts: Sequence["Held"]) -> "Held":
        """Return the rows of several splits together."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @property
    def lost(self) -> Floats:
        """What each row's loss grows by without each term, (rows, terms)."""
        return self.losses[:, 1:] - self.losses[:, :1]


def by_term(held: Held, terms: Sequence[str], parameters: Sequence[int]) -> pd.DataFrame:
    """Return term, df, log_loss, increase, std_error, top_1, decrease, decrease_std_error."""
    increase, std_error = grouped_mean(held.lost, held.weights, held.groups)
    decrease, decrease_std_error = grouped_mean(held.hits[:, :1] - held.hits[:, 1:], held.weights, held.groups)
    return pd.DataFrame(
        {
            "term": list(terms),
            "df": list(parameters),
            "log_loss": np.average(held.losses[:, 1:], axis=0, weights=held.weights),
            "increase": increase,
            "std_error": std_error,
            "top_1": np.average(held.hits[:, 1:], axis=0, weights=held.weights),
            "decrease": decrease,
            "decrease_std_error": decrease_std_error,
        }
    )


def by_class(held: Held, terms: Sequence[str], classes: Sequence[Any]) -> pd.DataFrame:
    """Return class, term, rows, gain, std_error: the mean of what is lost over the rows of each class."""
    lost = held.lost
    gain, std_error, rows = np.empty((3, len(terms), len(classes)))
    for code in range(len(classes)):
        own = held.truth == code
        rows[:, code] = held.weights[own].sum()
        gain[:, code], std_error[:, code] = grouped_mean(lost[own], held.weights[own], held.groups[own])
    return class_table(classes, terms, {"rows": rows, "gain": gain, "std_error": std_error})


def grouped_mean(values: Floats, weights: Floats, groups: Integers) -> tuple[Floats, Floats]:
    """Return the weighted means of columns and their standard errors where rows of a group depend on each other.

    With e_g = sum_i w_i (v_i - mean) over the rows of group g, G groups: sqrt(G / (G - 1) sum_g e_g^2) / sum_i w_i.
    NaN for the mean of no rows, and for the standard error of fewer than two groups.
    """
    total, width = weights.sum(), values.shape[1]
    if total == 0:
        return np.full(width, np.nan), np.full(width, np.nan)
    mean = weights @ values / total
    code, names = pd.factorize(groups[weights > 0])
    if len(names) < 2:
        return mean, np.full(width, np.nan)
    sums = np.zeros((len(names), width))
    np.add.at(sums, code, (weights[:, None] * (values - mean))[weights > 0])
    return mean, np.sqrt(len(names) / (len(names) - 1) * np.square(sums).sum(axis=0)) / total
