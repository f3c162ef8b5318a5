"""The information matrix against its definition, and what it says before it allocates."""

import numpy as np
import pytest

from genreglm.engine import batches
from genreglm.engine import information as module
from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import find_cells
from simulated import Case, case, point


def with_probabilities(made: Case, block_rows: int = 16) -> list[tuple[Block, Floats]]:
    prob = made.probabilities(point(made))
    starts = range(0, len(made.y), block_rows)
    return [(part, prob[at : at + len(part)]) for at, part in zip(starts, made.blocks(block_rows).parts, strict=True)]


def kronecker_sum(made: Case) -> Floats:
    """Sum of w (diag(p) - p p') (x) x x' without the last class, as it is written."""
    total = 0.0
    for x, p, w in zip(made.x, made.probabilities(point(made))[:, :-1], made.w, strict=True):
        total = total + w * np.kron(np.diag(p) - np.outer(p, p), np.outer(x, x))
    return np.asarray(total)


@pytest.fixture(params=["by rows", "by classes"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over blocks of rows, as where they are few, and over bands of classes."""
    monkeypatch.setattr(module, "_FEW_SUMS", 0 if request.param == "by classes" else 10**9)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("columns", [1, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_is_the_sum_of_kronecker_products(classes: int, columns: int, weighted: bool) -> None:
    made = case(rows=40, columns=columns, classes=classes, weighted=weighted, offset=True)
    found = module.information(with_probabilities(made), classes)
    np.testing.assert_allclose(found, kronecker_sum(made), rtol=1e-11, atol=1e-12)
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize("batch_bytes", [0.0, 8 * 4 * 500.0, 1e9])
def test_batches_may_be_of_any_length(batch_bytes: float, monkeypatch: pytest.MonkeyPatch) -> None:
    made = case(rows=1000, weighted=True)
    monkeypatch.setattr(module, "_FEW_SUMS", 0)
    monkeypatch.setattr(batches, "_BATCH_BYTES", batch_bytes)
    found = module.information(with_probabilities(made), made.classes)
    np.testing.assert_allclose(found, kronecker_sum(made), rtol=1e-11, atol=1e-12)


def with_factors(rows: int = 400, weighted: bool = True) -> Case:
    """A case with an intercept, numbers, and two factors' 0/1 columns between them."""
    made, rng = case(rows=rows, weighted=weighted), np.random.default_rng(5)
    key, mode = rng.integers(0, 3, rows), rng.integers(0, 2, rows)
    x = np.column_stack([made.x[:, :2], key == 1, made.x[:, 2], key == 2, mode])
    return Case(np.ascontiguousarray(x, dtype=float), made.y, made.w, made.classes, None)


@pytest.mark.usefixtures("way")
def test_factor_cells_change_nothing() -> None:
    made = with_factors()
    found = module.information(with_probabilities(made), made.classes)
    np.testing.assert_allclose(found, kronecker_sum(made), rtol=1e-11, atol=1e-11)
    assert find_cells([made.x]).moments == 1 + 2 + 3


def test_cells_are_rows_that_share_their_levels() -> None:
    made = with_factors()
    cells = find_cells([made.x])
    np.testing.assert_array_equal(cells.dense, [1, 3])
    levels = made.x[:, [0, 2, 4, 5]]
    for code in np.unique(cells.codes):
        assert len(np.unique(levels[cells.codes == code], axis=0)) == 1
    assert len(cells.patterns) == len(np.unique(levels, axis=0)) == 6


def test_columns_that_leave_too_few_rows_a_cell_stay_dense() -> None:
    few = with_factors(rows=100)
    assert len(find_cells([few.x]).patterns) * 48 <= 100
    np.testing.assert_allclose(
        module.information(with_probabilities(few), few.classes), kronecker_sum(few), rtol=1e-11, atol=1e-11
    )


def test_more_rows_than_one_long_block() -> None:
    made = case(rows=8192 + 300, columns=2, classes=2)
    prob = made.probabilities(point(made))
    weight = prob[:, 0] * prob[:, 1]
    found = module.information(with_probabilities(made, 2048), 2)
    np.testing.assert_allclose(found, (made.x.T * weight) @ made.x, rtol=1e-11)


def test_a_column_of_zeros_and_ones_in_its_first_rows_only_is_dense() -> None:
    x = np.column_stack([np.ones(400), np.arange(400) % 2.0])
    x[300, 1] = 0.5
    assert find_cells([x]).dense.tolist() == [1]
