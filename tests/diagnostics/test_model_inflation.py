"""Generalised variance inflation of the coefficients, all classes of a term together."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genreglm as gg
from genreglm.errors import InferenceError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(400, 4)


def by_determinants(result: gg.Result, base: int) -> dict[str, float]:
    """Fox and Monette's formula on the correlation matrix of the slopes against class `base`."""
    columns, classes = result.coefficients.shape
    others = [k for k in range(classes) if k != base]
    difference = np.zeros((classes - 1, classes))
    for row, k in enumerate(others):
        difference[row, k], difference[row, base] = 1.0, -1.0
    change = np.kron(difference[:, :-1], np.eye(columns))
    covariance = change @ result.inference.covariance @ change.T
    column = np.tile(np.arange(columns), classes - 1)
    slopes = column != result.design.intercept
    v, column = covariance[np.ix_(slopes, slopes)], column[slopes]
    scale = np.sqrt(np.diag(v))
    r, det = v / np.outer(scale, scale), np.linalg.det
    found = {}
    for term, cut in result.design.terms.items():
        inside = (column >= cut.start) & (column < cut.stop)
        if inside.any():
            found[term] = det(r[np.ix_(inside, inside)]) * det(r[np.ix_(~inside, ~inside)]) / det(r)
    return found


@pytest.mark.parametrize("formula", [FORMULA, "genre ~ energy + C(key) - 1"])
@pytest.mark.parametrize("base", range(4))
def test_it_is_the_ratio_of_determinants_whatever_the_base_class(rows: pd.DataFrame, formula: str, base: int) -> None:
    result = gg.fit(formula, rows)
    table = gg.vif(result, kind="model").set_index("term")
    for term, expected in by_determinants(result, base).items():
        assert table.loc[term, "gvif"] == pytest.approx(expected, rel=1e-8)
        df = 3 * (result.design.terms[term].stop - result.design.terms[term].start)
        assert table.loc[term, "df"] == df
        assert table.loc[term, "gvif_adjusted"] == pytest.approx(expected ** (1 / (2 * df)), rel=1e-8)


@given(order=st.permutations(range(4)), scale=st.sampled_from([1e-3, 1.0, 1e4]))
def test_names_of_classes_coding_and_units_change_nothing(rows: pd.DataFrame, order: list[int], scale: float) -> None:
    labels = dict(zip(sorted(rows["genre"].unique()), order, strict=True))
    moved = rows.assign(genre=rows["genre"].map(labels), energy=5.0 + scale * rows["energy"]).sample(frac=1.0)
    found = gg.vif(gg.fit("genre ~ energy + valence + C(key, contr.sum)", moved), kind="model")
    expected = gg.vif(gg.fit(FORMULA, rows), kind="model")
    np.testing.assert_allclose(found["gvif"], expected["gvif"], rtol=1e-6)


def test_a_robust_covariance_gives_its_own(rows: pd.DataFrame) -> None:
    result = gg.fit(FORMULA, rows, covariance="clustered", clusters="artist")
    table = gg.vif(result, kind="model").set_index("term")["gvif"]
    for term, expected in by_determinants(result, 0).items():
        assert table[term] == pytest.approx(expected, rel=1e-6)


def test_few_clusters_and_no_covariance_are_refused(rows: pd.DataFrame) -> None:
    few = rows.assign(artist=rows["artist"].str[-1])
    with pytest.raises(InferenceError, match="few clusters"):
        gg.vif(gg.fit(FORMULA, few, covariance="clustered", clusters="artist"), kind="model")
    with pytest.raises(InferenceError, match="no covariance"):
        gg.vif(gg.fit(FORMULA, rows, penalty=gg.Ridge(0.1)), kind="model")


def test_separated_cells_are_left_out(rows: pd.DataFrame) -> None:
    left = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    result = gg.fit(FORMULA, left, penalty=gg.CellPrior())
    table = gg.vif(result, kind="model").set_index("term")
    assert table["df"].to_dict() == {"energy": 3, "valence": 3, "C(key)": 5}
    assert np.isfinite(table["gvif"]).all()


def test_a_model_without_slopes_has_no_rows_and_one_term_is_one(rows: pd.DataFrame) -> None:
    assert gg.vif(gg.fit("genre ~ 1", rows), kind="model").empty
    assert gg.vif(gg.fit("genre ~ C(key)", rows), kind="model")["gvif"].tolist() == pytest.approx([1.0])


def test_what_it_needs_is_said(rows: pd.DataFrame) -> None:
    result = gg.fit(FORMULA, rows)
    with pytest.raises(OptionError, match="one of 'design', 'model'"):
        gg.vif(result, kind="both")
    with pytest.raises(OptionError, match="Pass the result"):
        gg.vif(result.design, rows, kind="model")
    with pytest.raises(OptionError, match="leave rows= out"):
        gg.vif(result, rows, kind="model")


def test_terms_outside_a_dependency_stay_finite(rows: pd.DataFrame) -> None:
    doubled = rows.assign(again=rows["energy"] * 2.0)
    table = gg.vif(gg.design("genre ~ energy + again + valence + C(key)", doubled), doubled).set_index("term")["gvif"]
    without = gg.vif(gg.design("genre ~ energy + valence + C(key)", rows), rows).set_index("term")["gvif"]
    assert (table[["energy", "again"]] > 1e8).all()
    assert table["C(key)"] == pytest.approx(without["C(key)"], rel=1e-3)
    assert table["valence"] == pytest.approx(without["valence"], rel=1e-3)
