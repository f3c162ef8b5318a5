from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from genreglm.study.popularity.design import Design, build
from genreglm.study.popularity.rows import PopularityRows, prepare

FEATURES = ["energy", "valence", "tempo", "loudness"]
FACTORS = ["key", "mode", "explicit"]


def simulate(rows: int = 3000, artists: int = 400, seed: int = 0, noise: float = 12.0) -> pd.DataFrame:
    """Popularity = 40 + 6 energy - 3 valence + a hump in loudness + 5 explicit + artist + noise, in points.

    Tempo, key and mode do nothing; effects are per standard deviation; popularity is held within 0..100.
    """
    rng = np.random.default_rng(seed)
    artist = rng.integers(0, artists, rows)
    shared = rng.normal(size=(artists, 4))[artist]
    z = 0.6 * shared + 0.8 * rng.normal(size=(rows, 4))
    explicit = rng.random(rows) < 0.2
    popularity = (
        40
        + 6 * z[:, 0]
        - 3 * z[:, 1]
        - 4 * (z[:, 3] ** 2 - 1)
        + 5 * explicit
        + rng.normal(0, 4, artists)[artist]
        + rng.normal(0, noise, rows)
    )
    splits = rng.permuted(np.repeat(["train", "valid", "test"], [6, 2, 2]))[rng.integers(0, 10, artists)]
    return pd.DataFrame(
        {
            "source_row": np.arange(rows),
            "track_id": [f"t{number}" for number in range(rows)],
            "artist": np.char.add("artist ", artist.astype(str)),
            "split_artist": splits[artist],
            "popularity": np.clip(np.round(popularity), 0, 100),
            "energy": 0.5 + 0.2 * z[:, 0],
            "valence": 0.4 + 0.1 * z[:, 1],
            "tempo": 120 + 30 * z[:, 2],
            "loudness": -8 + 5 * z[:, 3],
            "key": rng.integers(0, 12, rows),
            "mode": rng.integers(0, 2, rows),
            "explicit": explicit,
        }
    )


@pytest.fixture(scope="session")
def simulated() -> Callable[..., pd.DataFrame]:
    return simulate


@pytest.fixture(scope="session")
def features() -> list[str]:
    return list(FEATURES)


@pytest.fixture(scope="session")
def factors() -> list[str]:
    return list(FACTORS)


@pytest.fixture(scope="module")
def rows() -> PopularityRows:
    return prepare(simulate(), FEATURES, FACTORS)


@pytest.fixture(scope="module")
def design(rows: PopularityRows) -> Design:
    return build(rows)
