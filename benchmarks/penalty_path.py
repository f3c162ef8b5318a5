"""A group lasso along 50 strengths, genreglm's and glmnet's: their time, and how well each meets the conditions.

`python -m benchmarks.penalty_path OUT [--data TABLE] [--classes 8] [--limit SECONDS] [--thresholds 1e-7] [--quick]`
writes penalty_path.csv into OUT. Both get the same rows and strengths, from the smallest at which all slopes are zero
down to a ten-thousandth of it. glmnet gets the columns standardised, genreglm the formula and the frame. What a fit is
worth is the largest violation of the conditions of an optimum over all strengths, computed here, in standardised
columns.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers.r_session import lacks
from benchmarks.prepared import Floats
from benchmarks.problems import DATA, PROBLEMS

_STRENGTHS = 50
_TOLERANCE = 1e-7
_HERE = Path(__file__).parent


def measure(data: Path, classes: int | None, limit: float, thresholds: list[str], quick: bool) -> pd.DataFrame:
    """Return a row a fit: seconds, ratio to genreglm, and the largest violation."""
    import genreglm as gg

    table = PROBLEMS["R"](data, quick)
    response = table.formula.split(" ~ ")[0]
    labels = sorted(table.frame[response].unique())[:classes]
    frame = table.frame[table.frame[response].isin(labels)].reset_index(drop=True)
    design = gg.design(table.formula, frame)
    x, y = design.matrix(frame), design.codes(frame)
    scale = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    z = (x - x.mean(axis=0)) / scale
    z[:, 0] = 1.0
    gg.regularisation_path("kind ~ size", _tiny(), strengths=2, folds=0)  # compile before the clock starts
    began = time.perf_counter()
    path = gg.regularisation_path(
        table.formula, frame, strengths=_STRENGTHS, early_end=False, folds=0, tolerance=_TOLERANCE
    )
    taken = time.perf_counter() - began
    strengths = path.table["strength"].to_numpy()
    standard = path.coefficients * scale[:, None]
    standard[:, 0] += np.einsum("j,sjk->sk", x.mean(axis=0) * (np.arange(x.shape[1]) > 0), path.coefficients)
    shape = (len(frame), len(labels))
    rows = [_row("genreglm", shape, taken, taken, _violation(z, y, standard, strengths), "")]
    for threshold in thresholds if lacks("glmnet") is None else ():
        rows.append(_glmnet(z, y, strengths, threshold, limit, shape, taken))
    return pd.DataFrame(rows)


def _tiny() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"kind": list("abc") * 20, "size": rng.normal(size=60)})


def _row(name: str, shape: tuple[int, int], seconds: float, own: float, kkt: float, note: str) -> dict[str, Any]:
    sizes = {"rows": shape[0], "classes": shape[1]}
    return {"fit": name, **sizes, "seconds": seconds, "x_genreglm": seconds / own, "violation": kkt, "note": note}


def _glmnet(
    z: Floats, y: Any, strengths: Floats, threshold: str, limit: float, shape: tuple[int, int], own: float
) -> dict[str, Any]:
    name = f"R glmnet, grouped, thresh={threshold}"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        z[:, 1:].T.tofile(folder / "x.bin")
        y.astype(np.int32).tofile(folder / "y.bin")
        (folder / "strengths.txt").write_text("\n".join(f"{value:.17g}" for value in strengths))
        sizes = [str(value) for value in (len(z), z.shape[1] - 1, shape[1])]
        command = ["Rscript", "--vanilla", str(_HERE / "glmnet_path.R"), made, *sizes, threshold]
        try:
            asked = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return _row(name, shape, limit, own, float("nan"), "stopped: the bound is from below")
        if asked.returncode != 0:
            return _row(name, shape, float("nan"), own, float("nan"), asked.stderr.strip()[-200:] or "R failed")
        found = np.fromfile(folder / "coefficients.bin").reshape(shape[1], len(strengths), z.shape[1])
        taken = float((folder / "seconds.txt").read_text())
        return _row(name, shape, taken, own, _violation(z, y, found.transpose(1, 2, 0), strengths), "")


def _violation(z: Floats, y: Any, coefficients: Floats, strengths: Floats) -> float:
    """Return the largest violation over the strengths; `coefficients` are (strengths, columns, classes)."""
    found = 0.0
    for b, strength in zip(coefficients, strengths, strict=True):
        eta = z @ b
        eta -= eta.max(axis=1, keepdims=True)
        prob = np.exp(eta)
        prob /= prob.sum(axis=1, keepdims=True)
        prob[np.arange(len(y)), y] -= 1.0
        slope = z.T @ prob / len(y)
        length = np.linalg.norm(b[1:], axis=1, keepdims=True)
        there = np.abs(slope[1:] + strength * b[1:] / np.where(length > 0, length, 1.0))
        outside = np.linalg.norm(slope[1:], axis=1, keepdims=True) - strength
        violations = np.where(length > 0, there, np.maximum(outside, 0.0))
        found = max(found, float(np.abs(slope[0]).max()), float(violations.max()))
    return found


def main() -> None:
    """Measure and write the CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--classes", type=int, default=8, help="the first so many; 0 for all")
    parser.add_argument("--limit", type=float, default=3600.0)
    parser.add_argument("--thresholds", nargs="+", default=["1e-7", "1e-12"], help="glmnet's; the first is its default")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.data, asked.classes or None, asked.limit, asked.thresholds, asked.quick)
    found.to_csv(asked.out / "penalty_path.csv", index=False)


if __name__ == "__main__":
    main()
