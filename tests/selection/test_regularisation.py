"""Paths of lasso-type penalties: against single fits and a loop by hand, and on rows whose answer is known."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, OptionError, SeparationError
from genreglm.evaluation import scores
from genreglm.selection.dealt import Dealt
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
Strengths = list[float]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=600, genres=4, seed=1, strength=1.2, artists=90)


@pytest.fixture(scope="module")
def path(rows: pd.DataFrame) -> gg.RegularisationPath:
    return gg.regularisation_path(FORMULA, rows, strengths=12, smallest=1e-2, folds=3, seed=4)


def planted() -> pd.DataFrame:
    """Two columns that tell the classes apart, among eight that do not; artists have no taste."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(1500, 10)), columns=list("abcdefghij"))
    eta = np.outer(frame["b"], [1.5, 0.0, -1.5]) + np.outer(frame["g"], [0.0, 1.5, -1.0])
    frame["genre"] = np.array(["x", "y", "z"])[(eta + rng.gumbel(size=eta.shape)).argmax(axis=1)]
    frame["artist"] = rng.integers(0, 150, size=1500).astype(str)
    return frame


@pytest.mark.parametrize("kind", ["lasso", "elastic_net", "group_lasso", "term_lasso"])
def test_each_point_is_the_fit_at_its_strength(rows: pd.DataFrame, kind: str) -> None:
    path = gg.regularisation_path(FORMULA, rows, kind, strengths=6, smallest=1e-2, folds=0)
    assert (path.table["kkt"] <= 1e-9).all()
    assert path.table.loc[0, ["terms", "columns", "nonzero"]].eq(0).all()
    assert path.scores is None
    for place in (0, 3, 5):
        strength = float(path.table["strength"][place])
        single = path.at(strength)
        # Under a lasso with four classes any level between the two middle coefficients costs the same.
        both = [b - b.mean(axis=1, keepdims=True) for b in (path.coefficients[place], single.coefficients)]
        np.testing.assert_allclose(*both, atol=1e-6)
        loss = -single.statistics.log_likelihood / single.statistics.nobs
        assert path.table["log_loss"][place] == pytest.approx(loss, rel=1e-9)
        assert path.table["deviance_ratio"][place] == pytest.approx(single.glance()["mcfadden_r2"][0], abs=1e-9)


def test_scores_are_those_of_a_loop_by_hand(rows: pd.DataFrame, path: gg.RegularisationPath) -> None:
    dealt = Dealt.of(FORMULA, rows, "artist", 3, 1, True, None, 4)
    strength = float(path.table["strength"][7])
    assert path.scores is not None
    found = path.scores[path.scores["strength"] == strength]
    assert found["fold"].tolist() == [0, 1, 2]
    assert found["split"].eq("artist").all()
    for fold in range(3):
        train, held = dealt.split(0, fold)
        assert not set(train.frame["artist"]) & set(held.frame["artist"])
        fitted = gg.fit(FORMULA, train.frame, penalty=gg.GroupLasso(strength, standardise=True))
        expected = scores(fitted.predict(held.frame).to_numpy(), fitted.design.codes(held.frame))
        for name in ("log_loss", "top_1", "brier"):
            assert found[name].iloc[fold] == pytest.approx(expected[name], abs=1e-4)


def test_the_rule_of_one_standard_error_takes_the_stronger_penalty(path: gg.RegularisationPath) -> None:
    best, simple = path.chosen("best"), path.chosen()
    assert simple >= best
    summed = path.choose()
    assert summed["chosen"].sum() == 1
    assert summed["strength"].is_monotonic_decreasing
    limit = summed["estimate"].min() + summed.loc[summed["estimate"].idxmin(), "fold_std_error"]
    assert summed.loc[summed["chosen"], "estimate"].iloc[0] <= limit
    assert path.choose(metric="top_1")["metric"].eq("top_1").all()


def test_it_finds_what_was_planted_and_refits_it() -> None:
    rows = planted()
    formula = "genre ~ " + " + ".join("abcdefghij")
    path = gg.regularisation_path(formula, rows, strengths=30, smallest=1e-3)
    chosen = path.chosen()
    assert path.terms(chosen) == ["b", "g"]
    refit = path.refit(chosen)
    assert refit.penalty is None
    assert np.allclose(refit.coefficients, gg.fit("genre ~ b + g", rows).coefficients, atol=1e-8)
    assert (refit.tidy()["std_error"] > 0).all()
    assert "chosen by these very rows" in path.caveat
    assert set(path.terms(float(path.table["strength"].min()))) >= {"b", "g"}


def test_the_path_ends_where_the_deviance_no_longer_falls(rows: pd.DataFrame) -> None:
    early = gg.regularisation_path(FORMULA, rows, folds=0)
    whole = gg.regularisation_path(FORMULA, rows, folds=0, early_end=False)
    assert len(early.table) < len(whole.table) == 100
    assert early.ended == "the deviance no longer fell"
    assert whole.ended == "the last strength"
    pd.testing.assert_frame_equal(early.table, whole.table.iloc[: len(early.table)])


