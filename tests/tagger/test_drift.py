"""Drift: nothing to say of the training rows themselves, and the feature that moved named where one did."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError
from genreglm.tagger import Tagger, drift
from genreglm.tagger.training import LEVELS, bin_shares


def test_rows_like_the_training_rows_are_like_them(tagger: Tagger, raw: pd.DataFrame) -> None:
    found = drift(tagger, raw)
    assert found.verdict == "like"
    assert found.features["psi"].max() < 0.1
    assert found.problem_share == 0.0
    assert "like those of the fit" in str(found)
    assert "training_median" in found._repr_html_()


def test_a_shifted_feature_is_named_first(tagger: Tagger, raw: pd.DataFrame) -> None:
    found = drift(tagger, raw.assign(energy=(raw["energy"] + 0.1).clip(0, 1)))
    assert found.features["feature"].iloc[0] == "energy"
    assert found.features["verdict"].iloc[0] == "unlike"
    assert found.verdict == "unlike"


def test_rows_never_seen_together_are_unlike(tagger: Tagger, raw: pd.DataFrame) -> None:
    odd = raw.copy()
    odd.loc[odd.index % 10 == 0, ["tempo", "valence"]] = [390.0, 0.02]
    found = drift(tagger, odd)
    assert found.unlike_share > 0.05
    assert found.verdict == "unlike"


def test_missing_values_count_as_missing_and_not_as_their_filling(tagger: Tagger, raw: pd.DataFrame) -> None:
    rows = raw.astype({"key": float})
    rows.loc[:299, ["valence", "key", "duration_ms"]] = np.nan
    table = drift(tagger, rows).features.set_index("feature")
    assert table.loc[["valence", "key", "duration_min"], "missing"].tolist() == [0.5, 0.5, 0.5]
    assert table.loc["valence", "psi"] < 0.1


def test_a_bare_result_knows_nothing_of_its_rows(bare: gg.Result, raw: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="no summary of its training rows"):
        drift(Tagger(bare), raw)


def test_many_zeros_in_a_feature_are_no_drift() -> None:
    values = np.where(np.arange(1_000) < 400, 0.0, np.linspace(0.001, 1, 1_000))
    quantiles = np.quantile(values, LEVELS).tolist()
    assert bin_shares(values, quantiles).sum() == pytest.approx(1.0)
    assert bin_shares(values[::2], quantiles) == pytest.approx(bin_shares(values, quantiles), abs=0.01)
