import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GroupShuffleSplit

from genreglm.errors import OptionError, OutputError
from genreglm.study.example import example_tracks, write_example
from genreglm.study.example_features import categories_at, free_slots
from genreglm.study.example_figures import LEVELS, NUMERIC, load_figures
from genreglm.study.example_plan import systematic_counts

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared/data/spotify_tracks.parquet"
KAGGLE_TYPES = {
    **dict.fromkeys(["track_id", "artists", "album_name", "track_name"], "text"),
    **dict.fromkeys(["popularity", "duration_ms"], "int64"),
    **{"explicit": "bool", "danceability": "float64", "energy": "float64", "key": "int64", "loudness": "float64"},
    **{"mode": "int64", "speechiness": "float64", "acousticness": "float64", "instrumentalness": "float64"},
    **{"liveness": "float64", "valence": "float64", "tempo": "float64", "time_signature": "int64"},
    "track_genre": "text",
}
FRACTIONS = ["danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"]


@pytest.fixture(scope="module")
def full():
    return example_tracks(114_000)


@pytest.fixture(scope="module")
def small():
    return example_tracks()


def first_artist(table):
    return table["artists"].astype(object).fillna("").str.split(";").str[0]


def test_columns_and_types_are_those_of_the_kaggle_table(small):
    types = {name: "text" if pd.api.types.is_string_dtype(kind) else str(kind) for name, kind in small.dtypes.items()}
    assert list(types.items()) == list(KAGGLE_TYPES.items())


def test_same_seed_same_table_and_another_seed_another(small):
    pd.testing.assert_frame_equal(small, example_tracks(seed=0))
    assert not small.equals(example_tracks(seed=1))


@pytest.mark.parametrize("rows", [228, 229, 341, 1_000, 11_513, 120_000])
def test_any_number_of_rows_is_shared_out_evenly(rows):
    table = example_tracks(rows, seed=5)
    counts = table["track_genre"].value_counts()
    assert len(table) == rows
    assert len(counts) == 114
    assert counts.max() - counts.min() <= 2
    assert table["track_genre"].is_monotonic_increasing


@pytest.mark.parametrize("rows", [227, 1_000_001, 0, -5, 2_000.0, "2000", True, None])
def test_rows_out_of_range_are_refused(rows):
    with pytest.raises(OptionError, match="whole number from 228 to 1,000,000"):
        example_tracks(rows)


def test_a_negative_seed_is_refused():
    with pytest.raises(OptionError, match="seed is -1"):
        example_tracks(228, seed=-1)


def test_names_and_identifiers_say_that_they_are_simulated(small):
    assert small["track_id"].str.fullmatch(r"sim\d{19}").all()
    for column in ("artists", "album_name", "track_name"):
        assert small[column].dropna().str.startswith("Simulated ").all()


def test_one_row_has_no_names(small, full):
    for table in (small, full):
        nameless = table[["artists", "album_name", "track_name"]].isna()
        assert nameless.all(axis=1).sum() == nameless.any(axis=1).sum() == 1


def test_values_have_the_ranges_and_digits_of_spotify(full):
    assert full[FRACTIONS].min().min() >= 0
    assert full[FRACTIONS].max().max() <= 1
    assert full["popularity"].between(0, 100).all()
    assert full["key"].between(0, 11).all()
    assert set(full["time_signature"]) == {0, 1, 3, 4, 5}
    for column in FRACTIONS:
        values = full[column].unique()
        assert (values == [float(f"{value:.3g}") for value in values]).all(), column
    for column in ("loudness", "tempo"):
        assert (full[column] == full[column].round(3)).all()


def test_one_track_has_one_sound_and_one_set_of_names(full):
    named = full.dropna()
    distinct = named.drop(columns="track_genre").drop_duplicates()
    assert distinct["track_id"].is_unique


def test_counts_are_near_those_of_the_real_table(full):
    distinct = full.drop_duplicates()
    labels = distinct.groupby("track_id")["track_genre"].size()
    assert len(full) - len(distinct) == 450
    assert len(labels) == pytest.approx(89_741, rel=0.02)
    assert (labels > 1).sum() == pytest.approx(16_299, rel=0.05)
    assert len(labels) / len(distinct) == pytest.approx(0.790, abs=0.015)
    assert first_artist(full).nunique() == pytest.approx(17_649, rel=0.08)
    assert (full["instrumentalness"] == 0).mean() == pytest.approx(0.340, abs=0.005)
    assert (full["popularity"] == 0).mean() == pytest.approx(0.141, abs=0.005)


