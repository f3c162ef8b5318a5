import numpy as np
import pandas as pd
import pytest

from genreglm.evaluation import evaluate
from genreglm.fitting import design, fit
from genreglm.study.config import StudyConfig
from genreglm.study.predictive import (
    Weighting,
    choose_ridge,
    choose_weighting,
    train_boosting,
    train_discriminant,
    train_glm,
    train_prior,
)
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def parts() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rows = tracks(rows=1_200, genres=4, seed=3, strength=1.2)
    return rows.iloc[:800], rows.iloc[800:1_000], rows.iloc[1_000:]


Parts = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def test_ridge_is_the_one_that_held_out_rows_prefer(parts: Parts) -> None:
    train, valid, _ = parts
    choice = choose_ridge(FORMULA, train, valid, (1.0, 3_000.0, 100.0))
    assert choice.trace["strength"].tolist() == [3_000.0, 100.0, 1.0][: len(choice.trace)]
    best = choice.trace.loc[choice.trace["log_loss"].idxmin()]
    assert (choice.strength, choice.log_loss) == (best["strength"], best["log_loss"])
    assert choice.strength < 3_000.0
    assert float(evaluate(choice.result, valid)["log_loss"].iloc[0]) == pytest.approx(choice.log_loss)


def test_search_ends_at_the_first_that_is_worse() -> None:
    """Noise alone: the strongest ridge is best, and the weaker ones need not be tried."""
    rows = tracks(rows=300, genres=4, strength=0.0)
    rows["valence"] = np.random.default_rng(1).normal(size=300)
    choice = choose_ridge("genre ~ energy * valence * C(key)", rows.iloc[:100], rows.iloc[100:], (0.1, 1.0, 1e4))
    assert choice.strength == 1e4
    assert len(choice.trace) == 2


def test_strength_is_in_rows_a_standard_deviation(parts: Parts) -> None:
    train, _, test = parts
    doubled = pd.concat([train, train])
    once, twice = train_glm(FORMULA, train, test, 50.0), train_glm(FORMULA, doubled, test, 100.0)
    np.testing.assert_allclose(once.prob, twice.prob, atol=1e-3)
    other_units = train.assign(energy=1_000.0 * train["energy"])
    scaled = train_glm(FORMULA, other_units, test.assign(energy=1_000.0 * test["energy"]), 50.0)
    np.testing.assert_allclose(once.prob, scaled.prob, atol=1e-3)


def test_start_changes_the_way_and_not_the_end(parts: Parts) -> None:
    train, valid, test = parts
    begun = choose_ridge(FORMULA, train, valid, (10.0,)).result
    cold, warm = train_glm(FORMULA, train, test, 10.0), train_glm(FORMULA, train, test, 10.0, begun)
    np.testing.assert_allclose(cold.prob, warm.prob, atol=1e-3)
    assert warm.result is not None
    assert warm.result.inference is None
    assert (warm.parameters, warm.detail) == (3 * 5, "ridge of 10 rows")


def test_prior_is_the_shares_of_the_training_rows(parts: Parts) -> None:
    train, _, test = parts
    classes = sorted(train["genre"].unique())
    trained = train_prior(train["genre"], len(test), classes)
    assert trained.prob.shape == (len(test), 4)
    np.testing.assert_allclose(trained.prob[0], train["genre"].value_counts(normalize=True)[classes], rtol=1e-6)
    assert (trained.prob == trained.prob[0]).all()


@pytest.mark.parametrize("kind", ["discriminant", "boosting"])
def test_yardsticks_give_probabilities_that_know_something(parts: Parts, kind: str) -> None:
    train, _, test = parts
    learnt = design(FORMULA, train)
    x = [learnt.matrix(part)[:, 1:] for part in parts]
    y = [learnt.codes(part) for part in parts]
    config = StudyConfig(boosting_rounds=30, boosting_leaves=4)
    if kind == "discriminant":
        trained = train_discriminant(x[0], y[0], x[2])
        assert trained.parameters == 4 * 4 + 4 * 5 // 2
    else:
        trained = train_boosting((x[0], y[0]), (x[1], y[1]), x[2], config)
        again = train_boosting((x[0], y[0]), (x[1], y[1]), x[2], config)
        np.testing.assert_array_equal(trained.prob, again.prob)
        assert trained.detail.endswith("of at most 30 rounds of 4 leaves")
    np.testing.assert_allclose(trained.prob.sum(axis=1), 1.0, atol=1e-5)
    shares = train_prior(train["genre"], len(test), learnt.classes)
    loss, null = (-np.log(prob[np.arange(len(test)), y[2]]).mean() for prob in (trained.prob, shares.prob))
    assert loss < null
    assert fit(FORMULA, train, covariance=None).predict(test).shape == trained.prob.shape


def test_a_song_counts_once_and_an_artist_less_than_all_its_rows() -> None:
    rows = pd.DataFrame({"artist": list("aaab"), "song_rows": [2, 2, 1, 1]})
    assert Weighting()(rows) is None
    assert str(Weighting(0.5, True)) == "an artist of n rows counts n^0.5, a song once"
    once = Weighting(0.0, True)(rows)
    assert once is not None
    assert once / once[3] == pytest.approx([0.5, 0.5, 1, 1])
    both = Weighting(0.5, True)(rows)
    assert both is not None
    assert both.mean() == pytest.approx(1)
    assert both[:3].sum() / both[3] == pytest.approx(2**0.5)


def test_weights_are_those_that_held_out_rows_prefer(parts: Parts) -> None:
    """One artist of 400 rows whose genres are wrong: the more it is held back, the better."""
    train, valid, test = parts
    shout = train.sample(400, replace=True, random_state=0).assign(artist="loud")
    shout["genre"] = np.roll(shout["genre"].to_numpy(), 1)
    train = pd.concat([train, shout], ignore_index=True)
    first = choose_ridge(FORMULA, train, valid, (10.0,))
    chosen = choose_weighting(FORMULA, train, valid, first, [Weighting(0.3), Weighting(0.9)])
    assert chosen.weighting == Weighting(0.9)
    assert chosen.trace["log_loss"].is_monotonic_decreasing
    assert chosen.log_loss == chosen.trace["log_loss"].min()
    assert float(evaluate(chosen.result, valid)["log_loss"].iloc[0]) == pytest.approx(chosen.log_loss)
    detail = train_glm(FORMULA, train, test, 10.0, None, chosen.weighting).detail
    assert detail == "ridge of 10 rows; an artist of n rows counts n^0.1"
    kept = choose_weighting(FORMULA, train, valid, chosen, [Weighting()])
    assert kept.weighting == Weighting(0.9)
    assert kept.strength == 10.0
