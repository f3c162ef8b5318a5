"""One row a track, what is refused, and what is left out or merged with a note."""

import numpy as np
import pandas as pd
import pytest

from genreglm.errors import DataError
from genreglm.study.popularity.design import build
from genreglm.study.popularity.rows import level_labels, prepare


def test_a_track_under_several_genres_counts_once(simulated, features, factors):
    tracks = simulated(500, 60)
    again = tracks.iloc[:100].assign(popularity=lambda t: t["popularity"] + (np.arange(100) < 7))
    both = pd.concat([tracks, again], ignore_index=True)
    rows = prepare(both, features, factors)
    assert rows.counts["tracks"] == 500
    assert rows.counts["repeats_dropped"] == 100
    assert rows.counts["tracks_with_two_popularities"] == 7
    pd.testing.assert_frame_equal(rows.train, prepare(tracks, features, factors).train)


def test_without_track_ids_equal_rows_by_one_artist_are_one_track(simulated, features, factors):
    tracks = simulated(500, 60).drop(columns="track_id")
    both = pd.concat([tracks, tracks.iloc[:50]], ignore_index=True)
    assert prepare(both, features, factors).counts["tracks"] == 500


def test_missing_track_ids_are_not_one_track(simulated, features, factors):
    tracks = simulated(500, 60)
    tracks.loc[:99, "track_id"] = None
    assert prepare(tracks, features, factors).counts["tracks"] == 500


def test_train_and_valid_are_learnt_from_and_test_only_scored(simulated, features, factors):
    tracks = simulated(500, 60)
    rows = prepare(tracks, features, factors)
    assert len(rows.test) == (tracks["split_artist"] == "test").sum()
    assert not set(rows.train["artist"]) & set(rows.test["artist"])
    np.testing.assert_allclose(rows.train[features].mean(), 0, atol=1e-12)
    np.testing.assert_allclose(rows.train[features].std(ddof=0), 1)
    scale = rows.scales["tempo"]
    tempo = tracks.loc[tracks["split_artist"] != "test", "tempo"]
    assert scale.mean == pytest.approx(tempo.mean())


def test_values_beyond_the_training_range_count_as_its_end(simulated, features, factors):
    tracks = simulated(500, 60)
    held_out = tracks["split_artist"] == "test"
    tracks.loc[held_out, "tempo"] = 1e6
    rows = prepare(tracks, features, factors)
    assert rows.test["tempo"].to_numpy() == pytest.approx(rows.train["tempo"].max())


def test_rows_without_popularity_are_counted_and_left_out(simulated, features, factors):
    tracks = simulated(500, 60)
    tracks.loc[:29, "popularity"] = np.nan
    counts = prepare(tracks, features, factors).counts
    assert (counts["popularity_missing"], counts["tracks"]) == (30, 470)


def test_rare_levels_join_the_most_frequent_one_and_unseen_levels_too(simulated, features):
    tracks = simulated(600, 80).assign(time_signature=4)
    train = tracks.index[tracks["split_artist"] != "test"]
    test = tracks.index[tracks["split_artist"] == "test"]
    tracks.loc[train[:60], "time_signature"] = 3
    tracks.loc[train[60:62], "time_signature"] = 1
    tracks.loc[test[:5], "time_signature"] = 7
    rows = prepare(tracks, features, ["time_signature"])
    assert list(rows.train["time_signature"].cat.categories) == ["4", "3"]
    assert (rows.test["time_signature"].iloc[:5] == "4").all()
    assert any("use 1, counted as 4" in note for note in rows.notes)


def test_what_cannot_enter_is_named(simulated, features, factors):
    tracks = simulated(600, 80).assign(flat=3.0, minor_again=lambda t: 1 - t["mode"], mono="mono")
    tracks["copy"] = 2 * tracks["energy"] - tracks["tempo"] + 7
    rows = prepare(tracks, [*features, "flat", "copy"], [*factors, "mono", "minor_again"])
    assert any(note.startswith("flat has one value") for note in rows.notes)
    assert any(note.startswith("mono has one usable level") for note in rows.notes)
    design = build(rows)
    assert list(design.initial) == [*features, *factors]
    assert [note.split()[0] for note in design.notes] == ["copy", "minor_again"]


def test_a_flag_that_repeats_a_level_gives_way_to_the_factor(simulated):
    tracks = simulated(600, 80).assign(is_c=lambda t: (t["key"] == 0).astype(float))
    design = build(prepare(tracks, ["is_c", "energy"], ["key"]))
    assert list(design.initial) == ["energy", "key"]


def test_levels_have_names():
    assert list(level_labels("key", pd.Series([1, 0]))) == ["C♯/D♭", "C"]
    assert list(level_labels("mode", pd.Series([0.0, 1.0]))) == ["minor", "major"]
    assert list(level_labels("explicit", pd.Series([True, False]))) == ["yes", "no"]
    assert list(level_labels("time_signature", pd.Series([4.0, 3.5]))) == ["4", "3.5"]
    assert list(level_labels("key", pd.Series([-1]))) == ["-1"]
    assert list(level_labels("family", pd.Series(["rock"]))) == ["rock"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda t: t.drop(columns="valence"), "needs the columns valence"),
        (lambda t: t.assign(popularity=50.0), "Popularity is 50 on all"),
        (lambda t: t.assign(popularity=t["popularity"] * 10), "must lie within 0 and 100"),
        (lambda t: t.assign(energy=np.inf), "infinite values in energy"),
        (lambda t: t.assign(key=np.nan), "infinite values in key"),
        (lambda t: t.assign(popularity=np.nan), "Too few tracks"),
        (lambda t: t.iloc[:70], "Too few tracks"),
        (lambda t: t.assign(artist="one"), "by 1 artists"),
        (lambda t: t.assign(split_artist="train"), "and 0 to test on"),
        (lambda t: t.assign(split_artist="holdout"), "may hold train, valid and test only"),
    ],
)
def test_what_is_refused_says_why(simulated, features, factors, change, found):
    with pytest.raises(DataError, match=found):
        prepare(change(simulated(300, 60)), features, factors)


@pytest.mark.parametrize("extra", ["energy", "popularity"])
def test_no_predictor_twice_and_never_the_answer(simulated, features, factors, extra):
    with pytest.raises(DataError, match=f"{extra} would enter"):
        prepare(simulated(300, 60), [*features, extra], factors)