def test_a_factor_of_zero_frees_a_term(rows: pd.DataFrame) -> None:
    penalty = gg.GroupLasso(1.0, standardise=True, factors={"valence": 0.0})
    path = gg.regularisation_path(FORMULA, rows, penalty, strengths=5, folds=0)
    assert path.terms(float(path.table["strength"][0])) == ["valence"]
    assert path.table["columns"][0] == 0
    alone = gg.fit("genre ~ valence", rows, covariance=None)
    columns = [path.design.columns.index(name) for name in alone.design.columns]
    np.testing.assert_allclose(path.coefficients[0][columns], alone.coefficients, atol=1e-6)


def test_a_free_term_that_is_separated_has_no_path(rows: pd.DataFrame) -> None:
    cut = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    for formula, term in ((FORMULA, "C(key)"), ("genre ~ energy + C(key, contr.sum)", "C(key, contr.sum)")):
        with pytest.raises(SeparationError, match=r"blues.*Give Lasso a strength"):
            gg.regularisation_path(formula, cut, gg.Lasso(1.0, factors={term: 0.0}), strengths=3, folds=0)


def test_a_weight_of_two_is_the_row_twice(rows: pd.DataFrame) -> None:
    twice = 1 + (np.arange(len(rows)) % 3 == 0)
    doubled = rows.loc[rows.index.repeat(twice)].reset_index(drop=True)
    weighted = gg.regularisation_path(FORMULA, rows, strengths=5, folds=0, weights=twice)
    repeated = gg.regularisation_path(FORMULA, doubled, strengths=5, folds=0)
    np.testing.assert_allclose(weighted.table["strength"], repeated.table["strength"], rtol=1e-9)
    np.testing.assert_allclose(weighted.coefficients, repeated.coefficients, atol=1e-7)


def test_units_do_not_matter_per_standard_deviation(rows: pd.DataFrame) -> None:
    scaled = rows.assign(energy=1e4 * rows["energy"] - 7.0)
    path, other = (gg.regularisation_path(FORMULA, frame, strengths=5, folds=0) for frame in (rows, scaled))
    place = path.design.columns.index("energy")
    np.testing.assert_allclose(other.coefficients[:, place], path.coefficients[:, place] / 1e4, atol=1e-10)
    np.testing.assert_allclose(other.table["log_loss"], path.table["log_loss"], rtol=1e-9)


def test_tidy_and_sizes_hold_what_is_in_the_model(path: gg.RegularisationPath) -> None:
    table = path.tidy()
    assert table.columns.tolist() == ["strength", "class", "term", "estimate"]
    slopes = table[table["term"] != "(Intercept)"]
    counted = slopes.groupby("strength").size().reindex(path.table["strength"], fill_value=0)
    assert counted.tolist() == path.table["nonzero"].tolist()
    sizes = path.sizes()
    assert set(sizes["term"]) == {"energy", "valence", "C(key)"}
    there = sizes[sizes["size"] > 0].groupby("strength")["term"].nunique()
    assert there.reindex(path.table["strength"], fill_value=0).tolist() == path.table["terms"].tolist()


def test_random_rows_are_labelled(rows: pd.DataFrame) -> None:
    path = gg.regularisation_path(FORMULA, rows, strengths=3, folds=2, groups="rows")
    assert path.scores is not None
    assert path.scores["warning"].str.contains("Random rows").all()
    assert path.choose()["split"].eq("random rows").all()


def test_jobs_change_nothing(rows: pd.DataFrame, path: gg.RegularisationPath) -> None:
    two = gg.regularisation_path(FORMULA, rows, strengths=12, smallest=1e-2, folds=3, seed=4, jobs=2)
    assert path.scores is not None
    assert two.scores is not None
    pd.testing.assert_frame_equal(path.scores, two.scores)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalty": gg.Ridge(1.0)}, "has no path"),
        ({"penalty": "ridge"}, "penalty='ridge'"),
        ({"penalty": gg.Lasso(0.0)}, "must be above 0"),
        ({"strengths": [0.1, -1.0]}, "above 0"),
        ({"strengths": 1}, "2 or more"),
        ({"penalty": gg.Lasso(1.0, factors={"tempo": 1.0})}, "no terms"),
        ({"penalty": gg.Lasso(1.0, factors={"energy": 0.0, "valence": 0.0, "C(key)": 0.0})}, "no column back"),
    ],
)
def test_what_makes_no_path_is_refused(rows: pd.DataFrame, options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        gg.regularisation_path(FORMULA, rows, folds=0, **options)  # type: ignore[arg-type]


def test_questions_without_an_answer_are_refused(rows: pd.DataFrame, path: gg.RegularisationPath) -> None:
    with pytest.raises(OptionError, match="none of the path"):
        path.terms(123.0)
    unscored = gg.regularisation_path(FORMULA, rows, strengths=[0.1, 0.05], folds=0)
    with pytest.raises(DataError, match="folds=5"):
        unscored.choose()
