"""Groups of rows, linked or not, and how they are dealt into folds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genreglm as gg
from genreglm.errors import DataError
from genreglm.evaluation import grouped_folds
from genreglm.selection.folds import deal, stratified_folds
from genreglm.selection.groups import group_codes, require_divisible
from simulated import tracks


def skewed(seed: int, rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Groups of very unlike sizes, each mostly of one class of twelve."""
    rng = np.random.default_rng(seed)
    groups = np.minimum(rng.geometric(0.004, rows), 700)
    classes = (groups + (rng.random(rows) < 0.1) * rng.integers(0, 12, rows)) % 12
    return pd.factorize(groups)[0], classes


def imbalance(fold: np.ndarray, classes: np.ndarray, folds: int) -> float:
    counts = pd.crosstab(fold, classes).reindex(range(folds), fill_value=0).to_numpy()
    return float(np.square(counts / counts.sum(axis=0) - 1.0 / folds).mean())


@given(seed=st.integers(0, 10_000), folds=st.integers(2, 8))
def test_whole_groups_in_balance(seed: int, folds: int) -> None:
    groups, classes = skewed(seed)
    found = stratified_folds(groups, classes, folds, seed)
    assert pd.Series(found).groupby(groups).nunique().max() == 1
    assert set(found) == set(range(folds))
    sizes = np.bincount(found)
    assert sizes.max() - sizes.min() <= np.bincount(groups).max()
    assert imbalance(found, classes, folds) < 0.5 * imbalance(
        grouped_folds(pd.Series(groups), folds, seed), classes, folds
    )


def test_the_seed_decides() -> None:
    groups, classes = skewed(0)
    np.testing.assert_array_equal(stratified_folds(groups, classes, 5, 3), stratified_folds(groups, classes, 5, 3))
    assert (stratified_folds(groups, classes, 5, 3) != stratified_folds(groups, classes, 5, 4)).any()


def test_single_rows_divide_exactly() -> None:
    classes = np.repeat(np.arange(4), 25)
    found = stratified_folds(np.arange(100), classes, 5, 0)
    assert (pd.crosstab(found, classes) == 5).all(axis=None)
    assert np.bincount(deal(None, classes, 5, True, 0)).tolist() == [20] * 5
    np.testing.assert_array_equal(
        deal(np.arange(100), classes, 5, False, 1), grouped_folds(pd.Series(np.arange(100)), 5, 1)
    )


def test_rows_are_linked_through_any_column() -> None:
    frame = pd.DataFrame({"artist": list("aabcde"), "album": [1, 2, 2, 3, 3, 4]})
    assert group_codes("artist", frame).tolist() == [0, 0, 1, 2, 3, 4]
    assert group_codes(["artist", "album"], frame).tolist() == [0, 0, 0, 1, 1, 2]
    assert group_codes(["album"], frame).tolist() == [0, 1, 1, 2, 2, 3]


def test_values_that_are_lists_link_by_each_entry() -> None:
    frame = pd.DataFrame({"artists": ["a;b", "c", "b;d", "d", "e;c"]})
    assert group_codes(frame["artists"].str.split(";"), frame).tolist() == [0, 1, 0, 0, 1]
    assert group_codes(frame.assign(artists=frame["artists"].str.split(";")).artists, frame).tolist() == [0, 1, 0, 0, 1]
    assert group_codes(np.array([7, 7, 8, 9, 8]), frame).tolist() == [0, 0, 1, 2, 1]


@given(seed=st.integers(0, 10_000))
def test_links_are_the_smallest_that_join(seed: int) -> None:
    """Against repeated joining by hand."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"one": rng.integers(0, 12, 15), "two": rng.integers(0, 12, 15)})
    own = np.arange(15)
    while True:
        joined = own.copy()
        for name in frame:
            joined = pd.Series(joined).groupby(frame[name].to_numpy()).transform("min").to_numpy()
        if (joined == own).all():
            break
        own = joined
    np.testing.assert_array_equal(group_codes(["one", "two"], frame), pd.factorize(own)[0])


def test_a_row_without_a_group_is_refused() -> None:
    frame = pd.DataFrame({"artist": ["a", None, "b"]})
    with pytest.raises(DataError, match="1 rows have no group"):
        group_codes("artist", frame)
    with pytest.raises(DataError, match="has shape"):
        group_codes(np.arange(2), frame)


def test_one_group_that_swallows_the_folds_is_refused_with_its_share() -> None:
    rows = tracks(rows=300)
    rows["album"] = np.where(np.arange(300) < 135, "one", rows["artist"])
    with pytest.raises(DataError, match=r"Grouped by artist or album, \d+\.\d% of the rows are in one group"):
        gg.cross_validate("genre ~ energy", rows, groups=["artist", "album"])
    require_divisible(np.array([0, 0, 1, 1, 2]), 2, "artist")
    with pytest.raises(DataError, match=r"Grouped by artist, 80\.0% .* 2 folds of 50% each"):
        require_divisible(np.array([0, 0, 0, 0, 1]), 2, "artist")
    with pytest.raises(DataError, match="2 groups cannot fill 3 folds"):
        require_divisible(np.array([0, 1]), 3, "artist")


def test_names_of_the_split() -> None:
    rows = tracks(rows=300)
    rows["album"] = rows["artist"] + " 1"
    linked = gg.cross_validate("genre ~ energy", rows, groups=["artist", "album"], folds=2)
    assert linked["split"].eq("artist or album").all()
    assert gg.cross_validate("genre ~ energy", rows, groups=rows["album"], folds=2)["split"].eq("album").all()
    values = rows["album"].to_numpy()
    assert gg.cross_validate("genre ~ energy", rows, groups=values, folds=2)["split"].eq("groups").all()
