"""Separated cells as a table, before any fit."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm import fitting
from genreglm.engine.estimate import Control, estimate
from simulated import tracks

COLUMNS = ["class", "level", "columns", "kind"]
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
    expected = pd.DataFrame([("blues", level, columns, "empty cell")], columns=COLUMNS)
    pd.testing.assert_frame_equal(gg.separation(FORMULA, rows), expected)
    pd.testing.assert_frame_equal(gg.separation(gg.design(FORMULA, rows), rows), expected)


def test_a_full_table_gives_an_empty_one() -> None:
    table = gg.separation(FORMULA, tracks())
    assert table.empty
    assert table.columns.tolist() == COLUMNS


def test_a_direction_is_its_classes_and_terms() -> None:
    rows = tracks()
    apart = rows.assign(energy=rows["valence"] + np.where(rows["genre"] == "blues", 9.0, -9.0))
    table = gg.separation("genre ~ energy + valence + C(key)", apart)
    assert table["kind"].unique().tolist() == ["direction"]
    assert table["class"].iloc[0] == "blues"
    assert table["level"].iloc[0].startswith("energy")


def test_a_cell_and_a_direction_beside_it() -> None:
    rows = tracks()
    rows = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    apart = rows.assign(energy=rows["energy"].clip(-1, 1) + np.where(rows["genre"] == "country", 5.0, -5.0))
    table = gg.separation(FORMULA, apart)
    assert table["kind"].tolist()[0] == "empty cell"
    assert "direction" in table["kind"].tolist()


def test_dependent_columns_are_refused_first() -> None:
    with pytest.raises(gg.errors.RankError):
        gg.separation("genre ~ energy + again", tracks().assign(again=lambda table: 2.0 * table["energy"]))


def test_a_search_that_did_not_end_is_no_empty_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tracks()
    apart = rows.assign(energy=np.where(rows["genre"] == "blues", 1.0, -1.0) * (0.1 + rows["energy"].abs()))
    monkeypatch.setattr(fitting, "estimate", partial(estimate, control=Control(max_steps=1)))
    with pytest.raises(gg.errors.ConvergenceError, match="step limit"):
        gg.separation("genre ~ energy + valence", apart)
