"""The solver: where it ends, and that it says so."""

import numpy as np
import pytest

from genreglm.engine import newton, separation
from genreglm.engine.blocks import Floats
from genreglm.engine.newton import Outcome, Step, minimise
from genreglm.engine.objective import Objective
from genreglm.engine.preconditioners import ClassBlocks, Curvature
from simulated import Case, case


class Bowl:
    """A stand-in for an objective: value, gradient and curvature as given, in one column and two classes."""

    shape = (1, 2)
    total_weight = 1.0
    rounding = 0.0
    is_small = False
    products_a_preconditioner = 0.0
    bends_above = 10.0

    def __init__(self, value: float = 0.0, gradient: float = 1.0, bend: float = 1.0) -> None:
        self.value, self.gradient, self.bend = value, gradient, bend

    def evaluate(self, whitened: Floats) -> tuple[float, Floats]:
        return self.value, self.gradient * np.array([[1.0, -1.0]])

    def product(self, direction: Floats, *, single: bool = False) -> Floats:
        return self.bend * direction

    def curvature(self) -> Curvature:
        return ClassBlocks(np.ones((2, 1, 1)), dear=False)

    def typical_curvatures(self) -> Floats:
        return np.ones(2)


class Unreachable(Bowl):
    """A quadratic whose curvatures are too many for the products allowed."""

    shape = (40, 2)

    def evaluate(self, whitened: Floats) -> tuple[float, Floats]:
        curved = self.product(whitened)
        slope = np.outer(np.ones(40), [1.0, -1.0])
        return 0.5 * float(np.vdot(whitened, curved)) + float(np.vdot(slope, whitened)), curved + slope

    def product(self, direction: Floats, *, single: bool = False) -> Floats:
        return np.logspace(0, 6, 40)[:, None] * direction

    def curvature(self) -> Curvature:
        return ClassBlocks(np.broadcast_to(np.eye(40), (2, 40, 40)), dear=False)


def separated() -> Case:
    """Two classes that a threshold on the one column tells apart."""
    x = np.column_stack([np.ones(20), np.arange(20) - 9.5])
    return Case(x, (x[:, 1] > 0).astype(np.int64), np.ones(20), 2, None)


@pytest.mark.parametrize(("weighted", "offset"), [(False, False), (True, True)])
def test_ends_where_gradient_and_decrement_vanish(weighted: bool, offset: bool) -> None:
    made = case(weighted=weighted, offset=offset)
    solution = minimise(made.objective())
    assert solution.outcome is Outcome.CONVERGED
    assert solution.gradient <= 1e-9
    value, gradient = made.objective().evaluate(solution.whitened)
    assert np.abs(gradient).max() == pytest.approx(solution.gradient, abs=1e-14)
    assert value == pytest.approx(solution.value, rel=1e-14)
    assert [step.objective for step in solution.trace] == sorted((s.objective for s in solution.trace), reverse=True)
    assert solution.steps == len(solution.trace) > 2
    np.testing.assert_allclose(solution.whitened.sum(axis=1), 0.0, atol=1e-12)


def test_intercept_alone_gives_the_shares() -> None:
    y = np.repeat([0, 1, 2], [5, 10, 35])
    made = Case(np.ones((50, 1)), y, np.ones(50), 3, None)
    solution = minimise(made.objective())
    np.testing.assert_allclose(made.probabilities(solution.whitened)[0], [0.1, 0.2, 0.7], rtol=1e-9)


def test_any_start_ends_at_the_same_place() -> None:
    made = case()
    cold = minimise(made.objective())
    far = minimise(made.objective(), start=3.0 * np.random.default_rng(1).normal(size=(3, 4)))
    warm = minimise(made.objective(), start=cold.whitened)
    np.testing.assert_allclose(far.whitened, cold.whitened, atol=1e-7)
    assert warm.steps <= 1


def test_a_looser_tolerance_takes_fewer_steps() -> None:
    made = case()
    loose = minimise(made.objective(), gradient_tolerance=1e-2, decrement_tolerance=1.0)
    assert loose.outcome is Outcome.CONVERGED
    assert loose.steps < minimise(made.objective()).steps


