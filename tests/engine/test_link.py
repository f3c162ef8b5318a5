"""The test of the link against score and information row by row, and against Pregibon's for two classes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from genreglm.engine.blocks import Floats, spread
from genreglm.engine.estimate import estimate
from genreglm.engine.link import link_score_test
from genreglm.engine.nested import Family
from genreglm.engine.problem import Problem
from genreglm.engine.score import score_test
from simulated import case


def problem(classes: int = 4, offset: bool = True) -> Problem:
    made = case(150, 3, classes, weighted=True, offset=offset)
    return Problem(made.x, made.y, made.w, classes, 0, made.offset)


def by_rows(given: Problem, coefficients: Floats) -> float:
    """s' I^- s with a parameter for each coefficient against the last class and each class's square."""
    eta = given.x @ coefficients + (0.0 if given.offset is None else given.offset)
    prob, centred = softmax(eta, axis=1), eta - eta.mean(axis=1, keepdims=True)
    shares, width = spread(given.y, given.classes), given.x.shape[1]
    free = width * (given.classes - 1)
    score, matrix = np.zeros(free + given.classes), np.zeros((free + given.classes,) * 2)
    for i, w in enumerate(given.w):
        slope = np.zeros((given.classes, free + given.classes))
        for k in range(given.classes):
            if k < given.classes - 1:
                slope[k, k * width : (k + 1) * width] = given.x[i]
            slope[k, free + k] = centred[i, k] ** 2
        score += w * slope.T @ (shares[i] - prob[i])
        matrix += w * slope.T @ (np.diag(prob[i]) - np.outer(prob[i], prob[i])) @ slope
    scale = np.sqrt(np.diag(matrix))
    return float(score / scale @ np.linalg.pinv(matrix / np.outer(scale, scale), rcond=1e-10) @ (score / scale))


@pytest.mark.parametrize("offset", [True, False])
def test_it_is_its_quadratic_form(offset: bool) -> None:
    given = problem(offset=offset)
    found = estimate(given)
    test = link_score_test(Family(given), found.coefficients)
    assert test.statistic == pytest.approx(by_rows(given, found.coefficients), rel=1e-7)
    assert test.df == 4


def test_for_two_classes_it_is_the_score_test_of_the_squared_linear_predictor() -> None:
    given = problem(2, offset=False)
    found = estimate(given)
    test = link_score_test(Family(given), found.coefficients)
    squares = (given.x @ (found.coefficients[:, 1] - found.coefficients[:, 0])) ** 2
    wider = replace(given, x=np.column_stack([given.x, squares]))
    assert test.df == 1
    assert test.statistic == pytest.approx(score_test(wider, found, [3]).statistic, rel=1e-7)


def test_it_does_not_depend_on_the_reference_or_on_the_order_of_the_classes() -> None:
    given = problem(offset=False)
    found = estimate(given).coefficients
    expected = link_score_test(Family(given), found)
    moved = link_score_test(Family(given), found - found[:, [2]])
    turned = link_score_test(Family(replace(given, y=3 - given.y)), found[:, ::-1])
    assert moved.statistic == pytest.approx(expected.statistic, rel=1e-9)
    assert turned.statistic == pytest.approx(expected.statistic, rel=1e-9)


def test_rows_of_a_prior_count() -> None:
    given = problem(offset=False)
    extra = replace(given, x=given.x[:10], y=given.y[:10], w=np.full(10, 0.5))
    both = replace(
        given,
        x=np.vstack([given.x, extra.x]),
        y=np.concatenate([given.y, extra.y]),
        w=np.concatenate([given.w, extra.w]),
    )
    found = estimate(both)
    together = link_score_test(Family(both), found.coefficients)
    apart = link_score_test(Family(given, extra), found.coefficients)
    assert apart.statistic == pytest.approx(together.statistic, rel=1e-8)
