"""What the service says of tracks is what the model says of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from scipy.special import softmax
from serving_models import FAMILIES, FIELDS, client, track

from genreglm.serving.answers import Asked, predictions
from genreglm.tagger import explain, load
from genreglm.tagger.model import Tagger
from simulated import tracks


@pytest.fixture(scope="module")
def tagger(folder: Path) -> Tagger:
    found = load(folder)
    assert isinstance(found, Tagger)
    return Tagger(**(vars(found) | {"columns": {}}))


def varied(rows: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(1)
    return [
        track(energy=float(rng.uniform()), tempo=float(rng.uniform(60, 200)), loudness=float(rng.uniform(-30, 0)))
        for _ in range(rows)
    ]


def test_probabilities_are_those_of_the_model(service: TestClient, tagger: Tagger) -> None:
    many = varied(20)
    said = service.post("/predict", params={"top": 3}, json=many).json()["tracks"]
    expected = tagger.predict(pd.DataFrame(many))
    for row, one in enumerate(said):
        genres = [line["genre"] for line in one["genres"]]
        values = [line["probability"] for line in one["genres"]]
        np.testing.assert_allclose(values, expected.iloc[row][genres], rtol=1e-12)
        assert values == sorted(values, reverse=True)
        assert one["set"] == [g for g in genres if tagger.sets.apply(expected.iloc[[row]])[g].item()]


def test_one_track_gives_a_list_of_one(service: TestClient) -> None:
    [one] = service.post("/predict", json=track()).json()["tracks"]
    assert len(one["genres"]) == 3
    assert one["problem"] == one["filled"] == ""
    assert one["unlike"] is False
    assert all(line["low"] is None for line in one["genres"])


def test_more_genres_than_there_are_is_all_of_them(service: TestClient) -> None:
    [one] = service.post("/predict", params={"top": 50}, json=track()).json()["tracks"]
    assert sum(line["probability"] for line in one["genres"]) == pytest.approx(1.0)


def test_intervals_are_of_corrected_probabilities(service: TestClient, tagger: Tagger) -> None:
    many = varied(20)
    said = service.post("/predict", params={"intervals": True}, json=many).json()["tracks"]
    x = tagger.result.design.matrix(tagger.prepare(pd.DataFrame(many)).rows)
    drawn = [
        tagger.corrected(pd.DataFrame(softmax(x @ each.astype(float), axis=1), columns=list(tagger.classes)))
        for each in tagger.replicates.coefficients
    ]
    for row, one in enumerate(said):
        for line in one["genres"]:
            ends = np.quantile([table[line["genre"]].iloc[row] for table in drawn], [0.05, 0.95])
            assert [line["low"], line["high"]] == pytest.approx(list(ends), rel=1e-9)


def test_the_family_is_the_sum_of_its_genres(service: TestClient) -> None:
    [one] = service.post("/predict", json=track()).json()["tracks"]
    own = [line["probability"] for line in one["genres"] if FAMILIES[line["genre"]] == one["family"]["family"]]
    assert one["family"]["probability"] == pytest.approx(sum(own))


def test_a_track_beyond_all_others_is_unlike_anything(service: TestClient) -> None:
    [one] = service.post("/predict", json=track(tempo=390.0, loudness=-79.0, energy=1.0, valence=0.0)).json()["tracks"]
    assert one["unlike"] is True
    assert one["familiarity"] < 0.001


def test_a_typical_track_is_nearest_to_its_own_genre(service: TestClient) -> None:
    for start in service.get("/model").json()["starts"]:
        if start["kind"] == "genre":
            [one] = service.post("/predict", json=start["track"]).json()["tracks"]
            assert one["nearest"][0] == {"genre": start["name"], "distance": pytest.approx(0.0, abs=1e-9)}
            assert one["genres"][0]["genre"] == start["name"]


def test_company_changes_nothing(tagger: Tagger) -> None:
    many = varied(12)
    together = predictions(tagger, (), [Asked(many[:5], 3), Asked(many[5:], 2)], intervals=True)
    alone = [predictions(tagger, (), [Asked([one], 3)], intervals=True)[0][0] for one in many]
    assert [len(part) for part in together] == [5, 7]
    for one, other in zip([*together[0], *together[1]], alone, strict=True):
        assert one["set"] == other["set"]
        for line, its in zip(one["genres"], other["genres"], strict=False):
            assert line["genre"] == its["genre"]
            assert [line[k] for k in ("probability", "low", "high")] == pytest.approx(
                [its[k] for k in ("probability", "low", "high")], rel=1e-9
            )


def test_the_explanation_adds_up(service: TestClient, tagger: Tagger) -> None:
    said = service.post("/explain", json={"track": track()}).json()
    assert sum(line["contribution"] for line in said["contributions"]) == pytest.approx(said["log_odds"])
    assert said["log_odds"] == pytest.approx(np.log(said["probabilities"][0] / said["probabilities"][1]), rel=1e-6)
    expected = explain(tagger, pd.DataFrame([track()]))
    assert (said["genre"], said["other"]) == (expected.genre, expected.other)
    assert {line["term"] for line in said["contributions"]} == set(expected.table["term"])


def test_the_explanation_is_of_the_two_that_were_asked(service: TestClient) -> None:
    said = service.post("/explain", json={"track": track(), "genre": "techno", "other": "ambient"}).json()
    assert (said["genre"], said["other"]) == ("techno", "ambient")
    said = service.post("/explain", json={"track": track(), "other": "blues"}).json()
    assert said["other"] == "blues" != said["genre"]


def test_the_model_says_what_it_takes(service: TestClient) -> None:
    said = service.get("/model").json()
    fields = {one["name"]: one for one in said["features"]}
    assert set(fields) == set(FIELDS)
    assert fields["tempo"]["unit"] == "BPM"
    assert fields["key"]["level_names"][1] == "C♯/D♭"
    assert fields["duration_ms"]["quantiles"][0] == pytest.approx(90_000, rel=0.2)
    assert len(fields["tempo"]["quantiles"]) == 21
    assert said["intervals"] == 0.9
    assert said["sets"] == {"kind": "least_ambiguous", "guarantee": "group", "level": 0.8}
    assert said["card"] == {"title": "Three genres, made up"}
    assert [one["name"] for one in said["starts"]] == [
        "a typical track",
        "ambient",
        "blues",
        "techno",
        "A song by somebody",
    ]
    for start in said["starts"]:
        assert service.post("/predict", json=start["track"]).status_code == 200


def test_health_names_the_model(service: TestClient) -> None:
    said = service.get("/health").json()
    assert said["status"] == "ok"
    assert said["model"] == service.get("/model").json()["model"]


def test_a_bare_result_takes_the_columns_of_its_formula(bare: TestClient, saved: Path) -> None:
    rows = tracks(20, seed=3)[["energy", "valence", "key"]]
    said = bare.post("/predict", params={"intervals": True}, json=rows.to_dict("records")).json()["tracks"]
    expected = load(saved).predict(rows).to_numpy().max(axis=1)
    np.testing.assert_allclose([one["genres"][0]["probability"] for one in said], expected, rtol=1e-12)
    assert {one["set"] for one in said} == {one["unlike"] for one in said} == {None}
    features = bare.get("/model").json()["features"]
    assert {one["name"]: one["kind"] for one in features} == {"energy": "number", "key": "choice", "valence": "number"}
    why = bare.post("/explain", json={"track": rows.iloc[0].to_dict()}).json()
    assert sum(line["contribution"] for line in why["contributions"]) == pytest.approx(why["log_odds"])


def test_a_vector_calibration_has_no_explanation_and_says_so(folder: Path, tmp_path: Path) -> None:
    from genreglm.tagger import save_tagger
    from genreglm.uncertainty import Calibration

    found = load(folder)
    scale = np.array([1.0, 1.1, 0.9])
    uneven = Calibration("vector", found.classes, scale, np.zeros(3), 1.0, 0.9)
    save_tagger(Tagger(**(vars(found) | {"calibration": uneven})), tmp_path / "model")
    with client(tmp_path / "model") as service:
        said = service.post("/explain", json={"track": track()})
        assert said.status_code == 422
        assert "calibration" in said.json()["error"]
        assert service.post("/predict", json=track()).status_code == 200
