"""Log-likelihoods by class against their definition."""

import numpy as np
import pytest
from scipy.special import log_softmax

from genreglm.engine.fitted import log_likelihood, log_likelihood_by_class
from genreglm.engine.problem import Problem
from simulated import case, point


@pytest.mark.parametrize("soft", [False, True])
def test_of_each_class_is_the_sum_over_its_rows(soft: bool) -> None:
    given = case(rows=70, weighted=True, offset=True)
    shares = np.random.default_rng(1).dirichlet(np.ones(given.classes), 70) if soft else np.eye(given.classes)[given.y]
    problem = Problem(given.x, shares if soft else given.y, given.w, given.classes, 0, given.offset)
    coefficients = point(given)
    found = log_likelihood_by_class(problem, coefficients)
    logs = log_softmax(given.eta(coefficients), axis=1)
    np.testing.assert_allclose(found, given.w @ (shares * logs), rtol=1e-12)
    assert found.sum() == pytest.approx(log_likelihood(problem, coefficients), rel=1e-12)


def test_stays_finite_where_a_probability_is_zero() -> None:
    given = case()
    problem = Problem(given.x, given.y, given.w, given.classes, 0)
    assert np.isfinite(log_likelihood_by_class(problem, 1e4 * point(given))).all()
