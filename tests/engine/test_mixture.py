"""The tail of a weighted sum of chi-squares, against chi-square itself, an integral, and what it must do."""

import numpy as np
import pytest
from scipy import integrate, stats

from genreglm.engine.inference import chi2_log_sf
from genreglm.engine.mixture import mixture_test


def imhof(q: float, weights: np.ndarray) -> float:
    """P(Q > q) by inverting the characteristic function (Imhof 1961, Biometrika 48:419)."""

    def integrand(u: float) -> float:
        angle = 0.5 * np.sum(np.arctan(weights * u)) - 0.5 * q * u
        return np.sin(angle) / (u * np.prod((1.0 + (weights * u) ** 2) ** 0.25))

    return 0.5 + integrate.quad(integrand, 0.0, np.inf, limit=2000, epsabs=1e-9)[0] / np.pi


@pytest.mark.parametrize("df", [4, 8, 24, 904])
def test_equal_weights_are_chi_square(df: int) -> None:
    for share in (0.2, 0.7, 1.0, 1.4, 3.0, 20.0):
        found = mixture_test(2.5 * share * df, np.full(df, 2.5), df)
        assert found.p_value == pytest.approx(stats.chi2.sf(share * df, df), rel=0.04)
        assert found.log10_p == pytest.approx(chi2_log_sf(share * df, df) / np.log(10.0), abs=0.02)
        assert found.df == df


@pytest.mark.parametrize("seed", range(4))
def test_unequal_weights_against_an_integral(seed: int) -> None:
    weights = np.random.default_rng(seed).uniform(0.0, 1.0, 12)
    for share in (0.5, 0.9, 1.0 + 1e-9, 1.3, 2.0, 3.0):
        q = share * weights.sum()
        assert mixture_test(q, weights, 12).p_value == pytest.approx(imhof(q, weights), rel=0.04)


def test_the_tail_is_smooth_at_the_mean() -> None:
    weights = np.array([1.0, 0.7, 0.7, 0.2, 0.1, 0.1])
    tails = [mixture_test(weights.sum() + gap, weights, 6).p_value for gap in np.linspace(-1e-3, 1e-3, 41)]
    steps = -np.diff(tails)
    assert steps.min() > 0.8 * steps.max() > 0


def test_weights_of_nothing_add_nothing_and_units_cancel() -> None:
    weights = np.array([0.4, 1.0, 1.0])
    plain = mixture_test(5.0, weights, 3)
    assert mixture_test(5.0, np.append(weights, [0.0, 1e-17]), 3).p_value == pytest.approx(plain.p_value, rel=1e-12)
    assert mixture_test(5e200, 1e200 * weights, 3).p_value == pytest.approx(plain.p_value, rel=1e-9)
    assert mixture_test(0.0, weights, 3).p_value == 1.0
    nothing = mixture_test(5.0, np.zeros(3), 3)
    assert np.isnan(nothing.p_value)
    assert np.isnan(nothing.log10_p)


def test_a_tail_does_not_vanish() -> None:
    found = mixture_test(4e4, np.linspace(0.1, 1.0, 30), 30)
    assert found.p_value == 0.0
    assert found.log10_p == pytest.approx(-4e4 / 2 / np.log(10.0), rel=0.01)
