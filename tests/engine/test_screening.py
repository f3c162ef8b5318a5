"""Score tests of many candidates at once: against each by itself, and bounds that hold."""

from dataclasses import replace

import numpy as np
import pytest

from genreglm.engine import screening
from genreglm.engine.blocks import Floats
from genreglm.engine.bordered import bordered
from genreglm.engine.estimate import estimate
from genreglm.engine.information import information
from genreglm.engine.nested import Family
from genreglm.engine.problem import Problem
from genreglm.engine.score import score_tests
from genreglm.errors import InferenceError
from simulated import case


def problem(rows: int = 500, classes: int = 4, offset: bool = False) -> Problem:
    """An intercept, two numbers, a factor's two columns; then a number, a pair, two 0/1 columns, one that repeats."""
    made, rng = case(rows, 3, classes, weighted=True, offset=offset), np.random.default_rng(6)
    key, mode = rng.integers(0, 3, rows), rng.integers(0, 2, rows)
    new = rng.normal(size=(rows, 3)) * [1.0, 5.0, 0.1]
    x = np.column_stack([made.x, key == 1, key == 2, new, mode, mode * (key == 1), made.x[:, 1] + made.x[:, 2]])
    return Problem(np.ascontiguousarray(x, dtype=float), made.y, made.w, classes, 0, made.offset)


GROUPS = [[5], [6, 7], [8], [9], [8, 9], [5, 10]]
KEPT = [0, 1, 2, 3, 4]


def fitted(given: Problem, kept: list[int]) -> Floats:
    full = np.zeros((given.x.shape[1], given.classes))
    if kept:
        full[kept] = estimate(given.keep(kept)).coefficients
    return full


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("kept", [KEPT, [0], [1, 2], []])
@pytest.mark.parametrize("most_sums", [1, 10**7])
def test_each_candidate_is_tested_as_by_itself(
    kept: list[int], classes: int, most_sums: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "_MOST_SUMS", most_sums)
    given = problem(classes=classes, offset=not kept)
    full = fitted(given, kept)
    found = screening.score_screen(Family(given), full, GROUPS, kept)
    for group, test in zip(GROUPS, found, strict=True):
        alone = given.keep([*kept, *group])
        expected = score_tests(alone, full[kept], [list(range(len(kept), len(kept) + len(group)))])[0]
        assert test.statistic == pytest.approx(expected.statistic, rel=1e-7), group
        assert test.df == expected.df


def test_rows_of_a_prior_count() -> None:
    given = problem()
    extra = replace(given, x=given.x[:10], y=given.y[:10], w=np.full(10, 0.5))
    x, y, w = (np.concatenate([getattr(given, name), getattr(extra, name)]) for name in ("x", "y", "w"))
    both = replace(given, x=x, y=y, w=w)
    full = fitted(both, KEPT)
    together = screening.score_screen(Family(given, extra), full, GROUPS, KEPT)
    for test, expected in zip(together, screening.score_screen(Family(both), full, GROUPS, KEPT), strict=True):
        assert test.statistic == pytest.approx(expected.statistic, rel=1e-7)
    np.testing.assert_allclose(
        screening.score_bounds(Family(given, extra), full, GROUPS[:5], KEPT),
        screening.score_bounds(Family(both), full, GROUPS[:5], KEPT),
        rtol=1e-6,
    )


def test_blocks_are_those_of_the_whole_matrix() -> None:
    given = problem()
    point = Family(given).at(fitted(given, KEPT))
    whole = information(point.parts, 4)
    width = given.x.shape[1]
    found = bordered(point.parts, 4, KEPT, GROUPS)
    for rows, columns in [(KEPT, KEPT), (KEPT, [8, 9]), ([6, 7], [6, 7]), ([9], KEPT)]:
        at = [[width * k + j for k in range(3) for j in side] for side in (rows, columns)]
        np.testing.assert_allclose(found.block(rows, columns), whole[np.ix_(*at)], rtol=1e-10, atol=1e-10)
    with pytest.raises(AssertionError, match="was not summed"):
        found.block([5], [8])


@pytest.mark.parametrize("kept", [KEPT, [0], []])
@pytest.mark.parametrize("classes", [2, 4, 12])
def test_bounds_hold_and_are_near(kept: list[int], classes: int) -> None:
    given = problem(rows=900, classes=classes)
    full, groups = fitted(given, kept), [[5], [6, 7], [8], [9], [8, 9]]
    exact = np.array([test.statistic for test in screening.score_screen(Family(given), full, groups, kept)])
    bound = screening.score_bounds(Family(given), full, groups, kept)
    assert (bound <= exact * (1 + 1e-9)).all()
    assert (bound >= 0.7 * exact).all()


def test_for_two_classes_the_bound_is_the_statistic() -> None:
    given = problem(classes=2)
    full = fitted(given, KEPT)
    exact = [test.statistic for test in screening.score_screen(Family(given), full, GROUPS[:5], KEPT)]
    np.testing.assert_allclose(screening.score_bounds(Family(given), full, GROUPS[:5], KEPT), exact, rtol=1e-6)


def test_no_candidates_no_tests() -> None:
    given = problem()
    assert screening.score_screen(Family(given), fitted(given, KEPT), [], KEPT) == []
    assert len(screening.score_bounds(Family(given), fitted(given, KEPT), [], KEPT)) == 0


def test_a_singular_model_is_refused() -> None:
    given = problem()
    twice = replace(given, x=np.column_stack([given.x, given.x[:, 1]]))
    with pytest.raises(InferenceError, match=r"gg\.vif"):
        screening.score_screen(Family(twice), np.zeros((12, 4)), [[5]], [0, 1, 2, 11])
