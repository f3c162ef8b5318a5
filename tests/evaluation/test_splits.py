"""Folds keep an artist on one side, and hang on nothing but the seed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genreglm.errors import DataError
from genreglm.evaluation import grouped_folds, random_folds


@given(st.integers(0, 1000), st.integers(2, 6))
def test_a_group_is_in_one_fold_and_every_fold_has_groups(seed: int, folds: int) -> None:
    groups = pd.Series(np.random.default_rng(seed).integers(0, 30, 200)).map("artist {}".format)
    found = pd.Series(grouped_folds(groups, folds, seed))
    by_group = found.groupby(groups)
    assert (by_group.min() == by_group.max()).all()
    assert sorted(found.unique()) == list(range(folds))
    counts = by_group.first().value_counts()
    assert counts.max() - counts.min() <= 1


def test_random_folds_are_of_equal_size() -> None:
    counts = np.bincount(random_folds(103, 5, seed=3))
    assert sorted(counts) == [20, 20, 21, 21, 21]


def test_the_seed_decides() -> None:
    groups = pd.Series(np.arange(50) // 2)
    np.testing.assert_array_equal(grouped_folds(groups, 5, 1), grouped_folds(groups, 5, 1))
    assert (grouped_folds(groups, 5, 1) != grouped_folds(groups, 5, 2)).any()
    np.testing.assert_array_equal(random_folds(50, 5, 1), random_folds(50, 5, 1))
    assert (random_folds(50, 5, 1) != random_folds(50, 5, 2)).any()


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(DataError, match="2 groups cannot fill 3 folds"):
        grouped_folds(pd.Series(["a", "b", "a"]), 3, 0)
