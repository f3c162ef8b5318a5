"""Recalibration against statsmodels, and where the answer is known."""

import numpy as np
import pytest
import statsmodels.api as sm

from genreglm.engine.recalibration import recalibrate


def rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    prob = rng.beta(1, 3, 300)
    return (rng.random(300) < prob**1.3).astype(float), rng.integers(1, 3, 300).astype(float), prob


def test_it_is_two_binary_logistic_regressions() -> None:
    share, w, prob = rows()
    logit = np.log(prob / (1 - prob))
    estimate, error = recalibrate(share, w, prob)
    large = sm.GLM(share, np.ones(300), sm.families.Binomial(), offset=logit, freq_weights=w).fit(tol=1e-12)
    both = sm.GLM(share, sm.add_constant(logit), sm.families.Binomial(), freq_weights=w).fit(tol=1e-12)
    np.testing.assert_allclose(estimate, [*large.params, *both.params], rtol=1e-7)
    np.testing.assert_allclose(error, [*large.bse, *both.bse], rtol=1e-6)


def test_probabilities_of_zero_and_one_are_survived() -> None:
    share, w, prob = rows()
    prob[:3], prob[3:6] = 0.0, 1.0
    estimate, error = recalibrate(share, w, prob)
    assert np.isfinite(estimate).all()
    assert (error > 0).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_class_that_is_nowhere_or_everywhere_has_no_correction(value: float) -> None:
    _, w, prob = rows()
    estimate, error = recalibrate(np.full(300, value), w, prob)
    assert np.isnan(estimate).all()
    assert np.isnan(error).all()


def test_a_class_that_its_probability_tells_apart_has_no_slope() -> None:
    _, w, prob = rows()
    estimate, _ = recalibrate((prob > 0.3).astype(float), w, prob)
    assert np.isfinite(estimate[0])
    assert np.isnan(estimate[1:]).all()
