"""A model as ONNX says what the model says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import OptionError
from simulated import tracks

pytest.importorskip("skl2onnx")
runtime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    found = tracks(rows=600, genres=4)
    rng = np.random.default_rng(2)
    return found.assign(bar=rng.integers(3, 6, 600), live=rng.random(600) < 0.4, tempo=rng.normal(120.0, 30.0, 600))


def answers(path: Path, rows: pd.DataFrame, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    session = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    kinds = {"tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object}
    asked = {one.name: rows[[one.name]].to_numpy(dtype=kinds[one.type]) for one in session.get_inputs()}
    assert set(asked) == set(names)
    label, prob = session.run(None, asked)
    return label, prob


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("genre ~ energy + valence + tempo", ["energy", "tempo", "valence"]),
        ("genre ~ energy + C(key) + C(bar, contr.sum) + live", ["bar", "energy", "key", "live"]),
        ("genre ~ 0 + C(key, contr.treatment('E')) + tempo", ["key", "tempo"]),
    ],
)
def test_probabilities_are_those_of_the_model(
    rows: pd.DataFrame, tmp_path: Path, formula: str, names: list[str]
) -> None:
    result = gg.fit(formula, rows)
    label, prob = answers(gg.to_onnx(result, tmp_path / "model.onnx"), rows, names)
    np.testing.assert_allclose(prob, result.predict(rows), rtol=0, atol=1e-12)
    assert label.tolist() == result.predict(rows, "class").tolist()


def test_two_classes_and_a_saved_model(rows: pd.DataFrame, tmp_path: Path) -> None:
    two = rows[rows["genre"].isin(["blues", "country"])].reset_index(drop=True)
    result = gg.load(gg.fit("genre ~ energy + C(key)", two).save(tmp_path / "model"))
    _, prob = answers(gg.to_onnx(result, tmp_path / "model.onnx"), two, ["energy", "key"])
    np.testing.assert_allclose(prob, result.predict(two), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "terms", ["cr(energy, df=3, constraints='center')", "energy * valence", "energy * C(key)", "np.exp(energy)"]
)
def test_what_is_no_sum_of_columns_and_factors_is_refused(rows: pd.DataFrame, tmp_path: Path, terms: str) -> None:
    result = gg.fit(f"genre ~ {terms}", rows)
    with pytest.raises(OptionError, match="does not add up columns and factors"):
        gg.to_onnx(result, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
