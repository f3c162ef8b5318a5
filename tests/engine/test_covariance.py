"""Every kind of covariance of a fit against loops over rows, with each kind of weight."""

import numpy as np
import pytest
from numpy.typing import NDArray

from genreglm.engine.blocks import Codes, Floats
from genreglm.engine.covariance import covariance_of
from genreglm.engine.estimate import Estimate, estimate
from genreglm.engine.problem import Problem
from genreglm.errors import InferenceError
from simulated import case

ROWS = 90
RNG = np.random.default_rng(9)
ARTIST = RNG.integers(0, 20, ROWS)
ALBUM = RNG.integers(100, 130, ROWS)


def fitted(weights: Floats | None = None, offset: bool = False) -> Estimate:
    made = case(rows=ROWS, columns=3, classes=3, seed=2, offset=offset)
    w = np.ones(ROWS) if weights is None else weights
    return estimate(Problem(made.x, made.y, w, 3, 0, made.offset))


def some_weights() -> Floats:
    """One to three, and a few zeros."""
    return np.asarray((np.arange(ROWS) % 4).astype(float))


def rows_of(found: Estimate) -> tuple[Floats, Floats]:
    """The inverse information, and each row's score for a weight of one, by loops; without the last class."""
    problem = found.problem
    matrix, scores = np.zeros((6, 6)), []
    for i, (x, y, w) in enumerate(zip(problem.x, problem.y, problem.w, strict=True)):
        eta = x @ found.coefficients + (0.0 if problem.offset is None else problem.offset[i])
        p = np.exp(eta) / np.exp(eta).sum()
        matrix += w * np.kron((np.diag(p) - np.outer(p, p))[:2, :2], np.outer(x, x))
        scores.append(np.kron(((np.arange(3) == y) - p)[:2], x))
    return np.linalg.inv(matrix), np.array(scores)


def clustered(found: Estimate, clusters: NDArray[np.int64]) -> Floats:
    """G / (G - 1) bread (sum over clusters of outer products of summed scores) bread; rows of weight 0 are absent."""
    bread, scores = rows_of(found)
    live = found.problem.w > 0
    labels, meat = set(clusters[live].tolist()), np.zeros((6, 6))
    for label in labels:
        total = np.zeros(6)
        for i in range(ROWS):
            if clusters[i] == label:
                total += found.problem.w[i] * scores[i]
        meat += np.outer(total, total)
    return np.asarray(len(labels) / (len(labels) - 1) * bread @ meat @ bread)


def same(covariance: Floats, expected: Floats) -> None:
    np.testing.assert_allclose(covariance, expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max())
    np.testing.assert_array_equal(covariance, covariance.T)


@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_observed(weighted: bool, offset: bool) -> None:
    found = fitted(some_weights() if weighted else None, offset)
    covariance, units = covariance_of(found, "observed", [], "frequency")
    same(covariance, rows_of(found)[0])
    assert units == found.problem.w.sum()


@pytest.mark.parametrize("kind", ["HC0", "HC1", "robust"])
@pytest.mark.parametrize("weight_kind", ["frequency", "importance"])
def test_heteroskedasticity_consistent(kind: str, weight_kind: str) -> None:
    found = fitted(some_weights(), offset=True)
    bread, scores = rows_of(found)
    w = found.problem.w
    meat = np.zeros((6, 6))
    for s, weight in zip(scores, w, strict=True):
        meat += (weight if weight_kind == "frequency" else weight**2) * np.outer(s, s)
    n = w.sum() if weight_kind == "frequency" else (w > 0).sum()
    covariance, units = covariance_of(found, kind, [], weight_kind)
    same(covariance, (1.0 if kind == "HC0" else n / (n - 1)) * bread @ meat @ bread)
    assert units == n


@pytest.mark.parametrize("weight_kind", ["frequency", "importance"])
def test_clustered_one_way(weight_kind: str) -> None:
    found = fitted(some_weights())
    covariance, units = covariance_of(found, "clustered", [ARTIST], weight_kind)
    same(covariance, clustered(found, ARTIST))
    assert units == 20


def two_ways(found: Estimate) -> Floats:
    return clustered(found, ARTIST) + clustered(found, ALBUM) - clustered(found, 1000 * ARTIST + ALBUM)


@pytest.mark.parametrize("weighted", [False, True])
def test_clustered_two_ways(weighted: bool) -> None:
    found = fitted(some_weights() if weighted else None)
    expected = two_ways(found)
    assert np.linalg.eigvalsh(expected)[0] > 0.0
    covariance, units = covariance_of(found, "clustered", [ARTIST, ALBUM], "frequency")
    same(covariance, expected)
    assert units == 20


