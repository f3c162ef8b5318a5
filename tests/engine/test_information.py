"""The information matrix against its definition, and what it says before it allocates."""

import builtins
import io
import os

import numpy as np
import pytest

from genreglm.engine import batches
from genreglm.engine import information as module
from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import find_cells
from genreglm.errors import InferenceError
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
    monkeypatch.setattr(batches, "_BATCH_BYTES", batch_bytes)
    found = module.information(with_probabilities(made), made.classes)
    np.testing.assert_allclose(found, kronecker_sum(made), rtol=1e-11, atol=1e-12)


def with_factors(rows: int = 400, weighted: bool = True) -> Case:
    """A case with an intercept, numbers, and two factors' 0/1 columns between them."""
    made, rng = case(rows=rows, weighted=weighted), np.random.default_rng(5)
    key, mode = rng.integers(0, 3, rows), rng.integers(0, 2, rows)
    x = np.column_stack([made.x[:, :2], key == 1, made.x[:, 2], key == 2, mode])
    return Case(np.ascontiguousarray(x, dtype=float), made.y, made.w, made.classes, None)


def test_factor_cells_change_nothing() -> None:
    made = with_factors()
    found = module.information(with_probabilities(made), made.classes)
    np.testing.assert_allclose(found, kronecker_sum(made), rtol=1e-11, atol=1e-11)
    assert find_cells(made.x).moments == 1 + 2 + 3


def test_cells_are_rows_that_share_their_levels() -> None:
    made = with_factors()
    cells = find_cells(made.x)
    np.testing.assert_array_equal(cells.dense, [1, 3])
    levels = made.x[:, [0, 2, 4, 5]]
    for code in np.unique(cells.codes):
        assert len(np.unique(levels[cells.codes == code], axis=0)) == 1
    assert len(cells.patterns) == len(np.unique(levels, axis=0)) == 6


def test_columns_that_leave_too_few_rows_a_cell_stay_dense() -> None:
    few = with_factors(rows=100)
    assert len(find_cells(few.x).patterns) * 48 <= 100
    np.testing.assert_allclose(
        module.information(with_probabilities(few), few.classes), kronecker_sum(few), rtol=1e-11, atol=1e-11
    )


def test_more_rows_than_one_long_block() -> None:
    made = case(rows=8192 + 300, columns=2, classes=2)
    prob = made.probabilities(point(made))
    weight = prob[:, 0] * prob[:, 1]
    found = module.information(with_probabilities(made, 2048), 2)
    np.testing.assert_allclose(found, (made.x.T * weight) @ made.x, rtol=1e-11)


def test_bytes_count_the_arrays_that_are_made() -> None:
    parameters, pairs = 23 * 113, 114 * 113 // 2 * 23 * 24 // 2
    assert module.covariance_bytes(23, 114) == 8 * (2 * parameters**2 + pairs)


def test_what_does_not_fit_is_refused_with_the_bytes_and_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "available_bytes", lambda: 2**30)
    module.require_memory(5, 10)
    with pytest.raises(
        InferenceError, match=r"506 columns x 114 classes \(57,178 parameters\).*1\.0 GiB are free"
    ) as e:
        module.require_memory(506, 114)
    assert "covariance=None" in str(e.value)


def test_available_memory_is_what_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "MemTotal: 9 kB\nMemAvailable:    2048 kB\n"
    monkeypatch.setattr(builtins, "open", lambda *_: io.StringIO(text))
    assert module.available_bytes() == 2048 * 1024


@pytest.mark.parametrize("text", ["MemTotal: 9 kB\n", None])
def test_where_the_system_does_not_say_all_memory_counts(text: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: str) -> io.StringIO:
        if text is None:
            raise FileNotFoundError
        return io.StringIO(text)

    monkeypatch.setattr(builtins, "open", opened)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 10, "SC_PAGE_SIZE": 4096}.__getitem__, raising=False)
    assert module.available_bytes() == 40_960
    monkeypatch.delattr(os, "sysconf")
    assert module.available_bytes() == 2**63
