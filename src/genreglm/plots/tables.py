"""Small questions that the figures ask of their tables."""

from __future__ import annotations

import numpy as np
import pandas as pd


def wide(table: pd.DataFrame, rows: str | list[str], columns: str, values: str) -> pd.DataFrame:
    """The tidy table as a float matrix; a pair that occurs twice is an error, never an average."""
    return table.pivot(index=rows, columns=columns, values=values).astype(float)  # noqa: PD010


def largest(table: pd.DataFrame, column: str) -> pd.Series:
    """The first row with the largest value of the column."""
    return table.iloc[int(np.nanargmax(table[column].to_numpy(dtype=float)))]


def smallest(table: pd.DataFrame, column: str) -> pd.Series:
    """The first row with the smallest value of the column."""
    return table.iloc[int(np.nanargmin(table[column].to_numpy(dtype=float)))]