def test_step_limit_is_an_outcome() -> None:
    solution = minimise(case().objective(), max_steps=2)
    assert solution.outcome is Outcome.STEP_LIMIT
    assert solution.steps == 2


def test_callback_sees_each_step() -> None:
    seen: list[Step] = []
    assert list(minimise(case().objective(), callback=seen.append).trace) == seen


@pytest.mark.parametrize("broken", [Bowl(value=np.nan), Bowl(value=np.inf), Bowl(gradient=np.nan)])
def test_what_is_not_finite_is_an_outcome(broken: Objective) -> None:
    assert minimise(broken).outcome is Outcome.NON_FINITE


def test_no_lower_point_is_stalled_unless_the_gradient_is_small() -> None:
    assert minimise(Bowl()).outcome is Outcome.STALLED
    rounded = minimise(Bowl(gradient=1e-10), decrement_tolerance=0.0)
    assert rounded.outcome is Outcome.CONVERGED
    assert [step.length for step in rounded.trace] in ([0.0], [1.0] * 100)


def test_a_direction_without_curvature_is_followed_as_it_is() -> None:
    solution = minimise(Bowl(bend=-1.0))
    assert solution.trace[0].products == 1
    direction = solution.last_direction
    np.testing.assert_allclose(direction / np.abs(direction).max(), [[-1.0, 1.0]], rtol=1e-5)


def test_conjugate_gradients_stop_at_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newton, "_PRODUCT_LIMIT", 3)
    solution = minimise(Unreachable(), max_steps=4)
    assert max(step.products for step in solution.trace) == 3
    assert solution.outcome is Outcome.STEP_LIMIT


def test_the_whole_hessian_and_conjugate_gradients_end_at_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = minimise(case(weighted=True).objective())
    monkeypatch.setattr(Objective, "is_small", False)
    rough = minimise(case(weighted=True).objective())
    assert {step.products for step in exact.trace} == {0}
    assert min(step.products for step in rough.trace) > 0
    np.testing.assert_allclose(exact.whitened, rough.whitened, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_from_far_away_every_step_still_lowers_the_objective(seed: int) -> None:
    made = case()
    solution = minimise(made.objective(), 8.0 * np.random.default_rng(seed).normal(size=(3, 4)))
    values = [step.objective for step in solution.trace]
    assert values == sorted(values, reverse=True)
    assert solution.outcome is Outcome.CONVERGED


def test_a_class_that_is_certain_leaves_a_regular_preconditioner() -> None:
    blocks = np.stack([np.eye(3), np.zeros((3, 3))])
    assert np.isfinite(ClassBlocks(blocks, dear=False).inverse(np.zeros(2))(np.ones((3, 2)))).all()


def test_a_walk_to_infinity_is_separated() -> None:
    solution = minimise(separated().objective(), diverges=separation.separating_step)
    assert solution.outcome is Outcome.SEPARATED
    assert solution.steps < 30


def test_divergence_is_not_asked_about_a_fit_that_converges() -> None:
    asked: list[Floats] = []

    def diverges(objective: Objective, whitened: Floats, direction: Floats, gradient: Floats) -> Floats:
        asked.append(direction)
        return direction

    assert minimise(case().objective(), diverges=diverges).outcome is Outcome.CONVERGED
    assert asked == []


def test_each_outcome_says_what_to_do() -> None:
    for outcome in set(Outcome) - {Outcome.CONVERGED}:
        assert len(outcome.value) > 80


def test_a_preconditioner_out_of_date_leads_to_the_same_end(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = minimise(case(rows=300, columns=6, classes=12).objective())
    monkeypatch.setattr(Objective, "products_a_preconditioner", 1000.0)
    stale = minimise(case(rows=300, columns=6, classes=12).objective())
    assert fresh.outcome is stale.outcome is Outcome.CONVERGED
    np.testing.assert_allclose(stale.whitened, fresh.whitened, atol=1e-9)


def test_a_preconditioner_is_worth_more_products_where_columns_are_many_and_rows_few() -> None:
    worth = [
        case(rows=rows, columns=columns, classes=3).objective().products_a_preconditioner
        for rows, columns in ((1_000, 60), (2_000, 60), (1_000, 20))
    ]
    assert worth[0] > worth[1] > worth[2] == 0.0
