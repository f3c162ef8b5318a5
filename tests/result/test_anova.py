"""Likelihood-ratio and score tests of terms against fits done by hand, and what they refuse."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import genreglm as gg
from genreglm.errors import DataError, InferenceError
from simulated import tracks

INTERACTION = "genre ~ energy + valence + C(key) + energy:valence"


def likelihood(formula: str, rows: pd.DataFrame, **options: Any) -> float:
    return gg.fit(formula, rows, covariance=None, **options).statistics.log_likelihood


@pytest.fixture(scope="module")
def crossed(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(INTERACTION, rows)


LARGER = {
    "I": {
        "energy": "energy", "valence": "energy + valence", "C(key)": "energy + valence + C(key)",
        "energy:valence": "energy + valence + C(key) + energy:valence",
    },
    "II": {
        "energy": "energy + valence + C(key)", "valence": "energy + valence + C(key)",
        "C(key)": "energy + valence + C(key) + energy:valence",
        "energy:valence": "energy + valence + C(key) + energy:valence",
    },
    "III": dict.fromkeys(
        ["energy", "valence", "C(key)", "energy:valence"], "energy + valence + C(key) + energy:valence"
    ),
}  # fmt: skip


@pytest.mark.parametrize("type", ["I", "II", "III"])
def test_likelihood_ratios_are_those_of_fits_by_hand(type: Any, crossed: gg.Result, rows: pd.DataFrame) -> None:
    table = crossed.anova(type, "lr").set_index("term")
    for term, larger in LARGER[type].items():
        smaller = " + ".join(part for part in larger.split(" + ") if part != term) or "1"
        expected = 2 * (likelihood(f"genre ~ {larger}", rows) - likelihood(f"genre ~ {smaller}", rows))
        assert table.loc[term, "statistic"] == pytest.approx(expected, rel=1e-6)
        assert table.loc[term, "df"] == (4 if term == "C(key)" else 2)
        assert table.loc[term, "p_value"] == pytest.approx(stats.chi2.sf(expected, table.loc[term, "df"]), rel=1e-5)


@pytest.mark.parametrize("type", ["I", "II", "III"])
def test_weights_offset_and_soft_labels_are_kept(type: Any, rows: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    options = {
        "weights": rng.integers(1, 4, len(rows)), "offset": 0.3 * rng.normal(size=(len(rows), 3)),
        "soft_labels": pd.DataFrame(rng.dirichlet(np.ones(3), len(rows)), columns=["ambient", "blues", "country"]),
    }  # fmt: skip
    table = gg.fit("genre ~ energy + valence", rows, **options).anova(type, "lr").set_index("term")
    full = likelihood("genre ~ energy + valence", rows, **options)
    assert table.loc["valence", "statistic"] == pytest.approx(
        2 * (full - likelihood("genre ~ energy", rows, **options)), rel=1e-6
    )
    score = gg.fit("genre ~ energy + valence", rows, **options).anova(type, "score").set_index("term")
    assert score.loc["valence", "statistic"] == pytest.approx(table.loc["valence", "statistic"], rel=0.1)


def test_score_of_one_factor_is_pearsons_chi_square(rows: pd.DataFrame) -> None:
    table = gg.fit("genre ~ C(key)", rows).anova(test="score")
    expected = stats.chi2_contingency(pd.crosstab(rows["genre"], rows["key"]), correction=False)
    assert table["statistic"].iloc[0] == pytest.approx(expected.statistic, rel=1e-9)
    assert table["df"].iloc[0] == expected.dof


def test_the_only_term_of_a_model_without_intercept(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ 0 + energy", rows)
    equal = -len(rows) * np.log(3)
    found = result.anova(test="lr")["statistic"].iloc[0]
    assert found == pytest.approx(2 * (result.statistics.log_likelihood - equal), rel=1e-9)
    third = np.full((len(rows), 2), 1 / 3)
    x = rows["energy"].to_numpy()
    shares = pd.get_dummies(rows["genre"]).to_numpy()[:, :2]
    score = x @ (shares - third)
    information = (x @ x) * (np.eye(2) / 3 - 1 / 9)
    expected = score @ np.linalg.solve(information, score)
    assert result.anova(test="score")["statistic"].iloc[0] == pytest.approx(expected, rel=1e-9)


def test_the_three_agree_on_much_data_under_the_null() -> None:
    rows = tracks(20_000, seed=5)
    rows["noise"] = np.random.default_rng(6).normal(size=len(rows))
    result = gg.fit("genre ~ energy + valence + C(key) + noise", rows)
    found = [result.anova(test=test).set_index("term").loc["noise", "statistic"] for test in ("wald", "lr", "score")]
    np.testing.assert_allclose(found, found[1], rtol=2e-3)
    assert stats.chi2.sf(found[1], 2) > 1e-3


@pytest.mark.parametrize("test", ["wald", "lr", "score"])
@pytest.mark.parametrize("type", ["I", "II", "III"])
def test_types_agree_where_nothing_is_nested(type: Any, test: Any, result: gg.Result) -> None:
    table, third = result.anova(type, test).set_index("term"), result.anova("III", test).set_index("term")
    assert table.loc["C(key)", "statistic"] == pytest.approx(third.loc["C(key)", "statistic"], rel=1e-9)
    assert (table.loc["energy", "statistic"] == pytest.approx(third.loc["energy", "statistic"])) == (type != "I")


def test_type_one_adds_up_to_the_whole_likelihood_ratio(crossed: gg.Result) -> None:
    fitted = crossed.statistics
    whole = 2 * (fitted.log_likelihood - fitted.null_log_likelihood)
    assert crossed.anova("I", "lr")["statistic"].sum() == pytest.approx(whole, rel=1e-8)


@given(st.permutations(["C", "D", "E"]), st.permutations(["ambient", "blues", "country"]), st.floats(-2.0, 2.0))
def test_tests_do_not_depend_on_coding(keys: list[str], genres: list[str], shift: float) -> None:
    """Not on which level or class comes last, nor on the column's unit and origin."""
    rows = tracks(150, seed=2)
    recoded = rows.assign(
        key=rows["key"].map(dict(zip("CDE", keys, strict=True))),
        genre=rows["genre"].map(dict(zip(["ambient", "blues", "country"], genres, strict=True))),
        energy=10.0**shift * rows["energy"] + shift,
    )
    own, other = gg.fit(INTERACTION, rows), gg.fit(INTERACTION, recoded)
    for test in ("wald", "lr", "score"):
        for term in ("C(key)", "energy:valence"):
            found = [r.anova("III", test).set_index("term").loc[term, "statistic"] for r in (own, other)]
            assert found[0] == pytest.approx(found[1], rel=1e-5)


