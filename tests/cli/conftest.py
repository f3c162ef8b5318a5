"""One whole study that the tests of the command line share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import CONFIG, Finished, Ran, run, small_table


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """`run` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A whole study of the small table, run once, quietly."""
    folder = tmp_path_factory.mktemp("study")
    data, config, out = folder / "tracks.csv", folder / "study.toml", folder / "outputs"
    small_table().to_csv(data, index=True)
    config.write_text(CONFIG, encoding="utf-8")
    return Finished(data, config, out, run("study", data, "--out", out, "--config", config, "--quiet"))
