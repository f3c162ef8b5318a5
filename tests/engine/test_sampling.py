"""Responses drawn from probabilities."""

import numpy as np
import pytest
from scipy.stats import chisquare

from genreglm.engine import sampling
from genreglm.engine.sampling import sample_classes

PROB = np.array([0.5, 0.0, 0.2, 0.3, 0.0])


def test_classes_occur_as_often_as_their_probabilities_say() -> None:
    drawn = sample_classes(np.tile(PROB, (50, 1)), 80, seed=1)
    assert drawn.shape == (50, 80)
    counts = np.bincount(drawn.ravel(), minlength=5)
    assert counts[[1, 4]].tolist() == [0, 0]
    assert chisquare(counts[[0, 2, 3]], 4000 * PROB[[0, 2, 3]]).pvalue > 0.001


def test_a_sure_class_is_always_drawn() -> None:
    for label in range(4):
        assert (sample_classes(np.eye(4)[[label]], 30, seed=0) == label).all()


def test_rows_and_draws_are_independent() -> None:
    drawn = sample_classes(np.full((2000, 2), 0.5), 20, seed=2) * 2.0 - 1.0
    correlation = np.corrcoef(drawn, rowvar=False)[np.triu_indices(20, 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(2000)
    assert abs((drawn[1:] * drawn[:-1]).mean()) < 5 / np.sqrt(drawn.size)


def test_the_number_of_threads_changes_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "BLOCK_ROWS", 7)
    prob = np.random.default_rng(0).dirichlet(np.ones(5), 30)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("GENREGLM_THREADS", threads)
        found.append(sample_classes(prob, 10, seed=4))
    np.testing.assert_array_equal(*found)
    assert (found[0] != sample_classes(prob, 10, seed=5)).any()
