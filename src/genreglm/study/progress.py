"""What a study says while it runs: rich on a terminal, plain lines elsewhere, nothing when quiet; and a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console

from genreglm.files import append_line, make_folder


class Reporter:
    """Says what happens, on the console and in `logs/study.log`."""

    def __init__(self, quiet: bool = False, console: Console | None = None) -> None:
        self.quiet = quiet
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._log: Path | None = None

    def log_to(self, path: Path) -> None:
        """Write the lines to `path` too, from now on, after what is there."""
        make_folder(path.parent)
        self._log = path

    def say(self, text: str, style: str | None = None) -> None:
        """Say one line."""
        if not self.quiet:
            self.console.print(text, style=style, markup=False)
        if self._log is not None:
            append_line(self._log, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")

    def note(self, text: str) -> None:
        """Say one line within a stage."""
        self.say(f"    {text}")

    @contextmanager
    def stage(self, number: int, total: int, title: str) -> Iterator[dict[str, float]]:
        """Head a stage, show that it runs, and close it with its time and the peak of memory so far.

        The yielded dict holds `seconds` and `peak_mb` after the stage.
        """
        measured: dict[str, float] = {}
        self.say(f"[{number}/{total}] {title}", style="bold")
        spinner = self.console.status(title) if self.console.is_terminal and not self.quiet else nullcontext()
        start = time.perf_counter()
        with spinner:
            yield measured
        measured["seconds"] = round(time.perf_counter() - start, 2)
        measured["peak_mb"] = round(peak_megabytes(), 1)
        self.say(f"    done in {measured['seconds']:.1f} s (peak memory so far {measured['peak_mb']:,.0f} MB)")


def peak_megabytes() -> float:
    """Return the largest resident size of this process so far, in MB; NaN where the system does not say."""
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
