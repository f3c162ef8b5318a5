"""Generalised variance inflation against its definition."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.outliers_influence import variance_inflation_factor

import genreglm as gg
from genreglm.errors import OptionError
from simulated import tracks


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    frame = tracks()
    return frame.assign(loudness=frame["energy"] + 0.3 * frame["valence"])


def test_of_single_columns_is_the_variance_inflation_factor() -> None:
    rows = tracks(seed=5)
    rows["loudness"] = rows["energy"] + 0.5 * np.random.default_rng(0).normal(size=len(rows))
    table = gg.vif(gg.design("genre ~ energy + valence + loudness", rows), rows)
    x = np.column_stack([np.ones(len(rows)), rows[["energy", "valence", "loudness"]]])
    expected = [variance_inflation_factor(x, j) for j in (1, 2, 3)]
    np.testing.assert_allclose(table["gvif"], expected, rtol=1e-9)
    np.testing.assert_allclose(table["gvif_adjusted"], np.sqrt(expected), rtol=1e-9)
    assert table["df"].tolist() == [1, 1, 1]


def test_of_a_factor_is_the_ratio_of_determinants(rows: pd.DataFrame) -> None:
    design = gg.design("genre ~ energy + valence + C(key)", rows)
    correlation = np.corrcoef(design.matrix(rows)[:, 1:], rowvar=False)
    det = np.linalg.det
    expected = det(correlation[2:, 2:]) * det(correlation[:2, :2]) / det(correlation)
    row = gg.vif(design, rows).set_index("term").loc["C(key)"]
    assert row["df"] == 2
    assert row["gvif"] == pytest.approx(expected, rel=1e-10)
    assert row["gvif_adjusted"] == pytest.approx(expected**0.25, rel=1e-10)


def test_of_a_result_uses_the_rows_of_its_fit(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy + C(key)", rows)
    pd.testing.assert_frame_equal(gg.vif(result), gg.vif(result.design, rows))
    half = rows.head(120)
    pd.testing.assert_frame_equal(gg.vif(result, half), gg.vif(result.design, half))


def test_dependent_and_constant_columns_are_infinite_without_a_warning(rows: pd.DataFrame) -> None:
    table = gg.vif(gg.design("genre ~ energy + valence + loudness + C(key)", rows), rows).set_index("term")["gvif"]
    assert (table[["energy", "valence", "loudness"]] > 1e8).all()
    constant = rows.assign(constant=3.0)
    table = gg.vif(gg.design("genre ~ energy + constant", constant), constant).set_index("term")["gvif"]
    assert table["constant"] == np.inf


def test_constant_columns_are_infinite_whatever_the_weights(rows: pd.DataFrame) -> None:
    weights = np.random.default_rng(2).integers(1, 4, len(rows))
    result = gg.fit("genre ~ energy + constant - 1", rows.assign(constant=0.1), weights=weights)
    assert gg.vif(result).set_index("term")["gvif"]["constant"] == np.inf


def test_of_orthogonal_or_single_columns_is_one(rows: pd.DataFrame) -> None:
    assert gg.vif(gg.design("genre ~ energy", rows), rows)["gvif"].tolist() == pytest.approx([1.0])
    assert gg.vif(gg.design("genre ~ 1", rows), rows).empty


def test_a_design_alone_needs_rows(rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="needs rows="):
        gg.vif(gg.design("genre ~ energy", rows))
