"""Fits of more rows than a setting of memory allows.

`python -m benchmarks.out_of_core FILES OUT [--rows 10000000 ...] [--clusters artist]` simulates tracks by
`gg.example_tracks` in blocks into FILES (a folder of Parquet, kept for the next time), and fits 28 columns x 114
classes with standard errors in a process of its own for each number of rows. Writes out_of_core.csv: times, passes, the
time of a pass beside that of rows in memory, and the peak of anonymous memory (RssAnon of /proc/self/status, read 20
times a second: what the process holds for itself, pages of mapped files apart).
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_BLOCK = 200_000
_KEPT = (
    *("track_genre", "artist", "danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness"),
    *("liveness", "valence", "tempo", "duration", "key", "mode"),
)
# 1 + 10 + 5 + 11 + 1 = 28 columns.
FORMULA = (
    "track_genre ~ danceability + energy + loudness + speechiness + acousticness + instrumentalness + liveness "
    "+ valence + tempo + duration + energy:danceability + energy:valence + energy:tempo + loudness:acousticness "
    "+ danceability:valence + C(key) + C(mode)"
)
_IN_MEMORY = 400_000


def build(folder: Path, rows: int) -> None:
    """Simulate what is missing of the files that hold `rows` rows."""
    import genreglm as gg

    folder.mkdir(parents=True, exist_ok=True)
    for number in range(-(-rows // _BLOCK)):
        path = folder / f"tracks-{number:04d}.parquet"
        if path.exists():
            continue
        drawn = gg.example_tracks(rows=_BLOCK, seed=number).dropna(subset=["artists"])
        drawn["artist"] = drawn["artists"].str.split(";").str[0] + f" {number % 7}"
        drawn["duration"] = np.log(drawn["duration_ms"].clip(lower=1_000) / 60_000)
        partial = path.with_suffix(".partial")
        drawn[list(_KEPT)].to_parquet(partial, row_group_size=50_000)
        partial.rename(path)


class Watch:
    """Reads this process's anonymous memory until it is left; `peak` in megabytes."""

    def __enter__(self) -> "Watch":
        self.peak, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self.peak = max(self.peak, anonymous())

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def anonymous() -> float:
    """Return RssAnon of this process in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("RssAnon"))


def fitted(files: list[str], cache: Path, clusters: str | None) -> dict[str, Any]:
    """Fit the files once, and say what it took."""
    import genreglm as gg
    from genreglm.engine.passes.mapped import MappedRows
    from genreglm.engine.passes.rows import added
    from genreglm.engine.passes.sums import loss_and_gradient
    from genreglm.out_of_core import stretch_rows

    marks: list[float] = []
    options = {} if clusters is None else {"covariance": "clustered", "clusters": clusters}
    with Watch() as watch:
        start = time.perf_counter()
        result = gg.fit(
            FORMULA,
            files,
            out_of_core=gg.OutOfCore(memory=2e9, folder=cache),
            callback=lambda step: marks.append(time.perf_counter() - start),
            **options,
        )
        seconds = time.perf_counter() - start
    columns, classes = len(result.design.columns), len(result.classes)
    rows = MappedRows.open(cache / "rows", stretch_rows(columns, classes, 200_000, 2e9))
    standardised = np.random.default_rng(0).normal(scale=0.1, size=(columns, classes))
    passes = []
    for _ in range(3):
        begin = time.perf_counter()
        rows.reduce(loss_and_gradient, added, standardised)
        passes.append(time.perf_counter() - begin)
    return {
        "rows": rows.rows,
        "columns": columns,
        "classes": classes,
        "seconds": seconds,
        "until_first_step": marks[0],
        "steps": result.statistics.iterations,
        "passes": result.statistics.passes,
        "gradient": result.statistics.gradient_norm,
        "standard_errors": int(result.tidy()["std_error"].notna().sum()),
        "peak_anonymous_mb": watch.peak,
        "ns_a_row_and_pass": 1e9 * float(np.median(passes)) / rows.rows,
    }


def in_memory(files: list[str]) -> float:
    """Return the nanoseconds that a value with its gradient takes a row, where rows are in memory."""
    import genreglm as gg
    from genreglm.engine.coordinates import triangle
    from genreglm.engine.objective import Objective
    from genreglm.inputs import unweighted

    frame = pd.concat(map(pd.read_parquet, files[: -(-_IN_MEMORY // _BLOCK)]), ignore_index=True)
    blocks = unweighted(gg.design(FORMULA, frame), frame).blocks()
    objective = Objective(blocks, triangle(blocks))
    point = np.random.default_rng(0).normal(scale=0.1, size=objective.shape)
    objective.evaluate(point)
    taken = []
    for _ in range(5):
        begin = time.perf_counter()
        objective.evaluate(point)
        taken.append(time.perf_counter() - begin)
    return 1e9 * float(np.median(taken)) / blocks.rows


def main() -> None:
    """Build, fit each number of rows in a process of its own, and write a CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--clusters", default=None)
    parser.add_argument("--one", action="store_true", help="fit in this process, and print what it took")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    build(asked.files, max(asked.rows))
    found = []
    for rows in asked.rows:
        files = sorted(map(str, asked.files.glob("*.parquet")))[: -(-rows // _BLOCK)]
        if asked.one:
            print(json.dumps(fitted(files, asked.out / f"cache-{rows}", asked.clusters)))
            return
        command = [sys.executable, "-m", "benchmarks.out_of_core", str(asked.files), str(asked.out)]
        clusters = [] if asked.clusters is None else ["--clusters", asked.clusters]
        told = subprocess.run([*command, "--rows", str(rows), "--one", *clusters], capture_output=True, text=True)
        if told.returncode:
            raise SystemExit(told.stderr)
        found.append({**json.loads(told.stdout.splitlines()[-1]), "ns_in_memory": in_memory(files)})
        pd.DataFrame(found).to_csv(asked.out / "out_of_core.csv", index=False)


if __name__ == "__main__":
    main()
