"""The stage that compares genres: which pairs a test may be asked about."""

from pathlib import Path

import pytest
from rich.console import Console

from genreglm.classes import class_distances
from genreglm.fitting import fit
from genreglm.study.config import StudyConfig
from genreglm.study.context import Study
from genreglm.study.inference_model import keep_inference_model
from genreglm.study.progress import Reporter
from genreglm.study.stages import describe_genres
from genreglm.study.store import Store
from simulated import tracks

_DF = 2  # of a pair: energy and valence


@pytest.mark.parametrize(("artists", "told"), [(10 * _DF - 1, False), (10 * _DF, True)])
def test_pairs_are_counted_only_where_artists_are_many(tmp_path: Path, artists: int, told: bool) -> None:
    rows = tracks(rows=400, genres=3, strength=0.3).rename(columns={"genre": "track_genre"})
    rows["artist"] = [f"artist {row % artists}" for row in range(len(rows))]
    study = Study(Store(tmp_path), StudyConfig(), Reporter(quiet=True, console=Console()))
    study.store.frame("tracks", rows)
    study.store.json("work/preprocess.json", {"features": ["energy", "valence"]})
    model = fit("track_genre ~ energy + valence", rows, covariance="clustered", clusters="artist")
    keep_inference_model(study.store, model)
    describe_genres.run(study)
    found = study.store.read_json("work/genres.json")["not_told_apart"]
    p = class_distances(model, kind="wald")["p_adjusted"]
    assert found == ((p > 0.05).sum() if told else None)


def test_a_pair_without_a_test_is_not_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tracks(rows=400, genres=3, strength=1.5, artists=100).rename(columns={"genre": "track_genre"})
    study = Study(Store(tmp_path), StudyConfig(), Reporter(quiet=True, console=Console()))
    study.store.frame("tracks", rows)
    study.store.json("work/preprocess.json", {"features": ["energy", "valence"]})
    keep_inference_model(
        study.store, fit("track_genre ~ energy + valence", rows, covariance="clustered", clusters="artist")
    )
    distances = describe_genres.classes.class_distances

    def untested(*given: object, **named: object) -> object:
        table = distances(*given, **named)
        return table.assign(p_adjusted=[float("nan"), 0.01, 0.2]) if named.get("kind") == "wald" else table

    monkeypatch.setattr(describe_genres.classes, "class_distances", untested)
    describe_genres.run(study)
    assert study.store.read_json("work/genres.json")["not_told_apart"] == 2
