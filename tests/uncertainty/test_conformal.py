"""Conformal sets: the quantiles by hand, and the promise for groups never seen, by simulation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

import genreglm as gg
from genreglm.errors import DataError, OptionError
from genreglm.uncertainty.conformal import class_scores
from genreglm.uncertainty.thresholds import Calibrating, threshold

LEVEL = 0.8


def calibrating(scores: list[float], groups: list[int], guarantee: Any, level: float) -> Calibrating:
    return Calibrating(np.array(scores), np.array(groups), guarantee, level, np.random.default_rng(0))


def test_thresholds_are_the_quantiles_of_their_definition() -> None:
    scores, groups = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [0, 0, 1, 2, 2, 2]
    # Shares 1/2, 1/2, 1, 1/3, 1/3, 1/3 sum to 0.5, 1, 2, 2.33, 2.67, 3; needed are level x 4.
    assert threshold(calibrating(scores, groups, "group", 0.5)) == 0.3
    assert threshold(calibrating(scores, groups, "group", 0.6)) == 0.5
    assert threshold(calibrating(scores, groups, "group", 0.75)) == 0.6
    assert threshold(calibrating(scores, groups, "group", 0.8)) == np.inf
    # Rows count alike: needed are level x (6 + 3).
    assert threshold(calibrating(scores, groups, "row", 0.5)) == 0.5
    assert threshold(calibrating(scores, groups, "row", 0.7)) == np.inf
    # Groups of one row: all three are the split conformal quantile, the ceil(level (n + 1))-th smallest.
    for guarantee in ("group", "one_row", "row"):
        assert threshold(calibrating(scores, list(range(6)), guarantee, 0.7)) == 0.5


def test_adaptive_scores_count_what_is_more_probable() -> None:
    prob = np.array([[0.5, 0.2, 0.3]])
    share = np.random.default_rng(3).uniform(size=(1, 1))[0, 0]
    expected = [[0.5 - 0.5 * share, 1.0 - 0.2 * share, 0.8 - 0.3 * share]]
    np.testing.assert_allclose(class_scores(prob, "adaptive", np.random.default_rng(3)), expected)
    np.testing.assert_allclose(class_scores(prob, "least_ambiguous", np.random.default_rng(3)), 1.0 - prob)


def test_new_rows_draw_random_shares_of_their_own() -> None:
    """With the shares of the calibration rows again, just as many of the same rows would be held whatever the seed."""
    prob = pd.DataFrame(np.tile([0.6, 0.4], (400, 1)), columns=["a", "b"])
    held = [
        gg.conformal_sets(prob, ["a"] * 400, range(400), kind="adaptive", seed=seed).apply(prob)["a"].sum()
        for seed in range(8)
    ]
    assert len(set(held)) > 3


Table = tuple[pd.DataFrame, pd.Series, pd.Series]


def clustered(artists: int, rng: np.random.Generator) -> Table:
    """Artists of very unlike sizes, the large ones of classes that the model tells badly."""
    sizes = rng.choice([1, 2, 3, 30], size=artists, p=[0.5, 0.25, 0.2, 0.05])
    group = np.repeat(np.arange(artists), sizes)
    hard = (sizes > 3)[group]
    truth = rng.integers(4, size=artists)[group]
    signal = np.where(hard, 0.0, 2.5)[:, None] * np.eye(4)[truth]
    prob = np.exp(log_softmax(signal + rng.normal(size=(len(group), 4)), axis=1))
    return pd.DataFrame(prob, columns=list("abcd")), pd.Series(np.array(list("abcd"))[truth]), pd.Series(group)


def covered(sets: gg.ConformalSets, table: Table) -> tuple[float, float, float]:
    """Return the rows held, all rows, and the mean over groups of the share held."""
    prob, truth, group = table
    codes = pd.Index(list("abcd")).get_indexer(pd.Index(truth))
    held = sets.apply(prob).to_numpy()[np.arange(len(codes)), codes]
    return float(held.sum()), float(len(held)), float(pd.Series(held).groupby(group).mean().mean())


def simulate(draws: int, make: Callable[[Table], gg.ConformalSets]) -> tuple[float, float]:
    """Return the coverage over groups, and over rows in the long run."""
    rng = np.random.default_rng(11)
    held, rows, by_group = 0.0, 0.0, []
    for _ in range(draws):
        try:
            sets = make(clustered(60, rng))
        except DataError:  # no finite threshold keeps the promise: then it is refused, and no set is made
            continue
        found = covered(sets, clustered(400, rng))
        held, rows = held + found[0], rows + found[1]
        by_group.append(found[2])
    return float(np.mean(by_group)), held / rows


@pytest.mark.parametrize("kind", ["least_ambiguous", "adaptive", "class_conditional"])
@pytest.mark.parametrize("guarantee", ["group", "one_row"])
def test_new_groups_are_covered_as_promised(kind: Any, guarantee: Any) -> None:
    by_group, _ = simulate(60, lambda t: gg.conformal_sets(*t, kind=kind, guarantee=guarantee, level=LEVEL))
    assert LEVEL - 0.015 < by_group < LEVEL + 0.06


def test_rows_as_if_independent_would_not_keep_the_promise_for_rows() -> None:
    """The quantile of all rows, each a group of its own, misses what the guarantee for rows holds."""
    by_row = simulate(60, lambda t: gg.conformal_sets(*t, guarantee="row", level=LEVEL))[1]
    alone = simulate(60, lambda t: gg.conformal_sets(t[0], t[1], range(len(t[0])), level=LEVEL))[1]
    by_group = simulate(60, lambda t: gg.conformal_sets(*t, guarantee="group", level=LEVEL))[1]
    assert by_row > LEVEL - 0.01
    assert alone < by_row
    assert by_group < LEVEL - 0.05  # a promise for artists is none for rows


@pytest.mark.slow
@pytest.mark.parametrize("guarantee", ["group", "one_row", "row"])
def test_coverage_in_many_draws(guarantee: Any) -> None:
    by_group, by_row = simulate(800, lambda t: gg.conformal_sets(*t, guarantee=guarantee, level=LEVEL))
    assert (by_row if guarantee == "row" else by_group) > LEVEL - 0.005


def test_class_conditional_sets_keep_the_promise_in_each_class() -> None:
    rng = np.random.default_rng(5)
    calibration, new = clustered(16_000, rng), clustered(16_000, rng)
    sets = gg.conformal_sets(*calibration, kind="class_conditional", level=LEVEL)
    table = gg.set_coverage(sets.apply(new[0]), new[1], new[2]).set_index("class")
    assert table.loc[list("abcd"), "group_coverage"].between(LEVEL - 0.04, LEVEL + 0.04).all()
    assert len(set(sets.thresholds)) == 4
    assert sets.fallback == ()


def test_a_class_of_few_groups_takes_the_threshold_of_all() -> None:
    prob, truth, group = clustered(200, np.random.default_rng(2))
    few = (truth != "d") | (group == group[truth == "d"].iloc[0])
    sets = gg.conformal_sets(prob[few], truth[few], group[few], kind="class_conditional", level=0.9)
    common = gg.conformal_sets(prob[few], truth[few], group[few], level=0.9).thresholds[0]
    assert sets.fallback == ("d",)
    assert sets.thresholds[3] == common


def test_coverage_table_counts_by_rows_groups_and_classes() -> None:
    sets = pd.DataFrame({"a": [True] * 12, "b": [False] * 6 + [True] * 6})
    truth = pd.Series(["a"] * 6 + ["b"] * 4 + ["b"] * 2)
    sets.iloc[0] = False
    table = gg.set_coverage(sets, truth, [0, 0, *range(1, 11)]).set_index("class")
    assert table.index.tolist() == ["(all)", "a", "b"]
    everything = table.loc["(all)"]
    assert (everything["rows"], everything["groups"]) == (12, 11)
    assert everything["coverage"] == pytest.approx(11 / 12)
    assert everything["group_coverage"] == pytest.approx(10.5 / 11)
    assert everything["mean_size"] == pytest.approx((0 + 5 + 12) / 12)
    assert everything["empty"] == pytest.approx(1 / 12)
    assert table.loc["b", "coverage"] == 1.0
    assert everything["conf_low"] < 11 / 12 <= everything["conf_high"]


def test_what_cannot_be_promised_is_refused() -> None:
    table = clustered(200, np.random.default_rng(2))
    few = tuple(part[:6] for part in table)
    with pytest.raises(DataError, match="too few for sets at level"):
        gg.conformal_sets(*few, level=0.95)
    with pytest.raises(DataError, match="have no group"):
        gg.conformal_sets(table[0], table[1], table[2].where(table[2] > 3))
    with pytest.raises(OptionError, match="kind"):
        gg.conformal_sets(*table, kind="largest")
    with pytest.raises(OptionError, match="guarantee"):
        gg.conformal_sets(*table, guarantee="rows")
    with pytest.raises(OptionError, match="between 0 and 1"):
        gg.conformal_sets(*table, level=90)
    with pytest.raises(DataError, match="other classes"):
        gg.conformal_sets(*table).apply(table[0][["b", "a", "c", "d"]])
