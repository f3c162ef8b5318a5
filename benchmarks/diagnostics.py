"""Diagnostics and effects of the real fit: their time beside an information matrix, their memory, their accuracy.

`python -m benchmarks.diagnostics OUT [--data TABLE] [--quick]` writes diagnostics.csv (times and memory) and
deletion.csv (one-step deletion beside true refits) into OUT. Half of the rows refitted are drawn from the hundredth
with the largest Cook's distance, the others from all others.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.kernels import information_call, seconds_of
from benchmarks.peers.base import peak_mb
from benchmarks.prepared import Floats
from benchmarks.problems import DATA, PROBLEMS

_REFITS = 50


def measure(data: Path, quick: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the times and the comparison with refits."""
    import genreglm as gg

    table = PROBLEMS["R"](data, quick)
    result = gg.fit(table.formula, table.frame)
    continuous = table.frame.drop(columns="key").select_dtypes("number").columns.intersection(result.design.variables)
    x = np.random.default_rng(0).normal(size=result.problem.x.shape)
    [dense] = seconds_of(information_call(x, result.problem.y, len(result.classes)))
    rows = [("information, dense columns", dense, 1.0, peak_mb())]
    # A copy knows nothing yet of what a result works out once.
    calls: dict[str, Callable[[], Any]] = {
        "leverage of all rows": lambda: gg.leverage(replace(result)),
        "leverage, Cook's distance, both deltas of all rows": lambda: gg.influence(replace(result)),
        f"average marginal effects of {len(continuous)} variables with standard errors": lambda: gg.marginal_effects(
            result, variables=list(continuous)
        ),
    }
    for name, call in calls.items():
        [taken] = seconds_of(call, repeats=3)
        rows.append((name, taken, taken / dense, peak_mb()))
    times = pd.DataFrame(rows, columns=["quantity", "seconds", "x_dense_information", "peak_mb_so_far"])
    return times, _refits(result, 6 if quick else _REFITS)


def _refits(result: Any, count: int) -> pd.DataFrame:
    """Return correlations and errors of one-step deletion over `count` true refits."""
    import genreglm as gg
    from genreglm.result.deletion import deletable

    fit, table = deletable(result), gg.influence(result)
    pull, z = fit.rows.pull, np.concatenate([block.x for block, _ in fit.parts])
    information = np.linalg.inv(fit.covariance)
    rng, ranked = np.random.default_rng(0), table["cooksd"].sort_values(ascending=False).index.to_numpy()
    top = max(len(ranked) // 100, count)
    chosen = np.concatenate([rng.choice(part, count // 2, replace=False) for part in (ranked[:top], ranked[top:])])
    deviance, records = -2.0 * result.statistics.log_likelihood, []
    for row in chosen:
        step = fit.covariance @ np.kron(pull[row], z[row])
        refit = gg.fit(result.design, result.source.drop(index=row), covariance=None, start=result)
        moved = _standard(fit, result.coefficients - refit.coefficients)
        cook = moved @ information @ moved / len(moved)
        fall = deviance + 2.0 * refit.statistics.log_likelihood
        error = np.sqrt((step - moved) @ information @ (step - moved) / (moved @ information @ moved))
        records.append((table.loc[row, "cooksd"], cook, table.loc[row, "delta_deviance"], fall, error))
    found = pd.DataFrame(records, columns=["cook_step", "cook", "fall_step", "fall", "error"])
    relative = {name: (found[f"{name}_step"] / found[name] - 1).abs() for name in ("cook", "fall")}
    return pd.DataFrame(
        [
            ("refits", len(found)),
            ("Cook's distance, correlation", found["cook_step"].corr(found["cook"])),
            ("Cook's distance, correlation of logarithms", np.log(found["cook_step"]).corr(np.log(found["cook"]))),
            ("Cook's distance, median relative error", relative["cook"].median()),
            ("Cook's distance, largest relative error", relative["cook"].max()),
            ("change in deviance, correlation", found["fall_step"].corr(found["fall"])),
            ("change in deviance, median relative error", relative["fall"].median()),
            ("all coefficients, median error relative to their change", found["error"].median()),
            ("all coefficients, largest error relative to their change", found["error"].max()),
        ],
        columns=["quantity", "value"],
    )


def _standard(fit: Any, coefficients: Floats) -> Floats:
    """Return coefficients in standardised columns, against the last class, class by class."""
    standard = fit.problem.standardisation.forth(coefficients)
    return np.asarray((standard[:, :-1] - standard[:, -1:]).T.ravel())


def main() -> None:
    """Measure and write two CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    times, refits = measure(asked.data, asked.quick)
    asked.out.mkdir(parents=True, exist_ok=True)
    times.to_csv(asked.out / "diagnostics.csv", index=False)
    refits.to_csv(asked.out / "deletion.csv", index=False)


if __name__ == "__main__":
    main()
