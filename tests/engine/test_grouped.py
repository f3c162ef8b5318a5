"""Groups of rows and what they add up to, by counting."""

from dataclasses import replace

import numpy as np
import pytest

from genreglm.engine.blocks import spread
from genreglm.engine.grouped import Grouped, patterns, quantile_groups
from genreglm.engine.problem import Problem
from simulated import case, point


def problem(offset: bool = False) -> Problem:
    made = case(60, 3, 4, weighted=True, offset=offset)
    return Problem(made.x, made.y, made.w, 4, 0, made.offset)


def test_counts_are_sums_over_the_rows_of_a_group() -> None:
    given, made = problem(), case(60, 3, 4, weighted=True)
    prob = made.probabilities(point(made))
    groups = np.arange(60) % 5
    found = Grouped.of(given, prob, groups)
    for g in range(5):
        for k in range(4):
            rows = groups == g
            assert found.observed[g, k] == sum(w for w, y in zip(made.w[rows], made.y[rows], strict=True) if y == k)
            assert found.expected[g, k] == pytest.approx(made.w[rows] @ prob[rows, k])
    soft = Grouped.of(replace(given, y=spread(given.y, 4)), prob, groups)
    np.testing.assert_allclose(soft.observed, found.observed)
    np.testing.assert_allclose(found.size, found.expected.sum(axis=1))


def test_statistics_are_their_definitions() -> None:
    observed, expected = np.array([[3.0, 1.0], [0.0, 4.0]]), np.array([[2.0, 2.0], [1.0, 3.0]])
    found = Grouped(observed, expected)
    assert found.pearson() == pytest.approx(1 / 2 + 1 / 2 + 1 + 1 / 3)
    assert found.deviance() == pytest.approx(2 * (3 * np.log(3 / 2) + np.log(1 / 2) + 4 * np.log(4 / 3)))
    assert found.dissimilarity() == pytest.approx((1 + 1 + 1 + 1) / 16)
    variance = np.array([2 * 0.5, 2 * 0.5, 1 * 0.75, 3 * 0.25])
    assert found.chance() == pytest.approx(np.sqrt(2 * variance / np.pi).sum() / 16)


def test_chance_is_what_the_dissimilarity_is_by_chance() -> None:
    rng, prob = np.random.default_rng(0), np.array([0.2, 0.3, 0.5])
    observed = rng.multinomial(1000, prob, size=2000).astype(float)
    both = [Grouped(row[None], 1000 * prob[None]) for row in observed]
    assert np.mean([one.dissimilarity() for one in both]) == pytest.approx(both[0].chance(), rel=0.03)


def test_groups_are_of_like_weight_and_keep_equal_values_together() -> None:
    values = np.random.default_rng(1).permutation(np.repeat(np.arange(50.0), 4))
    groups = quantile_groups(values, np.ones(200), 10)
    assert np.bincount(groups).tolist() == [20] * 10
    for value in range(50):
        assert len(set(groups[values == value])) == 1
    assert (np.diff(groups[np.argsort(values, kind="stable")]) >= 0).all()


def test_a_weight_of_two_is_the_row_twice_and_of_zero_no_row() -> None:
    rng = np.random.default_rng(2)
    values, w = rng.random(80), rng.integers(0, 3, 80)
    weighted = quantile_groups(values, w.astype(float), 7)
    twice = quantile_groups(np.repeat(values, w), np.ones(w.sum()), 7)
    np.testing.assert_array_equal(np.repeat(weighted, w), twice)
    assert weighted.max() == 6


def test_few_values_give_few_groups_numbered_without_gaps() -> None:
    values = np.array([0.1] * 90 + [0.2] * 5 + [0.3] * 5)
    groups = quantile_groups(values, np.ones(100), 10)
    assert sorted(set(groups.tolist())) == list(range(groups.max() + 1))
    assert len(set(groups[:90].tolist())) == 1


def test_patterns_are_distinct_rows_of_columns_and_offset() -> None:
    given = problem()
    x = np.round(given.x, 0)
    codes = patterns(replace(given, x=x))
    assert codes.max() + 1 == len(np.unique(x, axis=0))
    for code in range(codes.max() + 1):
        assert len(np.unique(x[codes == code], axis=0)) == 1
    shifted = problem(offset=True)
    assert patterns(replace(shifted, x=np.ones((60, 1)))).max() == 59
    assert patterns(replace(given, x=np.ones((60, 1)))).max() == 0
