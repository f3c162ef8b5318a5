"""A made-up output folder with everything that the stages of a study leave, for the tests of the report.

The numbers are invented, but agree with each other where the report puts them side by side.
"""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genreglm.study.store import Store

HOSTILE = '<script>alert("x")</script>'
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4" fill="#0072B2"/>'
    + b"<!-- longer than the PNG -->"
    + b"</svg>"
)
FIGURES = (
    "genre_distribution",
    "distributions",
    "popularity_by_key_mode",
    "correlations",
    "energy_against_danceability",
    "genre_profiles",
    "transform_effect",
    "leak_comparison",
    "popularity_effects",
    "residual_plots",
    "term_tests",
    "feature_strength",
    "popularity_gvif",
    "strongest_effects",
    "coefficients",
    "effect_curves",
    "genre_gvif",
    "leverage",
    "influence_index",
    "influential_artists",
    "binned_residuals",
    "residual_envelope",
    "quantile_residuals",
    "condition_indices",
    "term_importance",
    "genre_importance",
    "marginal_effects",
    "genre_map",
    "genre_tree",
    "genre_distances",
    "model_comparison",
    "recall_by_genre",
    "worst_confusions",
    "confusion_matrix",
    "calibration",
    "something_new",
)
FEATURES = ("energy", "loudness", "tempo", "valence", "duration_min")


def full_folder(root: Path, genres: int = 113, simulated: bool = False) -> Store:
    """Fill an output folder; the first genre has a hostile name."""
    store = Store(root)
    names = [HOSTILE, *(f"genre-{number:03d}" for number in range(1, genres))]
    for stage, findings in _findings(names, simulated).items():
        store.json(f"work/{stage}.json", findings)
    for name, table in _tables(names).items():
        store.table(name, table)
    store.csv("ledger.csv", _ledger())
    for name in FIGURES:
        store.figure(name, PNG, SVG, f"Caption of {name}.")
    store.json("work/timings.json", [{"stage": "load", "seconds": 3.21, "peak_mb": 410.0}] * 2)
    store.json("manifest.json", _manifest())
    return store


def _tables(names: list[str]) -> dict[str, pd.DataFrame]:
    return _data_tables(names) | _model_tables(names) | _trust_tables(names) | _evaluation_tables(names)


def _findings(genres: list[str], simulated: bool) -> dict[str, Any]:
    columns = ["track_id", "artists", "track_genre"]
    load = {"input": "dataset.csv", "simulated": simulated, "sha256": "ab" * 32, "rows": 114_000}
    return {
        "load": load | {"columns": columns, "notes": ["The unnamed first column was taken as the index."]},
        "preprocess": {
            "rows_in": 114_000,
            "rows_out": 112_550,
            "genres": len(genres),
            "artists": 17_648,
            "tracks": 89_740,
            "multi_label_tracks": 15_300,
            "label_ceiling": 0.7968,
            "merged": [["singer-songwriter", "songwriter"]],
            "beatless_rows": 163,
            "features": ["energy", "log_duration_min", "reflected_log_loudness"],
            "factors": ["key", "mode", "time_signature", "explicit"],
            "has_popularity": True,
            "has_artists": True,
            "train_rows": 80_000,
            "valid_rows": 10_000,
            "test_rows": 22_550,
            "train_artists": 12_000,
            "test_artists": 3_530,
        },
        "popularity": _popularity_findings(),
        "genre_models": _genre_models(genres),
        "diagnosis": _diagnosis(genres),
        "genres": _genres(genres),
        "evaluation": _evaluation(genres),
    }


def _popularity_findings() -> dict[str, Any]:
    return {
        "zero_share": 0.103,
        "r2_train": 0.059,
        "r2_test": 0.068,
        "rmse_mean_only": 20.51,
        "rmse_test": 19.80,
        "rmse_test_fractional": 19.81,
        "r2_honest_test": 0.0418,
        "r2_leaked_test": 0.8998,
        "worst_gvif_term": "energy",
        "worst_gvif_adjusted": 2.04,
        "strongest_features": ["log_duration_min", "energy", "valence"],
        "dropped_terms": ["tempo", "key"],
        "curved_terms": ["energy"],
        "criterion": "the term with the largest p goes while p > 0.05",
        "notes": [],
    }


