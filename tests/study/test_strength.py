import numpy as np
import pandas as pd

from genreglm.fitting import fit
from genreglm.study.strength import permutation_strength
from simulated import tracks


def rows_with_noise() -> pd.DataFrame:
    rows = tracks(rows=900, genres=3, seed=2, strength=1.5)
    return rows.assign(noise=np.random.default_rng(0).normal(size=900))


def test_features_that_tell_rank_before_noise() -> None:
    rows = rows_with_noise()
    result = fit("genre ~ energy + valence + C(key) + noise", rows.iloc[:600], covariance=None)
    table = permutation_strength(result, rows.iloc[600:], seed=0)
    assert set(table["term"]) == {"energy", "valence", "key", "noise"}
    assert table["increase"].is_monotonic_decreasing
    increase = table.set_index("term")["increase"]
    assert increase["energy"] > 0.1
    assert abs(increase["noise"]) < 0.02
    assert (table["sd"] >= 0).all()


def test_feature_that_the_model_passes_over_has_no_strength() -> None:
    rows = rows_with_noise()
    result = fit("genre ~ energy + I(0 * noise + valence)", rows, covariance=None)
    increase = permutation_strength(result, rows, seed=0).set_index("term")["increase"]
    assert increase["noise"] == 0.0


def test_the_seed_decides_and_the_rows_are_left_alone() -> None:
    rows = rows_with_noise()
    before = rows.copy()
    result = fit("genre ~ energy + noise", rows, covariance=None)
    one, same, other = (permutation_strength(result, rows, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    pd.testing.assert_frame_equal(rows, before)
