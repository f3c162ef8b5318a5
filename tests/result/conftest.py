"""Fits that the tests of tables, text and files share."""

import pandas as pd
import pytest

import genreglm as gg
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    return tracks()


@pytest.fixture(scope="session")
def separated_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["genre"] != "blues") | (rows["key"] != "D")].reset_index(drop=True)


@pytest.fixture(scope="session")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


@pytest.fixture(scope="session")
def clustered(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows, covariance="clustered", clusters="artist")


@pytest.fixture(scope="session")
def separated(separated_rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, separated_rows, penalty=gg.CellPrior())


@pytest.fixture(scope="session")
def ridge(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows, penalty=gg.Ridge(0.01, factors={"C(key)": 2.0}))
