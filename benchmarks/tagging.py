"""Tagging a table from Parquet: rows a second, beside the time of reading it and of the matrix product alone.

`python -m benchmarks.tagging OUT [--data TABLE] [--times 4] [--model FOLDER]` writes tagging.csv into OUT. The table is
the real one, repeated. The model is linear (problem R), saved bare; with `--model` a study's, with sets and families.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from benchmarks.peers.base import peak_mb
from benchmarks.problems import DATA, PROBLEMS


def measure(data: Path, times: int, model: Path | None) -> pd.DataFrame:
    """Return one row a quantity: what, value, unit."""
    import genreglm as gg
    from genreglm.tagger.store import load_tagger
    from genreglm.tagger.table import tag_table
    from genreglm.tagger.tags import Wanted

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if model is None:
            table = PROBLEMS["R"](data, False)
            gg.fit(table.formula, table.frame, covariance=None).save(folder / "bare")
            frame = table.frame
        else:
            frame = pd.read_parquet(data)
        tagger = load_tagger(folder / "bare" if model is None else model)
        source = folder / "tracks.parquet"
        pd.concat([frame] * times, ignore_index=True).to_parquet(source)
        rows, columns = len(frame) * times, len(tagger.result.design.columns)
        names = tagger.result.design.variables if model is None else None
        tag_table(tagger, source, folder / "warm.parquet", Wanted(3))  # compiles
        before = peak_mb()
        seconds, told = _timed(lambda: tag_table(tagger, source, folder / "tags.parquet", Wanted(3)))
        peak = peak_mb()
        reading, _ = _timed(lambda: parquet.read_table(source, columns=names).to_pandas())
        x = np.ones((rows, columns))
        product, _ = _timed(lambda: x @ tagger.result.coefficients)
    assert told.rows == rows
    alone = reading + product
    found = [
        ("rows", rows, ""), ("columns", columns, ""), ("classes", len(tagger.classes), ""),
        ("tagging", seconds, "s"), ("rows a second", rows / seconds, ""), ("reading", reading, "s"),
        ("matrix product", product, "s"), ("tagging over both", seconds / alone, "x"),
        ("peak memory before", before, "MB"), ("peak memory of tagging", peak, "MB"),
    ]  # fmt: skip
    return pd.DataFrame(found, columns=["quantity", "value", "unit"])


def _timed(call: Any, repeats: int = 3) -> tuple[float, Any]:
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        answer = call()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken)), answer


def main() -> None:
    """Measure, write the CSV and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--times", type=int, default=4)
    parser.add_argument("--model", type=Path)
    asked = parser.parse_args()
    found = measure(asked.data, asked.times, asked.model)
    found.to_csv(asked.out / "tagging.csv", index=False)
    print(found.to_string(index=False))


if __name__ == "__main__":
    main()
