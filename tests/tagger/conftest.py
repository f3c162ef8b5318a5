"""A small model with all that a study leaves: recipe, calibration, sets, replicates, training rows in figures."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.tagger import Tagger
from genreglm.tagger.training import TrainingSummary
from genreglm.tracks.ledger import Ledger
from genreglm.tracks.recipe import CONTINUOUS, clean_rows, learn
from genreglm.tracks.validation import validate
from raw_tables import GENRES, raw_table

FORMULA = "track_genre ~ {} + cr(valence, df=4, constraints='center') + hinges(energy):hinges(valence) + C(mode)"


@pytest.fixture(scope="session")
def raw() -> pd.DataFrame:
    """Tracks whose energy and loudness tell their genre."""
    table = raw_table(600, seed=3)
    place = table["track_genre"].map({name: k for k, name in enumerate(GENRES)})
    rng = np.random.default_rng(4)
    table = table.assign(
        key=rng.integers(0, 12, 600), mode=rng.integers(0, 2, 600), time_signature=rng.integers(3, 6, 600)
    )
    table["energy"] = (0.1 + 0.15 * place + rng.uniform(0, 0.5, 600)).round(3)
    table["loudness"] = (-25 + 4 * place + rng.uniform(-9, 9, 600)).round(3)
    return table


@pytest.fixture(scope="session")
def tagger(raw: pd.DataFrame) -> Tagger:
    cleaned = clean_rows(validate(raw).rows, Ledger())
    learnt = learn(cleaned)
    rows = learnt.apply(cleaned)
    training, held = rows[rows.index % 4 > 0], rows[rows.index % 4 == 0]
    result = gg.fit(FORMULA.format(" + ".join(learnt.features)), training, penalty=gg.Ridge(0.01), covariance=None)
    prob = result.predict(held)
    calibration = gg.calibrate(prob, held["track_genre"])
    return Tagger(
        result,
        learnt,
        calibration,
        gg.conformal_sets(calibration.apply(prob), held["track_genre"], held["artist"], seed=1),
        gg.bootstrap(result, "artist", replicates=10, seed=2),
        dict(zip(GENRES, ("slow", "slow", "fast"), strict=True)),
        {},
        TrainingSummary.of(training, CONTINUOUS, learnt.factors, learnt.features),
        result.design.matrix(training).mean(axis=0),
        {"title": "A small model"},
    )


@pytest.fixture(scope="session")
def bare(raw: pd.DataFrame) -> gg.Result:
    return gg.fit("track_genre ~ energy + loudness + C(key)", raw)
