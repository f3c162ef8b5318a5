"""Large symmetric matrices: each operation against NumPy's, and bit for bit whatever the number of threads."""

from collections.abc import Callable

import numpy as np
import pytest

from genreglm.engine import symmetric
from genreglm.engine.blocks import Floats

SIZES = [1, 2, 23, 150]


def positive(size: int, seed: int = 0) -> Floats:
    root = np.random.default_rng(seed).normal(size=(size, size + 3))
    return np.asarray(root @ root.T)


@pytest.mark.parametrize("size", SIZES)
def test_gram_adds_to_the_lower_triangle(size: int) -> None:
    rows = np.random.default_rng(0).normal(size=(7, size))
    found = np.ones((size, size))
    symmetric.add_gram(rows, found)
    np.testing.assert_allclose(np.tril(found), np.tril(1.0 + rows.T @ rows), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("size", SIZES)
def test_congruence_is_the_product_in_the_memory_of_the_inner(size: int) -> None:
    outer, inner = positive(size), positive(size, 1)
    expected = outer @ inner @ outer
    found = symmetric.congruence(outer, inner)
    assert found is inner
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize("size", SIZES)
def test_inverse_and_whose_memory_it_takes(size: int) -> None:
    matrix = positive(size)
    kept = matrix.copy()
    found = symmetric.inverse(matrix)
    np.testing.assert_array_equal(matrix, kept)
    np.testing.assert_allclose(found @ matrix, np.eye(size), atol=1e-8)
    np.testing.assert_array_equal(found, found.T)
    again = symmetric.inverse(matrix, overwrite=True)
    assert np.shares_memory(again, matrix)
    np.testing.assert_array_equal(again, found)


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 1.0]]), np.full((3, 3), np.nan)])
def test_a_matrix_that_is_not_positive_definite_has_no_inverse(matrix: Floats) -> None:
    assert symmetric.inverse(matrix) is None


def test_negative_eigenvalues_become_zero() -> None:
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
    values = np.array([-2.0, -0.1, 0.0, 1.0, 3.0])
    matrix = (vectors * values) @ vectors.T
    found = symmetric.without_negative_part(matrix)
    assert found is matrix
    np.testing.assert_allclose(found, (vectors * np.maximum(values, 0.0)) @ vectors.T, atol=1e-13)
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize("rank", [3, 6])
def test_a_positive_matrix_of_any_rank_comes_back_as_it_is(rank: int) -> None:
    root = np.random.default_rng(0).normal(size=(6, rank))
    matrix = root @ root.T
    kept = matrix.copy()
    np.testing.assert_array_equal(symmetric.without_negative_part(matrix), kept)


OPERATIONS: list[Callable[[Floats, Floats], object]] = [
    symmetric.congruence,
    lambda one, _: symmetric.inverse(one),
    symmetric.add_gram,
    lambda one, two: symmetric.without_negative_part(one - two),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=["congruence", "inverse", "gram", "negative"])
def test_the_number_of_threads_changes_no_bit(
    operation: Callable[[Floats, Floats], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("GENREGLM_THREADS", threads)
        one, two = positive(200), positive(200, 1)
        answer = operation(one, two)
        found.append(two if answer is None else answer)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
