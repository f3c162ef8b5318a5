"""Shares of the likelihood against fits by hand; gains by class add up; what is refused and what only described."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, InferenceError, OptionError

FORMULA = "genre ~ energy + valence + C(key)"
CROSSED = "genre ~ energy + valence + C(key) + energy:valence"


def likelihood(formula: str, rows: pd.DataFrame, **options: Any) -> float:
    return gg.fit(formula, rows, covariance=None, **options).statistics.log_likelihood


def halves(found: gg.Importance, weights: Any) -> pd.Series:
    """Half the statistic of each term, added up from the classes."""
    gains = found.classes.assign(weight=found.classes["class"].map(weights))
    return (gains["gain"] * gains["weight"]).groupby(gains["term"], sort=False).sum()


def test_shares_are_those_of_fits_by_hand(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.term_importance(result).terms.set_index("term")
    full, null = likelihood(FORMULA, rows), likelihood("genre ~ 1", rows)
    smaller = {"energy": "valence + C(key)", "valence": "energy + C(key)", "C(key)": "energy + valence"}
    lost = pd.Series({term: 2 * (full - likelihood(f"genre ~ {rest}", rows)) for term, rest in smaller.items()})
    np.testing.assert_allclose(table["lr_statistic"], lost, rtol=1e-6)
    np.testing.assert_allclose(table["lr_share"], lost / lost.sum(), rtol=1e-6)
    np.testing.assert_allclose(table["deviance_share"], lost / (2 * (full - null)), rtol=1e-6)
    assert table["df"].tolist() == [3, 3, 6]
    np.testing.assert_allclose(table["lr_per_df"], lost / table["df"], rtol=1e-6)
    effects = gg.standardised_effects(result).assign(square=lambda t: t["estimate"] ** 2)
    np.testing.assert_allclose(table["effect"], effects.groupby("term", sort=False)["estimate"].median())
    np.testing.assert_allclose(table["effect_rms"] ** 2, effects.groupby("term", sort=False)["square"].mean())
    shares = rows["genre"].value_counts(normalize=True)
    weighted = (effects["square"] * effects["class"].map(shares)).groupby(effects["term"], sort=False).sum()
    np.testing.assert_allclose(table["effect_rms_weighted"] ** 2, weighted)


@pytest.mark.parametrize("type", ["I", "II", "III"])
def test_tests_are_those_of_anova_and_gains_add_up(type: Any, rows: pd.DataFrame) -> None:
    result = gg.fit(CROSSED, rows)
    found, wanted = gg.term_importance(result, type=type), result.anova(type, "lr")
    assert found.terms["term"].tolist() == wanted["term"].tolist()
    for ours, theirs in (("lr_statistic", "statistic"), ("p_value", "p_value"), ("log10_p", "log10_p")):
        np.testing.assert_allclose(found.terms[ours], wanted[theirs], rtol=1e-8)
    sums = halves(found, rows["genre"].value_counts())
    np.testing.assert_allclose(2 * sums, found.terms["lr_statistic"], rtol=1e-6)


def test_gains_by_class_are_means_of_log_probabilities(result: gg.Result, rows: pd.DataFrame) -> None:
    classes = gg.term_importance(result).classes
    assert classes.columns.tolist() == ["class", "term", "gain", "effect", "sign"]
    without = gg.fit("genre ~ energy + C(key)", rows)
    truth = result.design.codes(rows)
    gained = [np.log(m.predict(rows).to_numpy()[np.arange(len(rows)), truth]) for m in (result, without)]
    expected = pd.Series(gained[0] - gained[1]).groupby(rows["genre"]).mean()
    own = classes[classes["term"] == "valence"].set_index("class")["gain"]
    np.testing.assert_allclose(own, expected, atol=1e-6)


def test_weights_offset_and_soft_labels_count(rows: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 4, len(rows))
    shares = pd.DataFrame(rng.dirichlet(np.ones(4), len(rows)), columns=sorted(rows["genre"].unique()))
    options = {"weights": weights, "offset": 0.3 * rng.normal(size=(len(rows), 4)), "soft_labels": shares}
    found = gg.term_importance(gg.fit(FORMULA, rows, **options))
    expected = 2 * (likelihood(FORMULA, rows, **options) - likelihood("genre ~ energy + C(key)", rows, **options))
    assert found.terms["lr_statistic"][1] == pytest.approx(expected, rel=1e-6)
    sums = halves(found, dict(zip(shares.columns, weights @ shares.to_numpy(), strict=True)))
    np.testing.assert_allclose(2 * sums, found.terms["lr_statistic"], rtol=1e-6)


def test_a_clustered_fit_is_described_and_not_tested(result: gg.Result, rows: pd.DataFrame) -> None:
    clustered = gg.term_importance(gg.fit(FORMULA, rows, covariance="clustered", clusters="artist"))
    plain = gg.term_importance(result)
    assert clustered.terms[["p_value", "log10_p"]].isna().all(axis=None)
    columns = plain.terms.columns.difference(["p_value", "log10_p"])
    pd.testing.assert_frame_equal(clustered.terms[columns], plain.terms[columns])
    pd.testing.assert_frame_equal(clustered.classes, plain.classes)


def test_separated_cells_keep_their_gain(separated: gg.Result, separated_rows: pd.DataFrame) -> None:
    found = gg.term_importance(separated)
    np.testing.assert_allclose(found.terms["lr_statistic"], separated.anova(test="lr")["statistic"], rtol=1e-8)
    cell = found.classes.set_index(["term", "class"]).loc[("C(key)", "blues")]
    assert np.isfinite(cell["gain"])
    assert np.isnan(cell["effect"])
    assert found.terms["effect"].notna().all()
    total = halves(found, separated_rows["genre"].value_counts())
    np.testing.assert_allclose(2 * total, found.terms["lr_statistic"], atol=4.0)


def test_no_intercept_and_no_terms(rows: pd.DataFrame) -> None:
    bare = gg.term_importance(gg.fit("genre ~ 0 + energy", rows)).terms
    assert bare["deviance_share"].tolist() == pytest.approx([1.0])
    nothing = gg.term_importance(gg.fit("genre ~ 1", rows))
    assert nothing.terms.empty
    assert nothing.classes.empty
    assert nothing.terms.columns.tolist() == gg.term_importance(gg.fit("genre ~ energy", rows)).terms.columns.tolist()


@pytest.mark.parametrize("penalty", [gg.Ridge(0.01), gg.Jeffreys()])
def test_a_penalised_fit_is_refused_with_the_other_measures(penalty: Any, rows: pd.DataFrame) -> None:
    with pytest.raises(InferenceError, match=r"moved this fit away.*gg.drop_one.*gg.standardised_effects"):
        gg.term_importance(gg.fit(FORMULA, rows, penalty=penalty))


def test_a_loaded_result_asks_for_its_rows(result: gg.Result, rows: pd.DataFrame, tmp_path: Path) -> None:
    loaded = gg.load(result.save(tmp_path / "model"))
    with pytest.raises(DataError, match="pass rows="):
        gg.term_importance(loaded)
    with pytest.raises(DataError, match="but the model was fitted to"):
        gg.term_importance(loaded, rows.head(100))
    found = gg.term_importance(loaded, rows)
    pd.testing.assert_frame_equal(found.terms, gg.term_importance(result).terms, rtol=1e-6)
    with pytest.raises(OptionError, match="type='IV'"):
        gg.term_importance(result, type="IV")  # type: ignore[arg-type]


def test_other_measures_stand_beside(rows: pd.DataFrame) -> None:
    result = gg.fit(CROSSED, rows)
    unseen = gg.drop_one(CROSSED, rows)
    permuted = gg.permutation_importance(result, rows, repeats=1)
    found = gg.term_importance(result, unseen=unseen, permuted=permuted)
    np.testing.assert_array_equal(found.terms["unseen_increase"], unseen.terms["increase"])
    np.testing.assert_array_equal(found.classes["unseen_gain"], unseen.classes["gain"])
    by_variable = permuted.set_index("variable")["increase"]
    wanted = [by_variable["energy"], by_variable["valence"], by_variable["key"], np.nan]
    np.testing.assert_array_equal(found.terms["permuted_increase"], wanted)
    squared = gg.fit("genre ~ energy + I(energy ** 2)", rows)
    both = gg.term_importance(squared, permuted=gg.permutation_importance(squared, repeats=1)).terms
    assert both["permuted_decrease"].isna().tolist() == [False, True]
