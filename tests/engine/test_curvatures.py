"""The blocks of a wide preconditioner: near the Hessian's, the same on any number of threads, and worth their steps."""

import numpy as np
import pytest

from genreglm.engine import objective as module
from genreglm.engine.curvatures import curvatures_on_own_rows
from genreglm.engine.estimate import estimate
from genreglm.engine.newton import Outcome
from genreglm.engine.problem import Problem
from simulated import case


def exact(x: np.ndarray, w: np.ndarray, prob: np.ndarray) -> np.ndarray:
    curvature = w[:, None] * prob * (1.0 - prob)
    return np.einsum("ik,ia,ib->kab", curvature, x, x) / w.sum()


def parts(seed: int = 0, rows: int = 400, block_rows: int = 64):
    made = case(rows=rows, columns=6, classes=3, weighted=True, seed=seed)
    made.x[:] /= made.x.std(axis=0) + (made.x.std(axis=0) == 0)
    prob = np.random.default_rng(seed).dirichlet(0.5 * np.ones(3), rows)
    blocks = made.blocks(block_rows).parts
    cuts = np.split(prob, range(block_rows, rows, block_rows))
    return made, prob, [block.x.astype(np.float32) for block in blocks], list(zip(blocks, cuts, strict=True))


def test_many_draws_give_the_blocks_themselves() -> None:
    made, prob, rows, pairs = parts()
    found = curvatures_on_own_rows(rows, pairs, 200_000, made.w.sum())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact(made.x, made.w, prob), atol=1e-3)


def test_few_draws_are_unbiased_where_rows_are_shuffled() -> None:
    made, prob, _, _ = parts()
    rng, total = np.random.default_rng(0), 0.0
    for _ in range(400):
        order = rng.permutation(len(made.y))
        shuffled = type(made)(made.x[order], made.y[order], made.w[order], 3, None).blocks(64).parts
        cuts = np.split(prob[order], range(64, len(order), 64))
        rows = [block.x.astype(np.float32) for block in shuffled]
        total += curvatures_on_own_rows(rows, list(zip(shuffled, cuts, strict=True)), 24, made.w.sum()) / 400
    np.testing.assert_allclose(total, exact(made.x, made.w, prob), atol=0.02)


def test_a_row_that_bends_all_is_drawn_every_time() -> None:
    made, prob, rows, pairs = parts()
    prob[:] = np.array([1.0, 0.0, 0.0])
    pairs[2][1][5] = [0.5, 0.5, 0.0]
    found = curvatures_on_own_rows(rows, pairs, 10, made.w.sum())
    row = 2 * 64 + 5
    expected = 0.25 * made.w[row] * np.outer(made.x[row], made.x[row]) / made.w.sum()
    np.testing.assert_allclose(found[:2], [expected, expected], rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(found[2], 0.0)


def wide() -> Problem:
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(3000), rng.normal(size=(3000, 60)) @ rng.normal(size=(60, 60))])
    eta = 0.04 * x[:, 1:4] @ rng.normal(size=(3, 5))
    y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    return Problem(x, y, np.ones(3000), 5, intercept=0)


def test_a_wide_fit_ends_where_a_narrow_ones_route_does(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = wide()
    for ridge in (None, np.r_[0.0, np.full(60, 1e-3)]):
        found = estimate(problem, ridge=ridge)
        assert found.outcome is Outcome.CONVERGED
        with monkeypatch.context() as patch:
            patch.setattr(module, "_FEW_COLUMNS", 1000)
            shared = estimate(problem, ridge=ridge)
        np.testing.assert_allclose(found.coefficients, shared.coefficients, rtol=1e-7, atol=1e-9)
        assert found.solution is not None
        assert max(step.products for step in found.solution.trace) <= 40


@pytest.mark.parametrize("count", ["1", "2", "5"])
def test_threads_change_no_bit(count: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENREGLM_THREADS", "3")
    expected = estimate(wide())
    monkeypatch.setenv("GENREGLM_THREADS", count)
    np.testing.assert_array_equal(estimate(wide()).coefficients, expected.coefficients)
