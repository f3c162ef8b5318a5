"""`genreglm example` writes the built-in example, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from command_line import Ran

import genreglm as gg

Command = Callable[..., Ran]


def test_csv_has_the_layout_of_the_download(command: Command) -> None:
    ran = command("example", "tracks.csv", "--rows", 1_200, "--seed", 3)
    written = pd.read_csv("tracks.csv", index_col=0, keep_default_na=False, na_values=[""])
    assert ran == Ran(0, f"{len(written):,} simulated tracks -> tracks.csv\n", "")
    assert len(written) == 1_200
    assert written.columns.tolist() == gg.example_tracks(rows=1_200, seed=3).columns.tolist()


def test_parquet_holds_the_same_tracks(command: Command) -> None:
    assert command("example", "tracks.parquet", "--rows", 1_200).code == 0
    pd.testing.assert_frame_equal(pd.read_parquet("tracks.parquet"), gg.example_tracks(rows=1_200, seed=0))


def test_the_same_seed_gives_the_same_bytes(command: Command) -> None:
    for name, seed in (("a.csv", 1), ("b.csv", 1), ("c.csv", 2)):
        command("example", name, "--rows", 1_000, "--seed", seed)
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes() != Path("c.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["tracks.xlsx"], 2, ".csv or .parquet"),
        (["tracks.csv", "--rows", 3], 2, "rows"),
        (["nowhere/tracks.csv"], 1, "could not be written"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_paragraph(
    command: Command, arguments: list[object], code: int, said: str
) -> None:
    ran = command("example", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1)
    assert said in ran.err
    assert not list(Path().rglob("*tracks*"))


def test_version_and_help(command: Command) -> None:
    assert command("--version").out.startswith("genreglm ")
    shown = command("study", "--help")
    assert shown.code == 0
    assert "--resume" in shown.out
