"""The kernels against SciPy and against the formulas written out."""

import numpy as np
import pytest
from numba import njit
from scipy.special import log_softmax, softmax

from genreglm.engine import softmax as kernels

LONG = np.finfo(np.longdouble).eps < np.finfo(np.float64).eps


def exponentials(values: np.ndarray) -> np.ndarray:
    answer = np.empty(len(values))
    _find_exponentials(np.array(values, dtype=float), answer)
    return answer


@njit
def _find_exponentials(values: np.ndarray, answer: np.ndarray) -> None:
    """Call from compiled code what cannot be called from elsewhere."""
    kernels._exponentials(values, 0.0, answer)


def run(eta: np.ndarray, y: list[int], w: list[float] | None = None) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss, probabilities and weighted residuals of the kernel, on copies."""
    residual, prob = np.array(eta, dtype=float), np.empty(np.shape(eta))
    weights = np.ones(len(y)) if w is None else np.array(w, dtype=float)
    loss = kernels.loss_of_rows(residual, np.array(y, dtype=np.int64), weights, prob)
    return float(loss), prob, residual


@pytest.mark.skipif(not LONG, reason="no longer float here to compare with")
def test_exponential_is_as_exact_as_its_module_says() -> None:
    rng = np.random.default_rng(0)
    x = -np.concatenate([np.linspace(0.0, 708.0, 6001), rng.uniform(0, 708, 6000), 10.0 ** rng.uniform(-300, 0, 3000)])
    x = np.concatenate([x, -x[x >= -600.0]])
    exact = np.exp(x.astype(np.longdouble))
    error = float(np.max(np.abs(exponentials(x) - exact) / exact))
    assert error <= 2e-16
    assert "2e-16" in (kernels.__doc__ or "")


def test_exponential_at_the_ends() -> None:
    assert exponentials(np.array([0.0, -0.0])).tolist() == [1.0, 1.0]
    far = exponentials(np.array([-708.0, -709.0, -1e5, -1e300, -np.inf]))
    assert (far == far[0]).all()
    assert far[0] == pytest.approx(np.exp(-708.0), rel=1e-15)
    assert far[0] > 0.0
    far = exponentials(np.array([600.0, 600.5, 1e5, 1e300, np.inf]))
    assert (far == far[0]).all()
    assert far[0] == pytest.approx(np.exp(600.0), rel=1e-15)


def test_exponential_of_nan_is_nan() -> None:
    assert np.isnan(exponentials(np.array([0.0, np.nan, -1.0]))).tolist() == [False, True, False]


def test_loss_probabilities_and_residuals_against_scipy() -> None:
    rng = np.random.default_rng(1)
    eta, y, w = 5 * rng.normal(size=(50, 7)), rng.integers(0, 7, 50), rng.uniform(0, 3, 50)
    loss, prob, residual = run(eta, y.tolist(), w.tolist())
    np.testing.assert_allclose(prob, softmax(eta, axis=1), rtol=3e-15)
    np.testing.assert_allclose(loss, -w @ log_softmax(eta, axis=1)[np.arange(50), y], rtol=1e-14)
    np.testing.assert_allclose(residual, w[:, None] * (softmax(eta, axis=1) - np.eye(7)[y]), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("middle", [-1e5, -800.0, -500.0, -460.0, 460.0, 500.0, 705.0, 800.0, 1e5])
def test_rows_far_from_zero_are_as_exact_as_others(middle: float) -> None:
    eta = np.random.default_rng(5).integers(-20, 21, (30, 6)).astype(float)
    y = [k % 6 for k in range(30)]
    loss, prob, residual = run(eta + middle, y)
    plain = run(eta, y)
    np.testing.assert_allclose(prob, plain[1], rtol=1e-14)
    np.testing.assert_allclose(residual, plain[2], rtol=1e-14, atol=1e-15)
    assert loss == pytest.approx(plain[0], rel=1e-13 + 30 * np.spacing(abs(middle)) / plain[0])


@pytest.mark.parametrize("size", [1e3, 1e5, 1e100, 1e300])
def test_huge_predictors_stay_finite(size: float) -> None:
    loss, prob, residual = run(size * np.array([[1.0, -1.0, 0.0], [1.0, -1.0, 0.0]]), [0, 1])
    assert loss == 2 * size
    np.testing.assert_allclose(prob, [[1.0, 0.0, 0.0]] * 2, atol=1e-300)
    np.testing.assert_allclose(residual, [[0.0, 0.0, 0.0], [1.0, -1.0, 0.0]], atol=1e-300)


def test_a_constant_added_to_all_classes_changes_nothing() -> None:
    eta = np.random.default_rng(2).normal(size=(20, 4))
    y = [k % 4 for k in range(20)]
    loss, prob, _ = run(eta, y)
    shifted_loss, shifted, _ = run(eta + 1000.0, y)
    np.testing.assert_allclose(shifted, prob, rtol=1e-12)
    assert shifted_loss == pytest.approx(loss, rel=1e-11)


@pytest.mark.parametrize("own", [0, 1, 2])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_nan_in_any_class_makes_the_row_nan(at: int, own: int) -> None:
    eta = np.zeros((2, 3))
    eta[0, at] = np.nan
    loss, prob, _ = run(eta, [own, 0])
    assert np.isnan(loss)
    assert np.isnan(prob[0]).all()
    assert np.isfinite(prob[1]).all()


def test_rows_of_weight_zero_add_nothing() -> None:
    loss, prob, residual = run(np.array([[3.0, 1.0], [2.0, -1.0]]), [1, 0], [0.0, 1.0])
    alone, _, _ = run(np.array([[2.0, -1.0]]), [0])
    assert loss == alone
    assert (residual[0] == 0.0).all()
    assert prob[0].sum() == pytest.approx(1.0)


def test_curvature_is_the_weighted_covariance_of_the_class() -> None:
    rng = np.random.default_rng(3)
    prob, tangent, w = softmax(rng.normal(size=(9, 5)), axis=1), rng.normal(size=(9, 5)), rng.uniform(0, 2, 9)
    expected = [w[i] * (np.diag(p) - np.outer(p, p)) @ tangent[i] for i, p in enumerate(prob)]
    found = tangent.copy()
    kernels.curvature_rows(found, prob, w)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_cluster_sums_are_sums_of_kronecker_products() -> None:
    rng = np.random.default_rng(4)
    x, residual, cluster = rng.normal(size=(12, 3)), rng.normal(size=(12, 2)), rng.integers(0, 4, 12)
    expected = np.zeros((4, 6))
    for i in range(12):
        expected[cluster[i]] += np.kron(residual[i], x[i])
    found = np.zeros((4, 6))
    kernels.cluster_sums(x, residual, cluster, found)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
