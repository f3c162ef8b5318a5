"""Pearson's chi-square of groups against the pseudo-inverse."""

import numpy as np
import pytest

from genreglm.engine import group_forms as module
from genreglm.engine.blocks import Floats, spread
from genreglm.engine.group_forms import between_groups, group_forms, variance_ratios
from genreglm.engine.sampling import sample_classes


def variances(prob: Floats) -> Floats:
    return np.einsum("ik,kl->ikl", prob, np.eye(prob.shape[1])) - prob[:, :, None] * prob[:, None, :]


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("a_task", [2, 64])
def test_are_quadratic_forms_in_the_pseudo_inverse(classes: int, a_task: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GROUPS_A_TASK", a_task)
    rng = np.random.default_rng(0)
    prob = rng.dirichlet(np.full(classes, 0.7), 60)
    groups = np.concatenate([np.arange(10), rng.integers(0, 10, 20), np.full(30, 3)])  # fewer and more than classes
    responses = sample_classes(prob, 3, seed=0)
    forms, rank = group_forms(prob, groups, responses)
    assert rank.tolist() == [classes - 1] * 10
    for g in range(10):
        own = groups == g
        inverse = np.linalg.pinv(variances(prob[own]).sum(axis=0), rcond=1e-12, hermitian=True)
        for column in range(3):
            s = (spread(responses[own, column], classes) - prob[own]).sum(axis=0)
            assert forms[g, column] == pytest.approx(s @ inverse @ s, rel=1e-8)


def test_a_single_row_is_its_own_pearson_residual() -> None:
    prob = np.random.default_rng(1).dirichlet(np.ones(6), 4)
    y = np.array([0, 5, 2, 2])
    forms, _ = group_forms(prob, np.arange(4), y[:, None])
    own = prob[np.arange(4), y]
    np.testing.assert_allclose(forms[:, 0], (1 - own) / own, rtol=1e-12)


def test_directions_without_variance_do_not_count() -> None:
    # Rows are surely of the first two classes, or surely of the last two: how many of each is not random.
    prob = np.array([[0.5, 0.5, 0.0, 0.0], [0.3, 0.7, 0.0, 0.0], [0.0, 0.0, 0.4, 0.6]]).clip(1e-300)
    y = np.array([0, 0, 3])
    forms, rank = group_forms(prob, np.zeros(3, dtype=int), y[:, None])
    inverse = np.linalg.pinv(variances(prob).sum(axis=0), rcond=1e-10, hermitian=True)
    s = (spread(y, 4) - prob).sum(axis=0)
    assert rank.tolist() == [2]
    assert forms[0, 0] == pytest.approx(s @ inverse @ s, rel=1e-9)


def test_expectation_is_the_rank() -> None:
    rng = np.random.default_rng(2)
    prob = 0.7 * rng.dirichlet(np.ones(4), 600) + 0.075
    groups = rng.integers(0, 40, 600)
    responses = sample_classes(prob, 400, seed=3)
    forms, rank = group_forms(prob, groups, responses)
    assert forms.mean() == pytest.approx(rank.mean(), rel=0.02)
    ratios = variance_ratios(prob, groups, responses)
    assert ratios.mean() == pytest.approx(1.0, rel=0.02)


def test_ratio_is_the_sum_of_forms_in_one_measure() -> None:
    rng = np.random.default_rng(4)
    prob, groups = rng.dirichlet(np.ones(4), 50), np.arange(50) % 7
    responses = sample_classes(prob, 2, seed=0)
    inverse = np.linalg.pinv(variances(prob).mean(axis=0), hermitian=True)
    expected = [
        sum(s @ inverse @ s for s in spread(np.arange(50) % 7, 7).T @ (spread(y, 4) - prob)) / (50 * 3)
        for y in responses.T
    ]
    np.testing.assert_allclose(variance_ratios(prob, groups, responses), expected, rtol=1e-9)


def test_dimensions_between_groups() -> None:
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(8), 5)
    constant = np.column_stack([np.ones(40), rng.normal(size=8)[groups], rng.normal(size=8)[groups]])
    assert between_groups(constant, groups).sum() == pytest.approx(3.0)
    within = rng.normal(size=(40, 1))
    within -= (np.bincount(groups, within[:, 0]) / 5)[groups][:, None]
    assert between_groups(np.column_stack([constant, within]), groups).sum() == pytest.approx(3.0)
    assert between_groups(constant, np.arange(40)).sum() == pytest.approx(3.0)
