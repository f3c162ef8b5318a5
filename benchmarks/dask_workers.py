"""A fit on Dask's workers: one beside two of a thread each, and beside two threads in memory; and workers that die.

`python -m benchmarks.dask_workers FILES OUT [--rows 600000] [--rounds 2] [--killed 20]` takes the files that
`benchmarks.out_of_core` simulated, fits the same frozen design each way in turn, and writes dask_workers.csv. With
`--killed N` it fits a smaller table until a worker was killed at a random moment of N fits, and writes into
dask_killed.csv how many answers were not the same to the bit.
"""

import argparse
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.out_of_core import _BLOCK, FORMULA, build

# Groups of rows in a partition, which has 100,000 rows then: no fewer than docs/scale.md tells users to take.
_GROUPS = 2
_SMALL = "track_genre ~ energy + valence + tempo + C(mode)"
# A local cluster looks for a lost worker so long afterwards, and gives its place up where it is not there: one killed
# again at that moment would not come back.
_LOOKS_FOR_LOST = {"distributed.deploy.lost-worker-timeout": "1 day"}
_SECONDS_TO_RETURN = 60


def fit_on(workers: int, design: Any, files: list[str]) -> tuple[float, Any]:
    """Return the seconds of a fit on workers that are at hand, and its result."""
    import dask.dataframe
    from distributed import Client, LocalCluster

    import genreglm as gg

    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0) as cluster,
        Client(cluster) as client,
    ):
        frame = dask.dataframe.read_parquet(files, split_row_groups=_GROUPS)
        client.run(_warm)
        start = time.perf_counter()
        found = gg.fit(design, frame, client=client)
        return time.perf_counter() - start, found


def _warm() -> None:
    """Load what the first fit of a process loads."""
    import genreglm as gg

    rows = pd.DataFrame({"y": list("abc") * 20, "x": np.arange(60) % 7})
    gg.fit("y ~ x", rows)


def measure(files: list[str], rounds: int) -> pd.DataFrame:
    """Return seconds of each way to fit, in turns."""
    import genreglm as gg

    frame = pd.concat(map(pd.read_parquet, files), ignore_index=True)
    design = gg.design(FORMULA, frame)
    found: list[dict[str, object]] = []
    for round_ in range(rounds):
        start = time.perf_counter()
        wanted = gg.fit(design, frame)
        found.append({"round": round_, "how": "in memory, two threads", "seconds": time.perf_counter() - start})
        for workers in (1, 2):
            seconds, there = fit_on(workers, design, files)
            apart = float(np.abs(there.coefficients - wanted.coefficients).max() / np.abs(wanted.coefficients).max())
            found.append(
                {
                    "round": round_,
                    "how": f"Dask, {workers} workers of one thread",
                    "seconds": seconds,
                    "passes": there.statistics.passes,
                    "largest_difference": apart,
                }
            )
    return pd.DataFrame(found)


def killed(files: list[str], times: int) -> dict[str, int]:
    """Fit until a worker was killed within a fit so many times; return how many answers were not the same."""
    import dask
    import dask.dataframe
    from distributed import Client, LocalCluster

    import genreglm as gg

    rng = np.random.default_rng(0)
    with (
        dask.config.set(_LOOKS_FOR_LOST),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0) as cluster,
        Client(cluster) as client,
    ):
        frame = dask.dataframe.read_parquet(files, split_row_groups=True)
        wanted, fits, kills, different = gg.fit(_SMALL, frame, client=client), 0, 0, 0
        start = time.perf_counter()
        gg.fit(_SMALL, frame, client=client)
        usual = time.perf_counter() - start
        while kills < times:
            client.wait_for_workers(2, timeout=_SECONDS_TO_RETURN)
            pids = list(client.run(os.getpid).values())
            timer = threading.Timer(rng.uniform(0.0, usual), os.kill, (pids[rng.integers(2)], signal.SIGKILL))
            timer.start()
            found = gg.fit(_SMALL, frame, client=client)
            fits, kills = fits + 1, kills + (not timer.is_alive())
            timer.cancel()
            same = (found.coefficients == wanted.coefficients).all() and found.tidy().equals(wanted.tidy())
            different += not same
    return {"fits": fits, "killed_during_the_fit": kills, "different": different}


def main() -> None:
    """Measure and write a CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--killed", type=int, default=0)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    build(asked.files, asked.rows)
    files = sorted(map(str, asked.files.glob("*.parquet")))[: -(-asked.rows // _BLOCK)]
    if asked.killed:
        pd.DataFrame([killed(files[:1], asked.killed)]).to_csv(asked.out / "dask_killed.csv", index=False)
    else:
        measure(files, asked.rounds).to_csv(asked.out / "dask_workers.csv", index=False)


if __name__ == "__main__":
    main()
