"""The engine's kernels beside what the machine can do: information beside dgemm, gradient beside its products.

`python -m benchmarks.kernels OUT [--data TABLE] [--quick]` writes kernels.csv into OUT. What knows the
engine's inside is `_parts`, `information_call` and `gradient_call`; all else is arithmetic.
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from benchmarks.prepared import Codes, Floats
from benchmarks.problems import DATA, PROBLEMS


def _parts(x: Floats, y: Codes, classes: int) -> list[tuple[Any, Floats]]:
    """Return the engine's blocks of rows, each with probabilities as they might be after a fit."""
    from genreglm.engine.blocks import Blocks

    slopes = 0.3 * np.random.default_rng(0).normal(size=(x.shape[1], classes))
    blocks = Blocks.of(x, y, np.ones(len(y)), classes)
    return [(block, softmax(block.x @ slopes, axis=1)) for block in blocks.parts]


def information_call(x: Floats, y: Codes, classes: int, shortcut: bool = True) -> Callable[[], Any]:
    """Return a call of the information matrix, with or without the shortcut of factor cells."""
    from genreglm.engine.cells import Cells
    from genreglm.engine.information import information

    parts, columns = _parts(x, y, classes), x.shape[1]
    one_cell = Cells(np.zeros(len(y), dtype=np.int64), np.arange(columns), np.zeros((1, columns), dtype=bool))
    return lambda: information(parts, classes, None if shortcut else one_cell)


def gradient_call(x: Floats, y: Codes, classes: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return a call of loss and gradient, and one of their two matrix products in the same blocks and threads."""
    from genreglm.engine.blocks import Blocks
    from genreglm.engine.coordinates import triangle
    from genreglm.engine.objective import Objective
    from genreglm.engine.threads import workspace

    blocks = Blocks.of(x, y, np.ones(len(y)), classes)
    objective = Objective(blocks, triangle(blocks))
    slopes = 0.1 * np.random.default_rng(0).normal(size=(x.shape[1], classes))

    def product(block: Any) -> Floats:
        eta = np.matmul(block.x, slopes, out=workspace(len(block), classes))
        return np.asarray(block.x.T @ eta)

    return lambda: objective.evaluate(slopes), lambda: sum(blocks.map(product))


def seconds_of(*calls: Callable[[], Any], repeats: int = 5) -> list[float]:
    """Return the median time of each call, taken in turns after one of each to warm up; once where they take over 10 s.

    In turns, so that a busy spell of the machine does not fall on one of them alone.
    """
    for call in calls:
        call()
    taken: list[list[float]] = [[] for _ in calls]
    while len(taken[0]) < repeats and sum(map(sum, taken)) < 10.0 * len(calls):
        for call, times in zip(calls, taken, strict=True):
            start = perf_counter()
            call()
            times.append(perf_counter() - start)
    return [statistics.median(times) for times in taken]


def information_flops(x: Floats, classes: int) -> float:
    """Return the flops of one product of pairs of free classes with pairs of columns."""
    rows, columns = x.shape
    return float(rows * (classes - 1) * classes * columns * (columns + 1) / 2)


def dgemm_call(size: int) -> Callable[[], Any]:
    """Return a call of one big square product on all threads, 2 size^3 flops."""
    a = np.random.default_rng(0).normal(size=(size, size))
    return lambda: a @ a


def _real_design(data: Path, quick: bool) -> tuple[Floats, Codes, int]:
    """Return problem R with its continuous columns standardised and its factors left 0/1, as the engine has it."""
    import genreglm as gg

    table = PROBLEMS["R"](data, quick)
    design = gg.design(table.formula, table.frame)
    x = design.matrix(table.frame)
    for j in range(x.shape[1]):
        if not np.isin(x[:, j], (0.0, 1.0)).all():
            x[:, j] = (x[:, j] - x[:, j].mean()) / x[:, j].std()
    return x, design.codes(table.frame), len(design.classes)


def measure(data: Path, quick: bool) -> pd.DataFrame:
    """Return one row a quantity: what, value, unit."""
    x, y, classes = _real_design(data, quick)
    dense = np.random.default_rng(0).normal(size=x.shape)
    dense[:, 0] = 1.0
    size = 512 if quick else 4096
    flops = information_flops(x, classes)
    # Clocks fall as a machine warms up: the yardstick is taken in turns with what it measures.
    square, on_dense, plain, cells = seconds_of(
        dgemm_call(size),
        information_call(dense, y, classes),
        information_call(x, y, classes, shortcut=False),
        information_call(x, y, classes),
        repeats=3,
    )
    gemm = 2e-9 * size**3 / square
    gradient, products = seconds_of(*gradient_call(x, y, classes), repeats=50)
    rows = [
        ("dgemm, square, all threads", gemm, "Gflop/s"),
        ("information, dense columns", on_dense, "s"),
        ("information, dense columns", 1e-9 * flops / on_dense, "Gflop/s"),
        ("information, dense columns, share of dgemm", 1e-7 * flops / on_dense / gemm, "%"),
        ("information, real design without factor cells", plain, "s"),
        ("information, real design with factor cells", cells, "s"),
        ("factor cells, speed-up on the real design", plain / cells, "x"),
        ("gradient", gradient, "s"),
        ("its two matrix products, same blocks and threads", products, "s"),
        ("gradient over its products", gradient / products, "x"),
    ]
    return pd.DataFrame(rows, columns=["quantity", "value", "unit"])


def main() -> None:
    """Measure and write a CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    measure(asked.data, asked.quick).to_csv(asked.out / "kernels.csv", index=False)


if __name__ == "__main__":
    main()
