"""Bins of equal mass and sums over them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genreglm.engine.binning import equal_mass_bins, sums_by_bin, targets_by_bin
from genreglm.engine.blocks import spread


def test_distinct_values_are_cut_evenly() -> None:
    values = np.random.default_rng(0).permutation(100) / 7.0
    codes = equal_mass_bins(values, np.ones(100), 5)
    np.testing.assert_array_equal(codes, np.argsort(np.argsort(values)) // 20)


def test_equal_values_share_a_bin_and_a_frequent_one_fills_it() -> None:
    values = np.concatenate([np.zeros(40), np.arange(1, 61)])
    codes = equal_mass_bins(values, np.ones(100), 10)
    assert (np.bincount(codes)[0], codes.max() + 1) == (40, 7)
    assert np.bincount(codes)[1:].tolist() == [10] * 6
    assert (np.diff(codes) >= 0).all()


def test_few_values_have_a_bin_each() -> None:
    values = np.repeat([3.0, 5.0, 9.0], [1, 90, 2])
    assert np.bincount(equal_mass_bins(values, np.ones(93), 3)).tolist() == [1, 90, 2]


def test_a_weight_is_so_many_rows() -> None:
    rng = np.random.default_rng(1)
    values, w = rng.normal(size=80), rng.integers(1, 4, 80)
    once = equal_mass_bins(values, w.astype(float), 7)
    again = equal_mass_bins(np.repeat(values, w), np.ones(w.sum()), 7)
    np.testing.assert_array_equal(np.repeat(once, w), again)


@pytest.mark.parametrize("soft", [False, True])
def test_sums_are_those_of_each_bin(soft: bool) -> None:
    rng = np.random.default_rng(2)
    codes, y, w, values = rng.integers(0, 4, 50), rng.integers(0, 3, 50), rng.random(50), rng.normal(size=(50, 2))
    targets = 0.5 * spread(y, 3) + 0.5 * spread(y[::-1], 3) if soft else y
    for b in range(5):
        own = codes == b
        np.testing.assert_allclose(sums_by_bin(codes, 5, w, values)[b], w[own] @ values[own])
        np.testing.assert_allclose(targets_by_bin(codes, 5, w, targets, 3)[b], w[own] @ spread(targets, 3)[own])


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(2, 12))
def test_bins_are_runs_of_whole_values_in_order(values: list[int], bins: int) -> None:
    numbers = np.array(values, dtype=float)
    codes = equal_mass_bins(numbers, np.ones(len(numbers)), bins)
    assert sorted(set(codes.tolist())) == list(range(codes.max() + 1))
    assert codes.max() < bins
    for one, code in zip(numbers, codes, strict=True):
        assert (codes[numbers == one] == code).all()
        assert (codes[numbers > one] >= code).all()
    np.testing.assert_array_equal(equal_mass_bins(3.0 * numbers + 1.0, np.ones(len(numbers)), bins), codes)
