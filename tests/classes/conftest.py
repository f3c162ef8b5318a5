"""Fits that the tests of distances, trees, maps and typical rows share."""

from pathlib import Path

import pandas as pd
import pytest

import genreglm as gg
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    return tracks(400, genres=5)


@pytest.fixture(scope="session")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


@pytest.fixture(scope="session")
def ridge(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows, penalty=gg.Ridge(0.01))


@pytest.fixture(scope="session")
def separated(rows: pd.DataFrame) -> gg.Result:
    left = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    return gg.fit(FORMULA, left, penalty=gg.CellPrior())


@pytest.fixture(scope="session")
def loaded(result: gg.Result, tmp_path_factory: pytest.TempPathFactory) -> gg.Result:
    path: Path = tmp_path_factory.mktemp("model") / "model"
    return gg.load(result.save(path, covariance=True))
