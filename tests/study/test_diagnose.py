"""The stage that questions the genre model, where the table does not allow every question."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from genreglm.fitting import fit
from genreglm.result import Result
from genreglm.study.config import StudyConfig
from genreglm.study.context import Study
from genreglm.study.inference_model import keep_inference_model
from genreglm.study.progress import Reporter
from genreglm.study.stages import diagnose
from genreglm.study.store import Store
from simulated import tracks


def kept(
    folder: Path, rows: pd.DataFrame, formula: str = "energy + valence", has_artists: bool = True, **options: object
) -> tuple[Study, Result]:
    """Leave what the stages before would have left."""
    study = Study(Store(folder), StudyConfig(), Reporter(quiet=True, console=Console()))
    rows = rows.rename(columns={"genre": "track_genre"})
    study.store.frame("tracks", rows)
    study.store.json("work/preprocess.json", {"features": ["energy", "valence"], "has_artists": has_artists})
    model = fit(f"track_genre ~ {formula}", rows, **options)
    keep_inference_model(study.store, model)
    return study, model


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(Study, "note", lambda self, text: lines.append(text))
    return lines


def test_a_covariance_of_few_artists_has_no_gvif(tmp_path: Path, said: list[str]) -> None:
    rows = tracks(rows=300, genres=4, artists=5)
    study, _ = kept(tmp_path, rows, covariance="clustered", clusters="artist")
    diagnose.run(study)
    assert any("no GVIF of the coefficients" in line for line in said)
    assert not study.store.has("tables/gvif_coefficients.csv")
    assert study.store.has("tables/condition_indices.csv")


def test_a_genre_by_the_strongest_artists_alone_allows_no_refit(tmp_path: Path, said: list[str]) -> None:
    rows = tracks(rows=400, genres=3, artists=60)
    rows["artist"] = np.where(rows["genre"] == "blues", "the only one", rows["artist"])
    study, _ = kept(tmp_path, rows)
    diagnose.run(study)
    assert any("no refit without" in line and "blues" in line for line in said)
    assert set(study.store.read_table("refit_without")["without"]) == {"tracks"}
    assert set(study.store.read_json("work/diagnosis.json")["refits"]) == {"tracks"}


def test_a_table_without_artists_is_asked_nothing_about_them(tmp_path: Path) -> None:
    rows = tracks(rows=300, genres=3)
    study, _ = kept(tmp_path, rows.assign(artist=[f"row {row}" for row in range(300)]), has_artists=False)
    diagnose.run(study)
    found = study.store.read_json("work/diagnosis.json")
    assert set(found["refits"]) == {"tracks"}
    assert "variance_ratio" not in found
    assert not study.store.has("tables/influential_artists.csv")
    assert not study.store.has("tables/dispersion.csv")
    assert set(study.store.read_table("refit_without")["without"]) == {"tracks"}


def test_dependence_comes_with_its_p_value(tmp_path: Path) -> None:
    study, _ = kept(tmp_path, tracks(rows=300, genres=3))
    diagnose.run(study)
    together = study.store.read_table("dispersion").iloc[0]
    found = study.store.read_json("work/diagnosis.json")
    assert found["variance_p_value"] == together["variance_p_value"]
    assert 0.0 < found["variance_p_value"] <= 1.0


def test_bins_too_small_to_check_are_not_judged(tmp_path: Path, said: list[str]) -> None:
    study, _ = kept(tmp_path, tracks(rows=60, genres=3, artists=20))
    diagnose.run(study)
    found = study.store.read_json("work/diagnosis.json")
    assert study.store.read_table("binned_summary")["checked"].sum() == 0
    assert found["bins_outside"] is None
    assert found["worst_bin"] is None
    assert not any("nan" in line for line in said)


def test_a_model_of_factors_alone_is_questioned_as_far_as_it_can_be(tmp_path: Path, said: list[str]) -> None:
    rows = tracks(rows=300, genres=3)
    study, _ = kept(tmp_path, rows.assign(key=rows["key"].replace("E", "D")), "C(key)")
    diagnose.run(study)
    assert not study.store.has("tables/binned_residuals.csv")
    assert any("no test of fit" in line for line in said)
    assert study.store.has("tables/residual_envelope.csv")
