"""Marginal effects against predictions on changed rows, and what must and must not change them."""

from pathlib import Path

import brute
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genreglm as gg
from genreglm.effects.estimates import COLUMNS
from genreglm.errors import DataError, OptionError
from simulated import GENRES, tracks

SEEDS = st.integers(0, 10_000)
PLAIN = "genre ~ energy + valence + C(key)"


def effects(rows: pd.DataFrame, formula: str = PLAIN, **options: object) -> pd.DataFrame:
    return gg.marginal_effects(gg.fit(formula, rows, **options))


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("variable", ["energy", "valence"])
def test_slopes_and_errors_by_brute_force(result: gg.Result, rows: pd.DataFrame, variable: str) -> None:
    """Through a spline, and with an interaction."""
    inside = rows[(rows["energy"] - rows["energy"].mean()).abs() < 1.5]
    found = brute.of(gg.marginal_effects(result, inside), variable)
    np.testing.assert_allclose(found["estimate"], brute.mean_slopes(result, inside, variable), atol=1e-9)
    expected = brute.standard_errors(result, lambda r: brute.mean_slopes(r, inside, variable))
    np.testing.assert_allclose(found["std_error"], expected, rtol=1e-6)


@pytest.mark.parametrize(("variable", "base", "level"), [("key", "C", "E"), ("live", False, True)])
def test_changes_and_errors_by_brute_force(result: gg.Result, rows: pd.DataFrame, variable: str, base, level) -> None:
    def change(r: gg.Result) -> np.ndarray:
        low, high = (brute.mean_probabilities(r, rows, **{variable: value}) for value in (base, level))
        return high - low

    found = brute.of(gg.marginal_effects(result), variable, f"{level} - {base}")
    np.testing.assert_allclose(found["estimate"], change(result), atol=1e-14)
    np.testing.assert_allclose(found["std_error"], brute.standard_errors(result, change), rtol=1e-7)


def test_the_table_has_every_effect_once(result: gg.Result) -> None:
    table = gg.marginal_effects(result)
    assert list(table.columns) == list(COLUMNS)
    wanted = {("energy", "dY/dX"), ("key", "D - C"), ("key", "E - C"), ("live", "True - False"), ("valence", "dY/dX")}
    assert {(v, c) for v, c in zip(table["variable"], table["contrast"], strict=True)} == wanted
    assert len(table) == 3 * len(wanted)
    totals = table.groupby(["variable", "contrast"])["estimate"].sum()
    np.testing.assert_allclose(totals, 0.0, atol=1e-15)
    np.testing.assert_allclose(table["statistic"], table["estimate"] / table["std_error"])
    np.testing.assert_allclose(table["conf_high"] - table["conf_low"], 2 * 1.959963985 * table["std_error"])
    wider = gg.marginal_effects(result, conf_level=0.99)
    assert (wider["conf_low"] < table["conf_low"]).all()


def test_the_covariance_is_whichever_the_result_carries(rows: pd.DataFrame) -> None:
    observed = effects(rows)
    for options in ({"covariance": "HC0"}, {"covariance": "clustered", "clusters": "artist"}):
        fit = gg.fit(PLAIN, rows, **options)
        found = brute.of(gg.marginal_effects(fit), "energy")
        expected = brute.standard_errors(fit, lambda r: brute.mean_slopes(r, rows, "energy"))
        np.testing.assert_allclose(found["std_error"], expected, rtol=1e-6)
        assert not np.allclose(found["std_error"], brute.of(observed, "energy")["std_error"], rtol=1e-3)


def test_two_classes_and_no_intercept(rows: pd.DataFrame) -> None:
    two = rows[rows["genre"] != "country"]
    fit = gg.fit("genre ~ 0 + energy + C(key)", two)
    table = gg.marginal_effects(fit)
    slope = brute.of(table, "energy")
    prob = fit.predict(two).to_numpy()
    difference = (fit.coefficients[0, 1] - fit.coefficients[0, 0]) * np.mean(prob[:, 0] * prob[:, 1])
    np.testing.assert_allclose(slope["estimate"], [-difference, difference], rtol=1e-9)
    np.testing.assert_allclose(*(slope["std_error"].to_numpy()), rtol=1e-9)
    assert set(table["contrast"]) == {"dY/dX", "D - C", "E - C"}


