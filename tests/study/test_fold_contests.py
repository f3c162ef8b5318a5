"""Every artist tested once, by models that were tuned without it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genreglm.study.config import StudyConfig
from genreglm.study.context import Study
from genreglm.study.fold_contests import FoldContests, fold_contests
from genreglm.study.progress import Reporter
from genreglm.study.stages import folds
from genreglm.study.store import Store
from genreglm.tracks.tempo_grid import NAME
from simulated import tracks

FORMULAS = {
    "linear": "track_genre ~ energy + valence + C(key)",
    "splines": "track_genre ~ cr(energy, df=3, constraints='center') + valence + C(key)",
    "interactions": "track_genre ~ energy + valence + hinges(energy):hinges(valence) + C(key)",
}
CONFIG = StudyConfig(
    test_share=3,
    ridge=(30.0, 10.0),
    artist_weight_power=(0.0, 0.5),
    near_duplicates="keep",
    boosting_rounds=5,
    boosting_leaves=4,
)


def frame() -> pd.DataFrame:
    rows = tracks(rows=900, genres=4, seed=3, strength=1.5).rename(columns={"genre": "track_genre"})
    key = rows["key"].map(dict(zip("ABCDEFG", range(7), strict=True)))
    rows = rows.assign(labels=rows["track_genre"], beat_found=True, key=key)
    return rows.assign(**{NAME: np.random.default_rng(0).uniform(size=len(rows))})


@pytest.fixture(scope="module")
def found() -> FoldContests:
    genres = sorted(frame()["track_genre"].unique())
    families = pd.DataFrame({"genre": genres, "family": ["x", "x", "y", "y"]})
    return fold_contests(frame(), FORMULAS, CONFIG, families, lambda _: None)


def test_each_row_is_tested_once_under_each_model(found: FoldContests) -> None:
    rows = frame()
    assert set(found.scored) == {
        *("GLM linear", "GLM splines", "GLM interactions", "prior only", "linear discriminant", "gradient boosting")
    }
    assert all(len(scores) == len(rows) == len(found.artists) for scores in found.scored.values())
    assert found.artists.value_counts().equals(rows["artist"].value_counts()[found.artists.value_counts().index])
    assert found.folds.groupby("model")["rows"].sum().eq(len(rows)).all()
    assert len(found.chosen) == 3
    assert all(name.startswith("GLM") for name in found.chosen)


def test_scores_are_those_of_models_that_know_something(found: FoldContests) -> None:
    losses = {name: scores["log_loss"].mean() for name, scores in found.scored.items()}
    assert losses["GLM linear"] < losses["prior only"] - 0.1
    family, genre = (found.scored["GLM splines"][name].mean() for name in ("family_top_1", "top_1"))
    assert family > genre
    weighted = found.folds.groupby("model")[["rows", "log_loss"]].apply(
        lambda f: np.average(f["log_loss"], weights=f["rows"])
    )
    assert weighted["GLM splines"] == pytest.approx(losses["GLM splines"])


def test_what_was_chosen_is_told_by_fold(found: FoldContests) -> None:
    details = {cell["model"]: str(cell["detail"]) for cell in found.cells}
    assert details["prior only"] == "shares of the genres"
    assert details["GLM linear"] == "ridge of 1 rows"
    assert "ridge of" in details["GLM splines"]


def test_a_genre_of_one_artist_stays_with_the_training_rows() -> None:
    rows = frame()
    rows.loc[rows["track_genre"] == "blues", "artist"] = "the only one"
    config = CONFIG.model_copy(update={"boosting": "none"})
    found = fold_contests(rows, FORMULAS, config, None, lambda _: None)
    assert len(found.artists) == (rows["artist"] != "the only one").sum()


@pytest.mark.parametrize("thorough", [True, False])
def test_the_stage_leaves_tables_where_it_is_asked_to(thorough: bool, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.frame("tracks", frame().assign(artist=[f"artist {row // 3}" for row in range(900)]))
    store.json("work/formulas.json", FORMULAS)
    config = CONFIG.model_copy(update={"boosting": "none", "thorough": thorough, "out": tmp_path})
    folds.run(Study(store, config, Reporter(quiet=True)))
    tables = {path.stem for path in (tmp_path / "tables").glob("*.csv")}
    assert tables == (
        {"cards_by_fold", "differences_by_fold", "scores_by_fold", "corrections_by_fold", "sets_by_fold"}
        if thorough
        else set()
    )
    if thorough:
        cards = store.read_table("cards_by_fold").set_index("model")
        assert cards["chosen"].sum() == 1
        sets = store.read_table("sets_by_fold").set_index("kind")
        assert sets["group_coverage"].between(0.85, 0.98).all()
