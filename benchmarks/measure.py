"""One measurement in a process of its own, with a time limit: `measured(...)`; the child is this module as a program.

The parent loads no problem: on Linux a child's peak memory starts at what its parent has when it starts it.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Measurement:
    """A row of the table of results. What could not be measured is None, and `note` says why.

    `seconds` is the median of `repeats`; where `over_limit`, the limit itself, a bound from below.
    """

    problem: str
    peer: str
    title: str
    standard_errors: bool
    seconds: float | None = None
    fastest: float | None = None
    repeats: int = 0
    over_limit: bool = False
    log_likelihood: float | None = None
    mean_gradient: float | None = None
    iterations: int | None = None
    peak_mb: float | None = None
    before_mb: float | None = None
    note: str = ""


def measured(folder: Path, peer: str, limit: float) -> Measurement:
    """Measure one peer on the problem in `folder`; an error or a passed limit becomes a row as well."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "measurement.json"
        failure = run_module("benchmarks.measure", [str(folder), peer, str(out)], limit)
        if out.exists():
            return Measurement(**json.loads(out.read_text()))
    from benchmarks.peers import all_peers

    about, known = json.loads((folder / "about.json").read_text()), all_peers()[peer]
    over = failure == "time limit"
    return Measurement(
        problem=about["name"],
        peer=peer,
        title=known.title,
        standard_errors=known.standard_errors,
        seconds=limit if over else None,
        over_limit=over,
        note=f"stopped after {limit:,.0f} s" if over else f"failed: {failure}",
    )


def run_module(module: str, arguments: list[str], limit: float) -> str:
    """Run `python -m module arguments`; return "" or why it failed. It and its children end with the limit."""
    command = [sys.executable, "-m", module, *arguments]
    # What a stopped child leaves in its temporary folder goes with ours.
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {"TMPDIR": scratch}
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said, start_new_session=True)
        try:
            child.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            return "time limit"
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        said.seek(0)
        lines = said.read().strip().splitlines()
    return "" if child.returncode == 0 else (lines[-1] if lines else f"exit code {child.returncode}")


def _measure(folder: Path, peer_key: str) -> Measurement:
    from benchmarks.peers import all_peers
    from benchmarks.prepared import Prepared
    from benchmarks.quality import quality

    problem, peer = Prepared.load(folder), all_peers()[peer_key]
    known = (problem.about.name, peer.key, peer.title, peer.standard_errors)
    obstacle = peer.obstacle(problem)
    if obstacle is not None:
        return Measurement(*known, note=obstacle)
    fit = peer.run(problem)
    # After the fit, whose peak memory is on record by now.
    found = None if fit.coefficients is None else quality(problem.x(), problem.y(), fit.coefficients)
    return Measurement(
        *known,
        seconds=statistics.median(fit.seconds),
        fastest=min(fit.seconds),
        repeats=len(fit.seconds),
        log_likelihood=None if found is None else found.log_likelihood,
        mean_gradient=None if found is None else found.mean_gradient,
        iterations=fit.iterations,
        peak_mb=fit.peak_mb,
        before_mb=fit.before_mb,
        note=fit.note,
    )


def main() -> None:
    """Measure one peer on one problem and write the row as JSON."""
    import warnings

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("peer")
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    # Peers warn where they stop early; the gradient they reached tells as much.
    warnings.simplefilter("ignore")
    asked.out.write_text(json.dumps(asdict(_measure(asked.folder, asked.peer))))


if __name__ == "__main__":
    main()
