"""`genreglm fit` fits any table, in memory or in passes, and saves the model."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from command_line import Ran

import genreglm as gg
from simulated import tracks

Command = Callable[..., Ran]
FORMULA = "genre ~ energy + C(key)"


@pytest.fixture
def rows() -> pd.DataFrame:
    return tracks(rows=600, genres=4)


def test_a_table_is_fitted_told_and_saved(command: Command, rows: pd.DataFrame) -> None:
    rows.to_csv("tracks.csv", index=False)
    ran = command("fit", FORMULA, "tracks.csv", "--out", "model", "--clusters", "artist")
    assert ran.code == 0
    assert "objective" in ran.err
    assert "model -> model" in ran.err
    wanted = gg.fit(FORMULA, rows, covariance="clustered", clusters="artist")
    assert ran.out.strip() == wanted.summary().strip()
    pd.testing.assert_frame_equal(gg.load("model").tidy(), wanted.tidy())


def test_files_are_fitted_in_passes(command: Command, rows: pd.DataFrame) -> None:
    rows.head(200).to_parquet("part-1.parquet")
    rows.tail(400).to_parquet("part-2.parquet")
    ran = command("fit", FORMULA, "part-*.parquet", "--out", "model", "--folder", "kept", "--memory", 1.5)
    assert ran.code == 0
    assert "passes over the rows" in ran.out
    np.testing.assert_allclose(gg.load("model").coefficients, gg.fit(FORMULA, rows).coefficients, rtol=1e-7)
    crowded = command("fit", FORMULA, "part-*.parquet", "--out", "other", "--memory", 1e-3)
    assert crowded.code == 1
    assert "or raise the memory it may take" in crowded.err
    rows.to_parquet("whole.parquet")
    ways = ("--clusters", "artist", "--clusters", "key")
    clustered = command("fit", FORMULA, "whole.parquet", "--out", "model", "--out-of-core", *ways)
    assert clustered.code == 0
    assert "artist and key" in clustered.out
    again = command("fit", FORMULA, "whole.parquet", "--out", "model", "--out-of-core", "--penalty", "ridge=0.01")
    assert again.code == 0
    for table in ("part-*.parquet", "whole.parquet"):
        tagged = command("predict", "model", table, "--out", "tags.parquet", "--out-of-core")
        assert tagged.code == 0, tagged.err
        assert len(pd.read_parquet("tags.parquet")) == len(rows)
    assert gg.load("model").penalty == gg.Ridge(0.01, standardise=True)


def test_a_scheduler_is_asked_for_its_workers(command: Command, rows: pd.DataFrame) -> None:
    distributed = pytest.importorskip("distributed")
    rows.to_parquet("tracks.parquet")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        address = cluster.scheduler_address
        ran = command("fit", FORMULA, "tracks.parquet", "--out", "model", "--dask", address, "--covariance", "none")
        tagged = command("predict", "model", "tracks.parquet", "--out", "tags", "--dask", address)
        absent = command("predict", "model", "absent.parquet", "--out", "others", "--dask", address)
    assert ran.code == 0, ran.err
    assert tagged.code == 0, tagged.err
    assert len(pd.read_parquet("tags")) == len(rows)
    assert absent.code == 2
    assert "absent.parquet could not be read as Parquet" in absent.err
    assert "dashboard: " in ran.err
    assert "passes over the rows" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--penalty", "lasso"], "none of jeffreys, cell-prior"),
        (["--penalty", "ridge=much"], "none of jeffreys, cell-prior"),
        (["--covariance", "exact"], "'observed', 'robust'"),
        (["--out-of-core"], "could not be read as Parquet"),
        (["--clusters", "artist", "--clusters", "key", "--clusters", "genre"], "one way, or two"),
    ],
)
def test_what_cannot_be_is_one_paragraph(command: Command, rows: pd.DataFrame, arguments: list[str], said: str) -> None:
    rows.to_csv("tracks.csv", index=False)
    ran = command("fit", FORMULA, "tracks.csv", "--out", "model", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
