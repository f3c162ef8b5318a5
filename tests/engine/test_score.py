"""Score tests, restricted and constrained maxima, and accuracy, against their definitions written out."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from genreglm.engine.accuracy import discrimination
from genreglm.engine.blocks import Floats, spread
from genreglm.engine.constrained import constrained
from genreglm.engine.estimate import estimate
from genreglm.engine.nested import Family
from genreglm.engine.problem import Problem
from genreglm.engine.score import clustered_score_tests, score_test, score_tests
from genreglm.errors import InferenceError
from simulated import case, point


def problem(columns: int = 5, classes: int = 4, rows: int = 120, offset: bool = True) -> Problem:
    made = case(rows, columns, classes, weighted=True, offset=offset)
    return Problem(made.x, made.y, made.w, classes, 0, made.offset)


def score_and_information(given: Problem, coefficients: Floats) -> tuple[Floats, Floats]:
    """Row by row, class by class against the last."""
    eta = given.x @ coefficients + (0.0 if given.offset is None else given.offset)
    prob, shares = softmax(eta, axis=1), spread(given.y, given.classes)
    score = np.ravel((given.w[:, None] * (shares - prob))[:, :-1].T @ given.x)
    matrix = np.zeros((len(score), len(score)))
    for x, p, w in zip(given.x, prob[:, :-1], given.w, strict=True):
        matrix += w * np.kron(np.diag(p) - np.outer(p, p), np.outer(x, x))
    return score, matrix


def whole(given: Problem, columns: list[int], coefficients: Floats) -> Floats:
    full = np.zeros((given.x.shape[1], given.classes))
    full[columns] = coefficients
    return full


@pytest.mark.parametrize("tested", [[4], [1, 3], [1, 2, 3, 4], [0, 2]])
def test_score_test_is_its_quadratic_form(tested: list[int]) -> None:
    given = problem()
    kept = [j for j in range(5) if j not in tested]
    found = estimate(given.keep(kept))
    score, matrix = score_and_information(given, whole(given, kept, found.coefficients))
    test = score_test(given, found, tested)
    assert test.statistic == pytest.approx(score @ np.linalg.solve(matrix, score), rel=1e-9)
    assert test.df == 3 * len(tested)


def test_coefficients_may_be_given_for_kept_or_for_all_columns() -> None:
    given = problem()
    found = estimate(given.keep([0, 1, 3]))
    expected = score_test(given, found, [2, 4])
    assert score_test(given, found.coefficients, [2, 4]) == expected
    assert score_test(given, whole(given, [0, 1, 3], found.coefficients), [2, 4]) == expected


def test_several_candidates_at_once_are_each_by_itself() -> None:
    given = problem()
    found = estimate(given.keep([0, 2]))
    together = score_tests(given, found, [[1], [3, 4], [4]])
    for group, test in zip([[1], [3, 4], [4]], together, strict=True):
        alone = score_test(given.keep([0, 2, *group]), found, list(range(2, 2 + len(group))))
        assert test.statistic == pytest.approx(alone.statistic, rel=1e-9)
        assert test.df == alone.df == 3 * len(group)


def test_a_candidate_that_says_nothing_new_has_no_degrees_of_freedom() -> None:
    given = problem()
    x = np.column_stack([given.x, given.x[:, 1] + given.x[:, 2], given.x[:, 3], given.x[:, 3] ** 2])
    wider = Problem(x, given.y, given.w, given.classes, 0, given.offset)
    found = estimate(wider.keep([0, 1, 2, 3]))
    tests = score_tests(wider, found, [[5], [4, 7], [6, 7]])
    assert [test.df for test in tests] == [0, 6, 3]
    assert np.isnan(tests[0].p_value)
    assert tests[2].statistic == pytest.approx(score_test(wider.keep([0, 1, 2, 3, 7]), found, [4]).statistic, rel=1e-8)


def test_a_singular_smaller_model_is_refused() -> None:
    given = problem()
    x = np.column_stack([given.x, given.x[:, 1]])
    wider = Problem(x, given.y, given.w, given.classes, 0, given.offset)
    with pytest.raises(InferenceError, match=r"gg\.vif"):
        score_test(wider, np.zeros((6, 4)), [3])


def test_a_restricted_maximum_is_that_of_the_smaller_problem() -> None:
    given = problem()
    family, start = Family(given), estimate(given).coefficients
    full, found = family.restricted([0, 2], start)
    np.testing.assert_allclose(full[[0, 2]], estimate(given.keep([0, 2])).coefficients, atol=1e-6)
    assert not full[[1, 3, 4]].any()
    assert found is not None
    assert family.at(full).log_likelihood == pytest.approx(found.log_likelihood, rel=1e-12)
    nothing, found = family.restricted([], start)
    assert found is None
    assert not nothing.any()


def test_the_score_of_a_family_is_the_derivative() -> None:
    family, coefficients = Family(problem()), point(case(120, 5, 4))
    standardisation = family.problem.standardisation
    at = family.at(coefficients)
    standard = standardisation.forth(coefficients)
    for j, k in ((0, 0), (2, 3), (4, 1)):
        step = np.zeros_like(standard)
        step[j, k] = 1e-5
        up, down = (family.at(standardisation.back() @ (standard + s)).log_likelihood for s in (step, -step))
        assert at.score[j, k] == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-6)


def test_a_constrained_maximum_meets_its_conditions() -> None:
    """L theta = r, and the score is a combination of the constraints' gradients."""
    given = problem()
    rows = np.random.default_rng(8).normal(size=(4, 15))
    values = np.array([0.5, 0.0, -1.0, 0.2])
    found = constrained(Family(given), estimate(given).coefficients, rows, values)
    theta = (found.coefficients[:, :-1] - found.coefficients[:, -1:]).T.ravel()
    np.testing.assert_allclose(rows @ theta, values, atol=1e-9)
    score, matrix = score_and_information(given, found.coefficients)
    share = np.linalg.lstsq(rows.T, score)[0]
    np.testing.assert_allclose(rows.T @ share, score, atol=1e-3 * np.abs(score).max())
    assert found.score_statistic == pytest.approx(score @ np.linalg.solve(matrix, score), rel=1e-6)
    assert found.log_likelihood == pytest.approx(Family(given).at(found.coefficients).log_likelihood, rel=1e-12)


