"""What is wrong with a call is said in one paragraph, with exit code 2 (or 1 where it is no fault of the input)."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import CONFIG, Ran, run, small_table

from genreglm.study import pipeline
from genreglm.study.context import Stage, Study

Command = Callable[..., Ran]
_LONG = "n" * 10_000


def _refused(ran: Ran, *said: str, code: int = 2) -> None:
    """One paragraph that says all of `said`, no traceback, and the exit code."""
    assert ran.code == code, ran
    assert ran.err.startswith("Error: ")
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err
    assert len(ran.err) < 1_500
    for words in said:
        assert words in ran.err


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return small_table()


@pytest.fixture
def first_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a study end after cleaning: these tests ask what becomes of a table's rows and columns."""
    monkeypatch.setattr(pipeline, "STAGES", pipeline.STAGES[:4])


def _study(table: pd.DataFrame, *more: object) -> Ran:
    table.to_csv("tracks.csv", index=False)
    return run("study", "tracks.csv", *more)


# The path


def test_table_that_does_not_exist(command: Command) -> None:
    _refused(command("study", "nowhere.csv"), "There is no file nowhere.csv")
    assert not Path("outputs").exists()


def test_folder_in_place_of_a_table(command: Command) -> None:
    Path("folder").mkdir()
    _refused(command("study", "folder"), "folder is a folder, not a file")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\r\n\t", "is empty"),
        (b"track_genre,energy,danceability\n", "has a header (track_genre, energy, danceability) but no rows"),
        (b"one column\n1\n2\n", "is no table with columns"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"\x1f\x8b damaged", "is a damaged compressed file"),
        (b"\x89PNG\x00\x00\x00" * 99, "Expected a CSV, TSV, Parquet or Feather file"),
    ],
)
def test_file_that_is_no_table(command: Command, content: bytes, said: str) -> None:
    Path("tracks.csv").write_bytes(content)
    _refused(command("study", "tracks.csv"), said)


def test_table_of_something_else(command: Command) -> None:
    Path("tracks.csv").write_text(f"a,{_LONG},c\n1,2,3\n4,5,6\n", encoding="utf-8")
    _refused(command("study", "tracks.csv"))


# The rows


@pytest.mark.usefixtures("command")
def test_one_genre(table: pd.DataFrame) -> None:
    _refused(_study(table.assign(track_genre="techno")), "'techno' in every row", "at least two")


@pytest.mark.usefixtures("command")
def test_one_genre_of_a_long_name(table: pd.DataFrame) -> None:
    _refused(_study(table.assign(track_genre=_LONG)), "in every row")


@pytest.mark.usefixtures("command")
def test_as_many_genres_as_rows(table: pd.DataFrame) -> None:
    _refused(_study(table.assign(track_genre=[f"genre {i}" for i in range(len(table))])), "is it the right column?")


@pytest.mark.usefixtures("command")
def test_genres_of_too_few_rows(table: pd.DataFrame) -> None:
    few = table.groupby("track_genre").head(9)
    _refused(_study(few), "no genre is left with at least 10 rows", "min_genre_rows")


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize("artists", ["one", "one a genre"])
def test_too_few_artists_to_hold_any_out(table: pd.DataFrame, artists: str) -> None:
    named = table.assign(artists="Somebody" if artists == "one" else table["track_genre"])
    _refused(_study(named), "needs at least 10", 'columns.artists = ""')


@pytest.mark.usefixtures("command")
def test_one_artist_a_genre_in_many_genres(table: pd.DataFrame) -> None:
    genres = [f"genre {i % 20}" for i in range(len(table))]
    _refused(_study(table.assign(artists=genres, track_genre=genres)), "No artists are left to hold out")


@pytest.mark.usefixtures("command", "first_stages")
def test_genre_of_one_row_is_left_out_with_a_line_in_the_ledger(table: pd.DataFrame) -> None:
    lone = table.head(1).assign(track_genre="lonely", track_id="lone")
    assert _study(pd.concat([table, lone])).code == 0
    ledger = pd.read_csv("outputs/ledger.csv")
    line = ledger[ledger["rule"] == "genre with fewer than 10 rows"]
    assert line["count"].tolist() == [1]
    assert line["detail"].tolist() == ["lonely 1"]


@pytest.mark.usefixtures("command", "first_stages")
def test_names_of_ten_thousand_characters(table: pd.DataFrame) -> None:
    ran = _study(table.assign(artists=table["artists"] + _LONG, track_genre=table["track_genre"] + _LONG))
    assert ran.code == 0, ran.err
    assert len(pd.read_csv("outputs/ledger.csv").to_csv()) < 20_000


