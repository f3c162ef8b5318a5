"""How cost grows with rows, classes and columns: times, and the exponents of the power laws they follow.

`python -m benchmarks.scaling OUT [--quick]` writes scaling.csv, exponents.csv and scaling.png into OUT.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.kernels import information_call, seconds_of
from benchmarks.peers.base import clocked
from benchmarks.simulate import simulated

_MEASURES = {"fit_seconds": "fit, coefficients only", "information_seconds": "information matrix"}


@dataclass(frozen=True)
class Sizes:
    """The sizes of a problem."""

    rows: int
    classes: int
    columns: int


def families(quick: bool) -> dict[str, list[Sizes]]:
    """Return, for each of rows, classes and columns, problems in which only that one grows."""
    if quick:
        return {
            "rows": [Sizes(n, 4, 5) for n in (1_000, 2_000, 4_000)],
            "classes": [Sizes(2_000, k, 5) for k in (3, 6, 12)],
            "columns": [Sizes(2_000, 4, p) for p in (4, 8, 16)],
        }
    return {
        "rows": [Sizes(n, 20, 15) for n in (16_000, 32_000, 64_000, 128_000, 256_000)],
        "classes": [Sizes(32_000, k, 15) for k in (8, 16, 32, 64, 128)],
        "columns": [Sizes(32_000, 20, p) for p in (8, 16, 32, 64)],
    }


def times(sizes: Sizes) -> dict[str, float]:
    """Return the seconds of a fit from formula and frame, of an information matrix, and the fit's steps."""
    import genreglm as gg

    drawn = simulated(sizes.rows, sizes.classes, sizes.columns)
    design = gg.design(drawn.formula, drawn.frame)
    result, clock = clocked(lambda: gg.fit(drawn.formula, drawn.frame, covariance=None))
    x, y = design.matrix(drawn.frame), design.codes(drawn.frame)
    return {
        "fit_seconds": float(np.median(clock.seconds)),
        "fit_steps": result.statistics.iterations,
        "information_seconds": seconds_of(information_call(x, y, sizes.classes))[0],
    }


def measure(quick: bool) -> pd.DataFrame:
    """Return one row a problem: the family, its sizes, and the times."""
    times(Sizes(200, 3, 3))  # compiles
    return pd.DataFrame(
        {"family": family, **vars(sizes), **times(sizes)}
        for family, all_sizes in families(quick).items()
        for sizes in all_sizes
    )


def exponents(measured: pd.DataFrame) -> pd.DataFrame:
    """Return b of seconds = a * size^b for each family and measure, by least squares on logarithms."""
    found = []
    for family, rows in measured.groupby("family", sort=False):
        for measure_name in _MEASURES:
            slope, level = np.polyfit(np.log(rows[family]), np.log(rows[measure_name]), 1)
            misfit = np.log(rows[measure_name]) - (level + slope * np.log(rows[family]))
            found.append(
                {
                    "against": family,
                    "measure": _MEASURES[measure_name],
                    "exponent": slope,
                    "largest_misfit_percent": 100 * float(np.abs(np.expm1(misfit)).max()),
                }
            )
    return pd.DataFrame(found)


def plot(measured: pd.DataFrame, slopes: pd.DataFrame, path: Path) -> None:
    """Draw a panel a family, both axes logarithmic, the exponents in the legends."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
    for axis, (family, rows) in zip(axes, measured.groupby("family", sort=False), strict=True):
        for name, label in _MEASURES.items():
            here = slopes[(slopes["against"] == family) & (slopes["measure"] == label)]
            axis.plot(rows[family], rows[name], "o-", label=f"{label}: exponent {here['exponent'].iloc[0]:.2f}")
        fixed = ", ".join(f"{rows[other].iloc[0]:,} {other}" for other in vars(Sizes(0, 0, 0)) if other != family)
        axis.set(xscale="log", yscale="log", xlabel=family, ylabel="seconds", title=fixed)
        axis.set_xticks(rows[family], [f"{size:,}" for size in rows[family]])
        axis.minorticks_off()
        axis.legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measure, fit the exponents, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    measured = measure(asked.quick)
    slopes = exponents(measured)
    measured.to_csv(asked.out / "scaling.csv", index=False)
    slopes.to_csv(asked.out / "exponents.csv", index=False)
    plot(measured, slopes, asked.out / "scaling.png")


if __name__ == "__main__":
    main()
