"""`gg.SmoothFamilyRidge`: both penalties it joins, and the gradient of its objective written out."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

import genreglm as gg
from genreglm.errors import OptionError
from genreglm.smoothness import roughness
from simulated import GENRES, tracks

CURVE = "cr(energy, df=6, constraints='center')"
FORMULA = f"genre ~ {CURVE} + valence + C(key)"
FAMILIES = dict(zip(GENRES, ("quiet", "roots", "roots", "dance", "dance", "roots"), strict=True))
TIGHT = {"gradient_tolerance": 1e-11, "decrement_tolerance": 1e-20}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=400, genres=6, seed=2, strength=1.0)


def fitted(rows: pd.DataFrame, penalty: gg.Ridge) -> gg.Result:
    return gg.fit(FORMULA, rows, penalty=penalty, **TIGHT)


def test_its_gradient_vanishes_at_the_estimate(rows: pd.DataFrame) -> None:
    result = fitted(rows, gg.SmoothFamilyRidge(0.02, roughness=0.003, families=FAMILIES, pooling=0.7))
    x, y, b = result.design.matrix(rows), result.design.codes(rows), result.coefficients
    form = 0.02 * np.eye(x.shape[1])
    form[0, 0] = 0.0
    cut = result.design.terms[CURVE]
    form[cut, cut] += 0.003 * roughness(result.design, rows)[CURVE]
    member = pd.get_dummies([FAMILIES[label] for label in result.classes]).to_numpy(dtype=float)
    pooled = np.eye(6) - 0.7 * (member / member.sum(axis=0)) @ member.T
    gradient = x.T @ (softmax(x @ b, axis=1) - np.eye(6)[y]) / len(x) + form @ b @ pooled
    np.testing.assert_allclose(gradient, 0.0, atol=1e-9)


def test_without_pooling_it_is_a_smooth_ridge(rows: pd.DataFrame) -> None:
    options = {"standardise": True, "roughness": 0.003, "bends": {CURVE: 2.0}, "factors": {"valence": 3.0}}
    joined = fitted(rows, gg.SmoothFamilyRidge(0.02, families=FAMILIES, pooling=0.0, **options))
    smooth = fitted(rows, gg.SmoothRidge(0.02, **options))
    np.testing.assert_allclose(joined.coefficients, smooth.coefficients, atol=1e-9)


def test_without_roughness_it_is_a_family_ridge(rows: pd.DataFrame) -> None:
    options = {"standardise": True, "families": FAMILIES, "pooling": 0.6}
    joined = fitted(rows, gg.SmoothFamilyRidge(0.02, roughness=0.0, **options))
    pooled = fitted(rows, gg.FamilyRidge(0.02, **options))
    np.testing.assert_allclose(joined.coefficients, pooled.coefficients, atol=1e-9)


def test_it_is_saved_and_loaded(rows: pd.DataFrame, tmp_path: object) -> None:
    penalty = gg.SmoothFamilyRidge(0.02, roughness=0.003, families=FAMILIES, pooling=0.7)
    result = fitted(rows, penalty)
    assert gg.load(result.save(f"{tmp_path}/model")).penalty == penalty


@pytest.mark.parametrize("wrong", [{"roughness": -1.0}, {"pooling": 1.0}, {"families": []}, {"strength": np.nan}])
def test_what_each_part_refuses_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        gg.SmoothFamilyRidge(**{"strength": 0.1, "roughness": 0.1, "families": FAMILIES, "pooling": 0.5, **wrong})