def test_songwriter_and_singer_songwriter_are_the_same_tracks():
    for rows in (228, 1_001, 5_813):
        tracks = example_tracks(rows).groupby("track_genre")["track_id"].agg(set)
        assert tracks["songwriter"] == tracks["singer-songwriter"]


def test_empty_cells_of_the_real_table_are_empty(full):
    explicit = full.groupby("track_genre")["explicit"].sum()
    never = ["children", "classical", "gospel", "honky-tonk", "sleep", "study", "tango", "world-music"]
    assert list(explicit[explicit == 0].index) == never
    figures = load_figures()
    without_zero = set(figures.genres[figures.time_signature[:, 0] == 0])
    assert len(without_zero) == 101
    assert not without_zero & set(full.loc[full["time_signature"] == 0, "track_genre"])


@pytest.mark.parametrize("seed", range(3))
def test_tracks_without_a_beat_lack_all_that_needs_one(seed):
    table = example_tracks(57_000, seed)
    silent = table["tempo"] == 0
    assert 60 < silent.sum() < 100
    assert (table.loc[silent, "track_genre"] == "sleep").mean() > 0.8
    assert (table.loc[silent, ["danceability", "speechiness", "valence", "time_signature"]] == 0).all().all()
    assert (table.loc[~silent, ["danceability", "speechiness"]] > 0).all().all()


def test_each_genre_has_its_quantiles_even_in_a_small_table(small):
    figures = load_figures()
    middle = np.searchsorted(LEVELS, 0.5)
    for name in ("energy", "loudness", "valence", "acousticness", "danceability"):
        feature = NUMERIC.index(name)
        median = small[small[name] != 0].groupby("track_genre")[name].median().to_numpy()
        spread = np.ptp(figures.quantiles[:, feature, [middle - 6, middle + 6]], axis=1)
        assert np.all(np.abs(median - figures.quantiles[:, feature, middle]) < 0.15 * spread), name


def test_features_correlate_within_genres_as_the_figures_say(full):
    expected = load_figures().correlation
    found = full.groupby("track_genre")[["danceability", "energy", "valence"]].corr(method="spearman")
    for first, second in (("energy", "valence"), ("danceability", "valence"), ("danceability", "energy")):
        pair = expected[:, NUMERIC.index(first), NUMERIC.index(second)]
        assert np.corrcoef(found.xs(first, level=1)[second], pair)[0, 1] > 0.9


def test_an_artists_tracks_resemble_each_other(full):
    table = full.drop_duplicates("track_id").assign(artist=first_artist(full))
    table = table[table["tempo"] > 0]
    centred = table[["energy", "loudness"]] - table.groupby("track_genre")[["energy", "loudness"]].transform("mean")
    keys = [table["track_genre"], table["artist"]]
    size = centred.groupby(keys)["energy"].transform("size")
    # Mean product of two different tracks of the artist, over the variance: the intraclass correlation.
    total = centred.groupby(keys).transform("sum")
    others = total.sub(centred).div((size - 1).where(size > 1), axis=0)
    resemblance = (centred * others).mean() / centred.var()
    assert (resemblance > 0.3).all()
    assert (resemblance < 0.8).all()


def matrix(table):
    numeric = table[["danceability", "energy", "loudness", "liveness", "valence", "tempo"]]
    skewed = np.sqrt(table[["acousticness", "instrumentalness"]])
    logs = np.log(table[["duration_ms"]].clip(lower=5_000)), np.log(table[["speechiness"]] + 0.01)
    return np.column_stack([numeric, skewed, *logs, table[["mode", "explicit"]]]).astype(float)


def recall_on(table, splits, by_artist=True):
    """Accuracy and recall by genre of linear discriminant analysis on the held-out fifth of each split."""
    table = table.drop_duplicates().reset_index(drop=True)
    features, genre = matrix(table), table["track_genre"].to_numpy(object)
    groups = first_artist(table) if by_artist else table.index
    hits = []
    for train, test in GroupShuffleSplit(splits, test_size=0.2, random_state=0).split(features, genre, groups):
        fitted = LinearDiscriminantAnalysis().fit(features[train], genre[train])
        hits.append(pd.Series(fitted.predict(features[test]) == genre[test], index=genre[test]))
    hits = pd.concat(hits)
    return hits.mean(), hits.groupby(level=0).mean()


