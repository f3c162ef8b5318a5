"""One step of deletion against the whole information matrix without the row."""

import numpy as np
import pytest
from scipy.special import softmax

from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.information import information
from genreglm.engine.row_deletion import delete_rows, linear_changes
from simulated import Case, case, point

Parts = list[tuple[Block, Floats]]


def pairs(made: Case, targets: Floats | None = None, block_rows: int = 16) -> Parts:
    prob = made.probabilities(point(made))
    blocks = Blocks.of(made.x, made.y if targets is None else targets, made.w, made.classes, None, block_rows)
    return [(part, prob[block_rows * at : block_rows * at + len(part)]) for at, part in enumerate(blocks.parts)]


def with_a_factor(made: Case) -> Case:
    x = made.x.copy()
    x[:, 1] = np.arange(len(x)) % 2
    return Case(x, made.y, made.w, made.classes, None)


def by_hand(made: Case, parts: Parts, row: int) -> tuple[float, float, float, float, Floats]:
    """Return hat, Cook's distance, both changes and b - b_(i), with matrices of all parameters."""
    free = made.classes - 1
    whole = information(parts, made.classes)
    covariance = np.linalg.inv(whole)
    prob, shares = (np.concatenate(part) for part in zip(*((p, b.shares(made.classes)) for b, p in parts), strict=True))
    p, t, w = prob[row], shares[row], made.w[row]
    spread = np.kron(np.eye(free), made.x[row][:, None])
    form, curvature = spread.T @ covariance @ spread, (np.diag(p) - np.outer(p, p))[:free, :free]
    score = w * (t - p)[:free]
    change = np.linalg.solve(whole - w * spread @ curvature @ spread.T, spread @ score)
    left = np.linalg.inv(curvature - w * curvature @ form @ curvature)
    return (
        w * np.trace(curvature @ form),
        change @ whole @ change / len(whole),
        -2.0 * w * float(t @ np.log(p)) + score @ spread.T @ change,
        score @ left @ score / w,
        change,
    )


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("factor", [False, True])
@pytest.mark.parametrize("classes", [2, 4])
def test_is_the_step_without_the_row(classes: int, factor: bool, soft: bool) -> None:
    made = case(rows=150, columns=3, classes=classes, weighted=True)
    made = with_a_factor(made) if factor else made
    shares = np.random.default_rng(0).dirichlet(np.ones(classes), 150) if soft else None
    parts = pairs(made, shares)
    covariance = np.linalg.inv(information(parts, classes))
    found = delete_rows(parts, covariance, classes)
    moved = linear_changes(parts, found.pull, covariance)
    for row in (0, 17, 149):
        hat, cook, deviance, chi_square, change = by_hand(made, parts, row)
        assert found.hat[row] == pytest.approx(hat, rel=1e-10)
        assert found.cooks_distance[row] == pytest.approx(cook, rel=1e-9)
        assert found.deviance[row] == pytest.approx(deviance, rel=1e-9)
        if not soft:
            assert found.chi_square[row] == pytest.approx(chi_square, rel=1e-9)
        np.testing.assert_allclose(moved[row], change, rtol=1e-8, atol=1e-12)


def test_the_last_class_is_one_like_the_others() -> None:
    """Classes in another order give the same answers, though another one is left out."""
    made = case(rows=120, columns=3, classes=4)
    prob = made.probabilities(point(made))
    answers = []
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        place = np.argsort(order)
        parts = [(Block(made.x, place[made.y], made.w), np.ascontiguousarray(prob[:, order]))]
        answers.append(delete_rows(parts, np.linalg.inv(information(parts, 4)), 4))
    for name in ("hat", "cooks_distance", "deviance", "chi_square"):
        np.testing.assert_allclose(getattr(answers[0], name), getattr(answers[1], name), rtol=1e-9)


@pytest.mark.parametrize("gap", [30.0, 45.0, 120.0])
def test_a_row_of_a_class_thought_impossible_is_the_same_wherever_the_class_stands(gap: float) -> None:
    """Its probability is far below the rounding of one minus the others'."""
    made = case(rows=120, columns=3, classes=3)
    eta = made.x @ point(made)
    made.y[7] = 2
    eta[7] = [0.0, gap, 0.0]
    prob = softmax(eta, axis=1)
    answers = []
    for order in ([0, 1, 2], [2, 0, 1]):
        parts = [(Block(made.x, np.argsort(order)[made.y], made.w), np.ascontiguousarray(prob[:, order]))]
        answers.append(delete_rows(parts, np.linalg.inv(information(parts, 3)), 3))
    for name in ("cooks_distance", "deviance", "chi_square"):
        np.testing.assert_allclose(getattr(answers[0], name)[7], getattr(answers[1], name)[7], rtol=1e-9)
    assert answers[0].chi_square[7] == pytest.approx(np.exp(gap), rel=0.2)


def test_leverages_sum_to_the_free_parameters() -> None:
    made = with_a_factor(case(rows=300, columns=3, classes=5, weighted=True))
    parts = pairs(made)
    found = delete_rows(parts, np.linalg.inv(information(parts, 5)), 5)
    assert found.hat.sum() == pytest.approx(3 * 4, rel=1e-10)


def test_a_row_that_alone_determines_a_column_leaves_nothing() -> None:
    made = case(rows=80, columns=3, classes=3)
    x = made.x.copy()
    x[:, 2] = 0.0
    x[5, 2] = 1.0
    parts = pairs(Case(x, made.y, made.w, 3, None))
    found = delete_rows(parts, np.linalg.inv(information(parts, 3)), 3)
    assert found.hat[5] >= 2.0
    assert np.isinf([found.cooks_distance[5], found.deviance[5], found.chi_square[5]]).all()
    assert np.isnan(found.pull[5]).all()
    assert np.isfinite(np.delete(found.cooks_distance, 5)).all()


def test_does_not_depend_on_the_blocks() -> None:
    made = case(rows=200, columns=3, classes=4)
    covariance = np.linalg.inv(information(pairs(made), 4))
    one, two = (delete_rows(pairs(made, block_rows=rows), covariance, 4) for rows in (16, 200))
    np.testing.assert_allclose(one.cooks_distance, two.cooks_distance, rtol=1e-12)
    np.testing.assert_allclose(one.pull, two.pull, rtol=1e-10, atol=1e-13)