def test_a_constrained_fit_from_far_away_arrives_too() -> None:
    given, rows = problem(), np.eye(15)[[1, 6, 11]]
    near = constrained(Family(given), estimate(given).coefficients, rows, np.zeros(3))
    far = constrained(Family(given), point(case(120, 5, 4), scale=3.0), rows, np.zeros(3))
    np.testing.assert_allclose(near.coefficients, far.coefficients, atol=1e-6)
    np.testing.assert_allclose(
        near.coefficients[[0, 2, 3, 4]], estimate(given.keep([0, 2, 3, 4])).coefficients, atol=1e-6
    )


def test_soft_labels_that_are_hard_tell_the_same() -> None:
    made = case(70, weighted=True)
    prob = made.probabilities(point(made))
    blocks = made.blocks(32).parts
    parts = [(block, prob[start : start + 32]) for start, block in zip((0, 32, 64), blocks, strict=True)]
    right, tjur = discrimination(parts, 4)
    soft = [(type(block)(block.x, block.shares(4), block.w, block.offset), own) for block, own in parts]
    other, same = discrimination(soft, 4)
    assert right == other == made.w[prob.argmax(axis=1) == made.y].sum()
    np.testing.assert_allclose(tjur, same, rtol=1e-12)
    for k in range(4):
        own = made.y == k
        expected = np.average(prob[own, k], weights=made.w[own]) - np.average(prob[~own, k], weights=made.w[~own])
        assert tjur[k] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("groups", [[[4], [1, 3]], [[1, 2, 3, 4]]])
def test_clustered_score_tests_sum_the_effective_scores_of_each_cluster(groups: list[list[int]]) -> None:
    given = problem()
    clusters = np.random.default_rng(3).integers(0, 40, 120)
    kept = [j for j in range(5) if j not in {j for group in groups for j in group}]
    found = estimate(given.keep(kept))
    full = whole(given, kept, found.coefficients)
    score, matrix = score_and_information(given, full)
    eta = given.x @ full + given.offset
    residual = given.w[:, None] * (spread(given.y, 4) - softmax(eta, axis=1))
    rows = np.einsum("ik,ij->ikj", residual[:, :-1], given.x).reshape(120, -1)
    sums = np.array([rows[clusters == c].sum(axis=0) for c in np.unique(clusters)])
    for group, (plain, robust) in zip(groups, clustered_score_tests(given, found, groups, clusters), strict=True):
        t, r = ([5 * k + j for k in range(3) for j in columns] for columns in (group, kept))
        share = np.linalg.solve(matrix[np.ix_(r, r)], matrix[np.ix_(r, t)])
        effective, parts = score[t] - share.T @ score[r], sums[:, t] - sums[:, r] @ share
        meat = parts.T @ parts * len(sums) / (len(sums) - 1)
        assert plain.statistic == pytest.approx(score_tests(given, found, groups)[groups.index(group)].statistic)
        assert robust.statistic == pytest.approx(effective @ np.linalg.solve(meat, effective), rel=1e-7)
        assert robust.df == plain.df == 3 * len(group)


def test_with_nothing_kept_the_scores_of_clusters_stand_as_they_are() -> None:
    given = problem(columns=3)
    clusters = np.random.default_rng(4).integers(0, 30, 120)
    (plain, robust), *_ = clustered_score_tests(given, np.zeros((3, 4)), [[0, 1, 2]], clusters)
    score, matrix = score_and_information(given, np.zeros((3, 4)))
    residual = given.w[:, None] * (spread(given.y, 4) - softmax(given.offset, axis=1))
    rows = np.einsum("ik,ij->ikj", residual[:, :-1], given.x).reshape(120, -1)
    sums = np.array([rows[clusters == c].sum(axis=0) for c in np.unique(clusters)])
    meat = sums.T @ sums * len(sums) / (len(sums) - 1)
    assert plain.statistic == pytest.approx(score @ np.linalg.solve(matrix, score), rel=1e-8)
    assert robust.statistic == pytest.approx(score @ np.linalg.solve(meat, score), rel=1e-7)


def test_rows_of_a_prior_count_in_score_tests() -> None:
    given = problem(offset=False)
    extra = replace(given, x=given.x[:10], y=given.y[:10], w=np.full(10, 0.5))
    x, y, w = (np.concatenate([getattr(given, name), getattr(extra, name)]) for name in ("x", "y", "w"))
    both = replace(given, x=x, y=y, w=w)
    found = estimate(both.keep([0, 1, 3]))
    expected = score_test(both, found, [2, 4])
    assert score_test(Family(given, extra), found, [2, 4]).statistic == pytest.approx(expected.statistic, rel=1e-8)


def test_a_single_cluster_gives_no_test() -> None:
    given = problem()
    with pytest.raises(InferenceError, match="at least 2 clusters"):
        clustered_score_tests(given, estimate(given.keep([0, 1, 2, 3])), [[4]], np.zeros(120, dtype=np.int64))
