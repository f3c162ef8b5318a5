"""What the parity tests share: R's problems and tables as read here, and how numbers are compared.

A coefficient's error is measured against the larger of itself and its standard error, so that one that happens to
be near zero is not asked for digits that the data do not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import genreglm as gg

HERE = Path(__file__).parent
COEFFICIENT = 1e-8
STANDARD_ERROR = 1e-6
LIKELIHOOD = 1e-10
STATISTIC = 2e-6  # twice a standard error's, for a statistic is quadratic in it
LOG10_P = 1e-5


def names_with(suffix: str) -> list[str]:
    return sorted(path.name.removesuffix(f"_{suffix}.csv") for path in HERE.glob(f"*_{suffix}.csv"))


NAMES = names_with("fit")


def read(name: str) -> pd.DataFrame:
    """Read a CSV here; no word in it stands for a missing value."""
    return pd.read_csv(HERE / f"{name}.csv", keep_default_na=False)


@dataclass(frozen=True)
class Problem:
    """A data set, the model R fitted to it, and what R found."""

    name: str
    rows: pd.DataFrame
    formula: str
    weights: str | None
    clusters: str | None
    expected: pd.Series

    def fit(self, formula: str | None = None, **options: Any) -> gg.Result:
        return gg.fit(formula or self.formula, self.rows, weights=self.weights, **options)

    @property
    def frequencies(self) -> pd.Series:
        return self.rows[self.weights] if self.weights else pd.Series(1.0, index=self.rows.index)

    @property
    def terms(self) -> list[str]:
        return self.formula.split(" ~ ")[1].split(" + ")

    def without(self, dropped: list[str]) -> str:
        kept = [term for term in self.terms if term not in dropped]
        return f"{self.formula.split(' ~ ')[0]} ~ {' + '.join(kept) or '1'}"


@cache
def problem(name: str) -> Problem:
    expected = read(f"{name}_fit").iloc[0]
    return Problem(
        name=name,
        rows=read(name),
        formula=expected["formula"],
        weights=expected["weights"] or None,
        clusters=expected["clusters"] or None,
        expected=expected,
    )


@cache
def fitted(name: str) -> gg.Result:
    return problem(name).fit()


def matched(found: pd.DataFrame, expected: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Both tables side by side (`_r` marks R's columns); each row of either must be in the other."""
    both = found.merge(expected, on=keys, how="outer", suffixes=("", "_r"), validate="1:1", indicator=True)
    strangers = both.loc[both["_merge"] != "both", [*keys, "_merge"]]
    assert strangers.empty, f"rows of one table that the other lacks:\n{strangers}"
    return both


def assert_within(
    found: pd.Series, expected: pd.Series, scale: npt.ArrayLike, tolerance: float, labels: pd.DataFrame
) -> None:
    error = np.abs(found.to_numpy(float) - expected.to_numpy(float)) / np.asarray(scale, dtype=float)
    worst = int(np.argmax(error))  # argmax finds a NaN first
    where = " / ".join(str(label) for label in labels.iloc[worst])
    assert error[worst] <= tolerance, (
        f"{where}: {found.iloc[worst]!r} here, {expected.iloc[worst]!r} in R, error {error[worst]:.2e}"
    )


def assert_tails(found: pd.Series, expected: pd.Series, labels: pd.DataFrame, tolerance: float = LOG10_P) -> None:
    """Compare log10 of p-values."""
    scale = np.maximum(expected.astype(float).abs(), 1.0)
    assert_within(found, expected, scale, tolerance, labels)
