"""One step of a cluster's deletion against the whole information matrix without its rows."""

import numpy as np
import pytest

from genreglm.engine import cluster_deletion
from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cluster_deletion import delete_clusters
from genreglm.engine.information import information
from genreglm.engine.row_deletion import delete_rows
from simulated import Case, case, point


def fitted(made: Case) -> tuple[list[tuple[Block, Floats]], Floats]:
    parts = [(Block(made.x, made.y, made.w), made.probabilities(point(made)))]
    return parts, information(parts, made.classes)


@pytest.mark.parametrize("at_once", [4, 1024])
@pytest.mark.parametrize("classes", [2, 4])
def test_is_the_step_without_the_cluster(classes: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_deletion, "_AT_ONCE", at_once)
    made = case(rows=200, columns=3, classes=classes, weighted=True)
    parts, whole = fitted(made)
    codes = np.random.default_rng(2).permutation(np.arange(200) % 23)
    found = delete_clusters(parts, np.linalg.inv(whole), classes, codes)
    free, prob = classes - 1, parts[0][1]
    for cluster in (0, 3, 20, 22):
        own = np.flatnonzero(codes == cluster)
        part = information([(Block(made.x[own], made.y[own], made.w[own]), prob[own])], classes)
        residual = made.w[own, None] * (np.eye(classes)[made.y[own]] - prob[own])[:, :free]
        score = (residual.T @ made.x[own]).ravel()
        change = np.linalg.solve(whole - part, score)
        deviance = -2.0 * made.w[own] @ np.log(prob[own, made.y[own]]) + score @ change
        assert found.cooks_distance[cluster] == pytest.approx(change @ whole @ change / len(whole), rel=1e-8)
        assert found.deviance[cluster] == pytest.approx(deviance, rel=1e-10)


def test_clusters_of_one_row_are_rows() -> None:
    made = case(rows=90, columns=3, classes=3)
    parts, whole = fitted(made)
    covariance = np.linalg.inv(whole)
    order = np.random.default_rng(0).permutation(90)
    clusters, rows = delete_clusters(parts, covariance, 3, order), delete_rows(parts, covariance, 3)
    np.testing.assert_allclose(clusters.cooks_distance[order], rows.cooks_distance, rtol=1e-8)
    np.testing.assert_allclose(clusters.deviance[order], rows.deviance, rtol=1e-8)


def test_a_cluster_that_alone_determines_a_column_leaves_nothing() -> None:
    made = case(rows=80, columns=3, classes=3)
    x = made.x.copy()
    x[:, 2] = 0.0
    x[5:9, 2] = [1.0, 2.0, -1.0, 0.5]
    parts, whole = fitted(Case(x, made.y, made.w, 3, None))
    codes = np.where((np.arange(80) >= 5) & (np.arange(80) < 9), 1, np.where(np.arange(80) < 40, 0, 2))
    found = delete_clusters(parts, np.linalg.inv(whole), 3, codes)
    assert np.isinf(found.cooks_distance).tolist() == [False, True, False]
    assert np.isinf(found.deviance).tolist() == [False, True, False]
