"""A ridge fit from zero of the study's widest model on the real table: seconds, steps, and memory beyond the design.

`python -m benchmarks.many_columns OUT [--data TABLE] [--quick]` writes many_columns.csv into OUT. The formula is the
study's: a curve in every feature, the products of all pairs of features, slopes by `explicit`, the factors.
"""

import argparse
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from benchmarks.problems import DATA, PROBLEMS

_GRADIENT, _DECREMENT = 1e-8, 1e-6
_STRENGTH, _ROUGHNESS = 25.0, 0.01


def measure(data: Path, quick: bool) -> pd.DataFrame:
    """Return one row: sizes, seconds of design and fit, steps, how it ended, and megabytes."""
    import genreglm as gg
    from genreglm.study.formulas import curve, formula, products, slopes_by
    from genreglm.study.manner import Manner

    gg.fit("kind ~ size", pd.DataFrame({"kind": list("abac") * 5, "size": range(20)}))  # compiles
    table = PROBLEMS["R-every-cell"](data, quick)
    features = [name for name in table.frame.select_dtypes("number") if name in table.formula and "key" not in name]
    features = [name for name in features if name not in ("mode", "time_signature")]
    factors = ["C(key)", "C(mode)", "C(explicit)", "C(time_signature)"]
    curves = [curve(name, 10) for name in features]
    wide = formula([*curves, *products(features), *slopes_by("explicit", features), *factors])
    penalty = Manner(_STRENGTH, roughness=_ROUGHNESS).penalty(wide, len(table.frame), None)
    began = time.perf_counter()
    design = gg.design(wide, table.frame)
    columns = design.matrix(table.frame).shape[1]
    made = time.perf_counter() - began
    matrix = len(table.frame) * columns * 8 / 1e6
    before = _resident_mb()
    began = time.perf_counter()
    with _largest_resident() as seen:
        result = gg.fit(
            design,
            table.frame,
            penalty=penalty,
            covariance=None,
            gradient_tolerance=_GRADIENT,
            decrement_tolerance=_DECREMENT,
        )
    taken = time.perf_counter() - began
    return pd.DataFrame(
        [
            {
                "rows": len(table.frame),
                "columns": columns,
                "classes": len(design.classes),
                "source": table.source,
                "design seconds": made,
                "fit seconds": taken,
                "steps": len(result.steps),
                "outcome": result.statistics.outcome,
                "design MB": matrix,
                "MB before the fit": before,
                "largest MB during the fit": max(seen),
                "MB beyond both": max(seen) - before - matrix,
            }
        ]
    )


def _resident_mb() -> float:
    """Return the resident memory now, in MB; the system's own peak would be that of making the design."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


@contextmanager
def _largest_resident() -> Iterator[list[float]]:
    """Look at the resident memory a hundred times a second, in a thread of its own."""
    seen, done = [_resident_mb()], threading.Event()

    def look() -> None:
        while not done.wait(0.01):
            seen.append(_resident_mb())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def main() -> None:
    """Measure and write the CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.data, asked.quick)
    found.to_csv(asked.out / "many_columns.csv", index=False)
    print(found.T.to_string())


if __name__ == "__main__":
    main()
