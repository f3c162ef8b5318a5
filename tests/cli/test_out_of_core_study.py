"""A study of more rows than memory: some artists are studied whole, and every row has its say in the end."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import CONFIG, Finished, Ran, run, small_table

import genreglm as gg
from genreglm.engine.newton import Step
from genreglm.errors import DataError, OptionError
from genreglm.result import Result, load
from genreglm.study import every_row
from genreglm.study.config import StudyConfig
from genreglm.study.context import Study
from genreglm.study.drawn_artists import address, artist_draw
from genreglm.study.every_row import scores_of_others
from genreglm.study.progress import Reporter
from genreglm.study.stages import folds
from genreglm.study.stages import load as load_stage
from genreglm.study.store import Store
from genreglm.tracks.cleaning import clean_rows
from genreglm.tracks.ledger import Ledger
from genreglm.tracks.recipe import Recipe
from genreglm.tracks.validation import validate


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Rows by genre, as a table may come: a batch need not hold two."""
    return small_table().sort_values("track_genre", kind="stable").reset_index(drop=True)


@pytest.fixture
def config(table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyConfig:
    parts = tmp_path / "parts"
    parts.mkdir()
    for number, start in enumerate(range(0, len(table), 60)):
        table.iloc[start : start + 60].to_parquet(parts / f"{number:02d}.parquet", index=False)
    return StudyConfig(data=parts, out=tmp_path / "outputs", sample=200, out_of_core=True)


def of(config: StudyConfig) -> Study:
    return Study(Store(config.out), config, Reporter(quiet=True))


def first_artist(rows: pd.DataFrame) -> pd.Series:
    return rows["artists"].str.split(";").str[0].str.casefold()


def test_artists_are_drawn_whole_whatever_the_files(table: pd.DataFrame, config: StudyConfig) -> None:
    draw = artist_draw(config)
    assert draw is not None
    drawn = draw.drawn()
    others = table[~table["track_id"].isin(drawn["track_id"])]
    assert not set(first_artist(drawn)) & set(first_artist(others).dropna())
    assert 100 < len(drawn) < 300
    one_file = config.out.parent / "one.parquet"
    table.sample(frac=1.0, random_state=1).to_parquet(one_file, index=False)
    again = artist_draw(config.model_copy(update={"data": one_file}))
    assert again is not None
    assert set(again.drawn()["track_id"].dropna()) == set(drawn["track_id"].dropna())
    other = artist_draw(config.model_copy(update={"seed": 1}))
    assert other is not None
    assert set(other.drawn()["track_id"]) != set(drawn["track_id"])


def test_the_first_stage_keeps_the_artists_drawn(config: StudyConfig, table: pd.DataFrame) -> None:
    study = of(config)
    load_stage.run(study)
    told = study.store.read_json("work/load.json")
    assert told["rows_of_table"] == len(table)
    assert told["rows"] == len(study.store.read_frame("validated")) < len(table)


def test_every_row_has_its_say(finished: Finished, config: StudyConfig, table: pd.DataFrame) -> None:
    shutil.copytree(finished.out, config.out)
    study, draw = of(config), artist_draw(config)
    assert draw is not None
    folds.run(study)
    store = study.store
    tagger = gg.load(config.out / "model")
    drawn = set(draw.drawn()["track_id"])
    others = table[~table["track_id"].isin(drawn)].reset_index(drop=True)
    prob = tagger.predict(others)
    own = prob.to_numpy()[np.arange(len(others)), prob.columns.get_indexer(others["track_genre"])]
    found = store.read_table("scores_of_others").set_index("score")
    assert found.loc["log_loss", "estimate"] == pytest.approx(-np.log(own).mean(), rel=1e-5)
    assert found["rows"].eq(len(others)).all()
    assert found.loc["log_loss", "conf_low"] < found.loc["log_loss", "estimate"] < found.loc["log_loss", "conf_high"]
    # The same rows in memory, cleaned as one table, give the same inference.
    model, recipe = load(store.path("work/inference_model")), Recipe.from_dict(store.read_json("work/recipe.json"))
    rows = recipe.apply(clean_rows(validate(table).rows, Ledger(), part=True))
    wanted = gg.fit(model.design, rows, penalty=gg.CellPrior(), covariance="clustered", clusters="artist")
    every = store.read_table("coefficients_every_row")
    pd.testing.assert_series_equal(every["estimate"], wanted.tidy(reference=None)["estimate"], rtol=1e-4)
    assert not store.scratch("every_row").exists()


def test_a_killed_fit_to_every_row_goes_on(
    finished: Finished, config: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(finished.out, config.out)

    class Killed(Exception):
        pass

    steps: list[Step] = []

    def kill(step: Step) -> None:
        if step.decrement < 1e-2:
            raise Killed

    def fitting(heard: Callable[[Step], object]) -> Callable[..., Result]:
        return lambda *given, **named: gg.fit(*given, **named, callback=heard)

    monkeypatch.setattr(every_row, "fit", fitting(kill))
    with pytest.raises(Killed):
        folds.run(of(config))
    monkeypatch.setattr(every_row, "fit", fitting(steps.append))
    with monkeypatch.context() as patch:
        patch.setattr(every_row, "_cleaned", lambda *_: pytest.fail("the rows were cleaned again"))
        study = of(config)
        folds.run(study)
    assert steps[0].decrement < 1e-2
    assert not study.store.scratch("every_row").exists()
    # What a fit was killed in does not outlive its study.
    study.store.scratch("every_row").mkdir()
    study.store.remove_all_but(["manifest.json"])
    assert study.store.scratch("every_row").exists()
    study.store.remove_all_but([])
    assert not study.store.scratch("every_row").exists()


def test_scores_need_tracks_of_known_genres_by_others(finished: Finished, config: StudyConfig) -> None:
    everyone = artist_draw(config.model_copy(update={"sample": 100_000}))
    assert everyone is not None
    assert everyone.share == 1.0
    with pytest.raises(DataError, match="outside the study"):
        scores_of_others(everyone, gg.load(finished.out / "model"), config, {})


def test_what_cannot_be_drawn_is_refused(config: StudyConfig, table: pd.DataFrame) -> None:
    assert artist_draw(config.model_copy(update={"out_of_core": False})) is None
    with pytest.raises(OptionError, match="built-in example fits"):
        artist_draw(config.model_copy(update={"data": None}))
    nameless = config.out.parent / "nameless.parquet"
    table.drop(columns="artists").to_parquet(nameless)
    with pytest.raises(DataError, match="no column names the artists"):
        artist_draw(config.model_copy(update={"data": nameless}))
    assert address(Path("s3://bucket/tracks/*.parquet")) == "s3://bucket/tracks/*.parquet"
    assert address(Path("/here/tracks")) == "/here/tracks"


@pytest.mark.slow
def test_a_study_of_files_goes_through_every_stage(
    command: Callable[..., Ran], table: pd.DataFrame, tmp_path: Path
) -> None:
    table.head(200).to_parquet("part-1.parquet")
    table.tail(len(table) - 200).to_parquet("part-2.parquet")
    Path("study.toml").write_text(CONFIG)
    ran = run("study", "part-*.parquet", "--out", "outputs", "--config", "study.toml", "--out-of-core", "--sample", 350)
    assert ran.code == 0, ran.err
    assert "other artists: top-1" in ran.out
    assert "inference on" in ran.out
    resumed = run("study", "part-*.parquet", "--out", "outputs", "--config", "study.toml", "--out-of-core")
    assert "sample was 350, is None" in resumed.out + run("study", "--resume", "--out", "outputs").out


@pytest.mark.slow
def test_a_study_asks_a_scheduler_for_its_workers(
    command: Callable[..., Ran], table: pd.DataFrame, config: StudyConfig
) -> None:
    distributed = pytest.importorskip("distributed")
    Path("study.toml").write_text(CONFIG)
    told = ("--out", config.out, "--config", "study.toml", "--out-of-core", "--sample", 350)
    # A process of its own, which finds the rows by the study's path; and there Dask's warnings are no errors.
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        ran = command("study", config.data, *told, "--dask", cluster.scheduler_address)
    assert ran.code == 0, ran.err
    assert "inference on" in ran.out
    store = Store(config.out)
    found = store.read_table("coefficients_every_row")
    # The same stage without workers, from files.
    folds.run(of(config.model_copy(update={"sample": 350})))
    wanted = store.read_table("coefficients_every_row")
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-4)