def _genre_models(genres: list[str]) -> dict[str, Any]:
    model = {"formula": "track_genre ~ energy + C(key)", "columns": 23, "parameters": 2599}
    fit = {"log_likelihood": -391_234.5, "mcfadden_r2": 0.2345, "aic": 787_667.0, "bic": 812_705.2}
    return {
        "models": [{"name": name} | model | fit for name in ("initial", "simplified", "higher_order")],
        "dropped": [{"term": "C(key)", "log_loss_change": -0.001}],
        "splines": ["cr(energy, df=4)"],
        "separated": [
            {"level": "C(explicit)[T.True]", "labels": genres[:2]},
            {"level": "the base level of C(time_signature, contr.treatment(4))", "labels": genres[1:2]},
        ],
        "strongest": ["acousticness", "energy", "danceability"],
    }


def _diagnosis(genres: list[str]) -> dict[str, Any]:
    refit = {"rows": 10, "median": 0.0013, "largest": -0.74, "class": genres[1], "term": "C(explicit)[T.True]"}
    return {
        "rows": 112_550,
        "parameters": 1_792,
        "largest_hat": 0.4316,
        "refits": {
            "tracks": refit | {"turned": 0, "sure": 1_012},
            "artists": refit | {"rows": 2_288, "median": 0.0522, "largest": 2.277, "turned": 3, "sure": 1_012},
        },
        "bins_outside": 0.2645,
        "worst_bin": {"variable": "tempo", "class": genres[-1], "mean": 150.1986, "z": 35.8},
        "variance_ratio": 22.737,
        "variance_p_value": 0.01,
        "correlation": 0.5477,
    }


def _genres(genres: list[str]) -> dict[str, Any]:
    return {
        "terms": [{"term": "energy", "lr_share": 0.412}, {"term": "log_duration_min", "lr_share": 0.2}],
        "leaders": [["energy", 70], ["log_duration_min", 43]],
        "strongest": [{"class": genres[1], "term": "energy", "gain": 1.4}],
        "nearest": [{"class_1": genres[1], "class_2": genres[-1], "distance": 0.2}],
        "apart": genres[3:5],
        "pairs": 6_328,
        "not_told_apart": 5,
        "map_share": [0.36, 0.22],
    }


def _trust_tables(genres: list[str]) -> dict[str, pd.DataFrame]:
    tracks = {"track_name": "A song", "artist": HOSTILE, "track_genre": genres[0], "cooksd": 0.0006, "hat": 0.1}
    changes = {"class": genres[0], "term": "energy", "estimate": 1.0, "estimate_without": 1.2, "in_errors": 2.2}
    return {
        "influential_tracks": pd.DataFrame([tracks] * 12),
        "influential_artists": pd.DataFrame({"artist": "Mozart", "rows": [305, 20], "cooksd": [0.24, 0.1], "hat": 6.0}),
        "refit_without": pd.DataFrame([changes | {"without": "artists"}, changes | {"without": "tracks"}]),
        "binned_summary": pd.DataFrame(
            {"variable": ["tempo"], "checked": 20, "outside": 5, "share_outside": 0.25, "class": genres[-1], "z": 35.8}
        ),
        "goodness_of_fit": pd.DataFrame(
            {
                "test": ["fagerland"], "statistic": 5_146.6, "df": 896, "law": "mixture", "p_value": 0.0, "groups": 10,
                "dissimilarity": 0.0747, "dissimilarity_by_chance": 0.0326,
                "note": "rows count as independent, though the fit's covariance is by artist; 9 % are below 5",
            }
        ),
        "condition_indices": pd.DataFrame(
            {"dimension": [1, 2, 2], "condition_index": [1.0, 107.0, 107.0], "term": ["energy", "energy", "tempo"],
             "proportion": [0.01, 0.9, 0.8]}
        ),
        "term_importance": pd.DataFrame(
            {"term": ["energy"], "df": 112, "lr_share": 0.412, "deviance_share": 0.3, "effect": 0.6}
        ),
        "marginal_effects": pd.DataFrame(
            {"class": genres, "variable": "energy", "estimate": 0.01, "std_error": 0.001, "statistic": 10.0,
             "conf_low": 0.008, "conf_high": 0.012}
        ),
        "genre_families": pd.DataFrame(
            {"genre": genres, "family": np.resize(["rock", "dance"], len(genres)), "kind": "sound"}
        ),
        "feature_scales": pd.DataFrame({"variable": ["energy"], "sd": 0.2}),
        "genre_curves": pd.DataFrame(
            {"feature": "energy", "value": np.tile([0.0, 1.0], len(genres)), "class": np.repeat(genres, 2),
             "probability": np.tile([0.3, 0.1], len(genres))}
        ),
        "genre_distances": pd.DataFrame(
            {"class_1": genres[0], "class_2": genres[1], "distance": [2.0, 0.2], "p_adjusted": [0.0, 0.2]}
        ),
        "typical_tracks": pd.DataFrame(
            {"class": genres, "kind": "typical", "track_name": "A", "artist": HOSTILE, "probability": 0.3,
             "expected": genres[0]}
        ),
    }  # fmt: skip


