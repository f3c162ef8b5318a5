"""The form that couples classes: against its definition, its derivatives, and the objective that carries it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genreglm.engine.coordinates import unwhiten
from genreglm.engine.coupled import Coupled, add_class_blocks, all_blocks, column_form, pooled_classes
from simulated import Case, case, point

FAMILIES = np.array([0, 1, 0, 1])


def form(columns: int = 3, pooling: float = 0.6) -> Coupled:
    root = np.random.default_rng(5).normal(size=(columns, columns))
    return Coupled(0.1 * root.T @ root, pooled_classes(FAMILIES, pooling))


def value(quadratic: Coupled, coefficients: np.ndarray) -> float:
    return 0.5 * float(np.trace(coefficients.T @ quadratic.form @ coefficients @ quadratic.classes))


@given(seed=st.integers(0, 1000), pooling=st.floats(0, 0.99))
@settings(max_examples=30, deadline=None)
def test_pooling_is_a_ridge_on_deviations_and_a_weaker_one_on_family_means(seed: int, pooling: float) -> None:
    rng = np.random.default_rng(seed)
    families = np.concatenate([np.arange(3), rng.integers(0, 3, 5)])
    slopes = rng.normal(size=8)
    means = np.array([slopes[families == code].mean() for code in range(3)])
    expected = np.square(slopes - means[families]).sum() + (1 - pooling) * np.square(means[families]).sum()
    assert slopes @ pooled_classes(families, pooling) @ slopes == pytest.approx(expected)


def test_families_minimised_over_leave_the_form() -> None:
    rng, pooling = np.random.default_rng(2), 0.7
    slopes = rng.normal(size=4)
    total = 0.0
    for code in (0, 1):
        own = slopes[code == FAMILIES]
        tried = np.linspace(-3, 3, 600_001)
        ridge = np.square(own[:, None] - tried).sum(axis=0) + len(own) * (1 - pooling) / pooling * tried**2
        total += float(ridge.min())
    assert slopes @ pooled_classes(FAMILIES, pooling) @ slopes == pytest.approx(total, rel=1e-8)


def test_product_and_blocks_are_derivatives_of_the_form() -> None:
    quadratic, step = form(), 1e-5
    at = np.random.default_rng(1).normal(size=(3, 4))
    blocks, own = all_blocks(quadratic, 4), np.zeros((4, 3, 3))
    add_class_blocks(own, quadratic)
    for j, k in np.ndindex(at.shape):
        move = np.zeros_like(at)
        move[j, k] = step
        slope = (value(quadratic, at + move) - value(quadratic, at - move)) / (2 * step)
        assert (quadratic @ at)[j, k] == pytest.approx(slope, rel=1e-8)
        np.testing.assert_allclose(np.einsum("lm->ml", blocks[k, :, j]), (quadratic @ move) / step, atol=1e-12)
        np.testing.assert_allclose(own[k], blocks[k, k])


def test_an_uncoupled_form_is_the_same_in_each_class() -> None:
    plain = form().form
    np.testing.assert_array_equal(column_form(plain), plain)
    added = np.ones((4, *plain.shape))
    add_class_blocks(added, plain)
    np.testing.assert_array_equal(added, 1.0 + np.tile(plain, (4, 1, 1)))
    np.testing.assert_array_equal(all_blocks(plain, 2)[0, 1], np.zeros((3, 3)))
    np.testing.assert_array_equal(column_form(form()), plain)


def test_rows_that_sum_to_zero_stay_so() -> None:
    assert (form() @ point(case())).sum(axis=1) == pytest.approx(np.zeros(3), abs=1e-15)


@pytest.fixture
def made() -> Case:
    return case(weighted=True)


def test_the_objective_carries_it(made: Case) -> None:
    quadratic, whitened, step = form(), point(made), 1e-6
    objective = made.objective(quadratic)
    found, gradient = objective.evaluate(whitened)
    assert found == pytest.approx(made.loss(unwhiten(objective.triangular, whitened)) + value(quadratic, whitened))
    direction = point(made, 2, 1.0)
    above, below = (objective.evaluate(whitened + sign * step * direction) for sign in (1, -1))
    assert np.vdot(gradient, direction) == pytest.approx((above[0] - below[0]) / (2 * step), abs=2e-9)
    objective.evaluate(whitened)
    curved = objective.product(direction)
    np.testing.assert_allclose(curved, (above[1] - below[1]) / (2 * step), atol=2e-9)
    np.testing.assert_allclose(np.einsum("kljm,ml->jk", objective.hessian(), direction), curved, rtol=1e-10, atol=1e-13)
    for k in range(4):
        move = np.zeros_like(whitened)
        move[1, k] = 1.0
        # The blocks are sums in single precision.
        own = objective.class_curvatures()[k][:, 1]
        np.testing.assert_allclose(own, objective.product(move)[:, k], rtol=1e-6, atol=1e-7)
