"""A new model takes the place of the old one while requests are answered; one that cannot be read does not."""

import shutil
import threading
import time
from pathlib import Path

import pytest
from serving_models import client, save_folder, save_result, track

from genreglm.errors import ModelFileError
from genreglm.serving.app import create_app


def until(condition, seconds: float = 15.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def put(new: Path, place: Path) -> None:
    """Write a model over another, its manifest last."""
    for file in sorted(new.iterdir(), key=lambda file: file.name == "model.json"):
        shutil.copy(file, place / file.name)


def test_a_new_model_is_taken_under_a_stream_of_requests(folder: Path, tmp_path: Path) -> None:
    place, new = tmp_path / "model", save_folder(tmp_path / "new", seed=1)
    shutil.copytree(folder, place)
    with client(place, look_seconds=0.05) as service:
        before = service.get("/health").json()["model"]
        answers: list[tuple[int, str, float]] = []
        done = threading.Event()

        def stream() -> None:
            while not done.is_set():
                said = service.post("/predict", json=track())
                body = said.json()
                shown = body["tracks"][0]["genres"][0]["probability"] if said.status_code == 200 else -1.0
                answers.append((said.status_code, body.get("model", ""), shown))

        threads = [threading.Thread(target=stream) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            put(new, place)
            until(lambda: service.get("/health").json()["model"] != before)
            count = len(answers)
            until(lambda: len(answers) > count + 8)
        finally:
            done.set()
            for thread in threads:
                thread.join()
    assert {status for status, _, _ in answers} == {200}
    # Each model has its own answer, and no answer is of both.
    assert len({model for _, model, _ in answers}) == 2
    assert len({(model, round(probability, 9)) for _, model, probability in answers}) == 2


@pytest.mark.parametrize("damage", ["cut", "other", "gone", "manifest"])
def test_a_model_that_cannot_be_read_is_not_taken(folder: Path, tmp_path: Path, damage: str, caplog) -> None:
    place = tmp_path / "model"
    shutil.copytree(folder, place)
    with caplog.at_level("INFO", "genreglm.serving"), client(place, look_seconds=0.05) as service:
        before = service.get("/health").json()["model"]
        manifest = place / "model.json"
        if damage == "manifest":
            manifest.write_bytes(manifest.read_bytes()[:100])
        elif damage == "gone":
            shutil.rmtree(place)
        else:
            (place / "result").write_bytes(b"" if damage == "cut" else b"PK\x03\x04 nothing")
            manifest.write_text(manifest.read_text().replace('"version": 1', '"version":  1'))
        until(lambda: any(record.getMessage() == "model not taken" for record in caplog.records))
        assert service.get("/health").json()["model"] == before
        assert service.post("/predict", json=track()).status_code == 200
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(save_folder(tmp_path / "new", seed=1), place)
        until(lambda: service.get("/health").json()["model"] != before)


def test_the_same_model_written_again_is_not_taken_for_a_new_one(folder: Path, tmp_path: Path, caplog) -> None:
    place = tmp_path / "model"
    shutil.copytree(folder, place)
    with caplog.at_level("INFO", "genreglm.serving"), client(place, look_seconds=0.05) as service:
        since = service.get("/health").json()["since"]
        put(folder, place)
        time.sleep(0.5)
        assert service.get("/health").json()["since"] == since
    assert not [record for record in caplog.records if record.getMessage().startswith("model")]


def test_a_bare_result_with_other_columns_brings_its_own_schema(tmp_path: Path) -> None:
    file = save_result(tmp_path / "result")
    with client(file, look_seconds=0.05) as service:
        assert service.post("/predict", json={"energy": 0.0, "valence": 0.0, "key": "C"}).status_code == 200
        save_result(file, "genre ~ energy")
        until(lambda: len(service.get("/model").json()["features"]) == 1)
        assert service.post("/predict", json={"energy": 0.0}).status_code == 200
        assert service.post("/predict", json={"energy": 0.0, "valence": 0.0, "key": "C"}).status_code == 422
        assert set(service.get("/openapi.json").json()["components"]["schemas"]["Track"]["properties"]) == {"energy"}


@pytest.mark.parametrize("path", ["absent", "empty", "file"])
def test_what_is_no_model_is_not_served(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("nothing")
    with pytest.raises(ModelFileError):
        create_app(tmp_path / path)
