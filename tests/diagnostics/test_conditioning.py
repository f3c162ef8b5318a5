"""Condition indices and aliased columns, where the answer is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genreglm as gg
from genreglm.errors import DataError, OptionError
from simulated import tracks


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks()


def test_indices_are_ratios_of_singular_values_and_proportions_shares_of_variance(rows: pd.DataFrame) -> None:
    design = gg.design("genre ~ energy + valence + C(key)", rows)
    table = gg.condition_indices(design, rows)
    x = design.matrix(rows)
    x = x / np.linalg.norm(x, axis=0)
    values = np.sqrt(np.linalg.eigvalsh(x.T @ x))[::-1]
    by_dimension = table.groupby("dimension").first()
    np.testing.assert_allclose(by_dimension["singular_value"], values, rtol=1e-8)
    np.testing.assert_allclose(by_dimension["condition_index"], values[0] / values, rtol=1e-8)
    np.testing.assert_allclose(table.groupby("term")["proportion"].sum(), 1.0, rtol=1e-12)
    # The variances themselves: those of a linear model with unit error.
    parts = table.pivot_table(index="dimension", columns="term", values="proportion", sort=False)
    variances = np.diag(np.linalg.inv(x.T @ x))
    _, _, v = np.linalg.svd(x, full_matrices=False)
    np.testing.assert_allclose(parts.to_numpy(), (v / values[:, None]) ** 2 / variances, rtol=1e-7)


def test_a_near_dependency_is_named(rows: pd.DataFrame) -> None:
    noise = np.random.default_rng(9).normal(size=len(rows))
    near = rows.assign(loud=rows["energy"] + 0.01 * noise)
    table = gg.condition_indices(gg.fit("genre ~ energy + valence + loud", near))
    worst = table[table["dimension"] == table["dimension"].max()].set_index("term")
    assert worst["condition_index"].iloc[0] > 30
    assert (worst.loc[["energy", "loud"], "proportion"] > 0.99).all()
    assert (worst.loc[["valence", "(Intercept)"], "proportion"] < 0.1).all()


def test_units_and_order_of_rows_change_nothing_and_exact_dependence_is_huge(rows: pd.DataFrame) -> None:
    formula = "genre ~ energy + valence + C(key)"
    expected = gg.condition_indices(gg.design(formula, rows), rows)
    moved = rows.assign(energy=1e5 * rows["energy"]).sample(frac=1.0, random_state=1)
    found = gg.condition_indices(gg.design(formula, moved), moved)
    np.testing.assert_allclose(found["proportion"], expected["proportion"], atol=1e-9)
    twice = rows.assign(twice=2 * rows["energy"])
    assert gg.condition_indices(gg.design("genre ~ energy + twice", twice), twice)["condition_index"].max() > 1e12


def test_orthogonal_columns_have_index_one() -> None:
    rows = pd.DataFrame({"genre": ["a", "b"] * 4, "x": [1, 1, -1, -1] * 2, "z": [1, 1, 1, 1, -1, -1, -1, -1]})
    table = gg.condition_indices(gg.design("genre ~ x + z", rows), rows)
    np.testing.assert_allclose(table["condition_index"], 1.0)


def test_aliased_columns_are_written_as_combinations(rows: pd.DataFrame) -> None:
    frame = rows.assign(both=2 * rows["energy"] - 3e4 * rows["valence"] + 7, half=rows["energy"] / 2)
    table = gg.aliased("genre ~ energy + valence + both + half + C(key)", frame)
    found = {(row.term, row.depends_on): row.weight for row in table.itertuples()}
    expected = {
        ("both", "(Intercept)"): 7.0, ("both", "energy"): 2.0, ("both", "valence"): -3e4, ("half", "energy"): 0.5,
    }  # fmt: skip
    assert found.keys() == expected.keys()
    for pair, weight in expected.items():
        assert found[pair] == pytest.approx(weight, rel=1e-7)


def test_the_combinations_are_the_columns_and_those_that_a_fit_drops() -> None:
    rows = tracks()
    rows["mode"] = np.where(rows["key"] == "C", "major", "minor")
    formula = "genre ~ energy + C(key) + C(mode) + C(mode):energy"
    result = gg.fit(formula, rows, aliased="drop")
    table = gg.aliased(result)
    assert set(table["term"]) == set(result.design.aliased)
    design = gg.design(formula, rows)
    x = pd.DataFrame(design.matrix(rows), columns=list(design.columns))
    for term, part in table.groupby("term"):
        np.testing.assert_allclose(x[term], x[part["depends_on"]] @ part["weight"].to_numpy(), atol=1e-8)
    pd.testing.assert_frame_equal(gg.aliased(formula, rows), table)


def test_nothing_aliased_is_an_empty_table_and_a_column_of_zeros_depends_on_nothing(rows: pd.DataFrame) -> None:
    assert gg.aliased("genre ~ energy + C(key)", rows).empty
    table = gg.aliased("genre ~ energy + zero - 1", rows.assign(zero=0.0))
    assert table["term"].tolist() == ["zero"]
    assert table["depends_on"].isna().all()
    assert table["weight"].tolist() == [0.0]
    constant = gg.aliased("genre ~ energy + five", rows.assign(five=5.0))
    assert constant[["term", "depends_on"]].to_numpy().tolist() == [["five", "(Intercept)"]]
    assert constant["weight"].tolist() == pytest.approx([5.0])


def test_rows_are_asked_for(rows: pd.DataFrame, tmp_path) -> None:
    with pytest.raises(OptionError, match="needs rows="):
        gg.aliased("genre ~ energy")
    with pytest.raises(OptionError, match="needs rows="):
        gg.condition_indices(gg.design("genre ~ energy", rows))
    loaded = gg.load(gg.fit("genre ~ energy", rows).save(tmp_path / "model"))
    for ask in (gg.condition_indices, gg.aliased):
        with pytest.raises(DataError, match="pass rows="):
            ask(loaded)
    path = tmp_path / "rows.parquet"
    rows.to_parquet(path)
    pd.testing.assert_frame_equal(gg.condition_indices(loaded, path), gg.condition_indices(loaded, rows))
    assert gg.aliased(loaded, path).empty


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_a_weight_is_that_many_rows(seed: int) -> None:
    rows = tracks(rows=90, seed=seed)
    rows["key"] = np.where(rows["key"] == "E", "D", rows["key"])
    w = np.random.default_rng(seed).integers(0, 4, len(rows))
    w[:9] = 2
    formula = "genre ~ energy + valence + C(key)"
    weighted = gg.fit(formula, rows, weights=w, penalty=gg.Ridge(0.1))
    repeated = gg.fit(formula, rows.loc[np.repeat(rows.index, w)], penalty=gg.Ridge(0.1))
    for again in (None, rows):
        found, expected = gg.condition_indices(weighted, again), gg.condition_indices(repeated)
        # R'R is sum w x x' here and sum x x' there: the same lengths, so the same columns once scaled to one.
        pd.testing.assert_frame_equal(found, expected, rtol=1e-7, atol=1e-10)
        pd.testing.assert_frame_equal(gg.vif(weighted, again), gg.vif(repeated), rtol=1e-9)


def test_columns_that_depend_on_each_other_where_rows_count_are_aliased(rows: pd.DataFrame) -> None:
    w = np.where(np.arange(len(rows)) % 5 == 0, 0.0, 1.0)
    frame = rows.assign(twice=np.where(w > 0, 2 * rows["energy"], 100.0))
    result = gg.fit("genre ~ energy + twice", frame, weights=w, aliased="drop")
    assert result.design.aliased == ("twice",)
    for again in (None, frame):
        table = gg.aliased(result, again)
        assert table[["term", "depends_on"]].to_numpy().tolist() == [["twice", "energy"]]
        assert table["weight"].tolist() == pytest.approx([2.0])
    assert gg.aliased(result, frame.iloc[::-1]).empty


def test_soft_labels_need_no_response(rows: pd.DataFrame) -> None:
    soft = pd.get_dummies(rows["genre"]).astype(float)
    frame = rows.drop(columns="genre").assign(twice=2 * rows["energy"])
    result = gg.fit("genre ~ energy + twice", frame, soft_labels=soft, aliased="drop")
    assert gg.aliased(result)["term"].tolist() == ["twice"]
