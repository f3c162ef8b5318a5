"""Weights by group and labels as shares: formulas, properties, and equality with fits to all rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genreglm as gg
from genreglm.errors import DataError, OptionError
from genreglm.tracks.genres import label_ceiling
from simulated import tracks


@given(power=st.floats(0, 1), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_a_group_counts_its_rows_to_one_minus_the_power(power: float, seed: int) -> None:
    group = np.random.default_rng(seed).integers(0, 12, 80)
    rows = pd.DataFrame({"artist": group})
    found = gg.group_weights(rows, "artist", power)
    assert found.sum() == pytest.approx(80)
    sums, sizes = np.bincount(group, found), np.bincount(group)
    sums, sizes = sums[sizes > 0], sizes[sizes > 0]
    assert sums / sums.sum() == pytest.approx(sizes ** (1 - power) / (sizes ** (1 - power)).sum())


def test_no_power_leaves_rows_alike_and_a_whole_one_groups() -> None:
    rows = pd.DataFrame({"artist": list("aaab")})
    assert gg.group_weights(rows, "artist", 0).tolist() == [1, 1, 1, 1]
    assert gg.group_weights(rows, "artist", 1, total=2).tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert gg.group_weights(rows, list("aaab"), 1, total=2).tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])


def test_own_weights_count_as_that_many_rows() -> None:
    rows = pd.DataFrame({"artist": list("aab"), "times": [2.0, 1.0, 4.0]})
    found = gg.group_weights(rows, "artist", 0.5, weights="times", total=1)
    repeated = gg.group_weights(rows.loc[[0, 0, 1, 2, 2, 2, 2]], "artist", 0.5, total=1)
    assert found.tolist() == pytest.approx([repeated[:2].sum(), repeated[2], repeated[3:].sum()])
    assert gg.group_weights(rows, "artist", weights=[0.0, 0.0, 1.0]).tolist() == [0, 0, 3]


def test_weights_that_make_no_sense_are_refused() -> None:
    rows = pd.DataFrame({"artist": ["a", None]})
    with pytest.raises(DataError, match="1 rows have no group"):
        gg.group_weights(rows, "artist")
    with pytest.raises(DataError, match="no column of the table"):
        gg.group_weights(rows, "singer")
    with pytest.raises(OptionError, match="power=2"):
        gg.group_weights(rows.head(1), "artist", 2)
    with pytest.raises(OptionError, match="total=0"):
        gg.group_weights(rows.head(1), "artist", total=0)


def several() -> pd.DataFrame:
    """Tracks under one to three genres, a row each."""
    rows = tracks(rows=200, seed=4).assign(track=np.arange(200))
    again = rows.sample(120, random_state=1, replace=True).assign(genre=lambda f: np.roll(f["genre"], 7))
    return pd.concat([rows, again], ignore_index=True)


def test_shares_by_hand() -> None:
    rows = pd.DataFrame(
        {"id": ["x", "y", "x", None, "x", None], "genre": ["b", "a", "a", "a", "b", "b"], "energy": range(6)}
    )
    found = gg.label_shares(rows, "id", "genre")
    assert found.rows["energy"].tolist() == [0, 1, 3, 5]
    assert found.shares.to_numpy() == pytest.approx(np.array([[1 / 3, 2 / 3], [1, 0], [1, 0], [0, 1]]))
    assert found.shares.columns.tolist() == ["a", "b"]
    assert found.counts.tolist() == [3, 1, 1, 1]
    assert found.ceiling == pytest.approx(5 / 6)


def test_a_fit_to_shares_is_the_fit_to_all_rows() -> None:
    rows = several()
    found = gg.label_shares(rows, "track", "genre")
    assert len(found.rows) == 200
    whole = gg.fit("genre ~ energy + valence", rows)
    shared = gg.fit("genre ~ energy + valence", found.rows, soft_labels=found.shares, weights=found.counts)
    np.testing.assert_allclose(shared.coefficients, whole.coefficients, atol=1e-8)
    assert shared.statistics.log_likelihood == pytest.approx(whole.statistics.log_likelihood)


def test_a_key_may_be_several_columns() -> None:
    rows = several()
    one = gg.label_shares(rows, "track", "genre")
    two = gg.label_shares(
        rows.assign(first=rows["track"] // 10, second=rows["track"] % 10), ["first", "second"], "genre"
    )
    pd.testing.assert_frame_equal(one.shares, two.shares)


def test_the_ceiling_is_that_of_the_study() -> None:
    rows = several()
    found = gg.label_shares(rows, "track", "genre")
    expected = label_ceiling(rows.rename(columns={"track": "track_id", "genre": "track_genre"}))
    assert found.ceiling == pytest.approx(expected)


def test_scores_against_shares_are_those_of_the_rows() -> None:
    rows = several()
    found = gg.label_shares(rows, "track", "genre")
    model = gg.fit("genre ~ energy + valence", rows)
    soft = gg.evaluate(model, found.rows, soft_labels=found.shares)
    assert len(soft) == 1
    assert soft["any_1"][0] >= soft["top_1"][0]
    assert soft["ceiling"][0] == pytest.approx(found.shares.max(axis=1).mean())
    repeated = found.rows.loc[found.rows.index.repeat(found.counts)]
    shares = found.shares.loc[found.shares.index.repeat(found.counts)]
    by_row = gg.evaluate(model, rows)
    weighted = gg.evaluate(model, repeated, soft_labels=shares)
    for name in ("log_loss", "top_1", "top_3"):
        assert weighted[name][0] == pytest.approx(by_row[name][0])
    with pytest.raises(DataError, match="does not know the classes polka"):
        gg.evaluate(model, found.rows, soft_labels=found.shares.rename(columns={"blues": "polka"}))


def test_what_cannot_be_shared_is_refused() -> None:
    rows = several()
    with pytest.raises(DataError, match="album is not there"):
        gg.label_shares(rows, ["track", "album"], "genre")
    with pytest.raises(DataError, match="key is not there"):
        gg.label_shares(rows, [], "genre")
    with pytest.raises(DataError, match="1 rows have no genre"):
        gg.label_shares(pd.DataFrame({"id": [1, 2], "genre": ["a", None]}), "id", "genre")
