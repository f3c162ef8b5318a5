"""Wald tests and tail areas against their definitions."""

import numpy as np
import pytest
from scipy import stats

from genreglm.engine import inference
from genreglm.engine.blocks import Floats


def covariance(size: int, seed: int = 0) -> Floats:
    root = np.random.default_rng(seed).normal(size=(size, size + 3))
    return np.asarray(root @ root.T)


def test_wald_is_the_quadratic_form() -> None:
    estimate, matrix = np.array([0.4, -1.0, 2.0]), covariance(3)
    found = inference.wald(estimate, matrix)
    statistic = estimate @ np.linalg.solve(matrix, estimate)
    assert found.statistic == pytest.approx(statistic, rel=1e-11)
    assert found.df == 3
    assert found.p_value == pytest.approx(stats.chi2.sf(statistic, 3), rel=1e-10)
    assert 10**found.log10_p == pytest.approx(found.p_value, rel=1e-10)


def test_wald_does_not_depend_on_units() -> None:
    estimate, matrix, units = np.array([0.4, -1.0, 2.0]), covariance(3), np.array([1e-8, 1.0, 1e8])
    scaled = inference.wald(units * estimate, np.outer(units, units) * matrix)
    assert scaled.df == 3
    assert scaled.statistic == pytest.approx(inference.wald(estimate, matrix).statistic, rel=1e-10)


def test_wald_of_a_covariance_without_full_rank_counts_its_rank() -> None:
    factor = np.random.default_rng(2).normal(size=(5, 2))
    inside = factor @ np.array([1.0, -2.0])
    found = inference.wald(inside, factor @ factor.T)
    assert found.df == 2
    assert found.statistic == pytest.approx(5.0, rel=1e-8)


def test_the_far_tail_keeps_its_logarithm() -> None:
    found = inference.wald(np.array([100.0]), np.eye(1))
    assert found.p_value == 0.0
    # Mills' ratio: Q(z) = phi(z) / z (1 - 1 / z^2 + 3 / z^4 - ...)
    tail = -5000.0 + 0.5 * np.log(2 / np.pi) - np.log(100.0) + np.log1p(-1e-4 + 3e-8)
    assert found.log10_p == pytest.approx(tail / np.log(10.0), rel=1e-12)
    assert inference.two_sided_log10_p(np.array([100.0, -100.0])).tolist() == pytest.approx([found.log10_p] * 2)


def test_two_sided_p_of_ordinary_statistics() -> None:
    z = np.array([0.0, 1.0, -1.959963984540054, np.nan])
    found = 10.0 ** inference.two_sided_log10_p(z)
    np.testing.assert_allclose(found, [1.0, 2 * stats.norm.sf(1.0), 0.05, np.nan], rtol=1e-12)


@pytest.mark.parametrize("df", [1, 2, 3, 10, 113, 3000])
def test_log_tail_of_chi_square_joins_the_one_that_scipy_knows(df: int, monkeypatch: pytest.MonkeyPatch) -> None:
    statistic = float(stats.chi2.isf(1e-280, df))
    known = inference.chi2_log_sf(statistic, df)
    assert known == pytest.approx(stats.chi2.logsf(statistic, df), rel=1e-12)
    monkeypatch.setattr(inference, "_tail", lambda *_: 0.0)
    assert inference.chi2_log_sf(statistic, df) == pytest.approx(known, rel=1e-12)


def test_log_tail_of_chi_square_in_closed_form() -> None:
    """Q(x) = e^(-x/2) for two degrees of freedom, e^(-x/2) (1 + x/2) for four."""
    assert inference.chi2_log_sf(1e6, 2) == pytest.approx(-5e5, rel=1e-14)
    assert inference.chi2_log_sf(1e6, 4) == pytest.approx(-5e5 + np.log1p(5e5), rel=1e-14)


def test_log_tail_of_chi_square_at_the_ends() -> None:
    assert inference.chi2_log_sf(0.0, 3) == 0.0
    assert inference.chi2_log_sf(np.inf, 3) == -np.inf
    assert np.isnan(inference.chi2_log_sf(np.nan, 3))
