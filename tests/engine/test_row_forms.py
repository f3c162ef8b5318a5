"""Quadratic forms of rows against their definition."""

import numpy as np
import pytest

from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.information import information
from genreglm.engine.row_forms import row_forms
from simulated import Case, case, point


def pairs(made: Case, block_rows: int = 16) -> list[tuple[Block, Floats]]:
    prob = made.probabilities(point(made))
    parts = Blocks.of(made.x, made.y, made.w, made.classes, None, block_rows).parts
    return [(part, prob[16 * at : 16 * at + len(part)]) for at, part in enumerate(parts)]


def with_a_factor(made: Case) -> Case:
    x = made.x.copy()
    x[:, 1] = np.arange(len(x)) % 2
    return Case(x, made.y, made.w, made.classes, None)


@pytest.mark.parametrize("factor", [False, True])
def test_are_the_forms_of_the_covariance(factor: bool) -> None:
    made = case(rows=200, columns=4, weighted=True)
    made = with_a_factor(made) if factor else made
    parts = pairs(made)
    covariance = np.linalg.inv(information(parts, made.classes))
    diagonal, product = row_forms(parts, covariance, made.classes)
    prob = np.concatenate([p for _, p in parts])
    for i in (0, 17, 199):
        spread = np.kron(np.eye(made.classes - 1), made.x[i][:, None])
        form = spread.T @ covariance @ spread
        np.testing.assert_allclose(diagonal[i, :-1], np.diag(form), rtol=1e-9)
        np.testing.assert_allclose(product[i, :-1], form @ prob[i, :-1], rtol=1e-9, atol=1e-12)
    assert (diagonal[:, -1] == 0).all()
    assert (product[:, -1] == 0).all()


def test_leverages_sum_to_the_free_parameters() -> None:
    made = with_a_factor(case(rows=300, columns=3, classes=5, weighted=True))
    parts = pairs(made)
    diagonal, product = row_forms(parts, np.linalg.inv(information(parts, 5)), 5)
    prob = np.concatenate([p for _, p in parts])
    leverage = made.w * np.einsum("ik,ik->i", prob, diagonal - product)
    assert leverage.sum() == pytest.approx(3 * 4, rel=1e-10)
