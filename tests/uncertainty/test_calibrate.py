"""Calibration: known distortions are undone, and the optimum is one."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

import genreglm as gg
from genreglm.errors import DataError, OptionError


def told(rows: int = 4_000, classes: int = 4, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Return true probabilities and outcomes drawn from them."""
    rng = np.random.default_rng(seed)
    prob = np.exp(log_softmax(rng.normal(size=(rows, classes)), axis=1))
    outcome = (prob.cumsum(axis=1) > rng.uniform(size=(rows, 1))).argmax(axis=1)
    names = list("abcd")[:classes]
    return pd.DataFrame(prob, columns=names), pd.Series(np.array(names)[outcome])


def sharpened(prob: pd.DataFrame, power: float) -> pd.DataFrame:
    raised = prob**power
    return raised.div(raised.sum(axis=1), axis=0)


def test_temperature_undoes_too_much_assurance() -> None:
    prob, truth = told()
    found = gg.calibrate(sharpened(prob, 2.0), truth)
    assert found.temperature == pytest.approx(2.0, rel=0.1)
    assert found.log_loss_after < found.log_loss_before - 0.05
    corrected = found.apply(sharpened(prob, 2.0))
    np.testing.assert_allclose(corrected.sum(axis=1), 1.0)
    assert abs(corrected.to_numpy() - prob.to_numpy()).max() < 0.05
    np.testing.assert_array_equal(corrected.to_numpy().argmax(axis=1), prob.to_numpy().argmax(axis=1))


@pytest.mark.parametrize("method", ["temperature", "vector"])
def test_nothing_near_the_optimum_is_better(method: str) -> None:
    prob, truth = told(800)
    given = sharpened(prob, 1.7)
    found = gg.calibrate(given, truth, method=method, prior_rows=1e-6)
    codes = pd.Index(list(prob.columns)).get_indexer(pd.Index(truth))
    logs = np.log(given.to_numpy())
    rng = np.random.default_rng(1)

    def loss(scale: np.ndarray, shift: np.ndarray) -> float:
        return -log_softmax(logs * scale + shift, axis=1)[np.arange(len(codes)), codes].mean()

    assert loss(found.scale, found.shift) == pytest.approx(found.log_loss_after, abs=1e-12)
    for _ in range(20):
        moved = found.scale + 0.01 * (rng.normal() if method == "temperature" else rng.normal(size=4))
        shifted = found.shift + (0.0 if method == "temperature" else 0.01 * rng.normal(size=4))
        assert loss(moved, shifted) >= found.log_loss_after - 1e-12


def test_vector_mends_what_a_temperature_cannot() -> None:
    prob, truth = told()
    biased = prob * [3.0, 1.0, 1.0, 0.5]
    biased = biased.div(biased.sum(axis=1), axis=0)
    one, many = (gg.calibrate(biased, truth, method=method) for method in ("temperature", "vector"))
    assert many.log_loss_after < one.log_loss_after - 0.02
    assert many.shift[0] < many.shift[1] < many.shift[3]


def test_a_class_without_rows_keeps_its_probability() -> None:
    prob, truth = told(500)
    prob, truth = prob[truth != "d"], truth[truth != "d"]
    found = gg.calibrate(prob, truth, method="vector", prior_rows=1e6)
    np.testing.assert_allclose(found.apply(prob), prob, atol=1e-3)


def test_weights_count_rows() -> None:
    prob, truth = told(600)
    given = sharpened(prob, 2.0)
    twice = gg.calibrate(pd.concat([given, given[:100]]), pd.concat([truth, truth[:100]]))
    weighted = gg.calibrate(given, truth, weights=np.where(np.arange(600) < 100, 2.0, 1.0))
    assert weighted.temperature == pytest.approx(twice.temperature, rel=1e-5)


def test_what_cannot_be_is_refused() -> None:
    prob, truth = told(50)
    with pytest.raises(DataError, match="does not know"):
        gg.calibrate(prob, truth.replace("a", "z"))
    with pytest.raises(DataError, match="weights"):
        gg.calibrate(prob, truth, weights=np.full(50, -1.0))
    with pytest.raises(OptionError, match="method"):
        gg.calibrate(prob, truth, method="isotonic")
    with pytest.raises(OptionError, match="prior_rows"):
        gg.calibrate(prob, truth, prior_rows=0.0)
    with pytest.raises(DataError, match="same model"):
        gg.calibrate(prob, truth).apply(prob[["b", "a", "c", "d"]])
