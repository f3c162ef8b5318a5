"""What a run has found so far: said on the terminal as it comes, and kept up to date in the folder of results."""

import shutil
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.conditions import conditions
from benchmarks.measure import Measurement
from benchmarks.prepared import About
from benchmarks.tables import markdown, plain, readable, results

_TITLES = {
    "kernels": "Kernels",
    "first_call": "First call",
    "exponents": "Cost = constant x size^exponent",
    "diagnostics": "Diagnostics and effects of the real fit",
    "deletion": "One-step deletion beside true refits",
    "penalty_path": "A group lasso along 50 strengths",
    "scaling": "Cost against rows, classes and columns",
}


class Report:
    """Results in `out`: peers.csv, the parts' own files, and results.md with all of it."""

    def __init__(self, out: Path, quick: bool) -> None:
        self.out = out
        self.console = Console(width=200)
        self._measurements: list[Measurement] = []
        self._parts: list[Path] = []
        self._opening = ["# Results", conditions()]
        self._remarks: list[str] = []
        if quick:
            self._opening.append("**Tiny problems (`--quick`): they prove that everything runs, and no more.**")

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.print(text, markup=False)

    def remark(self, text: str) -> None:
        """Say a line and keep it in results.md."""
        self.say(text)
        self._remarks.append(f"- {text}")
        self._write()

    def add_problem(self, about: About) -> None:
        """Describe the problem that the next measurements are of."""
        sizes = f"{about.rows:,} rows, {about.classes} classes, {about.columns} columns"
        self.remark(f"{about.name}: {sizes}; {about.source}")

    def add(self, found: Measurement) -> None:
        """Take in one measurement."""
        seconds = "" if found.seconds is None else f"{found.seconds:.4g} s"
        gradient = "" if found.mean_gradient is None else f"largest mean gradient {found.mean_gradient:.1e}"
        self.say(f"  {found.title}: {', '.join(word for word in (seconds, gradient, found.note) if word)}")
        self._measurements.append(found)
        self._write()

    def add_part(self, part: str, made: Path, failure: str) -> None:
        """Take over the files that a part made, and print its tables."""
        if failure:
            self.remark(f"{part} failed: {failure}")
            return
        for path in sorted(made.iterdir()):
            kept = Path(shutil.copy(path, self.out / path.name))
            if kept.suffix == ".csv":
                self._parts.append(kept)
                self._print(_TITLES[kept.stem], plain(pd.read_csv(kept)))
        self._write()

    def finish(self) -> None:
        """Print the peers' table and say where everything is."""
        if self._measurements:
            self._print("Peers", readable(results(self._measurements)))
        self.say(f"Written to {self.out}")

    def _print(self, title: str, shown: pd.DataFrame) -> None:
        table = Table(*shown.columns, title=title)
        for row in shown.to_numpy().tolist():
            table.add_row(*row)
        self.console.print(table, markup=False)

    def _write(self) -> None:
        sections = [*self._opening, "\n".join(self._remarks)]
        if self._measurements:
            table = results(self._measurements)
            table.to_csv(self.out / "peers.csv", index=False)
            sections += ["## Peers", markdown(readable(table))]
        for path in self._parts:
            sections += [f"## {_TITLES[path.stem]}", markdown(plain(pd.read_csv(path)))]
        (self.out / "results.md").write_text("\n\n".join(text.strip() for text in sections if text) + "\n")
