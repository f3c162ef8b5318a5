"""Two small models to serve: a study's folder made by hand, and a bare result."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fastapi.testclient import TestClient

import genreglm as gg
from genreglm.serving.app import create_app
from genreglm.serving.settings import Settings
from genreglm.tagger import Tagger, save_tagger
from genreglm.tagger.training import TrainingSummary
from genreglm.tracks.columns import AUDIO
from genreglm.tracks.ledger import Ledger
from genreglm.tracks.recipe import CONTINUOUS, clean_rows, learn
from genreglm.tracks.validation import validate
from raw_tables import GENRES, raw_table
from simulated import tracks

ADDRESS = "http://127.0.0.1"
FACTORS = ("key", "mode", "time_signature", "explicit")
FIELDS = (*AUDIO, "duration_ms", *FACTORS)
FAMILIES = {"ambient": "calm", "blues": "calm", "techno": "loud"}


def told_apart(rows: int = 1_200, seed: int = 0) -> pd.DataFrame:
    """A raw table in which genres differ in every continuous feature.

    Of fewer rows than a thousand nothing is told to be unlike: one in a thousand of those like them is.
    """
    raw, rng = raw_table(rows, seed), np.random.default_rng(seed)
    genre = np.arange(rows) % len(GENRES)
    for place, name in enumerate(AUDIO):
        low, high = raw[name].min(), raw[name].max()
        middle = low + (high - low) * (0.3 + 0.2 * ((genre + place) % 3))
        raw[name] = np.clip(middle + 0.15 * (high - low) * rng.normal(size=rows), low, high)
    return raw


def small_tagger(seed: int = 0) -> Tagger:
    """A tagger with everything that one can have."""
    cleaned = clean_rows(validate(told_apart(seed=seed)).rows, Ledger())
    recipe = learn(cleaned)
    ready = recipe.apply(cleaned)
    terms = [*recipe.features, "C(key)", "mode", "time_signature", "explicit", "energy:valence"]
    result = gg.fit(f"track_genre ~ {' + '.join(terms)}", ready, penalty=gg.Ridge(0.01), covariance=None)
    prob = result.predict(ready)
    calibration = gg.calibrate(prob, ready["track_genre"])
    typical = cleaned.groupby("track_genre")[[*AUDIO, "duration_ms"]].median()
    held = {"key": 7, "mode": 1, "time_signature": 4, "explicit": 0}
    medians = typical.to_dict("index")
    starts = [{"name": genre, "kind": "genre", "track": {**row, **held}} for genre, row in medians.items()]
    example = {"name": "A song by somebody", "kind": "example", "track": starts[0]["track"] | {"tempo": 180.0}}
    return Tagger(
        result,
        recipe,
        calibration,
        gg.conformal_sets(calibration.apply(prob), ready["track_genre"], ready["artist"], level=0.8),
        gg.bootstrap(result, "artist", replicates=8),
        FAMILIES,
        {"tempo": "Beats per minute"},
        TrainingSummary.of(ready, CONTINUOUS, recipe.factors, recipe.features),
        result.design.matrix(ready).mean(axis=0),
        {"title": "Three genres, made up", "starts": [*starts, example, {"name": "broken", "kind": "example"}]},
    )


def save_folder(folder: Path, seed: int = 0) -> Path:
    return save_tagger(small_tagger(seed), folder)


def save_result(file: Path, formula: str = "genre ~ energy + valence + key") -> Path:
    return gg.fit(formula, tracks(400), covariance=None).save(file)


def track(**changed: Any) -> dict[str, Any]:
    """A track that the tagger can use."""
    plain: dict[str, Any] = dict.fromkeys(AUDIO, 0.4) | {"loudness": -12.0, "tempo": 120.0, "duration_ms": 200_000}
    return plain | {"key": 5, "mode": 1, "time_signature": 4, "explicit": False} | changed


@contextmanager
def client(path: Path, headers: Mapping[str, str] | None = None, **settings: Any) -> Iterator[TestClient]:
    """A client of a service that runs in this process."""
    app = create_app(path, Settings(**settings))
    with TestClient(app, base_url=ADDRESS, headers=dict(headers or {}), raise_server_exceptions=False) as one:
        yield one
