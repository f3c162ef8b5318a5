"""`hinges(x)` in formulas: piecewise linear, centred, scaled, frozen."""

import json

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.designs import Design
from genreglm.errors import FormulaError


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame({"x": rng.normal(size=300), "z": rng.uniform(size=300), "g": rng.choice(list("ab"), 300)})


@pytest.mark.parametrize("term", ["hinges(x, df=0)", "hinges(x, df=-2)", "hinges(x, knots=[1.0, 1e999])"])
def test_what_makes_no_columns_is_refused(rows: pd.DataFrame, term: str) -> None:
    with pytest.raises(FormulaError, match="df counts columns"):
        gg.design(f"g ~ {term}", rows)


def test_columns_are_the_line_and_its_bends(rows: pd.DataFrame) -> None:
    learnt = gg.design("g ~ hinges(x)", rows)
    found = learnt.matrix(rows)[:, 1:]
    knots = np.quantile(rows["x"], [1 / 3, 2 / 3])
    raw = np.column_stack([rows["x"], *(np.maximum(rows["x"] - knot, 0.0) for knot in knots)])
    np.testing.assert_allclose(found, (raw - raw.mean(axis=0)) / raw.std(axis=0), atol=1e-12)
    assert list(learnt.columns[1:]) == ["hinges(x)[0]", "hinges(x)[1]", "hinges(x)[2]"]


def test_new_rows_meet_the_knots_that_were_learnt(rows: pd.DataFrame) -> None:
    learnt = gg.design("g ~ hinges(x):hinges(z, df=2)", rows)
    assert len(learnt.columns) == 1 + 3 * 2
    whole = learnt.matrix(rows)
    np.testing.assert_array_equal(learnt.matrix(rows.iloc[:7]), whole[:7])
    stored = Design.from_dict(json.loads(json.dumps(learnt.to_dict())))
    np.testing.assert_array_equal(stored.matrix(rows), whole)


def test_beyond_the_last_knot_it_is_a_line(rows: pd.DataFrame) -> None:
    learnt = gg.design("g ~ hinges(x)", rows)
    far = learnt.matrix(pd.DataFrame({"x": [10.0, 20.0, 30.0], "g": "a"}))
    np.testing.assert_allclose(far[1] - far[0], far[2] - far[1])


def test_given_knots_and_those_that_no_row_lies_beyond(rows: pd.DataFrame) -> None:
    assert len(gg.design("g ~ hinges(x, knots=[0.0, 99.0])", rows).columns) == 1 + 2
    lump = rows.assign(x=np.where(rows["x"] < 1.0, 0.0, rows["x"]))
    assert len(gg.design("g ~ hinges(x, df=4)", lump).columns) == 1 + 1
