"""Wald statistics of all terms at once, against the covariance of the whole fit."""

import numpy as np
import pytest

from genreglm.engine.covariance import covariance_of
from genreglm.engine.estimate import estimate
from genreglm.engine.inference import wald
from genreglm.engine.nested import Family
from genreglm.engine.problem import Problem
from genreglm.engine.removal import wald_bounds, wald_screen
from simulated import case

KEPT, GROUPS = [0, 2, 3, 5], [[2], [3, 5], [5]]


def family(classes: int) -> Family:
    made = case(700, 6, classes, weighted=True)
    return Family(Problem(made.x, made.y, made.w, classes, 0, made.offset))


@pytest.mark.parametrize("classes", [2, 4])
def test_they_are_those_of_the_covariance(classes: int) -> None:
    whole = family(classes)
    found = estimate(whole.problem.keep(KEPT))
    covariance, _ = covariance_of(found, "observed", [], "frequency")
    full = np.zeros((6, classes))
    full[KEPT] = found.coefficients
    against = (found.coefficients[:, :-1] - found.coefficients[:, -1:]).T.ravel()
    tests = wald_screen(whole, full, GROUPS, KEPT)
    for group, test in zip(GROUPS, tests, strict=True):
        at = [4 * k + KEPT.index(j) for k in range(classes - 1) for j in group]
        expected = wald(against[at], covariance[np.ix_(at, at)])
        assert test.statistic == pytest.approx(expected.statistic, rel=1e-7)
        assert test.df == expected.df
    exact = np.array([test.statistic for test in tests])
    bounds = wald_bounds(whole, full, GROUPS, KEPT)
    assert (bounds >= exact * (1 - 1e-9)).all()
    assert (bounds <= 2.0 * exact).all()
    if classes == 2:
        np.testing.assert_allclose(bounds, exact, rtol=1e-6)
    assert wald_screen(whole, full, [], KEPT) == []
    assert len(wald_bounds(whole, full, [], KEPT)) == 0