@pytest.mark.usefixtures("command", "first_stages")
def test_mixed_line_ends(table: pd.DataFrame) -> None:
    lines = table.to_csv(index=False, lineterminator="\n").splitlines()
    ends = ("\n", "\r\n", "\r")
    text = "".join(line + ends[number % 3] for number, line in enumerate(lines))
    Path("tracks.csv").write_bytes(text.encode())
    assert run("study", "tracks.csv").code == 0
    assert len(pd.read_parquet("outputs/work/validated.parquet")) == len(table)


# The columns


@pytest.mark.usefixtures("command", "first_stages")
def test_constant_and_doubled_columns_are_no_features(table: pd.DataFrame) -> None:
    ran = _study(table.assign(liveness=0.3, valence=table["energy"], popularity=7, explicit=False))
    assert ran.code == 0, ran.err
    assert "valence is no feature of this study: equal to energy in every row." in ran.out
    features = pd.read_csv("outputs/tables/engineered_features.csv")["feature"].tolist()
    assert not {"liveness", "valence", "explicit"} & set(features)
    assert "energy" in features


@pytest.mark.usefixtures("command", "first_stages")
def test_some_infinities_count_as_missing(table: pd.DataFrame) -> None:
    loudness = table["loudness"].where(np.arange(len(table)) % 9 > 0, -np.inf)
    ran = _study(table.assign(loudness=loudness))
    assert ran.code == 0
    assert "infinite values of loudness count as missing" in ran.out


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_feature_without_any_number(table: pd.DataFrame, value: float) -> None:
    _refused(_study(table.assign(tempo=value)), "has no value in tempo", "columns.tempo")


@pytest.mark.usefixtures("command")
def test_a_feature_that_is_absent(table: pd.DataFrame) -> None:
    _refused(_study(table.drop(columns="energy")), "energy")


@pytest.mark.usefixtures("command")
def test_two_columns_of_one_name(table: pd.DataFrame) -> None:
    _refused(_study(table.rename(columns={"valence": "energy"})), "more than one column called energy")


@pytest.mark.usefixtures("command")
def test_text_in_place_of_numbers(table: pd.DataFrame) -> None:
    _refused(_study(table.assign(energy="high")), "energy")


@pytest.mark.usefixtures("command")
def test_genre_column_that_is_not_there(table: pd.DataFrame) -> None:
    _refused(_study(table, "--genre-column", "style"), "style")


@pytest.mark.usefixtures("command", "first_stages")
def test_rare_levels_join_the_most_frequent(table: pd.DataFrame) -> None:
    """Here a flag, which must stay one: explicit tracks are too few to learn from."""
    few = table.assign(explicit=np.arange(len(table)) % 50 == 0)
    assert _study(few).code == 0
    tracks = pd.read_parquet("outputs/work/tracks.parquet")
    assert tracks["explicit"].dtype == bool
    assert not tracks["explicit"].any()
    assert "rare levels of explicit" in set(pd.read_csv("outputs/ledger.csv")["rule"])


# The settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sead = 1", "sead"),
        ("seed = -1", "seed"),
        ("ridge = 'strong'", "ridge"),
        ("boosting = 'some'", "boosting"),
        ("seed = ", "is no TOML file"),
        ("[columns", "is no TOML file"),
        ("columns.mood = 'x'", "mood"),
    ],
)
@pytest.mark.usefixtures("command")
def test_settings_that_cannot_be_used(table: pd.DataFrame, text: str, said: str) -> None:
    Path("study.toml").write_text(text, encoding="utf-8")
    _refused(_study(table, "--config", "study.toml"), said)


def test_settings_that_are_no_text(command: Command) -> None:
    Path("study.toml").write_bytes(b"\xff\xfe\x00")
    _refused(command("study", "--config", "study.toml"), "is no TOML file")
    _refused(command("study", "--config", "nowhere.toml"), "nowhere.toml could not be read")
    _refused(command("study", "--sample", 3), "sample")


def test_unknown_option_or_command(command: Command) -> None:
    for arguments in (["study", "--fast"], ["stdy"], ["study", "--seed", "x"]):
        ran = command(*arguments)
        assert ran.code == 2
        assert "Traceback" not in ran.err


# The output folder


@pytest.mark.usefixtures("command")
def test_file_in_place_of_the_output_folder(table: pd.DataFrame) -> None:
    Path("taken").write_text("mine", encoding="utf-8")
    _refused(_study(table, "--out", "taken"), "taken is a file; a folder is needed there", "--out", code=1)
    _refused(_study(table, "--out", "taken/deeper"), "could not be written", code=1)
    assert Path("taken").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody may write to")
@pytest.mark.usefixtures("command")
def test_output_folder_that_cannot_be_made(table: pd.DataFrame) -> None:
    _refused(_study(table, "--out", "/proc/outputs"), "/proc/outputs", code=1)


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "may not be written"), (errno.EIO, "could")]
)
@pytest.mark.usefixtures("command")
def test_disk_that_takes_no_more(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    def fails(source: str, target: str) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fails)
    _refused(_study(table), said, code=1)
    assert not list(Path("outputs").rglob("*.partial"))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 kB, where this system lets us mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.usefixtures("command")
