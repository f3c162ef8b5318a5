"""Averages of probabilities and slopes, and their derivatives, against their definition and finite differences."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from genreglm.engine.bands import sup_t
from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.margins import Averages, Direction, average_probabilities, average_slopes
from simulated import Case, case, point

CLASSES, COLUMNS = 4, 4


@pytest.fixture(params=[False, True], ids=["plain", "weights and offset"])
def made(request: pytest.FixtureRequest) -> Case:
    """Rows with a column that is mostly zero, as those of a factor are."""
    drawn = case(60, COLUMNS, CLASSES, weighted=request.param, offset=request.param)
    x = drawn.x.copy()
    x[:, 3] = np.arange(len(x)) % 3 == 0
    return Case(x, drawn.y, drawn.w, CLASSES, drawn.offset)


def moves(made: Case) -> list[Floats]:
    """A derivative of one column, that does not vary, and one of two columns."""
    straight, bent = np.zeros_like(made.x), np.zeros_like(made.x)
    straight[:, 1] = 1.0
    bent[:, 2], bent[:, 3] = 2.0 * made.x[:, 1], made.x[:, 3]
    return [straight, bent]


def differences(found: Callable[[Floats], Floats], at: Floats) -> Floats:
    """Central differences by the coefficients of the first classes, (numbers, m), class by class."""
    columns = []
    for label in range(CLASSES - 1):
        for column in range(COLUMNS):
            step = np.zeros_like(at)
            step[column, label] = 1e-5
            columns.append((found(at + step) - found(at - step)) / 2e-5)
    return np.array(columns).T


def mean_slopes(made: Case, move: Floats, coefficients: Floats) -> Floats:
    """The definition, a row and a class at a time."""
    total = np.zeros(CLASSES)
    for prob, weight, change in zip(made.probabilities(coefficients), made.w, move @ coefficients, strict=True):
        for label in range(CLASSES):
            total[label] += weight * prob[label] * (change[label] - sum(prob * change))
    return total / made.w.sum()


@pytest.mark.parametrize("block_rows", [7, 100])
def test_probabilities_are_the_weighted_mean(made: Case, block_rows: int) -> None:
    at = point(made)
    found = average_probabilities(made.blocks(block_rows), at)
    np.testing.assert_allclose(found.estimate, made.w @ made.probabilities(at) / made.w.sum(), rtol=1e-13)
    expected = differences(lambda b: made.w @ made.probabilities(b) / made.w.sum(), at)
    np.testing.assert_allclose(found.jacobian, expected, atol=1e-9)


def test_probabilities_of_some_classes_are_those_of_all(made: Case) -> None:
    at = point(made)
    everything, some = (average_probabilities(made.blocks(), at, shown) for shown in (None, np.array([3, 1])))
    np.testing.assert_allclose(some.estimate, everything.estimate[[3, 1]], rtol=1e-13)
    np.testing.assert_allclose(some.jacobian, everything.jacobian[[3, 1]], atol=1e-15)


@pytest.mark.parametrize("block_rows", [7, 100])
def test_slopes_are_their_definition(made: Case, block_rows: int) -> None:
    at, directions = point(made), moves(made)
    found = average_slopes(made.blocks(block_rows), at, [Direction.of(move) for move in directions])
    for averages, move in zip(found, directions, strict=True):
        np.testing.assert_allclose(averages.estimate, mean_slopes(made, move, at), atol=1e-15)
        assert abs(averages.estimate.sum()) < 1e-15
        expected = differences(lambda b, move=move: mean_slopes(made, move, b), at)
        np.testing.assert_allclose(averages.jacobian, expected, atol=1e-9)
        # All classes' numbers sum to zero whatever the coefficients are.
        np.testing.assert_allclose(averages.jacobian.sum(axis=0), 0.0, atol=1e-14)


def test_at_114_classes_along_a_random_change_of_all_coefficients() -> None:
    made = case(300, 6, 114, seed=3)
    at, change = point(made), point(made, seed=2)
    change -= change[:, -1:]
    move = np.random.default_rng(0).normal(size=made.x.shape)
    blocks, direction = made.blocks(128), Direction.of(move)

    def both(coefficients: Floats, *, derivatives: bool = False) -> list[Averages]:
        slopes = average_slopes(blocks, coefficients, [direction], derivatives=derivatives)
        return [*slopes, average_probabilities(blocks, coefficients, derivatives=derivatives)]

    ends = [both(at + step * change) for step in (1e-4, -1e-4)]
    for found, above, below in zip(both(at, derivatives=True), *ends, strict=True):
        expected = (above.estimate - below.estimate) / 2e-4
        np.testing.assert_allclose(found.jacobian @ change[:, :-1].T.ravel(), expected, rtol=1e-6, atol=1e-9)


def test_a_direction_keeps_the_columns_that_move(made: Case) -> None:
    assert [Direction.of(move).columns.tolist() for move in moves(made)] == [[1], [2, 3]]
    still = Direction.of(np.zeros_like(made.x))
    (found,) = average_slopes(made.blocks(), point(made), [still])
    assert not found.estimate.any()
    assert not found.jacobian.any()


def test_without_derivatives_the_averages_are_the_same(made: Case) -> None:
    at, directions = point(made), [Direction.of(move) for move in moves(made)]
    bare = [
        average_probabilities(made.blocks(), at, derivatives=False),
        *average_slopes(made.blocks(), at, directions, derivatives=False),
    ]
    full = [average_probabilities(made.blocks(), at), *average_slopes(made.blocks(), at, directions)]
    for one, other in zip(bare, full, strict=True):
        assert one.jacobian is None
        np.testing.assert_allclose(one.estimate, other.estimate, atol=1e-16)


def test_differences_and_logarithms_carry_their_derivatives() -> None:
    one, two = Averages(np.array([0.5, 0.2]), np.eye(2)), Averages(np.array([0.1, 0.4]), 3.0 * np.eye(2))
    difference = one - two
    np.testing.assert_allclose(difference.estimate, [0.4, -0.2])
    np.testing.assert_allclose(difference.jacobian, -2.0 * np.eye(2))
    np.testing.assert_allclose(one.log().estimate, np.log([0.5, 0.2]))
    np.testing.assert_allclose(one.log().jacobian, np.diag([2.0, 5.0]))
    bare = Averages(one.estimate, None)
    assert (bare - two).jacobian is None
    assert bare.log().jacobian is None


def test_the_number_of_threads_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    made = case(200, COLUMNS, CLASSES)
    answers = []
    for threads in ("1", "2"):
        monkeypatch.setenv("GENREGLM_THREADS", threads)
        blocks = Blocks.of(made.x, made.y, made.w, CLASSES, None, 16)
        answers.append(average_slopes(blocks, point(made), [Direction.of(move) for move in moves(made)]))
    for one, other in zip(*answers, strict=True):
        np.testing.assert_array_equal(one.estimate, other.estimate)
        np.testing.assert_array_equal(one.jacobian, other.jacobian)


def test_sup_t_of_independent_points_is_sidaks_quantile() -> None:
    expected = stats.norm.ppf(0.5 + 0.5 * 0.95 ** (1 / 5))
    assert sup_t(np.diag([1.0, 4.0, 1e-6, 9.0, 0.25]), 0.95) == pytest.approx(expected, abs=0.02)


def test_sup_t_of_points_that_move_as_one_is_the_pointwise_quantile() -> None:
    scale = np.array([1.0, 2.0, 0.0, 3.0])
    found = sup_t(np.outer(scale, scale), 0.9)
    assert found == pytest.approx(1.645, abs=0.02)
    assert found == sup_t(np.outer(scale, scale), 0.9)
    assert sup_t(np.zeros((2, 2)), 0.9) == 0.0
