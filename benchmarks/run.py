"""Run the benchmarks and write what they found: `python -m benchmarks.run [--only R,small] [--peers ...] [--quick]`.

Every measurement is a process of its own, one after the other. Results are written after each, so that a long run
that is stopped leaves what it had.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import ROOT, measured, run_module
from benchmarks.peers import all_peers
from benchmarks.prepared import Prepared
from benchmarks.problems import DATA, PROBLEMS
from benchmarks.report import Report

# What is measured beside the peers.
PARTS = ("kernels", "first-call", "scaling", "diagnostics", "penalty-path")


@dataclass(frozen=True)
class Asked:
    """What the command line asked for."""

    only: list[str]
    peers: list[str]
    quick: bool
    data: Path
    limit: float
    out: Path

    @property
    def size(self) -> list[str]:
        """Whether a program is to make its problems tiny."""
        return ["--quick"] if self.quick else []

    @property
    def options(self) -> list[str]:
        """The same, and where the real table is."""
        return ["--data", str(self.data.resolve()), *self.size]


def main() -> None:
    """Measure what is asked for, in one run."""
    asked = _parse()
    asked.out.mkdir(parents=True, exist_ok=True)
    report = Report(asked.out, asked.quick)
    for part in PARTS:
        if part in asked.only:
            _run_part(part, asked, report)
    for name in PROBLEMS:
        if name in asked.only:
            _run_problem(name, asked, report)
    report.finish()


def _run_part(part: str, asked: Asked, report: Report) -> None:
    report.say(f"{part} ...")
    with tempfile.TemporaryDirectory() as name:
        options = [] if part == "first-call" else asked.size if part == "scaling" else asked.options
        failure = run_module(f"benchmarks.{part.replace('-', '_')}", [name, *options], asked.limit)
        report.add_part(part, Path(name), failure)


def _run_problem(name: str, asked: Asked, report: Report) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        failure = run_module("benchmarks.problems", [name, made, *asked.options], asked.limit)
        if failure:
            report.remark(f"{name} could not be made: {failure}")
            return
        report.add_problem(Prepared.load(folder).about)
        for peer in all_peers().values():
            if name in peer.problems and peer.key in asked.peers:
                report.add(measured(folder, peer.key, asked.limit))


def _parse() -> Asked:
    problems_and_parts, peers = [*PROBLEMS, *PARTS], list(all_peers())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help=f"of {', '.join(problems_and_parts)}; separated by commas")
    parser.add_argument("--peers", help=f"of {', '.join(peers)}; separated by commas")
    parser.add_argument("--quick", action="store_true", help="tiny problems, to prove that everything runs")
    parser.add_argument("--data", type=Path, default=DATA, help="the real table as Parquet; absent: the example")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for one measurement, repeats included")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results")
    given = parser.parse_args()
    return Asked(
        _chosen(parser, given.only, problems_and_parts),
        _chosen(parser, given.peers, peers),
        given.quick,
        given.data,
        given.limit,
        given.out,
    )


def _chosen(parser: argparse.ArgumentParser, text: str | None, known: list[str]) -> list[str]:
    names = known if text is None else text.split(",")
    unknown = sorted(set(names) - set(known))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    return names


if __name__ == "__main__":
    main()
