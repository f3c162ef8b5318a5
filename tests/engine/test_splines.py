"""Restricted cubic splines against their definition."""

import numpy as np
import pytest

from genreglm.engine.splines import bends, restricted_cubic

KNOTS = np.array([-1.0, 0.0, 0.5, 2.0])


def test_a_restricted_cubic_spline_is_straight_beyond_its_outer_knots() -> None:
    outside = np.concatenate([np.linspace(-5, -1, 9), np.linspace(2, 6, 9)])
    columns = restricted_cubic(outside, KNOTS)
    for part in (columns[:9], columns[9:]):
        np.testing.assert_allclose(np.diff(part, 2, axis=0), 0.0, atol=1e-10)
    assert columns.shape == (18, 2)


def test_it_is_smooth_to_the_second_derivative_at_a_knot() -> None:
    step = 1e-4
    around = 0.5 + step * np.arange(-3, 4)
    second = np.diff(restricted_cubic(around, KNOTS), 2, axis=0) / step**2
    assert np.abs(np.diff(second, axis=0)).max() < 1e-2
    inside = np.diff(restricted_cubic(np.linspace(0.6, 1.9, 30), KNOTS), 2, axis=0)
    assert np.abs(inside).max() > 1e-3


def test_bends_are_orthonormal_and_orthogonal_to_the_line() -> None:
    x = np.random.default_rng(0).gamma(2.0, size=300)
    columns = bends(x, np.ones(300), 4)
    whole = np.column_stack([np.ones(300), (x - x.mean()) / x.std(), columns])
    np.testing.assert_allclose(whole.T @ whole / 300, np.eye(5), atol=1e-9)


@pytest.mark.parametrize("df", [2, 3, 4, 5, 8])
def test_there_are_as_many_as_asked_for(df: int) -> None:
    x = np.random.default_rng(1).normal(size=400)
    assert bends(x, np.ones(400), df).shape == (400, df - 1)


def test_their_span_does_not_depend_on_the_unit_and_a_weight_of_two_is_the_row_twice() -> None:
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=200), rng.integers(1, 3, 200)
    plain, moved = bends(x, w.astype(float), 4), bends(1e6 + 1e3 * x, w.astype(float), 4)
    np.testing.assert_allclose(plain @ plain.T, moved @ moved.T, atol=1e-6)
    twice = bends(np.repeat(x, w), np.ones(w.sum()), 4)
    # The same functions of x: those of each value span the same space beside the line.
    line = np.column_stack([np.ones(200), x])
    once = twice[np.searchsorted(np.repeat(np.arange(200), w), np.arange(200))]
    for target in plain.T:
        left = target - np.column_stack([line, once]) @ np.linalg.lstsq(np.column_stack([line, once]), target)[0]
        assert np.abs(left).max() < 1e-8


def test_repeated_values_give_a_square_and_two_values_give_nothing() -> None:
    rng = np.random.default_rng(3)
    mostly_zero = np.where(rng.random(300) < 0.96, 0.0, rng.normal(size=300))
    assert bends(mostly_zero, np.ones(300), 4).shape == (300, 1)
    some_zero = np.where(rng.random(300) < 0.5, 0.0, rng.random(300))
    assert 1 <= bends(some_zero, np.ones(300), 4).shape[1] < 3
    assert bends((rng.random(300) < 0.5).astype(float), np.ones(300), 4).shape == (300, 0)
