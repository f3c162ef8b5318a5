"""A study from Python: what it left is found by name, and shows itself."""

from pathlib import Path

import pytest
from report_folder import FIGURES, HOSTILE, full_folder

import genreglm as gg
from genreglm.errors import InputError
from genreglm.study import outputs
from genreglm.study.report.summarise import SCHEMA, summarise


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("outputs")
    store = full_folder(root, genres=12, simulated=True)
    store.json("study.json", {"schema": SCHEMA, **summarise(store)})
    return root


def test_tables_and_figures_go_by_name(folder: Path) -> None:
    study = gg.open_study(folder)
    assert "model_comparison" in study.tables
    assert len(study.table("model_comparison")) > 0
    assert study.figures == sorted(FIGURES)
    assert study.figure("genre_map").caption == "Caption of genre_map."
    assert study.report == (folder / "report.html").resolve()
    with pytest.raises(InputError, match=r"no table 'nothing'. It has "):
        study.table("nothing")
    with pytest.raises(InputError, match=r"no figure 'nothing'. It has "):
        study.figure("nothing")


def test_it_shows_its_answer_and_says_that_it_is_simulated(folder: Path) -> None:
    study = gg.open_study(folder)
    assert len(study.answer) == 5
    page = study._repr_html_()
    assert "Simulated data" in page
    assert HOSTILE not in page
    assert page.count("<li>") == 5
    assert repr(study).splitlines()[1].startswith("  1. ")


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no finished study"):
        gg.open_study(tmp_path)


def test_settings_and_the_call_reach_the_stages(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(outputs, "run_stages", lambda *given, resume: asked.append((*given, resume)))
    gg.run_study("tracks.csv", folder, seed=3, quiet=True, resume=True)
    [(config, reporter, command, resume)] = asked
    assert (config.data, config.out, config.seed) == (Path("tracks.csv"), folder, 3)
    assert reporter.quiet
    assert resume
    assert command == f"gg.run_study(data='tracks.csv', out={str(folder)!r}, seed=3)"
