"""The study as the stage calls it: tables, texts and findings, on small, odd and real tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genreglm.study.popularity import study_popularity

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "spotify_tracks.parquet"
TABLES = {
    "popularity_coefficients": ["model", "family", "term", "estimate", "std_error"],
    "popularity_terms": ["model", "family", "term", "form", "df"],
    "popularity_comparison": ["model", "family", "columns", "deviance_explained_train"],
    "popularity_steps": ["step", "dropped", "df", "r2_change", "statistic", "p_value", "p_adjusted"],
    "popularity_curvature": ["step", "phase", "term", "from", "to"],
    "popularity_leak": ["model", "columns", "r2_train", "r2_test", "rmse_test"],
    "vif_values": ["term", "df", "vif_or_gvif", "gvif_adjusted"],
    "popularity_effects": ["family", "feature", "value", "estimate", "conf_low", "conf_high"],
    "popularity_levels": ["family", "term", "level", "tracks", "estimate", "conf_low", "conf_high"],
    "popularity_residuals": ["family", "bin", "tracks", "fitted", "mean"],
    "popularity_residual_histogram": ["family", "low", "high", "count", "density", "normal_density"],
    "popularity_residual_qq": ["family", "theoretical", "sample"],
}


@pytest.fixture(scope="module")
def study(simulated, features, factors):
    return study_popularity(simulated(), features, factors)


def test_every_table_is_there_with_its_columns(study):
    assert study.tables.keys() == TABLES.keys()
    for name, columns in TABLES.items():
        assert list(study.tables[name].columns)[: len(columns)] == columns
        assert len(study.tables[name]) > 0


def test_the_comparison_reads_as_the_story(study):
    table = study.tables["popularity_comparison"].set_index(["model", "family"])
    assert len(table) == 7
    base = table.loc[("mean only", "none")]
    assert base["r2_test"] == 0
    assert (table["rmse_test"].iloc[1:] < base["rmse_test"]).all()
    assert (table.xs("fractional", level="family")["outside_share"] == 0).all()
    assert table.xs("fractional", level="family")["aic"].isna().all()
    bent, initial = table.loc[("higher_order", "gaussian")], table.loc[("initial", "gaussian")]
    assert bent["aic"] < initial["aic"]
    assert bent["rmse_test"] < initial["rmse_test"]
    assert bent["deviance_explained_test"] == pytest.approx(bent["r2_test"])


def test_findings_tell_the_simulated_truth(study):
    found = study.findings
    assert set(found["strongest_features"]) == {"energy", "valence", "loudness"}
    assert found["strongest_features"][0] == "energy"
    assert "key" in found["dropped_terms"]
    assert found["curved_terms"] == ["loudness"]
    assert found["rmse_test"] < found["rmse_mean_only"]
    assert found["r2_leaked_test"] > found["r2_honest_test"] + 0.3
    assert found["worst_gvif_adjusted"] < 1.1
    assert found["train_tracks"] + found["test_tracks"] == found["tracks"] == 3000


def test_texts_show_both_families_and_fit_the_page(study):
    for model, text in study.texts.items():
        assert text.startswith("GLM of popularity")
        assert "Gaussian, identity link" in text
        assert "Fractional: quasi-binomial" in text
        assert max(len(line) for line in text.splitlines()) <= 100
        rows = study.tables["popularity_coefficients"]
        labels = rows.loc[(rows["model"] == model) & (rows["family"] == "gaussian"), "term"]
        assert all(label in text for label in labels)
    assert list(study.texts) == ["initial", "simplified", "higher_order"]
    assert "Dropped: " in study.texts["simplified"]
    assert "Curved: loudness." in study.texts["higher_order"]


def test_same_tracks_same_bytes(simulated, features, factors):
    first, second = (study_popularity(simulated(400, 80), features, factors) for _ in range(2))
    for name, table in first.tables.items():
        assert table.to_csv() == second.tables[name].to_csv()
    assert first.texts == second.texts


@pytest.mark.parametrize("criterion", ["wald", "aic", "bic"])
def test_three_hundred_tracks_are_enough(simulated, features, factors, criterion):
    small = study_popularity(simulated(300, 90, seed=3), features, factors, criterion)
    assert np.isfinite(small.findings["rmse_test"])
    assert small.tables["popularity_coefficients"]["std_error"].gt(0).all()


def test_pure_noise_leaves_the_mean(simulated, features):
    tracks = simulated(600, 120)
    tracks["popularity"] = np.random.default_rng(5).integers(20, 80, 600).astype(float)
    study = study_popularity(tracks, features, [])
    assert study.tables["popularity_steps"]["dropped"].iloc[1:].tolist() == study.findings["dropped_terms"]
    assert study.findings["dropped_terms"]
    assert study.findings["r2_test"] < 0.02
    if not study.findings["strongest_features"]:
        assert "No term is left" in study.texts["higher_order"]
        assert study.tables["popularity_effects"].empty


def test_nothing_to_learn_from_is_the_mean(simulated):
    tracks = simulated(300, 60).assign(flat=1.0, mono="a")
    study = study_popularity(tracks, ["flat"], ["mono"])
    assert "popularity ~ 1" in study.texts["initial"]
    assert "No term is left" in study.texts["initial"]
    assert study.tables["vif_values"].empty
    assert study.findings["r2_train"] == pytest.approx(0, abs=1e-12)
    assert "worst_gvif" not in study.findings
    assert len(study.findings["notes"]) == 2


def test_features_of_few_or_tied_values_may_curve(simulated, features, factors):
    tracks = simulated(900, 150).assign(
        thirds=lambda t: np.sign(t["tempo"] - 120) * (abs(t["tempo"] - 120) > 15),
        tens=lambda t: np.clip(np.floor((t["valence"] - 0.15) * 20), 0, 9),
        tied=lambda t: t["energy"].clip(0.6),
        beat_found=lambda t: t["tempo"] > 100,
    )
    tracks["popularity"] = (tracks["popularity"] / 2 + 20 * tracks["thirds"] ** 2).clip(0, 100)
    study = study_popularity(tracks, ["thirds", "tens", "tied", "beat_found"], factors)
    assert "thirds" in study.findings["curved_terms"]
    assert "beat_found" not in study.findings["curved_terms"]


def test_a_level_without_popularity_is_told(simulated, features, factors):
    tracks = simulated(900, 150)
    tracks.loc[tracks["explicit"], "popularity"] = 0.0
    study = study_popularity(tracks, features, factors)
    assert any("drawn in: initial model" in note for note in study.findings["notes"])
    assert "shares were drawn in" in study.texts["initial"]
    levels = study.tables["popularity_levels"].set_index(["family", "term", "level"])["estimate"]
    assert 0 < levels["fractional", "explicit", "yes"] < 1


def test_popularity_near_zero_converges(simulated, features, factors):
    tracks = simulated(800, 120)
    rare = np.where(tracks["popularity"] > 60, tracks["popularity"] - 60, 0.0)
    study = study_popularity(tracks.assign(popularity=rare), features, factors)
    assert study.findings["zero_share"] > 0.8
    assert np.isfinite(study.findings["rmse_test_fractional"])


@pytest.mark.skipif(not REAL.exists(), reason="the real table is not on this machine")
def test_real_popularity_is_hardly_in_the_sound():
    tracks = pd.read_parquet(REAL).drop_duplicates(ignore_index=True).sample(20_000, random_state=0)
    tracks["artist"] = tracks["artists"].fillna("").str.split(";").str[0]
    draw = np.random.default_rng(0).random(tracks["artist"].nunique())
    held_out = draw[pd.factorize(tracks["artist"])[0]] < 0.2
    tracks["split_artist"] = np.where(held_out, "test", "train")
    features = ["danceability", "energy", "loudness", "speechiness", "instrumentalness", "valence"]
    found = study_popularity(tracks, features, ["key", "mode", "time_signature", "explicit"]).findings
    assert 0.02 < found["r2_honest_test"] < 0.07
    assert found["r2_leaked_test"] > 0.85
    assert 0.9 < found["rmse_test"] / found["rmse_mean_only"] < 1.0
    assert found["worst_gvif_term"] in ("energy", "loudness")
    assert found["worst_gvif"] < 5
