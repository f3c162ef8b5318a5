"""The leading classes are those of the whole softmax, in its order."""

import numpy as np
import pytest
from scipy.special import softmax

from genreglm.engine.leading import leading_rows


@pytest.mark.parametrize(("rows", "classes", "top", "scale"), [(1, 3, 3, 1.0), (37, 114, 3, 0.8), (16, 2, 1, 1.0)])
def test_they_are_those_of_the_softmax(rows: int, classes: int, top: int, scale: float) -> None:
    eta = np.random.default_rng(1).normal(0, 3, (rows, classes))
    places, prob = np.empty((rows, top), dtype=np.int64), np.empty((rows, top))
    leading_rows(eta.copy(), scale, places, prob)
    whole = softmax(scale * eta, axis=1)
    order = np.argsort(-whole, axis=1, kind="stable")[:, :top]
    assert np.array_equal(places, order)
    np.testing.assert_allclose(prob, np.take_along_axis(whole, order, axis=1), rtol=1e-13)


def test_predictors_far_from_zero_and_equal_ones_are_no_trouble() -> None:
    eta = np.array([[800.0, 800.0, -900.0], [-2_000.0, -2_001.0, -2_000.0]])
    places, prob = np.empty((2, 2), dtype=np.int64), np.empty((2, 2))
    leading_rows(eta, 1.0, places, prob)
    assert places.tolist() == [[0, 1], [0, 2]]
    np.testing.assert_allclose(prob, [[0.5, 0.5], [1 / (2 + np.exp(-1))] * 2])
