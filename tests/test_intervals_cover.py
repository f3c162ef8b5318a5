"""Ninety-five per cent intervals hold the truth ninety-five times in a hundred: a simulation of whole fits."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg

SLOPES = np.array([[0.0, 0.8, -0.5], [0.0, -0.4, 0.6]])
CLASSES = ["ambient", "blues", "country"]
ROWS, GROUP, FITS = 1200, 15, 1500
# The share of intervals that hold the truth, over all slopes; a slope alone has this and three standard errors.
LOWEST, HIGHEST = 0.94, 0.96
NOISE = 3 * np.sqrt(0.95 * 0.05 / FITS)


def draw(rng: np.random.Generator, intercepts: list[float], clustered: bool) -> pd.DataFrame:
    """Rows of the model; clustered, the first column and an effect of each class are shared within an artist.

    With that effect the model of all rows together is no longer exactly multinomial: what its coefficients
    estimate is taken from one fit to very many rows.
    """
    artist = np.arange(ROWS) // GROUP
    energy = rng.normal(size=ROWS // GROUP)[artist] if clustered else rng.normal(size=ROWS)
    valence = rng.normal(size=ROWS)
    eta = np.array(intercepts) + np.column_stack([energy, valence]) @ SLOPES
    if clustered:
        eta = eta + 0.8 * rng.normal(size=(ROWS // GROUP, 3))[artist]
    genre = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    return pd.DataFrame(
        {"genre": np.array(CLASSES)[genre], "energy": energy, "valence": valence, "artist": artist.astype(str)}
    )


def coverage(intercepts: list[float], clustered: bool, truth: np.ndarray, **options: str) -> np.ndarray:
    """The share of fits whose interval holds the truth, for every slope."""
    held = []
    for seed in range(FITS):
        table = gg.fit("genre ~ energy + valence", draw(np.random.default_rng(seed), intercepts, clustered), **options)
        slopes = table.tidy().query("term != '(Intercept)'")
        held.append(((slopes["conf_low"] < truth) & (truth < slopes["conf_high"])).to_numpy())
    return np.mean(held, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("intercepts", "covariance"),
    [([0.0, 0.0, 0.0], "observed"), ([0.0, 0.0, 0.0], "robust"), ([0.0, -3.2, 0.3], "observed")],
    ids=["balanced", "robust", "rare"],
)
def test_intervals_of_independent_rows(intercepts: list[float], covariance: str) -> None:
    found = coverage(intercepts, False, SLOPES[:, 1:].T.ravel(), covariance=covariance)
    assert LOWEST < found.mean() < HIGHEST
    assert found.min() > LOWEST - NOISE
    assert found.max() < HIGHEST + NOISE


@pytest.mark.slow
def test_clustered_intervals_hold_where_the_observed_ones_do_not() -> None:
    rng = np.random.default_rng(10_000)
    many = pd.concat([draw(rng, [0.0, 0.0, 0.0], True) for _ in range(200)])
    truth = gg.fit("genre ~ energy + valence", many, covariance=None).tidy().query("term != '(Intercept)'")
    values = truth["estimate"].to_numpy()
    clustered = coverage([0.0, 0.0, 0.0], True, values, covariance="clustered", clusters="artist")
    observed = coverage([0.0, 0.0, 0.0], True, values, covariance="observed")
    energy = truth["term"].to_numpy() == "energy"
    assert LOWEST < clustered.mean() < HIGHEST
    assert observed[energy].max() < 0.85
