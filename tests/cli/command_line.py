"""Running the command line as a user does, in this process, and a small table for it."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import genreglm as gg
from genreglm import cli

ODD_NAME = '$x_$ <b>, "quoted" & `{y}` 100%'
_GENRES = {"acoustic": "acoustic", "classical": "classical", "comedy": "comedy", "salsa": "salsa", "techno": ODD_NAME}
# As small as a study can be that goes through every stage.
CONFIG = """
boosting_rounds = 3
ridge = [30.0]
artist_weight_power = [0.5]
family_pooling = [0.9]
replicates = 3
"""


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Finished:
    """A finished study: its table, its settings, its folder, and what the command said."""

    data: Path
    config: Path
    out: Path
    ran: Ran


def run(*arguments: object) -> Ran:
    """Run `genreglm` with these arguments in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["genreglm", *map(str, arguments)])
        with pytest.raises(SystemExit) as leaving:
            cli.main()
    return Ran(int(leaving.value.code or 0), out.getvalue(), err.getvalue())


def small_table() -> pd.DataFrame:
    """Five genres of the built-in example, about 100 rows each; one has a name that needs care everywhere."""
    tracks = gg.example_tracks(rows=11_400, seed=0)
    chosen = tracks[tracks["track_genre"].isin(list(_GENRES))]
    return chosen.replace({"track_genre": _GENRES}).reset_index(drop=True)
