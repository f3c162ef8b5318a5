"""Value, gradient and curvature against SciPy and finite differences, and blocks against the whole."""

import numpy as np
import pytest

from genreglm.engine import objective as module
from genreglm.engine.blocks import Blocks
from genreglm.engine.coordinates import unwhiten
from genreglm.engine.objective import Objective
from simulated import Case, case, point

OPTIONS = [(False, False, False), (True, False, False), (False, True, False), (False, False, True), (True, True, True)]
NAMES = ["plain", "weights", "offset", "ridge", "all"]


def quadratic(problem: Case) -> np.ndarray:
    """Some symmetric, positive definite form, as a ridge in whitened coordinates is."""
    root = np.random.default_rng(5).normal(size=(problem.x.shape[1],) * 2)
    return 0.1 * root.T @ root


@pytest.fixture(params=OPTIONS, ids=NAMES)
def problem(request: pytest.FixtureRequest) -> tuple[Case, np.ndarray | None]:
    weighted, offset, ridge = request.param
    made = case(weighted=weighted, offset=offset)
    return made, quadratic(made) if ridge else None


def test_value_is_the_formula(problem: tuple[Case, np.ndarray | None]) -> None:
    made, form = problem
    objective, whitened = made.objective(form), point(made)
    expected = made.loss(unwhiten(objective.triangular, whitened))
    expected += 0.0 if form is None else 0.5 * np.einsum("jk,jl,lk->", whitened, form, whitened)
    assert objective.evaluate(whitened)[0] == pytest.approx(expected, rel=1e-13)


def test_gradient_is_the_slope_of_the_value(problem: tuple[Case, np.ndarray | None]) -> None:
    made, form = problem
    objective, whitened, step = made.objective(form), point(made), 1e-6
    gradient = objective.evaluate(whitened)[1]
    for j, k in np.ndindex(whitened.shape):
        move = np.zeros_like(whitened)
        move[j, k] = step
        slope = (objective.evaluate(whitened + move)[0] - objective.evaluate(whitened - move)[0]) / (2 * step)
        assert gradient[j, k] == pytest.approx(slope, abs=2e-9)


def test_product_is_the_slope_of_the_gradient(problem: tuple[Case, np.ndarray | None]) -> None:
    made, form = problem
    objective, whitened, step = made.objective(form), point(made), 1e-6
    for seed in (2, 3):
        move = point(made, seed, scale=1.0)
        after, before = (objective.evaluate(whitened + sign * step * move)[1] for sign in (1, -1))
        objective.evaluate(whitened)
        np.testing.assert_allclose(objective.product(move), (after - before) / (2 * step), atol=2e-9)


def test_class_curvatures_are_the_diagonal_blocks_of_the_hessian(problem: tuple[Case, np.ndarray | None]) -> None:
    made, form = problem
    objective, whitened = made.objective(form), point(made)
    objective.evaluate(whitened)
    found = objective.class_curvatures()
    for j, k in np.ndindex(whitened.shape):
        move = np.zeros_like(whitened)
        move[j, k] = 1.0
        # The blocks are sums in single precision.
        np.testing.assert_allclose(found[k][:, j], objective.product(move)[:, k], rtol=1e-6, atol=1e-7)


def test_hessian_is_what_products_multiply_by(problem: tuple[Case, np.ndarray | None]) -> None:
    made, form = problem
    objective, whitened = made.objective(form), point(made)
    objective.evaluate(whitened)
    direction = point(made, 5)
    found = np.einsum("kljm,ml->jk", objective.hessian(), direction)
    np.testing.assert_allclose(found, objective.product(direction), rtol=1e-11, atol=1e-14)


def test_curvatures_of_many_rows_come_from_evenly_spread_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PRECONDITIONER_FLOPS", 0.0)
    made = case(rows=192, columns=2, weighted=True)
    objective = made.objective(block_rows=8)
    whitened = point(made)
    objective.evaluate(whitened)
    taken = np.arange(0, 192, 8)  # the first of every block: more than one in twelve is not wanted
    z = made.x[taken] @ np.linalg.inv(objective.triangular)
    prob = made.probabilities(unwhiten(objective.triangular, whitened))[taken]
    weight = made.w[taken]
    for k, found in enumerate(objective.class_curvatures()):
        curvature = weight * prob[:, k] * (1 - prob[:, k])
        np.testing.assert_allclose(found, (z.T * curvature) @ z / weight.sum(), rtol=1e-6, atol=1e-7)


def test_gradient_and_product_stay_among_rows_that_sum_to_zero() -> None:
    made = case(weighted=True, offset=True)
    objective = made.objective()
    _, gradient = objective.evaluate(point(made))
    np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-15)
    np.testing.assert_allclose(objective.product(point(made, 4)).sum(axis=1), 0.0, atol=1e-15)


@pytest.mark.parametrize("block_rows", [1, 7, 59, 60, 1000])
def test_any_cutting_into_blocks_gives_the_whole(block_rows: int) -> None:
    made = case(weighted=True, offset=True)
    whole = made.objective(block_rows=60)
    cut, whitened = Objective(made.blocks(block_rows), whole.triangular), point(made)
    value, gradient = whole.evaluate(whitened)
    cut_value, cut_gradient = cut.evaluate(whitened)
    assert cut_value == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(cut_gradient, gradient, atol=1e-14)
    np.testing.assert_allclose(cut.product(whitened), whole.product(whitened), atol=1e-14)


def test_blocks_know_their_sizes_and_follow_one_another() -> None:
    made = case(rows=50, weighted=True)
    blocks = made.blocks(16)
    assert [len(part) for part in blocks.parts] == [16, 16, 16, 2]
    assert (blocks.rows, blocks.columns, blocks.total_weight) == (50, 3, made.w.sum())
    assert all(np.shares_memory(part.x, made.x) for part in blocks.parts)
    both = blocks.followed_by(made.blocks(50))
    assert both.rows == 100
    assert list(both.map(len)) == [16, 16, 16, 2, 50]
    assert isinstance(both, Blocks)