def _quantiles(medians: pd.DataFrame) -> pd.DataFrame:
    steps = {"q10": -0.2, "q25": -0.1, "q75": 0.1, "q90": 0.2}
    return medians.assign(**{name: medians["median"] + step for name, step in steps.items()})


def _score(model: str, split: str, top_1: float) -> dict[str, Any]:
    rest = {"top_3": 2 * top_1, "top_5": 2.4 * top_1, "any_label": 1.2 * top_1, "macro_f1": 0.9 * top_1}
    name = {"model": model, "split": split, "features": "audio", "top_1": top_1}
    return name | rest | {"log_loss": 3.6 - top_1, "brier": 0.9, "ece": 0.0123}


def _evaluation(genres: list[str]) -> dict[str, Any]:
    first, second = genres[:2]
    return {
        "headline": _score("multinomial, splines + interactions", "artist", 0.1994),
        "null": {"log_loss": 4.7267, "top_1": 0.0094},
        "boosting": _score("gradient boosting", "artist", 0.1987),
        "linear_artist": _score("multinomial, linear", "artist", 0.1502),
        "linear_random": _score("multinomial, linear", "random", 0.1753),
        "gap_top_1": 0.0251,
        "folds": {"count": 5, "mean": 0.1511, "low": 0.1466, "high": 0.1599},
        "label_ceiling": 0.7968,
        "test_rows": 22_550,
        "test_artists": 3_530,
        "strongest": [
            {"feature": "acousticness", "increase": 0.2134},
            {"feature": "log_duration_min", "increase": 0.17},
            {"feature": "danceability", "increase": 0.16},
        ],
        "best_recall": [[second, 0.8765], [first, 0.7]],
        "worst_recall": [[genres[-1], 0.0]],
        "confusions": [
            {"true": first, "predicted": second, "rate": 0.3123, "count": 62},
            {"true": second, "predicted": first, "rate": 0.25, "count": 51},
        ],
    }


def _ledger() -> pd.DataFrame:
    lines = [
        ("load", "rows read", "rows", 114_000, "read", ""),
        ("clean", "exact duplicate of an earlier row", "rows", 450, "dropped", ""),
        ("clean", "exact duplicate made by merging genres", "rows", 1_000, "dropped", ""),
        ("clean", "genre with fewer than 10 rows", "rows", 0, "dropped", ""),
        ("clean", "0 where no beat was found", "cells", 483, "set to missing", "tempo 157, danceability 157"),
    ]
    return pd.DataFrame(lines, columns=["step", "rule", "unit", "count", "action", "detail"])


def _data_tables(genres: list[str]) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(0)
    pairs = [(x, y) for x in FEATURES for y in FEATURES]
    rho = {frozenset(pair): rng.uniform(-0.6, 0.6) for pair in pairs} | {frozenset(("energy", "loudness")): 0.76}
    profiles = [(genre, feature, rng.random()) for genre in genres for feature in FEATURES]
    return {
        "genre_distribution": pd.DataFrame({"genre": genres, "rows": 996, "share": 1 / len(genres)}),
        "genre_profiles": _quantiles(pd.DataFrame(profiles, columns=["genre", "feature", "median"])),
        "feature_quantiles": _quantiles(pd.DataFrame({"feature": FEATURES, "median": 0.5})),
        "correlations": pd.DataFrame(
            [(x, y, 1.0 if x == y else rho[frozenset((x, y))]) for x, y in pairs],
            columns=["feature_x", "feature_y", "spearman"],
        ),
        "descriptive_statistics": pd.DataFrame(
            {"feature": FEATURES, "count": 112_550, "mean": 0.5, "skewness": [-0.6, -2.0, 0.2, 0.1, 11.2]}
        ),
        "popularity_by_key_mode": pd.DataFrame(
            {"key": ["C"], "mode": ["major"], "tracks": [9], "mean": [33.0], "std_error": [np.nan]}
        ),
        "transforms": pd.DataFrame(
            {"column": ["duration_min", "liveness"], "kind": ["log", "identity"], "skewness_before": [11.2, 2.1]}
        ),
    }


