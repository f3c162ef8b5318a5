"""Exploration tables on frames whose answers can be worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from genreglm.study import exploration

REAL_TABLE = Path(__file__).parents[3] / "shared" / "data" / "spotify_tracks.parquet"


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "track_id": ["t1", "t2", "t3", "t4", "t1"],
            "popularity": [0.0, 10.0, 50.0, 80.0, 0.0],
            "duration_min": [1.0, 2.0, 4.0, 8.0, 1.0],
            "energy": [0.1, 0.2, 0.3, 0.4, 0.1],
            "danceability": [0.9, 0.7, 0.8, 0.1, 0.9],
            "speechiness": [0.05, 0.33, 0.5, 0.9, 0.05],
            "tempo": [0.0, 100.0, 120.0, 140.0, 0.0],
            "key": [0, 0, 0, 11, 0],
            "mode": [1, 1, 1, 0, 1],
            "track_genre": ["jazz", "jazz", "pop", "pop", "pop"],
            "artist": ["A", "A", "B", "C", "A"],
            "labels": ["jazz|pop", "jazz", "pop", "pop", "jazz|pop"],
        }
    )


def test_descriptive_statistics_leave_out_tempo_zero(frame):
    table = exploration.descriptive_statistics(frame).set_index("feature")
    assert table.loc["tempo", ["count", "missing", "min"]].tolist() == [3, 2, 100.0]
    assert table.loc["energy", "mean"] == pytest.approx(0.22)
    assert list(table.index) == ["popularity", "duration_min", "danceability", "energy", "speechiness", "tempo"]


def test_genre_distribution_counts_artists_and_shared_tracks(frame):
    table = exploration.genre_distribution(frame)
    assert table.to_dict("list") == {
        "genre": ["jazz", "pop"],
        "rows": [2, 3],
        "share": [0.4, 0.6],
        "artists": [1, 3],
        "shared": [0.5, pytest.approx(1 / 3)],
    }
    bare = exploration.genre_distribution(frame.drop(columns=["artist", "labels"]))
    assert list(bare.columns) == ["genre", "rows", "share"]


def test_genre_profiles_are_quantiles_by_genre(frame):
    table = exploration.genre_profiles(frame).set_index(["genre", "feature"])
    assert list(table.columns) == ["q10", "q25", "median", "q75", "q90", "mean", "sd"]
    pop = frame.loc[frame["track_genre"] == "pop", "energy"]
    assert table.loc[("pop", "energy"), "median"] == pytest.approx(0.3)
    assert table.loc[("pop", "energy"), "q90"] == pytest.approx(pop.quantile(0.9))
    assert table.loc[("pop", "energy"), "sd"] == pytest.approx(pop.std())
    assert table.loc[("jazz", "tempo"), "mean"] == 100.0


def test_correlations_agree_with_scipy_and_are_complete(frame):
    table = exploration.correlations(frame.assign(liveness=0.5)).set_index(["feature_x", "feature_y"])["spearman"]
    expected = spearmanr(frame["energy"], frame["danceability"]).statistic
    assert table[("energy", "danceability")] == pytest.approx(expected)
    assert table[("danceability", "energy")] == table[("energy", "danceability")]
    assert np.isnan(table[("energy", "liveness")])
    assert len(table) == 7**2


def test_popularity_by_key_mode_counts_a_track_once_and_clusters_by_artist(frame):
    table = exploration.popularity_by_key_mode(frame)
    major = table.iloc[0]
    assert (major["key"], major["mode"], major["tracks"], major["artists"], major["mean"]) == ("C", "major", 3, 2, 20.0)
    # Artist A deviates by -20 - 10 = -30, artist B by +30: sqrt(2 / 1 * (900 + 900)) / 3 = 20.
    assert major["std_error"] == pytest.approx(20.0)
    assert major["conf_high"] == pytest.approx(20 + 1.96 * 20, abs=0.01)
    alone = table.iloc[1]
    assert (alone["key"], alone["mode"], alone["tracks"]) == ("B", "minor", 1)
    assert np.isnan(alone["std_error"])


@pytest.mark.parametrize("absent", ["popularity", "key", "mode"])
def test_popularity_by_key_mode_needs_its_columns(frame, absent):
    assert exploration.popularity_by_key_mode(frame.drop(columns=absent)) is None


def test_rows_are_their_own_clusters_without_artists(frame):
    table = exploration.popularity_by_key_mode(frame.drop(columns="artist"))
    values = np.array([0.0, 10.0, 50.0])
    assert table["std_error"].iloc[0] == pytest.approx(values.std(ddof=1) / np.sqrt(3))


def test_density_counts_every_row_on_a_regular_grid(frame):
    table = exploration.density(frame, "energy", "danceability", bins=4)
    assert len(table) == 16
    assert table["count"].sum() == len(frame)
    highest = table.loc[table["count"].idxmax()]
    assert (highest["count"], highest["x"], highest["y"]) == (2, pytest.approx(0.1375), pytest.approx(0.8))
    assert exploration.density(frame, "tempo", "energy", bins=3)["count"].sum() == 3


def test_distributions_hold_all_rows_and_duration_has_log_bins(frame):
    table = exploration.distributions(frame, bins=6)
    counts = table.groupby("feature")["count"].sum()
    assert counts["energy"] == 5
    assert counts["tempo"] == 3
    duration = table[table["feature"] == "duration_min"]
    np.testing.assert_allclose(duration["bin_right"] / duration["bin_left"], 8 ** (1 / 6))
    assert duration["count"].tolist() == [2, 0, 1, 0, 1, 1]


def test_bands_have_closed_right_ends(frame):
    assert exploration.speech_band(frame["speechiness"]).tolist() == ["music", "music", "mixed", "spoken", "music"]
    assert exploration.popularity_band(pd.Series([0, 1, 33, 34, 66, 67, 100])).tolist() == [
        "zero", "low", "low", "middle", "middle", "high", "high",
    ]  # fmt: skip


def test_band_tables(frame):
    speech = exploration.speech_bands(frame)
    assert speech["rows"].tolist() == [3, 1, 1]
    assert speech["share"].sum() == pytest.approx(1)
    assert exploration.popularity_bands(frame)["tracks"].tolist() == [1, 1, 1, 1]
    assert exploration.popularity_bands(frame.drop(columns="popularity")) is None


def test_the_frame_is_left_alone(frame):
    before = frame.copy()
    for table in ("descriptive_statistics", "genre_profiles", "correlations", "distributions"):
        getattr(exploration, table)(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.skipif(not REAL_TABLE.exists(), reason="the real table is not here")
def test_real_table_correlations():
    tracks = pd.read_parquet(REAL_TABLE).drop_duplicates()
    table = exploration.correlations(tracks).set_index(["feature_x", "feature_y"])["spearman"]
    assert table[("energy", "loudness")] == pytest.approx(0.75, abs=0.02)
    assert table[("acousticness", "energy")] == pytest.approx(-0.70, abs=0.02)


def test_family_distributions_count_every_row_once_a_feature(frame):
    families = pd.DataFrame({"genre": ["jazz", "pop"], "family": ["old", "new"]})
    table = exploration.family_distributions(frame, families, bins=4)
    counts = table.groupby(["feature", "family"])["count"].sum()
    assert (counts[("energy", "old")], counts[("energy", "new")]) == (2, 3)
    assert (counts[("tempo", "old")], counts[("tempo", "new")]) == (1, 2)  # no beat was found in two rows
    duration = table[(table["feature"] == "duration_min") & (table["family"] == "new")]
    assert np.ptp(np.log(duration["bin_right"] / duration["bin_left"])) < 0.02
    assert duration["count"].tolist() == [1, 0, 1, 1]
