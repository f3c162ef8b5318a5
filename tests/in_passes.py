"""What tests of fits in passes share: rows, files that hold them, and how near two results must be."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genreglm.result import Result
from simulated import tracks

FORMULA = "genre ~ energy + cr(valence, df=3, constraints='center') + C(key)"


def weighted_tracks() -> pd.DataFrame:
    """Rows of four genres with whole weights, some of them 0."""
    found = tracks(rows=1_500, genres=4, artists=60)
    return found.assign(weight=np.random.default_rng(1).integers(0, 4, len(found)))


def save_parts(folder: Path, frame: pd.DataFrame, cuts: list[int], group: int = 97) -> Path:
    """Write a frame as Parquet files that begin at `cuts`, in groups of a few rows."""
    folder.mkdir(exist_ok=True)
    for number, (start, stop) in enumerate(pairwise([0, *sorted(cuts), len(frame)])):
        frame.iloc[start:stop].to_parquet(folder / f"part-{number:03d}.parquet", row_group_size=group, index=False)
    return folder


def agree(
    found: Result, wanted: Result, *, coefficients: float = 1e-8, errors: float = 1e-7, likelihood: float = 1e-12
) -> None:
    """The tolerances that are promised for the same frozen design."""
    scale = np.abs(wanted.coefficients).max()
    np.testing.assert_allclose(found.coefficients, wanted.coefficients, rtol=coefficients, atol=coefficients * scale)
    assert found.statistics.log_likelihood == pytest.approx(wanted.statistics.log_likelihood, rel=likelihood)
    assert found.statistics.null_log_likelihood == pytest.approx(wanted.statistics.null_log_likelihood, rel=1e-12)
    assert found.statistics.told_right == pytest.approx(wanted.statistics.told_right, rel=1e-12)
    assert found.statistics.nobs == pytest.approx(wanted.statistics.nobs, rel=1e-14)
    assert found.statistics.rows == wanted.statistics.rows
    np.testing.assert_allclose(found.statistics.tjur, wanted.statistics.tjur, rtol=1e-8)
    assert (found.inference is None) == (wanted.inference is None)
    if found.inference is not None and wanted.inference is not None:
        assert found.inference.units == wanted.inference.units
        assert found.inference.clusters == wanted.inference.clusters
        np.testing.assert_allclose(found.tidy()["std_error"], wanted.tidy()["std_error"], rtol=errors)
