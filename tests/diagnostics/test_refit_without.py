"""Refits without some rows against fits by hand."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=300, seed=4)


@pytest.mark.parametrize("options", [{}, {"penalty": gg.Ridge(0.01)}, {"weights": "n"}])
def test_is_the_fit_of_the_others(rows: pd.DataFrame, options: dict[str, object]) -> None:
    rows = rows.assign(n=np.arange(300) % 3 + 1)
    dropped = np.arange(300) % 7 == 0
    result = gg.fit(FORMULA, rows, **options)
    table = gg.refit_without(result, dropped=dropped)
    other = gg.fit(FORMULA, rows[~dropped], **options).tidy(reference=None)
    both = table.merge(other, on=["class", "term"], suffixes=("", "_other"))
    assert len(both) == len(table) == 15
    np.testing.assert_allclose(both["estimate_without"], both["estimate_other"], atol=1e-6)
    before = result.tidy(reference=None)
    np.testing.assert_allclose(table["estimate"], before["estimate"], rtol=1e-9)
    np.testing.assert_allclose(table["std_error"], before["std_error"], rtol=1e-9)
    np.testing.assert_allclose(table["change"], table["estimate_without"] - table["estimate"])


def test_keeps_soft_labels_and_offset(rows: pd.DataFrame) -> None:
    soft, shift = pd.get_dummies(rows["genre"]) * 0.7 + 0.1, np.random.default_rng(0).normal(size=(300, 3))
    dropped = np.arange(300) < 20
    table = gg.refit_without(gg.fit("genre ~ energy", rows, soft_labels=soft, offset=shift), dropped=dropped)
    other = gg.fit("genre ~ energy", rows[~dropped], soft_labels=soft[~dropped], offset=shift[~dropped])
    np.testing.assert_allclose(table["estimate_without"], other.tidy(reference=None)["estimate"], atol=1e-6)


def test_refuses_what_is_not_one_truth_value_a_row(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy", rows)
    for dropped in ([1, 2], np.zeros(300), [True]):
        with pytest.raises(DataError, match="300 truth values"):
            gg.refit_without(result, dropped=dropped)
    with pytest.raises(DataError, match="No rows"):
        gg.refit_without(result, dropped=rows["genre"] == "blues")
