"""What the first call costs: importing and compiling, with no compiled kernels on disk and with them there.

`python -m benchmarks.first_call OUT` writes first_call.csv into OUT. Each first call needs a process of its own;
a cold cache, a fresh folder.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_PROGRAM = """
import json
from time import perf_counter
start = perf_counter()
import genreglm as gg
gg.fit  # names are imported when first asked for
imported = perf_counter()
from benchmarks.simulate import simulated
tiny = simulated(60, 3, 3)
calls = []
for _ in range(2):
    began = perf_counter()
    gg.fit(tiny.formula, tiny.frame).tidy()
    calls.append(perf_counter() - began)
print(json.dumps({"import": imported - start, "first": calls[0], "second": calls[1]}))
"""


def main(out: Path) -> None:
    """Write one line for a cold cache and one for a warm one; compiling is the first call less the second."""
    with tempfile.TemporaryDirectory() as cache, (out / "first_call.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["cache", "import_seconds", "first_call_seconds", "second_call_seconds", "compile_seconds"])
        for state in ("cold", "warm"):
            environment = os.environ | {"NUMBA_CACHE_DIR": cache}
            said = subprocess.run(
                [sys.executable, "-c", _PROGRAM], env=environment, capture_output=True, text=True, check=False
            )
            if said.returncode != 0:
                sys.exit(said.stderr)
            took = json.loads(said.stdout.splitlines()[-1])
            seconds = [took["import"], took["first"], took["second"], took["first"] - took["second"]]
            lines.writerow([state, *(f"{value:.3f}" for value in seconds)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
