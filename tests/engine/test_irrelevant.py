"""Hausman-McFadden and Small-Hsiao statistics against their formulas in NumPy."""

import numpy as np
import pytest
from scipy import stats

from genreglm.engine.covariance import covariance_of
from genreglm.engine.estimate import estimate
from genreglm.engine.irrelevant import hausman_mcfadden, small_hsiao, without_class
from genreglm.engine.problem import Problem
from genreglm.errors import EstimationError
from simulated import case


def problem(offset: bool = False, rows: int = 400) -> Problem:
    made = case(rows, 3, 4, seed=3, offset=offset)
    return Problem(made.x, made.y, made.w, 4, 0, made.offset)


def log_likelihood(given: Problem, b: np.ndarray) -> float:
    eta = given.x @ b + (0.0 if given.offset is None else given.offset)
    eta = eta - np.log(np.exp(eta).sum(axis=1, keepdims=True))
    return float(given.w @ eta[np.arange(len(given.y)), given.y])


@pytest.mark.parametrize("k", range(4))
@pytest.mark.parametrize("offset", [False, True])
def test_leaving_a_class_out_leaves_the_others_in_their_order(k: int, offset: bool) -> None:
    given = problem(offset)
    left = without_class(given, k)
    kept = given.y != k
    others = [c for c in range(4) if c != k]
    assert left.classes == 3
    np.testing.assert_array_equal(np.array(others)[left.y], given.y[kept])
    np.testing.assert_array_equal(left.x, given.x[kept])
    if offset:
        np.testing.assert_array_equal(left.offset, given.offset[kept][:, others])


@pytest.mark.parametrize("k", range(4))
def test_hausman_mcfadden_is_its_quadratic_form(k: int) -> None:
    given = problem()
    full, small = estimate(given), estimate(without_class(given, k))
    v, own = (covariance_of(found, "observed", (), "frequency")[0] for found in (full, small))
    # Coefficients of the other classes against the last of them, as a matrix times those against the last class.
    others = [c for c in range(4) if c != k]
    picks = np.zeros((2, 4))
    for row, c in enumerate(others[:-1]):
        picks[row, c], picks[row, others[-1]] = 1.0, -1.0
    to_others = np.kron(picks[:, :-1], np.eye(3))
    difference = (small.coefficients[:, :-1] - small.coefficients[:, -1:]).T.ravel() - (
        full.coefficients @ picks.T
    ).T.ravel()
    matrix = own - to_others @ v @ to_others.T
    test = hausman_mcfadden(given, full.coefficients, v, k)
    expected = difference @ np.linalg.solve(matrix, difference)
    assert test.statistic == pytest.approx(expected, rel=1e-5)
    assert test.df == 6
    if expected < 0:
        assert np.isnan(test.p_value)
    else:
        assert test.p_value == pytest.approx(stats.chi2.sf(expected, 6), rel=1e-4)


def test_both_signs_of_the_statistic_occur() -> None:
    signs = set()
    for seed in range(6):
        made = case(200, 3, 4, seed=seed)
        given = Problem(made.x, made.y, made.w, 4, 0)
        full = estimate(given)
        test = hausman_mcfadden(given, full.coefficients, covariance_of(full, "observed", (), "frequency")[0], 1)
        signs.add(test.statistic > 0)
        assert np.isnan(test.p_value) == (test.statistic < 0)
    assert signs == {True, False}


@pytest.mark.parametrize("offset", [False, True])
def test_small_hsiao_is_twice_a_difference_of_log_likelihoods(offset: bool) -> None:
    given = problem(offset)
    halves = (np.arange(200), np.arange(200, 400))

    def part(rows: np.ndarray) -> Problem:
        shift = None if given.offset is None else given.offset[rows]
        return Problem(given.x[rows], given.y[rows], given.w[rows], 4, 0, shift)

    first, second = (estimate(part(half)).coefficients for half in halves)
    mixed = first / np.sqrt(2) + (1 - 1 / np.sqrt(2)) * second
    for k in (0, 3):
        others = without_class(part(halves[1]), k)
        best = estimate(others).coefficients
        expected = -2 * (log_likelihood(others, np.delete(mixed, k, axis=1)) - log_likelihood(others, best))
        test = small_hsiao(given, halves, k)
        assert test.statistic == pytest.approx(expected, rel=1e-7)
        assert test.df == 6


def test_fits_that_do_not_exist_are_named() -> None:
    given = problem()
    order = np.argsort(given.y, kind="stable")
    with pytest.raises(EstimationError, match="first half lacks a class"):
        small_hsiao(given, (order[:200], order[200:]), 0)
    x = given.x.copy()
    x[given.y != 0, 2] = (given.y[given.y != 0] == 1).astype(float)
    apart = Problem(x, given.y, given.w, 4, 0)
    with pytest.raises(EstimationError, match="no finite estimate"):
        hausman_mcfadden(apart, np.zeros((3, 4)), np.eye(9), 0)
