"""The law of Pearson's statistic of groups: against brute force, and against tables drawn from a model."""

import numpy as np

from genreglm.engine.blocks import Block
from genreglm.engine.grouped_law import pearson_weights
from simulated import case


def test_weights_are_the_eigenvalues_of_the_dense_covariance() -> None:
    made = case(weighted=True)
    rng = np.random.default_rng(0)
    rows, columns, classes = len(made.y), made.x.shape[1], made.classes
    groups, count = rng.integers(0, 4, rows), 4
    prob = rng.dirichlet(np.ones(classes), rows)
    unit = np.eye(classes)
    variance = [w * (np.diag(p) - np.outer(p, p)) for w, p in zip(made.w, prob, strict=True)]
    information = sum(np.kron(v[:-1, :-1], np.outer(x, x)) for v, x in zip(variance, made.x, strict=True))
    covariance = np.linalg.inv(information)
    member = np.eye(count)[groups]
    spread = sum(np.kron(np.outer(m, m), v) for m, v in zip(member, variance, strict=True))
    loading = sum(
        np.kron(m[:, None], np.kron(v @ unit[:, :-1], x[None, :]))
        for m, v, x in zip(member, variance, made.x, strict=True)
    )
    expected = (member.T @ (made.w[:, None] * prob)).ravel()
    dense = (spread - loading @ covariance @ loading.T) / np.sqrt(np.outer(expected, expected))
    half = rows // 3
    parts = [(Block(made.x[cut], made.y[cut], made.w[cut]), prob[cut]) for cut in (slice(0, half), slice(half, rows))]
    found = pearson_weights(parts, groups, covariance)
    np.testing.assert_allclose(found, np.maximum(np.linalg.eigvalsh(dense), 0.0), atol=1e-10)
    assert columns * (classes - 1) == len(covariance)


def test_groups_that_are_the_design_leave_ones_and_zeros() -> None:
    """A saturated table has nothing left; an intercept alone leaves (groups - 1)(classes - 1) directions whole."""
    rng = np.random.default_rng(1)
    groups, y = np.repeat(np.arange(3), 40), rng.integers(0, 3, 120)
    shares = np.bincount(y, minlength=3) / 120
    prob = np.tile(shares, (120, 1))
    ones = Block(np.ones((120, 1)), y, np.ones(120))
    covariance = np.linalg.inv(120 * (np.diag(shares) - np.outer(shares, shares))[:2, :2])
    found = pearson_weights([(ones, prob)], groups, covariance)
    np.testing.assert_allclose(found, [0.0] * 5 + [1.0] * 4, atol=1e-12)
