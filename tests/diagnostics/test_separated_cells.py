"""Separated cells as a table, before any fit."""

import pandas as pd
import pytest

import genreglm as gg
from simulated import tracks

FORMULA = "genre ~ energy + C(key)"


@pytest.mark.parametrize(
    ("key", "level", "columns"),
    [
        ("D", "C(key)[T.D]", "C(key)[T.D]"),
        ("C", "the base level of C(key)", "C(key)[T.D], C(key)[T.E], (Intercept)"),
    ],
)
def test_cells_are_listed_with_their_columns(key: str, level: str, columns: str) -> None:
    rows = tracks()
    rows = rows[(rows["genre"] != "blues") | (rows["key"] != key)]
    expected = pd.DataFrame([("blues", level, columns)], columns=["class", "level", "columns"])
    pd.testing.assert_frame_equal(gg.separation(FORMULA, rows), expected)
    pd.testing.assert_frame_equal(gg.separation(gg.design(FORMULA, rows), rows), expected)


def test_a_full_table_gives_an_empty_one() -> None:
    table = gg.separation(FORMULA, tracks())
    assert table.empty
    assert table.columns.tolist() == ["class", "level", "columns"]
