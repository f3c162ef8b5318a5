"""A model on disk: the same to the bit when it comes back, and refused once anything about it is odd."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import ModelFileError
from genreglm.tagger import Tagger, save_tagger
from genreglm.tagger.store import MANIFEST, load_tagger


@pytest.fixture
def folder(tagger: Tagger, tmp_path: Path) -> Path:
    return save_tagger(tagger, tmp_path / "model")


def test_a_tagger_comes_back_to_the_bit(tagger: Tagger, raw: pd.DataFrame, folder: Path) -> None:
    back = gg.load(folder)
    assert isinstance(back, Tagger)
    pd.testing.assert_frame_equal(back.predict(raw), tagger.predict(raw), check_exact=True)
    assert back.sets is not None
    assert np.array_equal(back.sets.thresholds, tagger.sets.thresholds)
    assert np.array_equal(back.replicates.coefficients, tagger.replicates.coefficients)
    assert (back.families, back.card) == (tagger.families, tagger.card)
    prepared = tagger.prepare(raw).rows
    assert np.array_equal(back.training.familiarity(prepared), tagger.training.familiarity(prepared))
    again = save_tagger(back, folder.with_name("again"))
    assert all((again / path.name).read_bytes() == path.read_bytes() for path in folder.iterdir())


def test_another_process_predicts_the_same_to_the_bit(
    tagger: Tagger, raw: pd.DataFrame, folder: Path, tmp_path: Path
) -> None:
    raw.to_parquet(tmp_path / "raw.parquet")
    program = (
        "import sys, pandas as pd, genreglm as gg\n"
        "gg.load(sys.argv[1]).predict(pd.read_parquet(sys.argv[2])).to_parquet(sys.argv[3])"
    )
    files = [str(folder), str(tmp_path / "raw.parquet"), str(tmp_path / "out.parquet")]
    subprocess.run([sys.executable, "-c", program, *files], check=True)
    pd.testing.assert_frame_equal(pd.read_parquet(files[2]), tagger.predict(raw), check_exact=True)


def test_a_bare_result_is_opened_too(bare: gg.Result, tmp_path: Path, raw: pd.DataFrame) -> None:
    path = bare.save(tmp_path / "bare")
    assert isinstance(gg.load(path), gg.Result)
    found = load_tagger(path)
    assert found.recipe is None
    pd.testing.assert_frame_equal(found.predict(raw), bare.predict(raw), check_exact=True)


def test_a_folder_without_a_manifest_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no model: it has no model\.json"):
        gg.load(tmp_path)


@pytest.mark.parametrize("name", ["result", "recipe.json", "use.json", "arrays.npz"])
def test_a_file_that_was_changed_or_is_gone_is_named(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[:-7])
    with pytest.raises(ModelFileError, match=f"{name} is not as it was written"):
        gg.load(folder)
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=f"lacks its file {name}"):
        gg.load(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "other"}, "no genreglm model"),
        ({"version": 2}, "reads up to 1"),
        ({"files": {"../../etc/passwd": "0"}}, "its manifest names the files"),
        ({"card": 3}, "damaged"),
        ({"version": "one"}, "damaged"),
    ],
)
def test_an_odd_manifest_is_refused(folder: Path, change: dict[str, object], said: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | change), encoding="utf-8")
    with pytest.raises(ModelFileError, match=said):
        gg.load(folder)


def test_a_manifest_that_is_no_object_or_too_long_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / MANIFEST).write_text("[1]", encoding="utf-8")
    with pytest.raises(ModelFileError, match="no object"):
        gg.load(folder)
    monkeypatch.setattr("genreglm.tagger.store._MOST_JSON", 2)
    with pytest.raises(ModelFileError, match="fewer than 2"):
        gg.load(folder)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("sets", "thresholds"), [0.1], "thresholds should be 3"),
        (("calibration", "scale"), [1.0, float("nan"), 1.0], "scale should be 3"),
        (("sets", "kind"), "odd", "kind"),
        (("training", "features"), ["energy"], "does not fit together"),
    ],
)
def test_contents_that_do_not_fit_are_refused(folder: Path, path: tuple[str, str], value: object, said: str) -> None:
    import hashlib

    use = json.loads((folder / "use.json").read_text(encoding="utf-8"))
    use[path[0]][path[1]] = value
    (folder / "use.json").write_text(json.dumps(use), encoding="utf-8")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"]["use.json"] = hashlib.sha256((folder / "use.json").read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelFileError, match=said):
        gg.load(folder)


def test_files_are_written_and_recorded_with_the_manifest_last(tagger: Tagger, tmp_path: Path) -> None:
    names: list[str] = []
    save_tagger(tagger, tmp_path / "model", names.append)
    assert names[-1] == MANIFEST
    assert set(names) == {path.name for path in (tmp_path / "model").iterdir()}
