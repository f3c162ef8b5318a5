"""Residuals of single rows against their definitions, and at the ends of the scale."""

import numpy as np
import pytest
from scipy.stats import norm

from genreglm.engine.blocks import Floats, spread
from genreglm.engine.residuals import deviance_residuals, pearson_residuals, quantile_residuals
from simulated import case, point

EXTREME = np.array([[1.0, 1e-310, 0.0], [1e-310, 1.0, 0.0], [0.0, 1e-300, 1.0], [0.5, 0.5 + 2e-16, 1e-17]])


def probabilities(rows: int = 60) -> tuple[Floats, np.ndarray]:
    made = case(rows=rows)
    return made.probabilities(point(made)), made.y


def test_pearson_is_the_quadratic_form_of_the_whole_row() -> None:
    prob, y = probabilities()
    shares = 0.6 * spread(y, 4) + 0.4 * spread(y[::-1], 4)
    for targets in (y, spread(y, 4), shares):
        t = spread(targets, 4)
        expected = [r @ np.linalg.pinv(np.diag(p) - np.outer(p, p)) @ r for p, r in zip(prob, t - prob, strict=True)]
        np.testing.assert_allclose(pearson_residuals(prob, targets) ** 2, expected, rtol=1e-9)


def test_one_hot_shares_are_labels() -> None:
    prob, y = probabilities()
    for residuals in (deviance_residuals, pearson_residuals):
        np.testing.assert_allclose(residuals(prob, spread(y, 4)), residuals(prob, y), rtol=1e-12)


def test_deviance_is_the_log_likelihood() -> None:
    prob, y = probabilities()
    shares = 0.6 * spread(y, 4) + 0.4 * spread(y[::-1], 4)
    np.testing.assert_allclose(deviance_residuals(prob, y) ** 2, -2 * np.log(prob[np.arange(60), y]), rtol=1e-13)
    np.testing.assert_allclose(deviance_residuals(prob, shares) ** 2, -2 * (shares * np.log(prob)).sum(axis=1))


@pytest.mark.parametrize("rank", [np.arange(4), np.array([2, 0, 3, 1])])
def test_quantile_residuals_lie_in_the_part_of_their_class(rank: np.ndarray) -> None:
    prob, y = probabilities()
    found = norm.cdf(quantile_residuals(prob, y, rank, np.random.default_rng(3)))
    steps = np.random.default_rng(3).random(60)
    for i in range(60):
        below = sum(prob[i, k] for k in range(4) if rank[k] < rank[y[i]])
        assert found[i] == pytest.approx(below + steps[i] * prob[i, y[i]], rel=1e-9)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_are_finite_where_probabilities_round_to_zero_or_one(label: int) -> None:
    codes = np.full(4, label)
    for found in (
        deviance_residuals(EXTREME, codes),
        pearson_residuals(EXTREME, codes),
        deviance_residuals(EXTREME, spread(codes, 3)),
        pearson_residuals(EXTREME, spread(codes, 3)),
    ):
        assert np.isfinite(found).all()
        assert (found >= 0).all()
    for seed in range(20):
        assert np.isfinite(quantile_residuals(EXTREME, codes, np.arange(3), np.random.default_rng(seed))).all()


def test_the_ends_of_the_uniform_are_not_reached() -> None:
    class Ends:
        def random(self, rows: int) -> Floats:
            return np.array([0.0, 1.0 - 2.0**-53])[:rows]

    prob = np.array([[1.0, 0.0], [1.0, 0.0]])
    found = quantile_residuals(prob, np.array([0, 0]), np.arange(2), Ends())  # type: ignore[arg-type]
    np.testing.assert_allclose(found, norm.ppf(2.0**-53) * np.array([1.0, -1.0]), rtol=0.02)


def test_the_two_tails_are_equally_exact() -> None:
    prob = np.array([[1e-40, 1.0]])
    low = quantile_residuals(prob, np.array([0]), np.array([0, 1]), np.random.default_rng(0))
    high = quantile_residuals(prob, np.array([0]), np.array([1, 0]), np.random.default_rng(0))
    assert low[0] < -13
    assert high[0] > 13
