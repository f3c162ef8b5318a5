"""One whole study that the tests of the command line share."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from command_line import CONFIG, Finished, Ran, run, small_table

_PATIENCE = 600  # seconds


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """`run` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Finished:
    """A whole study of the small table, run once, quietly: by the first of pytest's workers that asks for it."""
    if worker_id == "master":
        folder = tmp_path_factory.mktemp("study")
        return _of(folder, _studied(folder))
    folder = tmp_path_factory.getbasetemp().parent / "shared-study"
    told = folder / "ran.json"
    try:
        folder.mkdir()
    except FileExistsError:
        start = time.monotonic()
        while not told.exists():
            assert time.monotonic() - start < _PATIENCE
            time.sleep(0.2)
        return _of(folder, Ran(**json.loads(told.read_text(encoding="utf-8"))))
    ran = _studied(folder)
    partial = told.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(ran)), encoding="utf-8")
    partial.rename(told)
    return _of(folder, ran)


def _of(folder: Path, ran: Ran) -> Finished:
    return Finished(folder / "tracks.csv", folder / "study.toml", folder / "outputs", ran)


def _studied(folder: Path) -> Ran:
    study = _of(folder, Ran(0, "", ""))
    small_table().to_csv(study.data, index=True)
    study.config.write_text(CONFIG, encoding="utf-8")
    return run("study", study.data, "--out", study.out, "--config", study.config, "--quiet")