def test_at_the_mean_is_at_one_row(result: gg.Result, rows: pd.DataFrame) -> None:
    typical = pd.DataFrame({"energy": [rows["energy"].mean()], "valence": [rows["valence"].mean()]})
    typical = typical.assign(key=rows["key"].mode()[0], live=False)
    same(gg.marginal_effects(result, at="mean"), gg.marginal_effects(result, typical))
    found = brute.of(gg.marginal_effects(result, at="mean"), "energy")["estimate"]
    np.testing.assert_allclose(found, brute.mean_slopes(result, typical, "energy"), atol=1e-9)


def test_at_representative_rows_is_their_mean(result: gg.Result, rows: pd.DataFrame) -> None:
    some = rows.iloc[[3, 8]]
    both, one, two = (gg.marginal_effects(result, part)["estimate"] for part in (some, some[:1], some[1:]))
    np.testing.assert_allclose(both, (one + two) / 2, atol=1e-12)


def test_rows_of_the_fit_come_with_weights_and_offset(rows: pd.DataFrame) -> None:
    w = 1.0 + rows.index.to_numpy() % 3
    offset = np.column_stack([0.5 * rows["valence"], 0.0 * rows["valence"], -rows["energy"]])
    fit = gg.fit("genre ~ energy", rows, weights=w, offset=offset)

    def mean(step: float) -> np.ndarray:
        eta = fit.design.matrix(rows.assign(energy=rows["energy"] + step)) @ fit.coefficients + offset
        prob = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
        return w @ prob / w.sum()

    expected = (mean(1e-5) - mean(-1e-5)) / 2e-5
    for table in (gg.marginal_effects(fit), gg.marginal_effects(fit, rows)):
        np.testing.assert_allclose(table["estimate"], expected, atol=1e-10)
    eta = [1.0, rows["energy"] @ w / w.sum()] @ fit.coefficients + w @ offset / w.sum()
    prob = np.exp(eta) / np.exp(eta).sum()
    slopes = prob * (fit.coefficients[1] - prob @ fit.coefficients[1])
    np.testing.assert_allclose(gg.marginal_effects(fit, at="mean")["estimate"], slopes, rtol=1e-9)


def test_soft_labels_only_change_the_fit(rows: pd.DataFrame) -> None:
    shares = pd.get_dummies(rows["genre"], dtype=float)
    same(gg.marginal_effects(gg.fit(PLAIN, rows, soft_labels=shares)), effects(rows))


@pytest.mark.parametrize("at", ["average", "mean"])
def test_a_ridge_fit_has_estimates_without_errors(rows: pd.DataFrame, at: str) -> None:
    fit = gg.fit("genre ~ energy + C(key)", rows, penalty=gg.Ridge(0.01))
    table = gg.marginal_effects(fit, at=at)
    assert table["estimate"].notna().all()
    assert table[["std_error", "statistic", "p_value", "conf_low", "conf_high"]].isna().all(axis=None)
    if at == "average":
        expected = brute.mean_slopes(fit, rows, "energy")
        np.testing.assert_allclose(brute.of(table, "energy")["estimate"], expected, atol=1e-9)


def test_a_class_that_never_has_a_level_has_no_error_there(separated: gg.Result) -> None:
    table = gg.marginal_effects(separated).set_index(["variable", "contrast", "class"])
    assert table["estimate"].notna().all()
    unknown = table.index[table["std_error"].isna()]
    assert list(unknown) == [("key", "D - C", "blues")]
    assert list(table.index[table["p_value"].isna()]) == list(unknown)
    assert table.loc[unknown[0], "estimate"] < -0.1
    # Elsewhere the errors are those of the limit: without the class where its level never occurs.
    stronger = gg.fit("genre ~ energy + C(key)", separated.source, penalty=gg.CellPrior(0.01))
    limit = gg.marginal_effects(stronger).set_index(["variable", "contrast", "class"])
    np.testing.assert_allclose(table["std_error"].dropna(), limit["std_error"].dropna(), rtol=0.02)


