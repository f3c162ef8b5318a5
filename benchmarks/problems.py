"""The problems: which rows, which formula. `python -m benchmarks.problems NAME FOLDER` prepares one on disk."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks import prepared
from benchmarks.simulate import Simulated, simulated

DATA = Path(__file__).parents[2] / "shared/data/spotify_tracks.parquet"
_CONTINUOUS = (
    "danceability energy loudness speechiness acousticness instrumentalness liveness valence tempo duration_ms"
).split()
# Key and mode occur in every genre; explicit and time signature do not, so that only a penalised estimate exists.
_LINEAR = f"track_genre ~ {' + '.join(_CONTINUOUS)} + C(key) + C(mode)"
_EVERY_CELL = f"{_LINEAR} + C(explicit) + C(time_signature)"
# Of these four genres, classical is never explicit, so the quick run meets a separated cell as well.
_QUICK_GENRES = ("acoustic", "classical", "hip-hop", "techno")


@dataclass(frozen=True)
class Table:
    """Rows with a formula, and in words where they come from."""

    frame: pd.DataFrame
    formula: str
    source: str


def _tracks(data: Path, quick: bool) -> tuple[pd.DataFrame, str]:
    """Return the real table where there is one, else the built-in example; exact duplicates dropped."""
    if data.exists():
        frame, source = pd.read_parquet(data), "the real table"
    else:
        import genreglm as gg

        frame, source = gg.example_tracks(rows=113_550, seed=0), "the built-in example (SIMULATED: no real table found)"
    frame = frame.drop_duplicates()
    needed = ["track_genre", *_CONTINUOUS, "key", "mode", "explicit", "time_signature"]
    frame = frame[needed].dropna()
    if quick:
        frame = frame[frame["track_genre"].isin(_QUICK_GENRES)]
    return frame.reset_index(drop=True), source


def _linear(data: Path, quick: bool) -> Table:
    frame, source = _tracks(data, quick)
    return Table(frame, _LINEAR, source)


def _every_cell(data: Path, quick: bool) -> Table:
    frame, source = _tracks(data, quick)
    return Table(frame, _EVERY_CELL, source)


def _ten(data: Path, quick: bool) -> Table:
    return _from(simulated(3_000, 4, 6) if quick else simulated(114_000, 10, 25))


def _small(data: Path, quick: bool) -> Table:
    return _from(simulated(300, 3, 4) if quick else simulated(1_500, 3, 8))


def _from(drawn: Simulated) -> Table:
    return Table(drawn.frame, drawn.formula, "simulated")


PROBLEMS: dict[str, Callable[[Path, bool], Table]] = {
    "R": _linear,
    "R-every-cell": _every_cell,
    "ten": _ten,
    "small": _small,
}


def main() -> None:
    """Prepare one problem on disk. In a process of its own, so that its memory is nobody else's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=PROBLEMS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    table = PROBLEMS[asked.name](asked.data, asked.quick)
    prepared.save(asked.folder, asked.name, table.formula, table.frame, table.source)


if __name__ == "__main__":
    main()
