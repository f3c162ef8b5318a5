"""The inverses that guide conjugate gradients: of any size, and where rounding has spoilt a block."""

import numpy as np
import pytest

from genreglm.engine.blocks import Floats
from genreglm.engine.preconditioners import ClassBlocks


def blocks(columns: int, dtype: type = np.float64) -> Floats:
    x = np.random.default_rng(columns).normal(size=(3, 4 * columns, columns))
    return np.asarray((x.transpose(0, 2, 1) @ x / (4 * columns)).astype(dtype))


@pytest.mark.parametrize("columns", [1, 5, 64, 65, 130, 301])
def test_blocks_are_inverted(columns: int) -> None:
    damping = np.array([0.0, 0.1, 2.0])
    given = blocks(columns)
    residual = np.random.default_rng(0).normal(size=(columns, 3))
    found = ClassBlocks(given, dear=True).inverse(damping)(residual)
    wanted = np.column_stack(
        [np.linalg.solve(given[k] + damping[k] * np.eye(columns), residual[:, k]) for k in range(3)]
    )
    np.testing.assert_allclose(found, wanted - wanted.mean(axis=1, keepdims=True), rtol=1e-3, atol=1e-4)


def test_a_block_that_rounding_made_indefinite_still_gives_a_positive_definite_inverse() -> None:
    given = blocks(130, np.float32)
    values, vectors = np.linalg.eigh(given[1])
    values[:3] = -1e-4
    given[1] = (vectors * values) @ vectors.T
    found = ClassBlocks(given, dear=True).inverse(np.zeros(3))
    residual = np.zeros((130, 3))
    residual[:, 1], residual[:, 0] = vectors[:, 0], -vectors[:, 0]
    assert float(np.vdot(residual, found(residual))) > 0.0


def test_a_block_that_is_not_finite_ends_in_nan() -> None:
    given = blocks(70)
    given[2, 3, 3] = np.nan
    assert np.isnan(ClassBlocks(given, dear=True).inverse(np.zeros(3))(np.ones((70, 3)) * [1.0, -1.0, 0.5])).any()
