"""What the explorer draws from, against the tables."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from report_folder import FEATURES, HOSTILE, full_folder

from genreglm.study.report.evidence import Evidence
from genreglm.study.report.explorer import explorer
from genreglm.study.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return full_folder(tmp_path_factory.mktemp("outputs"), genres=5)


@pytest.fixture(scope="module")
def data(store: Store) -> dict[str, Any]:
    found = explorer(Evidence(store))
    assert found is not None
    return found


def test_genres_have_their_scores(data: dict[str, Any], store: Store) -> None:
    report = store.read_table("classification_report")
    assert [genre["name"] for genre in data["genres"]] == report["genre"].tolist()
    assert data["genres"][0]["name"] == HOSTILE
    assert [genre["recall"] for genre in data["genres"]] == pytest.approx(report["recall"].tolist(), rel=1e-3)


def test_profiles_are_the_quantiles_by_genre_and_feature(data: dict[str, Any], store: Store) -> None:
    profiles = store.read_table("genre_profiles").set_index(["genre", "feature"])
    for k, genre in enumerate(data["genres"]):
        for j, feature in enumerate(data["features"]):
            line = profiles.loc[(genre["name"], feature["column"])]
            assert data["profiles"][k][j] == pytest.approx(
                line[["q10", "q25", "median", "q75", "q90"]].tolist(), rel=1e-3
            )
    assert [feature["column"] for feature in data["features"]] == list(FEATURES)
    assert data["features"][-1]["name"] == "duration"


def test_effects_are_points_for_a_standard_deviation(data: dict[str, Any]) -> None:
    assert data["effects"] == {"terms": ["energy"], "values": [[pytest.approx([0.2, 0.16, 0.24])]] * 5}


def test_slopes_leave_the_intercept_out(data: dict[str, Any], store: Store) -> None:
    assert data["slopes"]["terms"] == ["energy"]
    table = store.read_table("coefficients")
    own = table[(table["term"] == "energy") & (table["class"] == HOSTILE)]["estimate"].item()
    assert data["slopes"]["values"][0] == [pytest.approx(0.2 * own, rel=1e-3)]


def test_curves_neighbours_and_mistakes_go_by_the_place_of_a_genre(data: dict[str, Any]) -> None:
    assert data["curves"] == [{"name": "energy", "column": "energy", "x": [0.0, 1.0], "y": [[30.0, 10.0]] * 5}]
    assert data["nearest"][0] == [[1, 0.2], [1, 2.0]]
    assert data["nearest"][1] == [[0, 0.2], [0, 2.0]]
    assert data["nearest"][2] == []
    assert data["mistakes"] == [[k, k, 1] for k in range(5)]
    assert sorted(data["order"]) == list(range(5))


@pytest.mark.parametrize(
    "table",
    ["genre_families", "feature_quantiles", "marginal_effects", "feature_scales", "coefficients", "column_scales",
     "genre_curves", "genre_distances", "confusion_matrix", "calibration_by_genre", "typical_tracks"],
)  # fmt: skip
def test_what_the_study_has_no_table_of_is_left_out(table: str, tmp_path: Path) -> None:
    made = full_folder(tmp_path, genres=5)
    made.path(f"tables/{table}.csv").unlink(missing_ok=True)
    found = explorer(Evidence(made))
    assert found is not None
    assert len(found["profiles"]) == 5


def test_without_a_test_of_genres_there_is_nothing_to_explore(tmp_path: Path) -> None:
    made = full_folder(tmp_path, genres=5)
    made.path("tables/classification_report.csv").unlink()
    assert explorer(Evidence(made)) is None


def test_genres_that_the_test_did_not_see_have_gaps_and_no_fault(tmp_path: Path) -> None:
    made = full_folder(tmp_path, genres=5)
    profiles = made.read_table("genre_profiles")
    made.table("genre_profiles", profiles[profiles["genre"] != "genre-003"])
    made.table("genre_distances", pd.DataFrame({"class_1": ["genre-001"], "class_2": ["gone"], "distance": [1.0]}))
    found = explorer(Evidence(made))
    assert found is not None
    assert found["profiles"][3] == [[None] * 5] * len(FEATURES)
    assert found["nearest"] == [[]] * 5