def test_a_base_level_that_never_occurs_in_a_class_counts_too(rows: pd.DataFrame) -> None:
    without = rows[(rows["genre"] != "blues") | (rows["key"] != "C")]
    table = gg.marginal_effects(gg.fit("genre ~ energy + C(key)", without, penalty=gg.CellPrior()))
    unknown = table[table["std_error"].isna()]
    assert sorted(zip(unknown["contrast"], unknown["class"], strict=True)) == [("D - C", "blues"), ("E - C", "blues")]


def test_at_rows_where_a_class_never_occurs_its_slope_has_no_error(separated: gg.Result) -> None:
    there = separated.source[separated.source["key"] == "D"]
    slopes = brute.of(gg.marginal_effects(separated, there), "energy").set_index("class")
    assert slopes["std_error"].isna().tolist() == [False, True, False]


def test_jeffreys_prior_gives_an_error_but_no_test(separated_rows: pd.DataFrame) -> None:
    fit = gg.fit("genre ~ energy + C(key)", separated_rows, penalty=gg.Jeffreys())
    table = gg.marginal_effects(fit)
    assert table["std_error"].notna().all()
    untested = table[table["p_value"].isna()]
    assert list(zip(untested["contrast"], untested["class"], strict=True)) == [("D - C", "blues")]
    assert untested["conf_low"].isna().all()


def test_without_variables_there_are_no_effects(rows: pd.DataFrame) -> None:
    table = effects(rows, "genre ~ 1")
    assert table.empty
    assert list(table.columns) == list(COLUMNS)


def test_names_that_are_quoted_and_numbers_that_are_levels() -> None:
    rows = tracks().rename(columns={"energy": "my energy"}).assign(mode=lambda t: t.index % 2)
    table = effects(rows, 'genre ~ Q("my energy") + C(mode) + key')
    assert set(zip(table["variable"], table["contrast"], strict=True)) == {
        ("my energy", "dY/dX"), ("mode", "1 - 0"), ("key", "D - C"), ("key", "E - C"),
    }  # fmt: skip


def test_a_number_that_is_a_factor_too_changes_as_one(rows: pd.DataFrame) -> None:
    """Both of its columns move: from 1950 to 1951, not by a slope."""
    fit = gg.fit("genre ~ valence + half + C(half):valence", rows.assign(half=rows["year"] % 2))
    table = gg.marginal_effects(fit, variables=["half"])
    assert set(table["contrast"]) == {"1 - 0"}
    low, high = (brute.mean_probabilities(fit, rows, half=value) for value in (0, 1))
    np.testing.assert_allclose(table["estimate"], high - low, atol=1e-14)


def test_p_values_reach_far_into_the_tail() -> None:
    rows = tracks(rows=6000, strength=1.0)
    table = gg.marginal_effects(gg.fit("genre ~ energy + valence", rows))
    z, log10_p = table["statistic"].abs().max(), table["log10_p"].min()
    assert z > 40
    # Mills' ratio: log p is about -z^2 / 2 - log z.
    expected = (-z * z / 2 - np.log(z) + 0.5 * np.log(2 / np.pi)) / np.log(10)
    assert log10_p == pytest.approx(expected, rel=1e-4)
    assert table["p_value"].min() == 0.0


def test_a_loaded_result_needs_rows_and_then_gives_the_same(
    result: gg.Result, rows: pd.DataFrame, tmp_path: Path
) -> None:
    loaded = gg.load(result.save(tmp_path / "model", covariance=True))
    with pytest.raises(DataError, match="pass rows="):
        gg.marginal_effects(loaded)
    same(gg.marginal_effects(loaded, rows), gg.marginal_effects(result))
    path = tmp_path / "rows.parquet"
    rows.to_parquet(path)
    same(gg.marginal_effects(loaded, path), gg.marginal_effects(result))
    bare = gg.load(result.save(tmp_path / "bare"))
    assert gg.marginal_effects(bare, rows)["std_error"].isna().all()


