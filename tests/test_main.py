"""`python main.py`, the seed's way in."""

import runpy
import sys
from pathlib import Path

import pytest

from genreglm.study import pipeline

MAIN = Path(__file__).parents[1] / "main.py"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path | None, Path, int]]:
    """Which studies are begun: data, folder, seed. None is run."""
    found: list[tuple[Path | None, Path, int]] = []
    monkeypatch.setattr(
        pipeline,
        "run_stages",
        lambda config, reporter, command, *, resume: found.append((config.data, config.out, config.seed)),
    )
    return found


def _run(script: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", [str(script), *arguments])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(script), run_name="__main__")
    return leaving.value.code


def _copied(folder: Path) -> Path:
    copy = folder / "main.py"
    copy.write_bytes(MAIN.read_bytes())
    return copy


def test_without_a_table_it_studies_the_built_in_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[tuple[Path | None, Path, int]]
) -> None:
    assert _run(_copied(tmp_path), monkeypatch) == 0
    assert started == [(None, Path("outputs"), 0)]


def test_with_the_table_in_its_place_it_studies_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[tuple[Path | None, Path, int]]
) -> None:
    table = tmp_path / "data" / "dataset.csv"
    table.parent.mkdir()
    table.write_text("a,b\n1,2\n")
    assert _run(_copied(tmp_path), monkeypatch, "--out", "there", "--seed", "2") == 0
    assert started == [(table, Path("there"), 2)]


def test_errors_are_told_as_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "data" / "dataset.csv"
    table.parent.mkdir()
    table.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert _run(_copied(tmp_path), monkeypatch, "--quiet") == 2
    assert "is empty" in capsys.readouterr().err
