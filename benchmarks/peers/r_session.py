"""Runs one of R's peers through `session.R`, in a process of its own."""

import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.peers.base import ENOUGH_SECONDS, LONG_SECONDS, MOST_REPEATS, REPEATS, Fit, peak_mb
from benchmarks.prepared import Prepared

_HERE = Path(__file__).parent


def lacks(package: str) -> str | None:
    """Say that R or one of its packages is not installed; None where both are."""
    if shutil.which("Rscript") is None:
        return "not installed (no Rscript)"
    asked = subprocess.run(
        ["Rscript", "--vanilla", "-e", f'quit(status = !requireNamespace("{package}", quietly = TRUE))'],
        capture_output=True,
        check=False,
    )
    return None if asked.returncode == 0 else f"not installed (R without {package})"


def run(problem: Prepared, script: str, setting: str = "-") -> Fit:
    """Fit with `script`; the memory is that of R's process."""
    about = problem.about
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        problem.x()[:, 1:].T.tofile(folder / "x.bin")
        problem.y().astype(np.int32).tofile(folder / "y.bin")
        sizes = (about.rows, about.columns - 1, about.classes)
        rule = (LONG_SECONDS, REPEATS, MOST_REPEATS, ENOUGH_SECONDS)
        told = [str(value) for value in (*sizes, setting, *rule)]
        command = ["Rscript", "--vanilla", str(_HERE / "session.R"), str(_HERE / script), name, *told]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        if asked.returncode != 0:
            raise RuntimeError((asked.stderr.strip() or "R failed without a word").splitlines()[-1])
        found = np.fromfile(folder / "coefficients.bin").reshape(about.classes, about.columns).T
        iterations, before, peak = (_number(word) for word in (folder / "facts.txt").read_text().split())
        return Fit(
            seconds=[float(line) for line in (folder / "seconds.txt").read_text().split()],
            coefficients=found,
            peak_mb=peak_mb(resource.RUSAGE_CHILDREN) if peak is None else peak * 1024 / 1e6,
            before_mb=None if before is None else before * 1024 / 1e6,
            iterations=None if iterations is None else int(iterations),
        )


def _number(word: str) -> float | None:
    return None if word == "NA" else float(word)
