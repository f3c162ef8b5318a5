"""What is not a track is refused by the name of its field."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from serving_models import FIELDS, client, save_result, track

WRONG = [
    ("energy", 1.2),
    ("energy", -0.1),
    ("energy", "0.5"),
    ("energy", None),
    ("energy", True),
    ("loudness", -81.0),
    ("loudness", 21.0),
    ("tempo", -1.0),
    ("tempo", 401.0),
    ("duration_ms", 0),
    ("duration_ms", 86_400_001),
    ("key", 12),
    ("key", 1.5),
    ("key", True),
    ("mode", 2),
    ("time_signature", 17),
    ("explicit", 1),
    ("explicit", "yes"),
]


def refused(answer: object, status: int = 422) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert set(said) == {"error", "fields", "request"}
    return said


@pytest.mark.parametrize(("field", "value"), WRONG, ids=lambda value: str(value))
def test_a_wrong_value_is_refused_by_name(service: TestClient, field: str, value: object) -> None:
    said = refused(service.post("/predict", json=track(**{field: value})))
    assert [fault["field"] for fault in said["fields"]] == [field]
    assert said["error"].startswith(f"{field}: ")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(service: TestClient, number: str) -> None:
    body = json.dumps(track()).replace("-12.0", number)
    said = refused(service.post("/predict", content=body, headers={"content-type": "application/json"}))
    assert said["fields"][0]["field"] == "loudness"


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_named(service: TestClient, field: str) -> None:
    lacking = {name: value for name, value in track().items() if name != field}
    assert refused(service.post("/predict", json=lacking))["fields"][0]["field"] == field


@pytest.mark.parametrize("extra", ["popularity", "formula", "path", "__class__", "track_genre"])
def test_what_was_not_asked_for_is_refused(service: TestClient, extra: str) -> None:
    assert refused(service.post("/predict", json=track(**{extra: "x"})))["fields"][0]["field"] == extra


def test_a_whole_number_may_be_written_with_a_point(service: TestClient) -> None:
    body = json.dumps(track()).replace('"key": 5', '"key": 5.0')
    assert service.post("/predict", content=body, headers={"content-type": "application/json"}).status_code == 200


def test_of_a_list_the_track_is_named(service: TestClient) -> None:
    said = refused(service.post("/predict", json=[track(), track(energy=2.0, key=99), track(energy=3.0)]))
    assert {(fault["row"], fault["field"]) for fault in said["fields"]} == {(2, "energy"), (2, "key")}
    assert said["error"].startswith("track 2, energy: ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b'"track"',
        b"[1]",
        b"[" * 100_000,
        b"\xff\xfe",
        b"9" * 5_000,
        b'{"energy": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_track_is_refused(service: TestClient, body: bytes) -> None:
    refused(service.post("/predict", content=body, headers={"content-type": "application/json"}))
    refused(service.post("/explain", content=body, headers={"content-type": "application/json"}))


@pytest.mark.parametrize("top", ["0", "-1", "many", "1001"])
def test_a_wrong_parameter_is_named(service: TestClient, top: str) -> None:
    assert refused(service.post("/predict", params={"top": top}, json=track()))["fields"][0]["field"] == "top"


def test_genres_that_cannot_be_compared_are_refused(service: TestClient) -> None:
    said = refused(service.post("/explain", json={"track": track(), "genre": "polka"}))
    assert said["fields"][0]["field"] == "genre"
    assert "ambient" in said["error"]
    said = refused(service.post("/explain", json={"track": track(), "genre": "techno", "other": "techno"}))
    assert "twice" in said["error"]
    said = refused(service.post("/explain", json={"track": track(energy=2.0)}))
    assert said["fields"][0]["field"] == "track.energy"


def test_a_long_name_is_cut(service: TestClient) -> None:
    said = refused(service.post("/predict", json=track(**{"x" * 1000: 1})))
    assert len(said["error"]) < 200


def test_a_level_that_the_model_does_not_know_is_refused(bare: TestClient) -> None:
    said = refused(bare.post("/predict", json={"energy": 0.1, "valence": 0.2, "key": "F"}))
    assert said["error"] == "key: must be one of 'C', 'D', 'E'"
    refused(bare.post("/predict", json={"energy": 1e12, "valence": 0.2, "key": "C"}))


def test_what_the_formula_cannot_use_is_refused(tmp_path: Path) -> None:
    with client(save_result(tmp_path / "log", "genre ~ exp(energy) + valence")) as service:
        assert service.post("/predict", json={"energy": 1.0, "valence": 0.0}).status_code == 200
        said = refused(service.post("/predict", json={"energy": 1e6, "valence": 0.0}))
        assert "finite" in said["error"]
