"""Powers of group sizes, judged on unseen groups."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence"


def shouting() -> pd.DataFrame:
    """Forty artists, and a forty-first of as many rows as all of them, whose genres are wrong."""
    rows = tracks(rows=800, genres=4, seed=3, strength=1.2)
    loud = rows.sample(300, random_state=0).assign(artist="loud")
    return pd.concat([rows, loud.assign(genre=np.roll(loud["genre"].to_numpy(), 1))], ignore_index=True)


def test_what_shouts_is_held_back() -> None:
    table = gg.tune_group_power(FORMULA, shouting(), powers=(0.0, 1.0), folds=4, stratify=False)
    assert list(table) == ["power", "fold", "rows", "log_loss", "top_1", "top_3", "top_5"]
    assert table["power"].tolist() == [0.0] * 4 + [1.0] * 4
    assert table.groupby("power")["rows"].sum().tolist() == [1100, 1100]
    mean = table.groupby("power")["log_loss"].median()
    assert mean[1.0] < mean[0.0] - 0.02


def test_power_zero_is_cross_validation_without_weights() -> None:
    rows = tracks(rows=600, genres=3, seed=1)
    table = gg.tune_group_power(FORMULA, rows, powers=[0.0], penalty=gg.Ridge(0.01), folds=3, seed=5)
    plain = gg.cross_validate(FORMULA, rows, penalty=gg.Ridge(0.01), folds=3, seed=5)
    for name in ("log_loss", "top_1"):
        assert table[name].tolist() == pytest.approx(plain[name].tolist(), rel=1e-6)


def test_own_weights_multiply_those_of_groups() -> None:
    rows = tracks(rows=600, genres=3, seed=1)
    once = gg.tune_group_power(FORMULA, rows, powers=[0.5], folds=2)
    same = gg.tune_group_power(FORMULA, rows, powers=[0.5], folds=2, weights=np.full(600, 3.0))
    other = gg.tune_group_power(FORMULA, rows, powers=[0.5], folds=2, weights=np.arange(600) % 7 + 1.0)
    assert same["log_loss"].tolist() == pytest.approx(once["log_loss"].tolist(), rel=1e-6)
    assert other["log_loss"].tolist() != pytest.approx(once["log_loss"].tolist(), rel=1e-4)


def test_powers_that_are_none_are_refused() -> None:
    with pytest.raises(OptionError, match="powers is empty"):
        gg.tune_group_power(FORMULA, tracks(), powers=())
    with pytest.raises(OptionError, match="power=2"):
        gg.tune_group_power(FORMULA, tracks(), powers=(2.0,))
