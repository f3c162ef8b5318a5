"""What the GLMs are measured against."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from genreglm.fitting import design
from genreglm.study.config import StudyConfig
from genreglm.study.yardsticks import Rows, Trees, other_trees, train_boosting, train_discriminant, train_prior
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
SIZE = Trees(rounds=30, leaves=4, rate=0.1)


@pytest.fixture(scope="module")
def parts() -> list[Rows]:
    rows = tracks(rows=1_200, genres=4, seed=3, strength=1.2)
    learnt = design(FORMULA, rows.iloc[:800])
    cuts = rows.iloc[:800], rows.iloc[800:1_000], rows.iloc[1_000:]
    return [Rows(learnt.matrix(part)[:, 1:], learnt.codes(part)) for part in cuts]


def loss(prob: np.ndarray, test: Rows) -> float:
    return float(-np.log(prob[np.arange(len(test.y)), test.y]).mean())


def test_prior_is_the_shares_of_the_training_rows() -> None:
    genres = pd.Series(["a", "a", "b", "c"])
    trained = train_prior(genres, 3, ["a", "b", "c"])
    assert trained.prob.shape == (3, 3)
    np.testing.assert_allclose(trained.prob, [[0.5, 0.25, 0.25]] * 3)


def test_discriminant_knows_something(parts: list[Rows]) -> None:
    train, _, test = parts
    trained = train_discriminant(train, test.x)
    assert trained.parameters == 4 * 4 + 4 * 5 // 2
    np.testing.assert_allclose(trained.prob.sum(axis=1), 1.0, atol=1e-5)
    assert loss(trained.prob, test) < np.log(4)


def test_boosting_knows_something_and_is_the_same_again(parts: list[Rows]) -> None:
    train, valid, test = parts
    trained, again = (train_boosting(train, valid, test.x, SIZE) for _ in range(2))
    np.testing.assert_array_equal(trained.prob, again.prob)
    assert trained.detail.endswith(
        "of at most 30 rounds of 4 leaves of at least 20 rows, rate 0.1, ridge 1, 100% of the columns a tree"
    )
    np.testing.assert_allclose(trained.prob.sum(axis=1), 1.0, atol=1e-5)
    assert loss(trained.prob, test) < np.log(4)


def test_boosting_takes_the_manner_that_held_out_rows_prefer(parts: list[Rows]) -> None:
    train, valid, test = parts
    slow = {"rounds": 1, "leaves": 2, "rate": 0.01}
    taken = train_boosting(train, valid, test.x, SIZE, [slow, {"least_rows": 40}, slow])
    assert "of 4 leaves" in taken.detail
    assert "rate 0.1" in taken.detail
    stump = Trees(**slow)
    assert "of at most 30 rounds of 2 leaves" in train_boosting(train, valid, test.x, stump, [{"rounds": 30}]).detail


def test_boosting_may_go_on_for_longer(parts: list[Rows]) -> None:
    train, valid, test = parts
    brief = Trees(rounds=3, leaves=4, rate=0.1)
    assert "3 of at most 3 rounds" in train_boosting(train, valid, test.x, brief).detail
    longer = train_boosting(train, valid, test.x, brief, longer=5).detail
    assert "of at most 15 rounds" in longer
    assert " 3 of " not in longer


def test_a_thorough_search_of_boosting_has_as_many_tries_as_that_of_a_glm() -> None:
    config = StudyConfig()
    glm = 2 * len(config.ridge) + len(config.artist_weight_power) - 1 + len(config.family_pooling) - 1
    assert 1 + len(other_trees(SIZE)) == glm
    assert all(replace(SIZE, **change) != SIZE for change in other_trees(SIZE))


def test_rows_of_weight_zero_teach_boosting_nothing(parts: list[Rows]) -> None:
    train, valid, test = parts
    wrong = Rows(np.vstack([train.x, train.x]), np.concatenate([train.y, (train.y + 1) % 4]), None)
    silent = Rows(wrong.x, wrong.y, np.repeat([2.0, 0.0], len(train.y)))
    weighed = Rows(valid.x, valid.y, np.ones(len(valid.y)))
    misled = train_boosting(wrong, valid, test.x, SIZE)
    assert loss(train_boosting(silent, weighed, test.x, SIZE).prob, test) < loss(misled.prob, test)
