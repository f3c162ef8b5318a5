"""`augment` against the tables that it puts together, and which columns it leaves out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError

INFLUENCE = [".hat", ".cooksd", ".delta_deviance"]


def test_joins_fits_residuals_and_influence(result: gg.Result, rows: pd.DataFrame) -> None:
    table = result.augment()
    pd.testing.assert_frame_equal(table[rows.columns], rows)
    prob = result.predict(rows)
    assert (table[".fitted"] == prob.idxmax(axis=1)).all()
    np.testing.assert_allclose(table[".prob"], prob.max(axis=1), rtol=1e-12)
    np.testing.assert_allclose(table[".resid_deviance"], gg.residuals(result, kind="deviance")["resid"])
    np.testing.assert_allclose(table[".resid_quantile"], gg.residuals(result, seed=0)["resid"])
    found = gg.influence(result)[["hat", "cooksd", "delta_deviance"]]
    np.testing.assert_allclose(table[INFLUENCE], found, rtol=1e-12)


def test_keeps_the_index_of_a_frame(result: gg.Result, rows: pd.DataFrame) -> None:
    table = result.augment(rows.set_axis(rows.index[::-1]))
    assert (table.index == rows.index[::-1]).all()
    assert ".hat" in table


def test_other_rows_have_no_influence(result: gg.Result, rows: pd.DataFrame) -> None:
    some = rows.iloc[10:30]
    table = result.augment(some)
    assert (table.index == some.index).all()
    assert ".resid_quantile" in table
    assert not set(INFLUENCE) & set(table.columns)
    bare = result.augment(some.drop(columns="genre"))
    assert [name for name in bare.columns if name.startswith(".")] == [".fitted", ".prob"]


def test_a_loaded_result_knows_the_rows_of_its_fit(result: gg.Result, rows: pd.DataFrame, tmp_path: Path) -> None:
    loaded = gg.load(result.save(tmp_path / "model"))
    pd.testing.assert_frame_equal(loaded.augment(rows), result.augment(rows), rtol=1e-8)


def test_ridge_and_soft_labels_leave_out_what_they_do_not_have(ridge: gg.Result, rows: pd.DataFrame) -> None:
    assert not set(INFLUENCE) & set(ridge.augment().columns)
    soft = pd.get_dummies(rows["genre"]) * 0.8 + 0.2 / 3
    table = gg.fit("genre ~ energy", rows, soft_labels=soft).augment()
    assert ".resid_quantile" not in table
    assert set(INFLUENCE) <= set(table.columns)


def test_refuses_to_overwrite(result: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"have columns \.hat"):
        result.augment(rows.assign(**{".hat": 0.0}))


def test_leaves_influence_out_where_it_does_not_fit(
    result: gg.Result, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genreglm.engine.memory.available_bytes", lambda: 100)
    table = result.augment(rows)
    assert ".resid_deviance" in table
    assert not set(INFLUENCE) & set(table.columns)
