"""Paths of lasso-type penalties: the conditions of an optimum by brute force, and the null model at the top."""

import numpy as np
import pytest

from genreglm.engine.blocks import Blocks
from genreglm.engine.sparse_path import SparsePath
from genreglm.engine.sparse_penalties import ColumnPenalty, ElasticNet, GroupLasso, Lasso, SparsePenalty, TermLasso
from genreglm.errors import OptionError

PENALTIES = [Lasso(1.0), ElasticNet(1.0, 0.5), GroupLasso(1.0), GroupLasso(1.0, 0.5)]


def drawn(classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    z = rng.normal(size=(300, 8))
    z[:, 1] += z[:, 2]
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    eta = z[:, :3] @ rng.normal(size=(3, classes))
    y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    return np.hstack([np.ones((300, 1)), z]), y.astype(np.int64)


def path_of(penalty: SparsePenalty, classes: int = 4) -> SparsePath:
    x, y = drawn(classes)
    factors = np.r_[0.0, np.ones(8)]
    blocks = Blocks.of(x, y, np.ones(300), classes, block_rows=64)
    return SparsePath(blocks, ColumnPenalty.of(penalty, factors, np.ones(9), np.arange(9)), 1e-9, 500)


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_each_solution_meets_the_conditions_of_an_optimum(penalty: SparsePenalty, classes: int) -> None:
    x, y = drawn(classes)
    path = path_of(penalty, classes)
    mixing = getattr(penalty, "mixing", 1.0)
    for found in path.walk(path.largest * np.geomspace(1.0, 1e-2, 8)):
        assert found.converged
        b, strength = found.coefficients, found.strength
        odds = np.exp(x @ b)
        prob = odds / odds.sum(axis=1, keepdims=True)
        slope = x.T @ (prob - np.eye(classes)[y]) / 300
        assert np.abs(slope[0]).max() < 2e-9
        for j in range(1, 9):
            pull = slope[j] + strength * (1 - mixing) * b[j]
            if isinstance(penalty, GroupLasso):
                length = np.linalg.norm(b[j])
                if length == 0:
                    assert np.linalg.norm(pull) <= strength * mixing + 2e-9
                else:
                    np.testing.assert_allclose(pull, -strength * mixing * b[j] / length, atol=2e-9)
            else:
                there = b[j] != 0
                np.testing.assert_allclose(pull[there], -strength * mixing * np.sign(b[j][there]), atol=2e-9)
                assert np.all(np.abs(pull) <= strength * mixing + 2e-9)


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_the_null_model_holds_down_to_the_largest_lambda_and_no_further(penalty: SparsePenalty) -> None:
    path = path_of(penalty)
    above, just_below = path.walk(path.largest * np.array([1.0 + 1e-6, 0.999]))
    assert not above.coefficients[1:].any()
    assert just_below.coefficients[1:].any()


@pytest.mark.parametrize("mixing", [0.0, 1.5, float("nan")])
def test_a_mixing_outside_its_range_is_refused(mixing: float) -> None:
    with pytest.raises(OptionError, match="mixing"):
        GroupLasso(1.0, mixing)


@pytest.mark.parametrize("mixing", [1.0, 0.5])
def test_groups_of_columns_meet_the_conditions_of_an_optimum(mixing: float) -> None:
    x, y = drawn()
    groups = np.array([0, 1, 1, 1, 2, 3, 3, 4, 4])
    penalty = ColumnPenalty.of(TermLasso(1.0, mixing), np.r_[0.0, np.ones(8)], np.ones(9), groups)
    path = SparsePath(Blocks.of(x, y, np.ones(300), 4, block_rows=64), penalty, 1e-9, 500)
    seen = set()
    for found in path.walk(path.largest * np.geomspace(1.0, 1e-2, 8)):
        assert found.converged
        b = found.coefficients
        odds = np.exp(x @ b)
        slope = x.T @ (odds / odds.sum(axis=1, keepdims=True) - np.eye(4)[y]) / 300
        for group in range(1, 5):
            own = groups == group
            strength = found.strength * np.sqrt(own.sum())
            pull, length = slope[own] + strength * (1 - mixing) * b[own], np.linalg.norm(b[own])
            seen.add(length > 0)
            if length == 0:
                assert np.linalg.norm(pull) <= strength * mixing + 2e-9
            else:
                np.testing.assert_allclose(pull, -strength * mixing * b[own] / length, atol=2e-9)
    assert seen == {True, False}
