"""Standardising, whitening and rank."""

import numpy as np
import pytest

from genreglm.engine.coordinates import Standardisation, aliased_columns, triangle, unwhiten, whiten
from simulated import case


def columns(rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    made = case(rows=rows, weighted=True)
    return made.x + np.array([0.0, 3.0, -8.0]), made.w


def test_standardised_columns_have_mean_zero_and_deviation_one() -> None:
    x, w = columns()
    z = Standardisation.learn(x, w, 0).apply(x)
    np.testing.assert_array_equal(z[:, 0], 1.0)
    np.testing.assert_allclose(w @ z[:, 1:], 0.0, atol=1e-12)
    np.testing.assert_allclose(w @ z[:, 1:] ** 2 / w.sum(), 1.0, rtol=1e-12)


def test_nothing_is_centred_without_an_intercept() -> None:
    x, w = columns()
    learnt = Standardisation.learn(x, w, None)
    assert (learnt.centre == 0.0).all()
    np.testing.assert_allclose(w @ learnt.apply(x) ** 2 / w.sum(), 1.0, rtol=1e-12)


@pytest.mark.parametrize("intercept", [0, None])
def test_coefficients_go_back_and_forth(intercept: int | None) -> None:
    x, w = columns()
    learnt = Standardisation.learn(x, w, intercept)
    own = np.random.default_rng(1).normal(size=(3, 4))
    given = learnt.back() @ own
    np.testing.assert_allclose(x @ given, learnt.apply(x) @ own, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(learnt.forth(given), own, rtol=1e-12)


def test_a_small_deviation_beside_a_large_mean_is_kept() -> None:
    noise = np.random.default_rng(2).normal(size=500)
    x = np.column_stack([np.ones(500), 1e8 + noise])
    assert Standardisation.learn(x, np.ones(500), 0).scale[1] == pytest.approx(noise.std(), rel=1e-7)


@pytest.mark.parametrize("unit", [1e-200, 1e-30, 1e30, 1e200])
@pytest.mark.parametrize("intercept", [0, None])
def test_any_unit_is_standardised(unit: float, intercept: int | None) -> None:
    x, w = columns()
    plain = Standardisation.learn(x, w, intercept)
    learnt = Standardisation.learn(x * [1.0, unit, 1.0], w, intercept)
    np.testing.assert_allclose(learnt.scale, plain.scale * [1.0, unit, 1.0], rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.0, 1e200])
def test_a_constant_column_is_left_with_scale_one(value: float) -> None:
    x = np.column_stack([np.ones(30), np.full(30, value)])
    assert Standardisation.learn(x, np.ones(30), 0).scale[1] == 1.0


@pytest.mark.parametrize("block_rows", [2, 16, 100])
def test_triangle_is_the_root_of_the_moments_whatever_the_blocks(block_rows: int) -> None:
    made = case(weighted=True)
    found = triangle(made.blocks(block_rows))
    np.testing.assert_allclose(found.T @ found, (made.x.T * made.w) @ made.x / made.w.sum(), rtol=1e-12)
    np.testing.assert_array_equal(found, np.triu(found))


def test_triangle_of_fewer_rows_than_columns() -> None:
    made = case(rows=4, columns=6)
    found = triangle(made.blocks())
    assert found.shape == (6, 6)
    np.testing.assert_allclose(found.T @ found, made.x.T @ made.x / 4, rtol=1e-12)
    assert aliased_columns(found) == [4, 5]


def test_aliased_columns_are_those_that_come_after_what_they_depend_on() -> None:
    rng = np.random.default_rng(3)
    a, b, c = rng.normal(size=(3, 50))
    x = np.column_stack([np.ones(50), a, 2 * a - 1, b, a + b, c])
    found = np.linalg.qr(x / np.linalg.norm(x, axis=0), mode="r")
    assert aliased_columns(found) == [2, 4]
    assert aliased_columns(np.linalg.qr(x[:, [0, 1, 3, 5]], mode="r")) == []


def test_a_column_that_is_constant_up_to_rounding_is_aliased() -> None:
    value = np.where(np.arange(40) % 3 == 0, 0.1, np.nextafter(0.1, 1.0))
    x = np.column_stack([np.ones(40), value, np.arange(40.0)])
    z = Standardisation.learn(x, np.ones(40), 0).apply(x)
    assert aliased_columns(np.linalg.qr(z / np.sqrt(40), mode="r")) == [1]


def test_nearly_dependent_columns_are_kept() -> None:
    rng = np.random.default_rng(4)
    a = rng.normal(size=50)
    x = np.column_stack([a, a + 1e-6 * rng.normal(size=50)])
    assert aliased_columns(np.linalg.qr(x, mode="r")) == []


def test_whitened_columns_are_orthonormal_and_coefficients_come_back() -> None:
    made = case(weighted=True)
    triangular = triangle(made.blocks())
    q = made.x @ np.linalg.inv(triangular)
    np.testing.assert_allclose((q.T * made.w) @ q / made.w.sum(), np.eye(3), atol=1e-12)
    own = np.random.default_rng(5).normal(size=(3, 4))
    np.testing.assert_allclose(unwhiten(triangular, whiten(triangular, own)), own, rtol=1e-12)
