"""`genreglm study` from end to end: what it leaves, that it can be stopped and resumed, and that it repeats itself."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import ODD_NAME, Finished, Ran, run

import genreglm as gg
from genreglm.study.figures import GROUPS, draw
from genreglm.tracks.reading import read_table

_PROMISED = (
    "report.html", "study.json", "ledger.csv", "manifest.json", "residual_plots.png", "logs/study.log",
    "model/model.json", "model/result", "initial_glm_summary.txt", "simplified_glm_summary.txt",
    "higher_order_glm_summary.txt", "tables/classification_report.csv", "tables/confusion_matrix.csv",
    "tables/vif_values.csv", "tables/genre_distribution.csv", "tables/model_comparison.csv", "tables/coefficients.csv",
)  # fmt: skip
# What tells how long something took differs from run to run; everything else is the same to the byte.
_TIMED = (
    "manifest.json", "report.html", "study.json", "work/timings.json", "work/trained.json", "logs/study.log",
    "tables/model_cards.csv",
)  # fmt: skip
# The journal of files lists a file as often as it was written.
_UNLIKE = (*_TIMED, "work/files.txt")


def _bytes(folder: Path) -> dict[str, bytes]:
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name not in _UNLIKE}


def _copy(finished: Finished, folder: Path) -> Finished:
    shutil.copytree(finished.out, folder / "outputs")
    data, config = (Path(shutil.copy(path, folder)) for path in (finished.data, finished.config))
    return Finished(data, config, folder / "outputs", finished.ran)


def _resume(study: Finished, *more: object) -> Ran:
    return run("study", study.data, "--out", study.out, "--config", study.config, "--resume", *more)


def test_quiet_study_succeeds_and_says_nothing(finished: Finished) -> None:
    assert (finished.ran.code, finished.ran.out, finished.ran.err) == (0, "", "")


@pytest.mark.parametrize("name", _PROMISED)
def test_every_promised_file_is_there(finished: Finished, name: str) -> None:
    assert (finished.out / name).stat().st_size > 0


def test_every_figure_is_png_and_svg_with_a_caption(finished: Finished) -> None:
    captions = json.loads((finished.out / "figures/captions.json").read_text(encoding="utf-8"))
    stems = {
        suffix: {path.stem for path in (finished.out / "figures").glob(f"*.{suffix}")} for suffix in ("png", "svg")
    }
    assert stems["png"] == stems["svg"] == set(captions)
    assert {"distributions", "confusion_matrix", "correlations", "residual_plots"} <= set(captions)
    assert all((finished.out / f"figures/{stem}.png").read_bytes().startswith(b"\x89PNG") for stem in captions)


def test_nothing_is_left_half_written(finished: Finished) -> None:
    assert not [path for path in finished.out.rglob("*") if "partial" in path.name]


def test_rows_in_are_rows_out_and_rows_dropped(finished: Finished) -> None:
    ledger = pd.read_csv(finished.out / "ledger.csv")
    dropped = ledger.loc[(ledger["unit"] == "rows") & (ledger["action"] == "dropped"), "count"].sum()
    kept = len(pd.read_parquet(finished.out / "work/tracks.parquet"))
    assert len(pd.read_csv(finished.data)) == kept + dropped
    assert dropped > 0


@pytest.mark.parametrize("name", ["initial", "simplified", "higher_order"])
def test_summaries_hold_both_glms(finished: Finished, name: str) -> None:
    text = (finished.out / f"{name}_glm_summary.txt").read_text(encoding="utf-8")
    assert f"# The GLM of popularity: {name.replace('_', '-')}" in text
    assert f"# The multinomial GLM of genre: {name.replace('_', '-')}" in text


def test_tables_carry_genre_names_whatever_they_hold(finished: Finished) -> None:
    report = pd.read_csv(finished.out / "tables/classification_report.csv")
    confusion = pd.read_csv(finished.out / "tables/confusion_matrix.csv", index_col="genre")
    assert ODD_NAME in set(report["genre"])
    assert list(confusion.index) == list(confusion.columns) == sorted(report["genre"])
    assert confusion.to_numpy().sum() == report["support"].sum()


def test_the_model_is_questioned_in_tables(finished: Finished) -> None:
    tables = finished.out / "tables"
    tracks = pd.read_parquet(finished.out / "work/tracks.parquet")
    rows = pd.read_parquet(finished.out / "work/row_diagnostics.parquet")
    assert len(rows) == len(tracks)
    listed = pd.read_csv(tables / "influential_tracks.csv")
    assert listed["cooksd"].is_monotonic_decreasing
    assert listed["cooksd"].iloc[0] == pytest.approx(rows[".cooksd"].max())
    artists = pd.read_csv(tables / "influential_artists.csv")
    assert (artists["rows"] == artists["artist"].map(tracks["artist"].value_counts())).all()
    assert set(pd.read_csv(tables / "refit_without.csv")["without"]) <= {"tracks", "artists"}
    effects = pd.read_csv(tables / "marginal_effects.csv")
    sums = effects.groupby("variable")["estimate"].sum()
    assert np.abs(sums).max() < 1e-8 * effects["estimate"].abs().max()
    shares = pd.read_csv(tables / "term_importance.csv")["lr_share"]
    assert shares.sum() == pytest.approx(1.0)
    typical = pd.read_csv(tables / "typical_tracks.csv", keep_default_na=False)
    assert set(typical["class"]) == set(tracks["track_genre"])


def test_report_is_whole_and_escapes_names(finished: Finished) -> None:
    page = (finished.out / "report.html").read_text(encoding="utf-8")
    assert page.rstrip().endswith("</html>")
    assert "is not in the page" not in page, "every figure is embedded"
    assert "$x_$ <b>" not in page
    assert "$x_$ &lt;b&gt;" in page


def test_best_model_predicts_and_beats_the_shares(finished: Finished) -> None:
    model = gg.load(finished.out / "model")
    tracks = pd.read_parquet(finished.out / "work/tracks.parquet")
    prob = model.predict(read_table(finished.data))
    assert prob.shape[1] == 5
    assert np.allclose(prob.sum(axis=1), 1.0)
    rows = tracks["source_row"].to_numpy()
    # A row's last bits depend on where among others it lies in a product of BLAS.
    pd.testing.assert_frame_equal(
        prob.iloc[rows].reset_index(drop=True), model.corrected(model.result.predict(tracks)), rtol=1e-12
    )
    assert model.replicates is not None
    assert set(model.card["on_artists_not_heard"]) == {"top_1", "top_3", "top_5", "log_loss", "ece"}
    evaluation = json.loads((finished.out / "work/evaluation.json").read_text(encoding="utf-8"))
    assert evaluation["headline"]["log_loss"] < evaluation["null"]["log_loss"]


def test_no_artist_is_on_both_sides(finished: Finished) -> None:
    tracks = pd.read_parquet(finished.out / "work/tracks.parquet")
    assert tracks.groupby("artist")["split_artist"].nunique().max() == 1
    assert set(tracks["split_artist"]) == {"train", "valid", "test"}


def test_log_is_plain_lines_in_the_order_of_the_stages(finished: Finished) -> None:
    log = (finished.out / "logs/study.log").read_text(encoding="utf-8")
    assert "\x1b" not in log
    heads = [line.split("] ")[0].split("[")[1] for line in log.splitlines() if "/15] " in line]
    assert heads == [f"{number}/15" for number in range(1, 16)]


def test_resuming_a_finished_study_does_nothing_again(finished: Finished, tmp_path: Path) -> None:
    study = _copy(finished, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (study.out / "tables").iterdir()}
    ran = _resume(study)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert ran.out.count("finished before") == 15
    assert {path: path.stat().st_mtime_ns for path in (study.out / "tables").iterdir()} == before


def test_resuming_notices_an_edited_file_and_mends_it(finished: Finished, tmp_path: Path) -> None:
    study = _copy(finished, tmp_path)
    page = study.out / "report.html"
    page.write_text("edited", encoding="utf-8")
    ran = _resume(study)
    assert "Report runs again: report.html changed since it finished." in ran.out
    assert page.stat().st_size > 10_000
    assert ran.out.count("finished before") == 14


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("input", "Starting anew: the input is another one or has changed"),
        ("config", "Starting anew: min_genre_rows was 10, is 100000"),
        ("seed", "Starting anew: min_genre_rows was 10, is 100000; seed was 0, is 5"),
        ("manifest", "Starting anew: there is no earlier study here"),
    ],
)
def test_resuming_notices_what_changed(finished: Finished, tmp_path: Path, change: str, said: str) -> None:
    """Each of these begins anew, which the last setting stops right after it was said."""
    study = _copy(finished, tmp_path)
    more: list[object] = []
    stop = "min_genre_rows = 100000\n"
    if change == "input":
        study.data.write_text(
            study.data.read_text(encoding="utf-8").replace("techno", "tekno") + "\n", encoding="utf-8"
        )
    elif change == "seed":
        more = ["--seed", 5]
    elif change == "manifest":
        (study.out / "manifest.json").write_text("{ torn", encoding="utf-8")
    study.config.write_text(study.config.read_text(encoding="utf-8") + stop, encoding="utf-8")
    ran = _resume(study, *more)
    assert said in ran.out
    assert ran.code == 2
    assert not (study.out / "report.html").exists(), "results of another study must not stay"


def test_files_of_others_stay_and_files_of_an_earlier_study_go(finished: Finished, tmp_path: Path) -> None:
    study = _copy(finished, tmp_path)
    foreign = [study.out / name for name in ("notes.txt", "tables/mine.csv", "figures/mine.png", "work/x/deep.bin")]
    for path in foreign:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    study.config.write_text("min_genre_rows = 100000\n", encoding="utf-8")
    assert run("study", study.data, "--out", study.out, "--config", study.config, "--quiet").code == 2
    assert all(path.read_bytes() == b"mine" for path in foreign)
    assert not (study.out / "tables/classification_report.csv").exists()
    assert not (study.out / "model/result").exists()
    assert {path.name for path in (study.out / "figures").iterdir()} == {"mine.png"}


@dataclass(frozen=True)
class Interrupted:
    """A study stopped by Ctrl-C, resumed, killed, and resumed to its end."""

    out: Path
    stopped: Ran
    after_stop: dict[str, object]
    last: Ran


def _spawn(finished: Finished, out: Path, *more: str) -> subprocess.Popen[str]:
    # A shell that runs the tests in the background lets them ignore SIGINT, and Python then leaves it so.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    call = [sys.executable, "-c", f"{heard}; from genreglm.cli import main; main()", "study", str(finished.data)]
    call += ["--out", str(out), "--config", str(finished.config), *more]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def _await(process: subprocess.Popen[str], log: Path, head: str) -> None:
    """Wait until the log holds the head of a stage."""
    while process.poll() is None:
        if log.is_file() and head in log.read_text(encoding="utf-8"):
            return
        time.sleep(0.02)
    raise AssertionError(f"The study ended before {head}: {process.communicate()}")


def _ran(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate(timeout=300)
    return Ran(process.returncode, out, err)


@pytest.fixture(scope="module")
def interrupted(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interrupted]:
    out = tmp_path_factory.mktemp("interrupted") / "outputs"
    log = out / "logs/study.log"
    with _spawn(finished, out) as process:
        _await(process, log, "[6/15]")
        process.send_signal(signal.SIGINT)
        stopped = _ran(process)
    after_stop = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    with _spawn(finished, out, "--resume") as process:
        _await(process, log, "[14/15]")
        time.sleep(float(np.random.default_rng().uniform(0.0, 1.5)))
        process.kill()
    # What a process leaves that is killed in the midst of writing:
    (out / "figures").mkdir(exist_ok=True)
    (out / "figures/.distributions.png.1.partial").write_bytes(b"\x89PN")
    with _spawn(finished, out, "--resume") as process:
        yield Interrupted(out, stopped, after_stop, _ran(process))


def test_ctrl_c_leaves_in_one_line_and_keeps_finished_stages(interrupted: Interrupted) -> None:
    assert interrupted.stopped.code == 130
    assert interrupted.stopped.err == "Error: Stopped. Finished stages are kept: go on with --resume.\n"
    stages = interrupted.after_stop["stages"]
    assert isinstance(stages, dict)
    assert list(stages) == ["load", "preprocess", "explore", "engineer", "popularity_glm"]


def test_resumed_study_passes_over_what_was_finished(interrupted: Interrupted) -> None:
    assert interrupted.last.code == 0, interrupted.last.err
    assert interrupted.last.out.count("finished before") >= 8
    assert "[15/15] Report" in interrupted.last.out


def test_killed_and_resumed_study_has_the_bytes_of_an_uninterrupted_one(
    finished: Finished, interrupted: Interrupted
) -> None:
    """Which shows as well that the same seed gives the same tables, figures, summaries and model."""
    expected, found = _bytes(finished.out), _bytes(interrupted.out)
    assert list(found) == list(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert any(name.endswith(".csv") for name in expected)
    assert any(name.endswith(".svg") for name in expected)


@pytest.mark.slow
def test_study_of_the_built_in_example(tmp_path: Path) -> None:
    ran = run("study", "--out", tmp_path / "outputs")
    assert ran.code == 0, ran.err
    report = pd.read_csv(tmp_path / "outputs/tables/classification_report.csv")
    assert len(report) > 100
    evaluation = json.loads((tmp_path / "outputs/work/evaluation.json").read_text(encoding="utf-8"))
    assert evaluation["headline"]["top_1"] > 10 * evaluation["null"]["top_1"]
    assert "simulated" in (tmp_path / "outputs/report.html").read_text(encoding="utf-8")


def test_figures_drawn_here_are_those_that_processes_drew(finished: Finished) -> None:
    some = list(GROUPS)[:2]  # all of them would take as long as the study's own
    drawn = {name: (png, svg) for group in some for name, png, svg, _ in draw(finished.out, group)}
    figures = finished.out / "figures"
    assert drawn
    assert set(drawn) < {path.stem for path in figures.glob("*.png")}
    for name, (png, svg) in drawn.items():
        assert (figures / f"{name}.png").read_bytes() == png
        assert (figures / f"{name}.svg").read_bytes() == svg