def test_full_disk(table: pd.DataFrame, tiny_disk: Path) -> None:
    _refused(_study(table, "--out", tiny_disk / "outputs"), "The disk is full", "--resume", code=1)
    assert not list(tiny_disk.rglob("*.partial"))


# Failures of ours


def _failing(error: BaseException) -> tuple[Stage, ...]:
    def fail(study: Study) -> None:
        raise error

    return (pipeline.STAGES[0], Stage("preprocess", "Preprocess", fail))


@pytest.mark.usefixtures("command")
def test_failure_of_ours_is_told_as_one(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "STAGES", _failing(ZeroDivisionError("by\nnought")))
    ran = _study(table)
    _refused(ran, "ZeroDivisionError: by nought", "a fault of genreglm, not of your data", code=1)
    kept = Path(re.findall(r"report it with (\S+)\.", ran.err)[0])
    assert "Traceback" in kept.read_text(encoding="utf-8")
    assert kept.name == "genreglm-failure.txt"
    assert Path("outputs/work/validated.parquet").exists()


@pytest.mark.usefixtures("command")
def test_failure_where_no_file_can_be_written(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("genreglm-failure.txt").mkdir()
    monkeypatch.setattr(pipeline, "STAGES", _failing(MemoryError()))
    _refused(_study(table), "MemoryError", "a fault of genreglm", code=1)


@pytest.mark.usefixtures("command")
def test_ctrl_c(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "STAGES", _failing(KeyboardInterrupt()))
    _refused(_study(table), "Stopped. Finished stages are kept: go on with --resume.", code=130)


# Studies of tables that are small, odd, or of other origin


def _studied(table: pd.DataFrame, last: str) -> dict[str, Any]:
    Path("study.toml").write_text(CONFIG, encoding="utf-8")
    ran = _study(table, "--config", "study.toml")
    assert ran.code == 0, ran.err
    assert Path("outputs", last).stat().st_size > 0
    found: dict[str, Any] = pd.read_json("outputs/work/genre_models.json", typ="series").to_dict()
    return found


# Drawing takes longest.
_TO_THE_FIGURES = [stage.name for stage in pipeline.STAGES].index("visualise")


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    ("stages", "last"),
    [(_TO_THE_FIGURES, "work/evaluation.json"), pytest.param(None, "report.html", marks=pytest.mark.slow)],
)
def test_tiny_table_sets_terms_aside_and_says_so(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, stages: int | None, last: str
) -> None:
    """45 rows: the maximum-likelihood estimate of all terms at once does not exist."""
    monkeypatch.setattr(pipeline, "STAGES", pipeline.STAGES[:stages])
    tiny = table[table["track_genre"].isin(["acoustic", "classical", "comedy"])].groupby("track_genre").head(15)
    found = _studied(tiny, last)
    assert [model["name"] for model in found["models"]] == ["initial", "simplified", "higher_order"]
    aside = [entry["term"] for entry in found["set_aside"]]
    assert aside
    assert not [term for term in aside if term in found["models"][0]["formula"].split(" + ")]
    log = Path("outputs/logs/study.log").read_text(encoding="utf-8")
    assert "set aside: with it the rows allow no estimate" in log


@pytest.mark.usefixtures("command")
def test_table_of_other_origin(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "STAGES", pipeline.STAGES[:_TO_THE_FIGURES])
    other = table.rename(columns={"track_genre": "playlist_genre", "artists": "track_artist"})
    _studied(other.drop(columns=["popularity", "time_signature"]), "work/evaluation.json")
    assert not list(Path("outputs/tables").glob("popularity_*"))
    assert "popularity" not in pd.read_csv("outputs/tables/correlations.csv")["feature_x"].tolist()


@pytest.mark.usefixtures("command")
def test_table_of_bare_measurements(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """No names at all, no factors: every row is an artist of its own."""
    monkeypatch.setattr(pipeline, "STAGES", pipeline.STAGES[:_TO_THE_FIGURES])
    gone = ["track_id", "artists", "album_name", "track_name", "popularity", "explicit", "key", "mode"]
    found = _studied(table.drop(columns=[*gone, "time_signature"]), "work/evaluation.json")
    assert "C(" not in found["models"][0]["formula"]
    assert not Path("outputs/tables/influential_artists.csv").exists()


def test_module_runs_without_a_screen(tmp_path: Path) -> None:
    """As from a scheduler: no terminal, nothing heavy imported for a version."""
    call = [sys.executable, "-c", "from genreglm.cli import main; main()", "--version"]
    ran = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert ran.returncode == 0
    assert ran.stdout.startswith("genreglm ")
