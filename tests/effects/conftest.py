"""Fits that the tests of effects share."""

import pandas as pd
import pytest

import genreglm as gg
from simulated import tracks

FORMULA = "genre ~ cr(energy, df=3, constraints='center') + valence * C(key) + live"


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    frame = tracks(rows=300)
    return frame.assign(live=frame.index % 5 == 0, year=1950 + frame.index % 71)


@pytest.fixture(scope="session")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


@pytest.fixture(scope="session")
def separated_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["genre"] != "blues") | (rows["key"] != "D")].reset_index(drop=True)


@pytest.fixture(scope="session")
def separated(separated_rows: pd.DataFrame) -> gg.Result:
    return gg.fit("genre ~ energy + C(key)", separated_rows, penalty=gg.CellPrior())
