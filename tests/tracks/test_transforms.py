import json

import numpy as np
import pytest

from genreglm.errors import ModelFileError
from genreglm.tracks.transforms import MARGIN, Transform, choose, skew

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=4_000)
SAMPLES = {
    "identity": np.clip(0.5 + 0.1 * NORMAL, 0, 1),
    "log": np.exp(NORMAL),
    "sqrt": 100 * RNG.uniform(size=4_000) ** 2,
    "reflected_log": 5 - np.exp(NORMAL),
    "logit": 1 / (1 + np.exp(-3 - 2 * NORMAL)),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_transform_follows_the_distribution(kind):
    values = SAMPLES[kind]
    chosen = choose("loudness", values)
    assert chosen.kind == kind
    assert chosen.name == ("loudness" if kind == "identity" else f"{kind}_loudness")
    assert skew(chosen.apply(values)) == pytest.approx(chosen.skewness[kind])
    assert abs(skew(values)) - abs(chosen.skewness[kind]) >= (0 if kind == "identity" else MARGIN)


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_transform_increases_and_stands_any_new_value(kind):
    values = SAMPLES[kind]
    chosen = choose("x", values)
    inside = np.sort(np.unique(values))
    assert (np.diff(chosen.apply(inside)) > 0).all()
    outside = chosen.apply(np.array([-1e9, values.min(), values.max(), 1e9]))
    assert np.isfinite(outside).all()
    assert (np.diff(outside) >= 0).all()


def test_zeros_get_a_shift_and_positive_values_none():
    values = np.append(np.exp(3 * NORMAL[:500]), np.zeros(100))
    chosen = choose("instrumentalness", values)
    assert chosen.kind == "log"
    assert chosen.shift == pytest.approx(np.quantile(values[values > 0], 0.01) / 2)
    assert choose("x", SAMPLES["log"]).shift == 0


def test_a_constant_column_stays_as_it_is():
    assert choose("x", np.zeros(9)).kind == "identity"
    assert skew(np.zeros(9)) == 0


def test_a_transform_comes_back_from_json():
    chosen = choose("x", SAMPLES["logit"])
    stored = json.loads(json.dumps(chosen.to_dict()))
    assert Transform.from_dict(stored) == chosen
    with pytest.raises(ModelFileError, match=r'of the kind "cube"'):
        Transform.from_dict(stored | {"kind": "cube"})
    with pytest.raises(ModelFileError, match="damaged"):
        Transform.from_dict({"kind": "log"})