def test_a_random_split_flatters_and_the_artist_split_does_not(full):
    random, _ = recall_on(full, splits=2, by_artist=False)
    honest, _ = recall_on(full, splits=2)
    assert 0.12 < honest < random - 0.004 < 0.19


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="needs the real table")
def test_genres_are_as_hard_to_tell_as_in_the_real_table(full):
    _, simulated = recall_on(full, splits=3)
    _, real = recall_on(pd.read_parquet(REAL), splits=3)
    assert simulated.corr(real, method="spearman") >= 0.85


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="needs the real table")
def test_the_stored_figures_are_those_of_the_script(tmp_path):
    out = tmp_path / "genres.npz"
    subprocess.run([sys.executable, ROOT / "scripts/summarise_tracks.py", REAL, out], check=True)
    stored = load_figures()
    fresh = np.load(out, allow_pickle=False)
    assert list(fresh["genres"]) == list(stored.genres)
    # Another linear algebra library may round a correlation to the neighbouring point of its grid.
    for name in set(fresh.files) - {"genres"}:
        np.testing.assert_allclose(fresh[name], getattr(stored, name), atol=0.011, rtol=1e-3, err_msg=name)


def test_the_stored_figures_are_small_and_plain():
    path = ROOT / "src/genreglm/study/data/genres.npz"
    assert path.stat().st_size <= 400_000
    figures = load_figures()
    assert figures.quantiles.shape == (114, 11, 21)
    assert np.all(np.diff(figures.quantiles, axis=2) >= 0)
    for matrices in (figures.between, figures.correlation - figures.between):
        assert np.linalg.eigvalsh(matrices).min() > -1e-3


def test_free_slots_gives_up_the_nearest_ranks():
    slots = np.arange(10.0)
    assert list(free_slots(slots, np.array([2.0, 7.0]))) == [0, 1, 3, 4, 5, 6, 8, 9]
    assert list(free_slots(slots, np.array([5.0, 5.0, 5.0]))) == [0, 1, 2, 3, 7, 8, 9]
    assert list(free_slots(slots, np.full(9, 99.0))) == [0]
    assert len(free_slots(slots, slots)) == 0


def test_a_category_of_share_zero_is_never_hit():
    drawn = categories_at(np.array([0.0, 1.0, 3.0]), np.array([0.0, 0.5, 0.5]), np.array([1e-9, 0.5, 1 - 1e-9]))
    assert list(drawn) == [1, 3, 3]


def test_systematic_counts_are_within_one_of_what_is_expected():
    expected = np.array([0.3, 2.7, 0.0, 4.0, 1.5])
    drawn = np.array([systematic_counts(expected, np.random.default_rng(seed)) for seed in range(400)])
    assert np.all(np.abs(drawn - expected) < 1)
    assert drawn.mean(axis=0) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("name", ["tracks.csv", "tracks.parquet"])
def test_a_written_example_reads_back_the_same(tmp_path, name):
    path = tmp_path / name
    written = write_example(path, rows=300, seed=2)
    read = pd.read_parquet(path) if name.endswith("parquet") else pd.read_csv(path, index_col=0)
    pd.testing.assert_frame_equal(read, written, check_dtype=False)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_the_csv_has_the_unnamed_index_column_of_kaggle(tmp_path):
    write_example(tmp_path / "tracks.csv", rows=228)
    header, first = (tmp_path / "tracks.csv").read_text(encoding="utf-8").splitlines()[:2]
    assert header == "," + ",".join(KAGGLE_TYPES)
    assert first.startswith("0,sim")


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("one.csv", "two.csv"):
        write_example(tmp_path / name, rows=500, seed=4)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("kept")
    for target in (tmp_path / "absent/tracks.csv", tmp_path / "folder.csv", tmp_path / "file/tracks.csv"):
        with pytest.raises(OutputError, match="could not be written"):
            write_example(target, rows=228)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder.csv"]


def test_a_suffix_other_than_csv_or_parquet_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"\.csv or \.parquet"):
        write_example(tmp_path / "tracks.xlsx")
