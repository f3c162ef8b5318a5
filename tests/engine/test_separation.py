"""Empty cells are found by counting, other separation by certifying a direction on every row."""

import numpy as np
import pytest

from genreglm.engine.coordinates import triangle
from genreglm.engine.newton import minimise
from genreglm.engine.objective import Objective
from genreglm.engine.separation import EmptyCell, certify, empty_cells, pseudo_rows, runs_away
from simulated import Case, case

LEVEL = np.tile([0, 1, 2], 20)
FACTOR = np.column_stack([np.ones(60), LEVEL == 1, LEVEL == 2]).astype(float)
SPANS = [range(1), range(1, 3)]


def classes_without(cell: tuple[int, int]) -> np.ndarray:
    """Classes 0 to 2 spread over all levels, except that class `cell[0]` never meets level `cell[1]`."""
    y = np.repeat(np.arange(20) % 3, 3)
    y[(y == cell[0]) & (cell[1] == LEVEL)] = (cell[0] + 1) % 3
    return y.astype(np.int64)


def found(x: np.ndarray, y: np.ndarray, spans: list[range] = SPANS, w: np.ndarray | None = None) -> list[EmptyCell]:
    return empty_cells(x, y, np.ones(len(y)) if w is None else w, 3, spans)


def test_a_full_table_has_no_empty_cell() -> None:
    assert found(FACTOR, classes_without((9, 9))) == []


@pytest.mark.parametrize("label", [0, 1, 2])
def test_an_empty_cell_is_its_class_and_column(label: int) -> None:
    assert found(FACTOR, classes_without((label, 1))) == [EmptyCell(label, (1,), 1)]
    assert found(FACTOR, classes_without((label, 2))) == [EmptyCell(label, (2,), 1)]


def test_the_base_level_is_all_columns_of_the_factor() -> None:
    cell = EmptyCell(1, (1, 2), 0)
    assert found(FACTOR, classes_without((1, 0))) == [cell]
    np.testing.assert_array_equal(cell.has_level(FACTOR), LEVEL == 0)
    np.testing.assert_array_equal(EmptyCell(1, (2,), 1).has_level(FACTOR), LEVEL == 2)


def test_rows_of_weight_zero_do_not_fill_a_cell() -> None:
    y = classes_without((9, 9))
    w = np.where((y == 2) & (LEVEL == 1), 0.0, 1.0)
    assert found(FACTOR, y, w=w) == [EmptyCell(2, (1,), 1)]


def test_numbers_and_overlapping_columns_are_no_factor() -> None:
    numbers = np.column_stack([np.ones(60), np.arange(60.0), LEVEL == 1])
    y = (np.arange(60) // 20).astype(np.int64)
    assert found(numbers, y, [range(1), range(1, 3)]) == []
    late = FACTOR.copy()
    late[59, 1] = 0.5
    assert found(late, classes_without((0, 2))) == []


def test_overlapping_indicators_have_no_base_level() -> None:
    both = np.column_stack([np.ones(60), LEVEL >= 1, LEVEL == 2]).astype(float)
    assert found(both, classes_without((1, 0))) == []


def test_without_a_constant_an_absent_base_level_separates_nothing() -> None:
    """Where the indicators are 0 the probabilities are equal whatever the coefficients: they stay finite."""
    y = classes_without((1, 0))
    assert found(FACTOR[:, 1:], y, [range(2)]) == []
    made = Case(FACTOR[:, 1:], y, np.ones(60), 3, None)
    assert np.abs(minimise(made.objective()).whitened).max() < 10


def test_without_an_intercept_the_columns_of_another_factor_are_a_constant() -> None:
    other = np.arange(60) // 3 % 2
    x = np.column_stack([other == 0, other == 1, LEVEL == 1, LEVEL == 2]).astype(float)
    assert EmptyCell(1, (2, 3), 0) in found(x, classes_without((1, 0)), [range(2), range(2, 4)])


def test_pseudo_rows_stand_at_the_mean_of_their_level() -> None:
    x = np.column_stack([FACTOR, np.arange(60.0)])
    cells = [EmptyCell(1, (1, 2), 0), EmptyCell(2, (2,), 1)]
    rows, y, w = pseudo_rows(x, np.ones(60), cells, 0.5)
    np.testing.assert_allclose(rows, [x[LEVEL == 0].mean(axis=0), x[LEVEL == 2].mean(axis=0)], rtol=1e-14)
    assert y.tolist() == [1, 2]
    assert w.tolist() == [0.5, 0.5]


def test_pseudo_rows_count_a_weight_as_rows() -> None:
    x, cells = np.column_stack([FACTOR, np.arange(60.0)]), [EmptyCell(2, (2,), 1)]
    weight = np.arange(60) % 4
    rows, _, _ = pseudo_rows(x, weight.astype(float), cells, 1.0)
    repeated = np.repeat(x, weight, axis=0)
    np.testing.assert_allclose(rows[0], repeated[repeated[:, 2] == 1].mean(axis=0), rtol=1e-14)


def threshold(gap: float = 1.0) -> Case:
    """Two classes on either side of zero, `gap` away from it; negative for an overlap."""
    side = np.where(np.arange(30) < 15, -1.0, 1.0)
    x = np.column_stack([np.ones(30), side * (gap + np.tile(np.arange(15.0), 2))])
    return Case(x, (side > 0).astype(np.int64), np.ones(30), 2, None)


AWAY = np.array([[0.0, 0.0], [-1.0, 1.0]])


@pytest.mark.parametrize(("gap", "separates"), [(1.0, True), (0.0, True), (-0.5, False)])
def test_a_direction_is_certified_on_every_row(gap: float, separates: bool) -> None:
    objective = threshold(gap).objective()
    assert certify(objective, AWAY) is separates
    assert certify(objective, -AWAY) is False
    assert certify(objective, 0.0 * AWAY) is False


def test_a_direction_common_to_all_classes_separates_nothing() -> None:
    assert certify(threshold().objective(), np.ones((2, 2))) is False


def test_rows_of_weight_zero_do_not_testify() -> None:
    made = threshold(-0.5)
    w = np.where(made.x[:, 1] * (2 * made.y - 1) < 0, 0.0, 1.0)
    assert certify(Case(made.x, made.y, w, 2, None).objective(), AWAY) is True


def test_only_a_long_separating_step_without_a_penalty_runs_away() -> None:
    objective = threshold().objective()
    direction = objective.triangular @ AWAY
    assert runs_away(objective, direction) is True
    assert runs_away(objective, 1e-8 * direction) is False
    assert runs_away(threshold(-0.5).objective(), direction) is False
    assert runs_away(threshold().objective(0.1 * np.eye(2)), direction) is False


def test_a_step_under_a_penalty_is_judged_by_what_is_free_of_it() -> None:
    """Only the second column is free: what a step does to the intercept neither separates nor hinders."""
    made = threshold()
    blocks, slope = made.blocks(), np.array([[0.0], [1.0]])
    objective = Objective(blocks, triangle(blocks), np.diag([0.1, 0.0]), slope)
    beside = AWAY + np.array([[3.0, -3.0], [0.0, 0.0]])
    assert runs_away(objective, objective.triangular @ beside) is True
    assert runs_away(made.objective(), objective.triangular @ beside) is False
    assert runs_away(objective, -objective.triangular @ beside) is False


def test_a_fit_that_converged_does_not_run_away() -> None:
    objective = case().objective()
    assert runs_away(objective, minimise(objective).last_direction) is False
