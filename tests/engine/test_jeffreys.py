"""Jeffreys' prior: its score against differences of the objective, its optimum, and what it never depends on."""

import numpy as np
import pytest
from scipy import optimize

from genreglm.engine.blocks import Floats, spread
from genreglm.engine.estimate import Control
from genreglm.engine.jeffreys import Scoring, jeffreys, scoring_by
from genreglm.engine.newton import Outcome, Step
from genreglm.engine.problem import Problem
from simulated import case

K, P = 3, 3


def problem(soft: bool = False, separated: bool = False, seed: int = 0) -> Problem:
    made = case(rows=40, columns=P, classes=K, seed=seed, weighted=True)
    y = made.y.copy()
    if separated:
        y = np.where(made.x[:, 1] > 0.3, 0, 1 + (np.arange(40) % 2))
    targets = 0.8 * spread(y, K) + 0.2 / K if soft else y
    return Problem(made.x, targets, made.w, K, 0)


def penalised(given: Problem, against_last: Floats) -> float:
    """l + log det I / 2 as it is written."""
    eta = np.column_stack([given.x @ against_last.reshape(P, K - 1), np.zeros(len(given.w))])
    logs = eta - np.log(np.exp(eta).sum(axis=1, keepdims=True))
    prob = np.exp(logs)
    information = np.zeros((P * (K - 1),) * 2)
    for x, p, w in zip(given.x, prob[:, :-1], given.w, strict=True):
        information += w * np.kron(np.diag(p) - np.outer(p, p), np.outer(x, x))
    likelihood = float(given.w @ (spread(given.y, K) * logs).sum(axis=1))
    return likelihood + 0.5 * float(np.linalg.slogdet(information)[1])


@pytest.mark.parametrize(("soft", "separated"), [(False, False), (True, False), (False, True)])
def test_ends_at_the_maximum_of_what_it_states(soft: bool, separated: bool) -> None:
    given = problem(soft, separated)
    found = jeffreys(given)
    assert found.outcome is Outcome.CONVERGED
    at = (found.coefficients[:, :-1] - found.coefficients[:, -1:]).ravel()
    slope = optimize.approx_fprime(at, lambda point: penalised(given, point), 1e-6)
    np.testing.assert_allclose(slope, 0.0, atol=2e-4)
    best = optimize.minimize(lambda point: -penalised(given, point), at + 0.05, method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(best.x, at, rtol=1e-4, atol=1e-4)


def test_any_start_ends_at_the_same_place() -> None:
    given = problem(separated=True)
    cold, warm = jeffreys(given), jeffreys(given, start=np.zeros((P, K)))
    np.testing.assert_allclose(warm.coefficients, cold.coefficients, atol=1e-5)


def test_one_factor_gets_half_a_row_in_every_cell() -> None:
    """The maximum is that of Dirichlet(1/2) within each level: (n + 1/2) / (N + K/2)."""
    counts = np.array([[5.0, 0.0, 3.0], [2.0, 7.0, 1.0]])
    level, label = np.indices(counts.shape).reshape(2, -1)
    given = Problem(np.column_stack([np.ones(6), level == 1]).astype(float), label, counts.ravel(), 3, 0)
    found = jeffreys(given)
    eta = np.array([[1.0, 0.0], [1.0, 1.0]]) @ found.coefficients
    prob = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(prob, (counts + 0.5) / (counts.sum(axis=1, keepdims=True) + 1.5), rtol=1e-7)


def heavy_tails(seed: int, freedom: float) -> Problem:
    """A few rows, most of them separated, with some that are thousands of deviations away."""
    rng = np.random.default_rng(seed)
    rows, classes, columns = int(rng.integers(10, 60)), int(rng.integers(2, 6)), int(rng.integers(1, 5))
    x = np.round(rng.standard_t(freedom, (rows, columns)), 2)
    eta = x @ rng.normal(size=(columns, classes)) * rng.choice([0.3, 1, 3])
    label = np.unique((eta + rng.gumbel(size=eta.shape)).argmax(axis=1), return_inverse=True)[1]
    return Problem(np.column_stack([np.ones(rows), x]), label, np.ones(rows), int(label.max()) + 1, 0)


@pytest.mark.parametrize(("seed", "freedom"), [(4, 1.1), (6, 1.1), (27, 1.1), (21, 0.7), (50, 0.7), (56, 0.7)])
def test_converges_where_a_few_far_rows_decide_all(seed: int, freedom: float) -> None:
    """From starts that lead astray, and to tops where rounding hides what the last steps gain."""
    found = jeffreys(heavy_tails(seed, freedom))
    assert found.outcome is Outcome.CONVERGED
    assert found.solution is not None
    assert found.solution.gradient <= 1e-9


def test_a_climb_that_leads_nowhere_begins_again_from_zero() -> None:
    given = heavy_tails(6, 1.1)
    seen: list[Step] = []
    found = jeffreys(given, control=Control(callback=seen.append))
    cold = jeffreys(given, start=np.zeros((given.x.shape[1], given.classes)))
    assert found.solution is not None
    assert cold.solution is not None
    assert found.solution.value == pytest.approx(cold.solution.value, rel=1e-12)
    assert seen == list(found.solution.trace)
    assert len(seen) > len(cold.solution.trace)
    few = jeffreys(given, control=Control(max_steps=len(seen) - 2))
    assert few.outcome is Outcome.STEP_LIMIT
    assert few.solution is not None
    assert few.solution.steps == len(seen) - 2


def test_both_tolerances_hold_as_far_as_numbers_go() -> None:
    given = problem()
    sharp = jeffreys(given, control=Control(gradient_tolerance=1e-14))
    assert sharp.outcome is Outcome.CONVERGED
    assert sharp.solution is not None
    assert sharp.solution.gradient <= 1e-14
    beyond = jeffreys(given, control=Control(gradient_tolerance=1e-300))
    assert beyond.outcome is Outcome.STALLED
    np.testing.assert_allclose(beyond.coefficients, sharp.coefficients, atol=1e-9)


def test_outcomes_are_values() -> None:
    given = problem()
    doubled = Problem(np.column_stack([given.x, given.x[:, 1]]), given.y, given.w, K, 0)
    assert jeffreys(doubled).outcome is Outcome.SINGULAR
    assert jeffreys(doubled).aliased == (3,)
    assert jeffreys(given, control=Control(max_steps=1)).outcome is Outcome.STEP_LIMIT
    assert jeffreys(given, start=np.full((P, K), np.inf)).outcome is Outcome.NON_FINITE


def test_callback_sees_each_step() -> None:
    seen: list[object] = []
    found = jeffreys(problem(), control=Control(callback=seen.append))
    assert found.solution is not None
    assert seen == list(found.solution.trace)


def test_short_steps_keep_the_weighted_information(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counting(matrix: Floats) -> Scoring:
        made.append(len(matrix))
        return scoring_by(matrix)

    monkeypatch.setattr("genreglm.engine.jeffreys.scoring_by", counting)
    found = jeffreys(problem())
    assert found.outcome is Outcome.CONVERGED
    assert found.solution is not None
    long = [step for step in found.solution.trace if step.decrement > 1e-4 * P * (K - 1)]
    assert len(made) == 1 + len(long) < found.solution.steps
