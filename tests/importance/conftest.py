"""Rows and fits that the tests of importance share."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    return tracks(rows=300, genres=4)


@pytest.fixture(scope="session")
def noisy() -> pd.DataFrame:
    """Energy tells, noise does not."""
    frame = tracks(rows=900, genres=3, seed=2, strength=1.5, artists=120)
    return frame.assign(noise=np.random.default_rng(0).normal(size=900))


@pytest.fixture(scope="session")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


@pytest.fixture(scope="session")
def separated_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["genre"] != "blues") | (rows["key"] != "D")].reset_index(drop=True)


@pytest.fixture(scope="session")
def separated(separated_rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, separated_rows, penalty=gg.CellPrior())
