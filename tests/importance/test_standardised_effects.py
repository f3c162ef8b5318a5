"""Standardised effects against their definition, and what they must not depend on."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genreglm as gg
from genreglm.errors import DataError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
SPLINE = "genre ~ cr(energy, df=4, constraints='center') + C(key)"


def by_hand(result: gg.Result, rows: pd.DataFrame, term: str, weights: Any = None) -> np.ndarray:
    """Standard deviation over the rows of what the term adds to each class against the average class."""
    cut = result.design.terms[term]
    added = result.design.matrix(rows)[:, cut] @ result.coefficients[cut]
    added = added - added.mean(axis=1, keepdims=True)
    mean = np.average(added, axis=0, weights=weights)
    return np.asarray(np.sqrt(np.average((added - mean) ** 2, axis=0, weights=weights)))


def estimates(result: gg.Result, rows: pd.DataFrame | None = None) -> pd.DataFrame:
    return gg.standardised_effects(result, rows).pivot_table("estimate", "class", "term", sort=True)


@pytest.mark.parametrize("formula", [FORMULA, SPLINE, "genre ~ 0 + energy + C(key)"])
def test_is_the_spread_of_what_a_term_adds(formula: str, rows: pd.DataFrame) -> None:
    result = gg.fit(formula, rows)
    table = gg.standardised_effects(result)
    assert table.columns.tolist() == ["class", "term", "estimate", "std_error", "sign"]
    assert table["class"].tolist()[: len(result.design.slopes)] == [result.classes[0]] * len(result.design.slopes)
    for term in result.design.slopes:
        np.testing.assert_allclose(table.loc[table["term"] == term, "estimate"], by_hand(result, rows, term))


def test_of_one_column_is_its_coefficient_times_its_deviation(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.standardised_effects(result)
    tidy = result.tidy(reference=None).set_index(["term", "class"])
    for name in ("energy", "valence"):
        own, wanted, deviation = table[table["term"] == name], tidy.loc[name], rows[name].std(ddof=0)
        np.testing.assert_allclose(own["estimate"] * own["sign"], deviation * wanted["estimate"])
        np.testing.assert_allclose(own["std_error"], deviation * wanted["std_error"], rtol=1e-9)
    assert table.loc[table["term"] == "C(key)", "sign"].isna().all()


def test_standard_errors_are_those_of_finite_differences(result: gg.Result, rows: pd.DataFrame) -> None:
    assert result.inference is not None
    free, width = len(result.classes) - 1, len(result.design.columns)
    gradient = np.empty((len(result.classes), free * width))
    for position in range(free * width):
        k, j = divmod(position, width)
        ends = []
        for step in (1e-5, -1e-5):
            moved = result.coefficients - result.coefficients[:, -1:]
            moved[j, k] += step
            cut = result.design.terms["C(key)"]
            added = result.design.matrix(rows)[:, cut] @ (moved - moved.mean(axis=1, keepdims=True))[cut]
            ends.append(added.std(axis=0))
        gradient[:, position] = (ends[0] - ends[1]) / 2e-5
    expected = np.sqrt(np.einsum("km,mn,kn->k", gradient, result.inference.covariance, gradient))
    table = gg.standardised_effects(result)
    np.testing.assert_allclose(table.loc[table["term"] == "C(key)", "std_error"], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "other",
    [
        "genre ~ energy + valence + C(key, contr.treatment('E'))",
        "genre ~ energy + valence + C(key, contr.sum)",
        "genre ~ I(1000 * energy) + I(valence - 7) + C(key)",
    ],
)
def test_does_not_depend_on_coding_base_or_units(other: str, result: gg.Result, rows: pd.DataFrame) -> None:
    wanted, found = gg.standardised_effects(result), gg.standardised_effects(gg.fit(other, rows))
    np.testing.assert_allclose(found[["estimate", "std_error"]], wanted[["estimate", "std_error"]], rtol=1e-5)


@given(st.integers(0, 100))
def test_order_and_names_of_rows_and_classes_do_not_matter(seed: int) -> None:
    rows = tracks(rows=120, seed=seed)
    renamed = rows.sample(frac=1.0, random_state=seed).replace({"genre": {"ambient": "z", "blues": "y"}})
    one, other = estimates(gg.fit(FORMULA, rows)), estimates(gg.fit(FORMULA, renamed))
    np.testing.assert_allclose(other.loc[["z", "y", "country"]], one, rtol=1e-5)


def test_a_weight_of_two_is_the_row_twice(rows: pd.DataFrame) -> None:
    weights = 1 + np.arange(len(rows)) % 2
    weighted = gg.standardised_effects(gg.fit(FORMULA, rows, weights=weights))
    repeated = gg.standardised_effects(gg.fit(FORMULA, rows.loc[rows.index.repeat(weights)]))
    pd.testing.assert_frame_equal(weighted, repeated, rtol=1e-6)


def test_other_rows_give_other_deviations(result: gg.Result, rows: pd.DataFrame, tmp_path: Path) -> None:
    calm = rows.assign(energy=0.5 * rows["energy"]).drop(columns="genre")
    halved = estimates(result, calm)["energy"] / estimates(result)["energy"]
    np.testing.assert_allclose(halved, 0.5)
    loaded = gg.load(result.save(tmp_path / "model", covariance=True))
    pd.testing.assert_frame_equal(gg.standardised_effects(loaded, rows), gg.standardised_effects(result), rtol=1e-9)
    with pytest.raises(DataError, match="pass rows="):
        gg.standardised_effects(loaded)


def test_ridge_and_a_dead_column_have_no_standard_error(rows: pd.DataFrame) -> None:
    table = gg.standardised_effects(gg.fit(FORMULA, rows, penalty=gg.Ridge(0.01)))
    assert table["std_error"].isna().all()
    assert (table["estimate"] > 0).all()
    result = gg.fit("genre ~ energy + valence", rows)
    still = gg.standardised_effects(result, rows.assign(energy=1.0)).set_index("term").loc["energy"]
    assert (still["estimate"] == 0).all()
    assert still["std_error"].isna().all()


def test_a_separated_class_has_none_and_leaves_the_others_alone(
    separated: gg.Result, separated_rows: pd.DataFrame
) -> None:
    table = gg.standardised_effects(separated).set_index(["term", "class"])
    assert table.loc[("C(key)", "blues")].isna().all()
    assert table.drop(index=("C(key)", "blues"))[["estimate", "std_error"]].notna().all(axis=None)
    recoded = gg.fit("genre ~ energy + valence + C(key, contr.treatment('D'))", separated_rows, penalty=gg.CellPrior())
    found = gg.standardised_effects(recoded).set_index(["term", "class"])
    np.testing.assert_allclose(found["estimate"].to_numpy(), table["estimate"].to_numpy(), rtol=2e-2)
    stronger = gg.fit(FORMULA, separated_rows, penalty=gg.CellPrior(1e-3))
    weaker = gg.standardised_effects(stronger).set_index(["term", "class"])
    np.testing.assert_allclose(weaker["estimate"], table["estimate"], atol=2e-2)
    firth = gg.standardised_effects(gg.fit(FORMULA, separated_rows, penalty=gg.Jeffreys()))
    assert firth[["estimate", "std_error"]].notna().all(axis=None)


def test_two_classes_of_which_one_is_separated_have_nothing_to_compare() -> None:
    rows = tracks(genres=2)
    rows = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    result = gg.fit("genre ~ energy + C(key)", rows, penalty=gg.CellPrior())
    table = gg.standardised_effects(result)
    assert table.loc[table["term"] == "C(key)", "estimate"].isna().all()
    energy = table[table["term"] == "energy"]
    assert energy["estimate"].iloc[0] == pytest.approx(energy["estimate"].iloc[1])
    assert energy["sign"].sum() == 0
    terms = gg.term_importance(result).terms.set_index("term")
    assert terms.loc["C(key)", ["effect", "effect_rms", "effect_rms_weighted"]].isna().all()
    assert terms.loc["energy"].notna().all()


def test_an_intercept_alone_has_an_empty_table(rows: pd.DataFrame) -> None:
    assert gg.standardised_effects(gg.fit("genre ~ 1", rows)).empty