def _model_tables(genres: list[str]) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    terms = ["(Intercept)", "energy", "C(key)[T.1]", "cr(loudness, df=4)[1]", "explicit[T.True]"]
    coefficients = pd.DataFrame([(genre, term) for genre in genres for term in terms], columns=["class", "term"])
    z = rng.normal(0, 5, len(coefficients))
    p = pd.Series(np.exp(-(z**2))).where(coefficients["term"] != "explicit[T.True]")
    return {
        "column_scales": pd.DataFrame({"term": ["(Intercept)", "energy"], "sd": [0.0, 0.2]}),
        "coefficients": coefficients.assign(estimate=z / 10, std_error=0.1, statistic=z, p_value=p),
        "term_tests": pd.DataFrame(
            {"term": ["energy", "C(key)"], "statistic": [9000.0, 1200.0], "df": [112, 1232], "p_value": [0.0, 0.731]}
        ),
        "term_strength": pd.DataFrame({"term": ["energy"], "increase": [0.081]}),
        "gvif_genre_model": pd.DataFrame(
            {"term": ["energy", "C(key)"], "df": [1, 11], "gvif": [4.41, 1.2], "gvif_adjusted": [2.1, 1.01]}
        ),
        "popularity_leak": pd.DataFrame({"model": ["honest", "leaked"], "r2_test": [0.0418, 0.8998]}),
        "popularity_comparison": pd.DataFrame(
            {"model": ["mean only", "initial"], "family": ["none", "gaussian"], "rmse_test": [20.51, 20.07]}
        ),
    }


def _evaluation_tables(genres: list[str]) -> dict[str, pd.DataFrame]:
    scores = [
        _score("prior only", "artist", 0.0094),
        _score("multinomial, linear", "artist", 0.1502),
        _score("multinomial, linear", "random", 0.1753),
        _score("multinomial, splines + interactions", "artist", 0.1994),
    ]
    report = {
        "genre": genres,
        "precision": 0.2,
        "recall": [0.0, *[0.25] * (len(genres) - 1)],
        "f1": 0.22,
        "support": 199,
    }
    return {
        "model_comparison": pd.DataFrame(scores).assign(parameters=[113, 3164, 3164, np.nan], seconds=12.3),
        "classification_report": pd.DataFrame(report),
        "confusion_matrix": pd.DataFrame(np.eye(len(genres), dtype=int), columns=genres).assign(genre=genres),
        "calibration_by_genre": pd.DataFrame(
            {
                "class": genres,
                "bin": 1,
                "count": 9,
                "predicted": 0.1,
                "observed": 0.2,
                "conf_low": 0.1,
                "conf_high": 0.3,
            }
        ),
        "worst_confusions": pd.DataFrame(
            {"true": genres[:2], "predicted": genres[1::-1], "count": [62, 51], "rate": [0.3123, 0.25]}
        ),
        "artist_folds": pd.DataFrame(
            {"fold": range(5), "artists": 3_530, "rows": 22_510, "unseen": [0, 7, 0, 0, 0], "top_1": 0.15}
        ),
        "calibration": pd.DataFrame(
            {"model": "one", "bin": [0, 1], "confidence": [0.05, 0.15], "accuracy": [0.06, np.nan], "count": [900, 0]}
        ),
    }


def _manifest() -> dict[str, Any]:
    return {
        "python": "3.13.1",
        "packages": {"genreglm": "0.1.0", "numpy": "2.3.0"},
        "command": "genreglm study dataset.csv",
        "config": {"seed": 0, "columns": {"genre": None}},
    }
