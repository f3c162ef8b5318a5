"""Simulated rows and problems that the tests share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from genreglm.engine.blocks import Blocks
from genreglm.engine.coordinates import triangle
from genreglm.engine.objective import Objective

Floats = NDArray[np.float64]
GENRES = ("ambient", "blues", "country", "disco", "electro", "folk")
KEYS = ("C", "D", "E")


def tracks(rows: int = 240, genres: int = 3, seed: int = 0, artists: int = 40, strength: float = 0.7) -> pd.DataFrame:
    """Rows of a known multinomial model: genre ~ energy + valence + key, with an artist each.

    Every genre has every key, so that the maximum-likelihood estimate exists.
    """
    rng = np.random.default_rng(seed)
    energy, valence = rng.normal(size=rows), rng.normal(size=rows)
    key = np.arange(rows) % len(KEYS)
    slopes = strength * rng.normal(size=(4, genres))
    x = np.column_stack([energy, valence, key == 1, key == 2])
    eta = x @ slopes
    genre = (rng.gumbel(size=eta.shape) + eta).argmax(axis=1)
    cells = np.arange(genres * len(KEYS))
    genre[cells], key[cells] = cells // len(KEYS), cells % len(KEYS)
    return pd.DataFrame(
        {
            "genre": np.array(GENRES)[genre],
            "energy": energy,
            "valence": valence,
            "key": np.array(KEYS)[key],
            "artist": [f"artist {number}" for number in rng.integers(0, artists, rows)],
        }
    )


@dataclass(frozen=True)
class Case:
    """The arrays of one multinomial problem; the first column is the intercept's."""

    x: Floats
    y: NDArray[np.int64]
    w: Floats
    classes: int
    offset: Floats | None

    def blocks(self, block_rows: int = 16) -> Blocks:
        return Blocks.of(self.x, self.y, self.w, self.classes, self.offset, block_rows)

    def objective(self, quadratic: Floats | None = None, block_rows: int = 16) -> Objective:
        blocks = self.blocks(block_rows)
        return Objective(blocks, triangle(blocks), quadratic)

    def eta(self, coefficients: Floats) -> Floats:
        return self.x @ coefficients + (0.0 if self.offset is None else self.offset)

    def probabilities(self, coefficients: Floats) -> Floats:
        return np.asarray(softmax(self.eta(coefficients), axis=1))

    def loss(self, coefficients: Floats) -> float:
        """The mean negative log-likelihood, written with SciPy."""
        logs = log_softmax(self.eta(coefficients), axis=1)
        return float(-(self.w @ logs[np.arange(len(self.y)), self.y]) / self.w.sum())


def case(
    rows: int = 60, columns: int = 3, classes: int = 4, seed: int = 0, weighted: bool = False, offset: bool = False
) -> Case:
    """Random arrays: an intercept and normal columns of unlike scale, classes that depend on them."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(rows), rng.normal(size=(rows, columns - 1)) * [2.0**j for j in range(columns - 1)]])
    shift = 0.5 * rng.normal(size=(rows, classes)) if offset else None
    eta = x @ (0.4 * rng.normal(size=(columns, classes))) + (0.0 if shift is None else shift)
    y = (rng.gumbel(size=eta.shape) + eta).argmax(axis=1)
    y[:classes] = np.arange(classes)
    w = rng.integers(1, 4, rows).astype(float) if weighted else np.ones(rows)
    return Case(x, y.astype(np.int64), w, classes, shift)


def point(problem: Case, seed: int = 1, scale: float = 0.3) -> Floats:
    """Random coefficients (columns, classes) whose rows sum to zero."""
    values = scale * np.random.default_rng(seed).normal(size=(problem.x.shape[1], problem.classes))
    return values - values.mean(axis=1, keepdims=True)