def test_two_ways_without_negative_eigenvalues() -> None:
    """Two clusters each way leave V_a + V_b - V_ab far from positive; the columns' units do not matter."""
    first, second = np.arange(ROWS) % 2, np.arange(ROWS) // 45
    found = fitted()
    plain = clustered(found, first) + clustered(found, second) - clustered(found, 2 * first + second)
    assert np.linalg.eigvalsh(plain)[0] < -0.01 * np.linalg.eigvalsh(plain)[-1]
    # In standardised columns, where the intercept is that at the columns' means.
    centre, scale = found.problem.standardisation.centre, found.problem.standardisation.scale
    to_standard = np.diag(scale)
    to_standard[0, 1:] = centre[1:]
    forth = np.kron(np.eye(2), to_standard)
    values, vectors = np.linalg.eigh(forth @ plain @ forth.T)
    back = np.linalg.inv(forth) @ vectors
    covariance, units = covariance_of(found, "clustered", [first, second], "frequency")
    same(covariance, (back * np.maximum(values, 0.0)) @ back.T)
    assert units == 2
    unit = np.array([1.0, 1e3, 1e-3])
    problem = found.problem
    other = estimate(Problem(problem.x * unit, problem.y, problem.w, 3, 0))
    rescaled = covariance_of(other, "clustered", [first, second], "frequency")[0]
    same(rescaled * np.outer(np.tile(unit, 2), np.tile(unit, 2)), covariance)


def test_clusters_nested_in_others_leave_the_others() -> None:
    """Albums within artists: V_album and V_artist-and-album are the same matrix, and cancel."""
    nested = 10 * ARTIST + np.arange(ROWS) % 3
    found = fitted()
    both = covariance_of(found, "clustered", [ARTIST, nested], "frequency")[0]
    same(both, covariance_of(found, "clustered", [ARTIST], "frequency")[0])


@pytest.mark.parametrize(
    ("kind", "own"), [("HC0", []), ("HC1", []), ("clustered", [ARTIST]), ("clustered", [ARTIST, ALBUM])]
)
def test_a_frequency_is_the_row_so_many_times(kind: str, own: list[Codes]) -> None:
    w = some_weights()
    found = fitted(w)
    problem, times = found.problem, w.astype(int)
    written = estimate(Problem(np.repeat(problem.x, times, 0), np.repeat(problem.y, times), np.ones(times.sum()), 3, 0))
    weighted, units = covariance_of(found, kind, own, "frequency")
    repeated, also = covariance_of(written, kind, [np.repeat(codes, times) for codes in own], "frequency")
    same(weighted, repeated)
    assert units == also


@pytest.mark.parametrize("kind", ["HC0", "HC1", "clustered"])
def test_importance_weights_have_no_unit(kind: str) -> None:
    own = [ARTIST] if kind == "clustered" else []
    one, units = covariance_of(fitted(some_weights()), kind, own, "importance")
    seven, also = covariance_of(fitted(7.0 * some_weights()), kind, own, "importance")
    same(seven, one)
    assert units == also


@pytest.mark.parametrize(("kind", "own"), [("observed", []), ("HC1", []), ("clustered", [ARTIST, ALBUM])])
def test_the_number_of_threads_changes_no_bit(kind: str, own: list[Codes], monkeypatch: pytest.MonkeyPatch) -> None:
    found = fitted()
    answers = []
    for threads in ("1", "4"):
        monkeypatch.setenv("GENREGLM_THREADS", threads)
        answers.append(covariance_of(found, kind, own, "frequency")[0])
    np.testing.assert_array_equal(*answers)


def test_too_few_units_are_refused() -> None:
    found = fitted()
    with pytest.raises(InferenceError, match="at least 2 clusters; 1 was found"):
        covariance_of(found, "clustered", [np.zeros(ROWS, dtype=np.int64)], "frequency")
    with pytest.raises(InferenceError, match="at least 2 clusters; 1 was found"):
        covariance_of(found, "clustered", [ARTIST, np.zeros(ROWS, dtype=np.int64)], "frequency")
    with pytest.raises(InferenceError, match="at least 2 rows"):
        covariance_of(fitted(np.full(ROWS, 0.01)), "HC1", [], "frequency")


def test_a_cluster_of_weightless_rows_is_no_cluster() -> None:
    w = np.where(ARTIST == 3, 0.0, 1.0)
    found = fitted(w)
    covariance, units = covariance_of(found, "clustered", [ARTIST], "frequency")
    assert units == 19
    same(covariance, clustered(found, ARTIST))