def test_refusals(result: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="variable='enrgy' is no column"):
        gg.marginal_effects(result, variables=["enrgy"])
    with pytest.raises(OptionError, match="at='typical' is not an option"):
        gg.marginal_effects(result, at="typical")
    with pytest.raises(OptionError, match=r"conf_level=95 must lie between"):
        gg.marginal_effects(result, conf_level=95)
    coded = gg.fit("genre ~ valence + C(np.sqrt(year))", rows.assign(year=rows["year"] % 2))
    assert len(gg.marginal_effects(coded, variables=["valence"])) == 3
    with pytest.raises(DataError, match="derivative along 'year'"):
        gg.marginal_effects(coded, variables=["year"])


@given(SEEDS)
def test_the_order_of_rows_and_a_weight_as_so_many_rows_do_not_matter(seed: int) -> None:
    rows = tracks(rows=90, seed=seed)
    w = np.random.default_rng(seed).integers(1, 4, len(rows))
    repeated = rows.loc[np.repeat(rows.index, w)].sample(frac=1.0, random_state=seed)
    fit = gg.fit(PLAIN, rows, weights=w)
    for at in ("average", "mean"):
        same(gg.marginal_effects(fit, at=at), gg.marginal_effects(gg.fit(PLAIN, repeated), at=at))


@given(SEEDS, st.permutations(range(3)))
def test_the_names_of_classes_do_not_matter(seed: int, order: list[int]) -> None:
    rows = tracks(rows=90, seed=seed)
    names = {name: f"{position} {name}" for position, name in zip(order, GENRES, strict=False)}
    keys = ["variable", "contrast", "class"]
    found = effects(rows.assign(genre=rows["genre"].map(names))).sort_values(keys, ignore_index=True)
    expected = effects(rows).assign(**{"class": lambda t: t["class"].map(names)})
    same(found, expected.sort_values(keys, ignore_index=True))


@given(SEEDS, st.sampled_from(["C(key, contr.sum)", "C(key, contr.helmert)", "key"]))
def test_the_coding_of_a_factor_does_not_matter(seed: int, coded: str) -> None:
    rows = tracks(rows=90, seed=seed)
    same(effects(rows, f"genre ~ energy + valence + {coded}"), effects(rows))


@given(SEEDS, st.floats(-5, 5), st.floats(-3, 3))
def test_the_unit_and_zero_of_a_column_do_not_matter(seed: int, power: float, shift: float) -> None:
    rows, unit = tracks(rows=90, seed=seed), 10.0**power
    own, other = effects(rows), effects(rows.assign(energy=unit * (rows["energy"] + shift)))
    moved = other["variable"] == "energy"
    scaled = ["estimate", "std_error", "conf_low", "conf_high"]
    other.loc[moved, scaled] *= unit
    same(other, own)


@given(SEEDS)
def test_a_variable_in_any_other_dress_has_the_same_effect(seed: int) -> None:
    """exp(energy) through a logarithm is energy; the slope is divided by the row's own value."""
    rows = tracks(rows=90, seed=seed)
    fit = gg.fit("genre ~ log(loudness) + valence", rows.assign(loudness=np.exp(rows["energy"])))
    plain = gg.fit("genre ~ energy + valence", rows)
    found = brute.of(gg.marginal_effects(fit), "loudness")["estimate"]
    prob = plain.predict(rows).to_numpy()
    slope = plain.coefficients[1]
    expected = prob * (slope - prob @ slope[:, None]) / np.exp(rows["energy"].to_numpy())[:, None]
    np.testing.assert_allclose(found, expected.mean(axis=0), rtol=1e-6, atol=1e-10)