@pytest.mark.parametrize("test", ["lr", "score"])
def test_a_cell_prior_is_a_part_of_every_model(test: Any, separated: gg.Result, separated_rows: pd.DataFrame) -> None:
    table = separated.anova(test=test).set_index("term")
    assert table["df"].to_dict() == {"energy": 2, "valence": 2, "C(key)": 4}
    own = separated_rows["key"] == "D"
    pseudo = separated_rows.loc[own, ["energy", "valence"]].mean().to_frame().T.assign(key="D", genre="blues", w=0.5)
    rows = pd.concat([separated_rows.assign(w=1.0), pseudo], ignore_index=True)
    expected = gg.fit("genre ~ energy + valence + C(key)", rows, weights="w").anova(test=test)
    np.testing.assert_allclose(table["statistic"], expected["statistic"], rtol=1e-6)


@pytest.mark.parametrize("test", ["lr", "score"])
def test_refusals_name_the_remedy(test: Any, ridge: gg.Result, clustered: gg.Result) -> None:
    with pytest.raises(InferenceError, match=r"gg\.CellPrior"):
        ridge.anova(test=test)
    with pytest.raises(InferenceError, match=r"independent rows.*'clustered'.*test='wald'"):
        clustered.anova(test=test)


def test_jeffreys_has_walds_test_alone(rows: pd.DataFrame, result: gg.Result) -> None:
    firth = gg.fit("genre ~ energy + valence + C(key)", rows, penalty=gg.Jeffreys())
    np.testing.assert_allclose(firth.anova()["statistic"], result.anova()["statistic"], rtol=0.1)
    for test in ("lr", "score"):
        with pytest.raises(InferenceError, match=r"Jeffreys\(\) moved this fit.*test='wald'"):
            firth.anova(test=test)


def test_no_covariance_is_needed(rows: pd.DataFrame, result: gg.Result) -> None:
    bare = gg.fit("genre ~ energy + valence + C(key)", rows, covariance=None)
    for test in ("lr", "score"):
        np.testing.assert_allclose(bare.anova(test=test)["statistic"], result.anova(test=test)["statistic"], rtol=1e-9)


def test_a_loaded_result_asks_for_its_rows(result: gg.Result, rows: pd.DataFrame, tmp_path: Path) -> None:
    loaded = gg.load(result.save(tmp_path / "model"))
    with pytest.raises(DataError, match="pass rows="):
        loaded.anova(test="lr")
    rows.to_parquet(tmp_path / "rows.parquet")
    for given_rows in (rows, tmp_path / "rows.parquet"):
        pd.testing.assert_frame_equal(loaded.anova(test="lr", rows=given_rows), result.anova(test="lr"), rtol=1e-9)
    with pytest.raises(DataError, match="These are 200 rows, but the model was fitted to 240"):
        loaded.anova(test="lr", rows=rows.iloc[:200])
    with pytest.raises(DataError, match="they are other rows"):
        loaded.anova(test="score", rows=rows.assign(energy=rows["energy"].to_numpy()[::-1]))


def test_few_clusters_do_not_determine_type_two(rows: pd.DataFrame) -> None:
    labels = np.arange(len(rows)) % 3
    result = gg.fit("genre ~ energy + valence * C(key)", rows, covariance="clustered", clusters=labels)
    with pytest.raises(InferenceError, match="type='III'"):
        result.anova("II")


def test_importance_weights_allow_no_comparison_of_likelihoods(rows: pd.DataFrame, tmp_path: Path) -> None:
    weights = np.linspace(0.5, 2.0, len(rows))
    result = gg.fit("genre ~ energy + valence", rows, weights=weights, weight_kind="importance", covariance=None)
    for kept in (result, gg.load(result.save(tmp_path / "model"))):
        for test in ("lr", "score"):
            with pytest.raises(InferenceError, match="importance weights"):
                kept.anova(test=test)


def test_score_of_the_first_term_without_an_intercept_keeps_no_other(rows: pd.DataFrame) -> None:
    both = gg.fit("genre ~ 0 + energy + valence", rows).anova("I", "score").set_index("term")
    alone = gg.fit("genre ~ 0 + energy", rows).anova("I", "score").set_index("term")
    assert both.loc["energy", "statistic"] == pytest.approx(alone.loc["energy", "statistic"], rel=1e-8)
