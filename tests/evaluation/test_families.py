"""Scores of families of classes, by hand and by properties."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

import genreglm as gg
from genreglm.errors import DataError
from genreglm.evaluation import checked_families, grouping, scores

FAMILIES = {"ambient": "quiet", "blues": "roots", "country": "roots", "disco": "dance", "electro": "dance"}
NAMES = list(FAMILIES)


def frame(rows: list[list[float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=NAMES[: len(rows[0])])


def drawn(seed: int, rows: int = 200) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    prob = softmax(rng.normal(size=(rows, 5)), axis=1)
    return pd.DataFrame(prob, columns=NAMES), pd.Series([rng.choice(NAMES, p=row) for row in prob])


def test_a_family_can_be_right_where_no_class_of_it_is_the_most_probable() -> None:
    # blues and country share 0.6, but ambient alone is the most probable class.
    table = gg.family_scores(frame([[0.4, 0.3, 0.3]]), ["blues"], FAMILIES).iloc[0]
    assert table[["top_1", "family_top_1", "family_of_top_1"]].tolist() == [0.0, 1.0, 0.0]
    assert table["family_log_loss"] == pytest.approx(-np.log(0.6))
    assert table[["scope", "rows", "largest_family"]].tolist() == ["all", 1, 1.0]


def test_sounds_are_scored_apart_and_among_themselves() -> None:
    table = pd.DataFrame({"genre": NAMES, "family": list(FAMILIES.values()), "kind": ["mood"] + ["sound"] * 4})
    prob = frame([[0.45, 0.4, 0.15, 0, 0], [0.9, 0.1, 0, 0, 0], [0, 0, 0, 0.8, 0.2]])
    found = gg.family_scores(prob, ["blues", "ambient", "electro"], table).set_index("scope")
    assert found.index.tolist() == ["all", "sounds", "not sounds", "sounds among sounds"]
    assert found["rows"].tolist() == [3, 2, 1, 2]
    assert found["top_1"].tolist() == pytest.approx([1 / 3, 0.0, 1.0, 0.5])
    assert found["family_top_1"].tolist() == pytest.approx([1.0, 1.0, 1.0, 1.0])
    assert found["family_of_top_1"].tolist() == pytest.approx([2 / 3, 0.5, 1.0, 1.0])
    assert found.loc["sounds among sounds", "family_log_loss"] == pytest.approx(0.0)


def test_a_scope_without_rows_has_no_line() -> None:
    table = pd.DataFrame({"genre": NAMES, "family": "one", "kind": ["mood"] + ["sound"] * 4})
    assert gg.family_scores(frame([[0.5, 0.4, 0.1, 0, 0]]), ["ambient"], table)["scope"].tolist() == [
        "all",
        "not sounds",
    ]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_each_class_its_own_family_gives_the_scores_of_classes(seed: int) -> None:
    prob, truth = drawn(seed)
    found = gg.family_scores(prob, truth, {name: name for name in NAMES}).iloc[0]
    expected = scores(prob.to_numpy(), pd.Index(NAMES).get_indexer(pd.Index(truth)).astype(np.int64))
    assert found["family_top_1"] == found["top_1"] == found["family_of_top_1"] == expected["top_1"]
    assert found["family_log_loss"] == pytest.approx(expected["log_loss"])


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_order_of_classes_does_not_matter(seed: int) -> None:
    prob, truth = drawn(seed)
    pd.testing.assert_frame_equal(
        gg.family_scores(prob, truth, FAMILIES), gg.family_scores(prob[NAMES[::-1]], truth, FAMILIES)
    )


def test_the_report_of_families_by_hand() -> None:
    prob = frame([[0.4, 0.3, 0.3, 0, 0], [0.8, 0.1, 0.1, 0, 0], [0, 0.1, 0.1, 0.7, 0.1], [1, 0, 0, 0, 0]])
    found = gg.family_report(prob, ["blues", "country", "disco", "ambient"], FAMILIES).set_index("family")
    assert found.index.tolist() == ["dance", "quiet", "roots"]
    assert found["genres"].tolist() == [2, 1, 2]
    assert found["support"].tolist() == [1, 1, 2]
    assert found["recall"].tolist() == [1.0, 1.0, 0.5]
    assert found["precision"].tolist() == [1.0, 0.5, 1.0]
    assert found["top_1"].tolist() == [1.0, 1.0, 0.0]
    assert found.loc["roots", ["taken_for", "taken_rate"]].tolist() == ["quiet", 0.5]
    assert found["taken_for"].isna().tolist() == [True, True, False]


def test_recall_over_families_is_the_accuracy_of_families() -> None:
    prob, truth = drawn(3)
    report = gg.family_report(prob, truth, FAMILIES)
    found = gg.family_scores(prob, truth, FAMILIES).iloc[0]
    assert np.average(report["recall"], weights=report["support"]) == pytest.approx(found["family_top_1"])
    assert np.average(report["top_1"], weights=report["support"]) == pytest.approx(found["top_1"])


@pytest.mark.parametrize(
    ("families", "message"),
    [
        (pd.DataFrame({"genre": ["a"]}), "family is not there"),
        (pd.DataFrame({"genre": ["a", "a"], "family": "f"}), "more than once: a"),
        (pd.DataFrame({"genre": ["a"], "family": [""]}), "Without a family: a"),
        (pd.DataFrame({"genre": ["a"], "family": ["f"], "kind": ["noise"]}), "kind noise: it must be one of sound"),
    ],
)
def test_a_table_of_families_that_cannot_be_used(families: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        checked_families(families)


def test_kind_and_note_may_be_left_out() -> None:
    table = checked_families(pd.DataFrame({"genre": ["a", "b"], "family": "f", "kind": ["", None]}))
    assert table.to_numpy().tolist() == [["a", "f", "sound", ""], ["b", "f", "sound", ""]]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(DataError, match="does not cover polka, waltz"):
        grouping(["ambient", "polka", "waltz"], FAMILIES)
    prob, truth = drawn(0)
    with pytest.raises(DataError, match="does not know the classes polka"):
        gg.family_scores(prob, truth.replace("blues", "polka"), FAMILIES)
    with pytest.raises(DataError, match="200 rows of probabilities and 199 true"):
        gg.family_scores(prob, truth[1:], FAMILIES)
