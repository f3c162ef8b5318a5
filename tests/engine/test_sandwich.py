"""Bread, meat and factors against their definitions, written out row by row."""

import numpy as np
import pytest

from genreglm.engine import sandwich
from genreglm.engine.blocks import Block, Floats
from genreglm.errors import InferenceError
from simulated import Case, case, point


def scores_written_out(made: Case) -> Floats:
    """Row by row, (p - y) (x) x times the weight, without the last class."""
    prob = made.probabilities(point(made))
    residual = (prob - np.eye(made.classes)[made.y])[:, :-1] * made.w[:, None]
    return np.array([np.kron(r, x) for r, x in zip(residual, made.x, strict=True)])


def parts_of(made: Case, block_rows: int = 16) -> list[tuple[Block, Floats]]:
    blocks = made.blocks(block_rows).parts
    prob = made.probabilities(point(made))
    cuts = np.cumsum([0, *(len(block) for block in blocks)])
    return [(block, prob[start:stop]) for block, start, stop in zip(blocks, cuts, cuts[1:], strict=False)]


@pytest.mark.parametrize("overwrite", [False, True])
def test_bread_is_the_inverse(overwrite: bool) -> None:
    root = np.random.default_rng(0).normal(size=(7, 10))
    found = sandwich.bread(root @ root.T, overwrite)
    np.testing.assert_allclose(found @ root @ root.T, np.eye(7), atol=1e-10)


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), np.array([[1.0, 2.0], [2.0, 1.0]])])
def test_a_singular_information_is_refused_with_remedies(matrix: Floats) -> None:
    with pytest.raises(InferenceError, match=r"gg\.separation.*gg\.vif"):
        sandwich.bread(matrix)


def test_scores_are_residuals_times_columns() -> None:
    made = case(weighted=True, offset=True)
    x, residual = sandwich.scores(parts_of(made), made.classes)
    found = (residual[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    np.testing.assert_allclose(found, scores_written_out(made), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("factor", [False, True])
def test_row_meat_is_the_weighted_sum_of_outer_products(factor: bool) -> None:
    made = case(rows=150, weighted=True)
    if factor:  # a 0/1 column, whose cells take the shortcut
        made.x[:, 1] = np.arange(150) % 2
    rows = scores_written_out(made)
    squared = sandwich.row_meat(parts_of(made), made.classes, [block.w**2 for block, _ in parts_of(made)])
    np.testing.assert_allclose(squared, sum(np.outer(s, s) for s in rows), rtol=1e-11, atol=1e-11)
    once = sandwich.row_meat(parts_of(made), made.classes, [block.w for block, _ in parts_of(made)])
    expected = sum(np.outer(s, s) / w for s, w in zip(rows, made.w, strict=True))
    np.testing.assert_allclose(once, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("at_once", "a_task"), [(1, 1), (2, 1), (5, 2), (1024, 64)])
def test_cluster_meat_is_the_sum_of_outer_products(at_once: int, a_task: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandwich, "_CLUSTERS_AT_ONCE", at_once)
    monkeypatch.setattr(sandwich, "_CLUSTERS_A_TASK", a_task)
    made = case(weighted=True)
    clusters = np.random.default_rng(1).choice([-3, 0, 8, 11, 1000], 60)
    rows = scores_written_out(made)
    expected = sum(np.outer(s, s) for s in (rows[clusters == c].sum(axis=0) for c in np.unique(clusters)))
    found = sandwich.cluster_meat(*sandwich.scores(parts_of(made), made.classes), clusters)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_every_row_its_own_cluster_is_the_meat_of_rows() -> None:
    made = case()
    by_cluster = sandwich.cluster_meat(*sandwich.scores(parts_of(made), made.classes), np.arange(60))
    by_row = sandwich.row_meat(parts_of(made), made.classes, [block.w for block, _ in parts_of(made)])
    np.testing.assert_allclose(by_cluster, by_row, rtol=1e-11, atol=1e-12)


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandwich, "_CLUSTERS_AT_ONCE", 16)
    monkeypatch.setattr(sandwich, "_CLUSTERS_A_TASK", 4)
    made = case(rows=400, columns=6)
    clusters = np.arange(400) % 90
    found = []
    for threads in ("1", "4"):
        monkeypatch.setenv("GENREGLM_THREADS", threads)
        found.append(sandwich.cluster_meat(*sandwich.scores(parts_of(made), made.classes), clusters))
    np.testing.assert_array_equal(*found)


def test_small_sample_factor() -> None:
    assert sandwich.small_sample_factor(10, "clusters") == 10 / 9
    with pytest.raises(InferenceError, match="at least 2 clusters; 1 was found"):
        sandwich.small_sample_factor(1, "clusters")
