"""The first point: the discriminant's coefficients, or whatever is better."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from genreglm.engine.coordinates import Standardisation, unwhiten
from genreglm.engine.estimate import estimate
from genreglm.engine.newton import minimise
from genreglm.engine.objective import Objective
from genreglm.engine.problem import Problem
from genreglm.engine.start import best_start, discriminant_start
from simulated import case


def test_discriminant_is_that_of_scikit_learn() -> None:
    made = case(rows=200)
    objective = made.objective()
    found = unwhiten(objective.triangular, discriminant_start(objective))
    reference = LinearDiscriminantAnalysis(solver="lsqr").fit(made.x[:, 1:], made.y)
    slopes = reference.coef_.T - reference.coef_.T.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found[1:], slopes, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[0], reference.intercept_ - reference.intercept_.mean(), rtol=1e-4, atol=1e-5)


def test_weights_count_as_rows() -> None:
    made = case(weighted=True)
    repeated = np.repeat(np.arange(60), made.w.astype(int))
    twice = type(made)(made.x[repeated], made.y[repeated], np.ones(len(repeated)), made.classes, None)
    first, second = made.objective(), twice.objective()
    found, expected = (unwhiten(one.triangular, discriminant_start(one)) for one in (first, second))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_without_an_intercept_it_is_zero() -> None:
    made = case()
    without = type(made)(made.x[:, 1:], made.y, made.w, made.classes, None)
    assert (discriminant_start(without.objective()) == 0.0).all()


@pytest.mark.parametrize("form", [None, 0.05 * np.eye(3)])
def test_the_best_start_is_no_worse_than_zero_or_the_given_one(form: np.ndarray | None) -> None:
    made = case(offset=True)
    objective = made.objective(form)
    zero = objective.evaluate(np.zeros((3, 4)))[0]
    start = best_start(objective, None)
    assert objective.evaluate(start)[0] < zero
    np.testing.assert_allclose(start.sum(axis=1), 0.0, atol=1e-12)
    solution = minimise(made.objective(form)).whitened
    np.testing.assert_allclose(best_start(objective, solution + 5.0), solution, atol=1e-9)
    assert objective.evaluate(best_start(objective, 100.0 * np.eye(3, 4)))[0] < zero


def test_it_saves_steps_on_normal_classes() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 40)
    x = np.column_stack([np.ones(120), rng.normal(size=(120, 2)) + 1.5 * np.eye(3)[y][:, :2]])
    made = type(case())(x, y, np.ones(120), 3, None)
    assert minimise(made.objective(), best_start(made.objective(), None)).steps < minimise(made.objective()).steps


def test_a_start_without_any_finite_value_is_zero() -> None:
    made = case()
    broken = type(made)(made.x, made.y, made.w, made.classes, np.full((60, 4), np.nan))
    assert (best_start(broken.objective(), None) == 0.0).all()


def test_standardised_columns_start_where_raw_ones_do() -> None:
    made = case(rows=80)
    learnt = Standardisation.learn(made.x, made.w, 0)
    scaled = type(made)(learnt.apply(made.x), made.y, made.w, made.classes, None)
    first, second = made.objective(), scaled.objective()
    raw = unwhiten(first.triangular, discriminant_start(first))
    own = unwhiten(second.triangular, discriminant_start(second))
    np.testing.assert_allclose(learnt.back() @ own, raw, rtol=1e-6, atol=1e-9)


def test_a_ridge_holds_the_discriminant_back() -> None:
    """Many columns of noise under a strong penalty: the start is near the optimum, where a free discriminant is far."""
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(300), rng.normal(size=(300, 60))])
    y = (0.5 * x[:, 1:4] + rng.gumbel(size=(300, 3))).argmax(axis=1)
    problem = Problem(x, y, np.ones(300), 3, intercept=0)
    found = estimate(problem, ridge=np.r_[0.0, np.full(60, 0.3)])
    assert found.solution is not None
    first = found.solution.trace[0].objective
    assert first - found.solution.value < 0.1 * (np.log(3.0) - found.solution.value)


@pytest.mark.parametrize("skew", [0.0, 0.5, 1.5, 3.0])
@pytest.mark.parametrize("form", [None, 0.5 * np.eye(3)])
def test_no_share_of_the_discriminant_is_lower(
    skew: float, form: np.ndarray | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = case(rows=300)
    skewed = np.column_stack([made.x[:, 0], np.exp(skew * made.x[:, 1:])]) if skew else made.x
    objective = type(made)(skewed, made.y, made.w, made.classes, None).objective(form)
    monkeypatch.setattr(Objective, "is_small", property(lambda _: False))
    found = objective.evaluate(best_start(objective, None))[0]
    discriminant = discriminant_start(objective)
    discriminant = discriminant * np.minimum(1.0, 10.0 / np.linalg.norm(discriminant, axis=0))
    discriminant = discriminant - discriminant.mean(axis=1, keepdims=True)
    assert found <= min(objective.evaluate(share * discriminant)[0] for share in (0.0, 0.3, 0.6, 1.0))
