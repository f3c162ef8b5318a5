"""Stage 12: the chosen model with all that it takes to use it, in `model/`."""

import numpy as np
import pandas as pd

from genreglm.designs import Design
from genreglm.errors import DataError
from genreglm.result import load
from genreglm.study.context import Study
from genreglm.study.stages.assure import held_out_probabilities
from genreglm.tagger import Tagger, save_tagger
from genreglm.tagger.training import TrainingSummary
from genreglm.tracks.columns import AUDIO, FACTORS
from genreglm.tracks.recipe import CONTINUOUS, Recipe
from genreglm.uncertainty import Calibration, ConformalSets, Replicates, calibrate, conformal_sets

_SCORES = ("top_1", "top_3", "top_5", "log_loss", "ece")
_LEVEL = 0.9
_MEASURED = (*AUDIO, "duration_ms")


def run(study: Study) -> None:
    """Leave a folder that `gg.load`, `genreglm predict`, `explain`, `drift` and `serve` open.

    The model was fitted to all rows but the test's. Its correction and the thresholds of its sets are learnt from all
    artists of the test, none of whom it has heard.
    """
    store = study.store
    tracks = store.read_frame("tracks")
    training = tracks[tracks["split_artist"] != "test"]
    recipe = Recipe.from_dict(store.read_json("work/recipe.json"))
    result = load(store.path("work/chosen_result"))
    calibration, sets = _judged(study, tracks)
    continuous = [name for name in CONTINUOUS if name not in recipe.unusable]
    tagger = Tagger(
        result,
        recipe,
        calibration,
        sets,
        _replicates(study, result.design),
        _families(study),
        dict(study.config.columns),
        TrainingSummary.of(training, continuous, recipe.factors, recipe.features),
        result.design.matrix(training).mean(axis=0),
        _card(study, tracks, training),
    )
    tagger_folder = save_tagger(tagger, store.path("model"), lambda name: store.record(f"model/{name}"))
    size = sum(path.stat().st_size for path in tagger_folder.iterdir())
    study.note(f"model/ holds {size / 1e6:.1f} MB: predict, explain, drift and serve open it")


def _judged(study: Study, tracks: pd.DataFrame) -> tuple[Calibration, ConformalSets | None]:
    rows = tracks[tracks["split_artist"] == "test"].reset_index(drop=True)
    prob = held_out_probabilities(study, sorted(tracks["track_genre"].unique()))
    calibration = calibrate(prob, rows["track_genre"])
    try:
        sets = conformal_sets(
            calibration.apply(prob), rows["track_genre"], rows["artist"], level=_LEVEL, seed=study.config.seed
        )
    except DataError as error:
        study.note(f"no sets of genres: {error}")
        sets = None
    return calibration, sets


def _replicates(study: Study, design: Design) -> Replicates | None:
    store = study.store
    if not store.has("work/replicates.npy"):
        return None
    coefficients = np.load(store.path("work/replicates.npy"), allow_pickle=False)
    return Replicates(design, coefficients, store.read_json("work/replicates.json")["groups"])


def _families(study: Study) -> dict[str, str]:
    if not study.store.has("tables/genre_families.csv"):
        return {}
    table = study.store.read_table("genre_families")
    return dict(zip(table["genre"], table["family"], strict=True))


def _card(study: Study, tracks: pd.DataFrame, training: pd.DataFrame) -> dict[str, object]:
    """Return what a user should know of the model, and tracks to start from."""
    store = study.store
    headline = store.read_json("work/evaluation.json")["headline"]
    return {
        "title": "A multinomial GLM of music genre",
        "model": store.read_json("work/chosen_model.json")["model"],
        "data": store.read_json("work/load.json")["input"],
        "simulated": store.read_json("work/load.json")["simulated"],
        "rows": len(training),
        "artists": int(training["artist"].nunique()),
        "on_artists_not_heard": {name: float(headline[name]) for name in _SCORES},
        "beware": "Labels are those of the table, some of which are no sounds; features are as Spotify computed them.",
        "starts": [*_typical_of_genres(training), *_examples(study, tracks)],
    }


def _typical_of_genres(training: pd.DataFrame) -> list[dict[str, object]]:
    """Return for each genre the medians of its features and its most frequent levels: no track of the table."""
    starts: list[dict[str, object]] = []
    for genre, rows in training.groupby("track_genre", sort=True):
        features = {name: float(f"{rows[name].median():.4g}") for name in _MEASURED if name in rows}
        factors = {name: int(rows[name].mode().iloc[0]) for name in FACTORS if name in rows}
        starts.append({"name": str(genre), "kind": "genre", "track": features | factors})
    return starts


def _examples(study: Study, tracks: pd.DataFrame) -> list[dict[str, object]]:
    """Return the track of each genre that the inference model finds most typical, by its name."""
    typical = study.store.read_table("typical_tracks")
    if "track_name" not in typical or "artist" not in typical:
        return []
    first = typical[(typical["kind"] == "typical") & (typical["rank"] == 1)].rename(columns={"class": "track_genre"})
    keys = ["track_genre", "track_name", "artist"]
    rows = first[keys].merge(tracks.drop_duplicates(keys), on=keys)
    return [
        {
            "name": f"{row['track_name']} by {row['artist']} ({row['track_genre']})",
            "kind": "example",
            "track": {name: float(row[name]) for name in _MEASURED if name in row}
            | {name: int(row[name]) for name in FACTORS if name in row},
        }
        for row in rows.to_dict("records")
    ]
