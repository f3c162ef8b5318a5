"""What a peer is, and how a fit is timed: the same for all of them."""

import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from benchmarks.prepared import Floats, Prepared

Answer = TypeVar("Answer")

# A fit that takes this long is timed once; a shorter one at least REPEATS times, and a very short one until
# ENOUGH_SECONDS are spent, since a few milliseconds alone are mostly noise.
LONG_SECONDS = 10.0
REPEATS = 5
MOST_REPEATS = 50
ENOUGH_SECONDS = 2.0


@dataclass(frozen=True)
class Fit:
    """What a peer took and found.

    Attributes
    ----------
    seconds : wall time of each repeat, the fit alone
    coefficients : (columns, classes) of the standardised columns, or None where there are none to judge
    peak_mb : largest resident memory of the process that fitted, program and data included
    before_mb : the same, just before the fit
    iterations : as the peer counts them
    note : what a reader of the table must know
    """

    seconds: list[float]
    coefficients: Floats | None
    peak_mb: float
    before_mb: float | None = None
    iterations: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Peer:
    """One way to fit: `run` fits a problem; `obstacle` says why it cannot, or None.

    `standard_errors` tells whether its time includes them, `problems` which problems it is put to.
    """

    key: str
    title: str
    standard_errors: bool
    problems: tuple[str, ...]
    run: Callable[[Prepared], Fit]
    obstacle: Callable[[Prepared], str | None] = lambda problem: None


@dataclass(frozen=True)
class Clocked:
    """Wall seconds of each repeat, and the resident memory before and at the peak of the first."""

    seconds: list[float]
    before_mb: float
    peak_mb: float


def clocked(call: Callable[[], Answer]) -> tuple[Answer, Clocked]:
    """Call until timed often enough; return the last answer. Each answer is let go of before the next call."""
    before, seconds, peak = peak_mb(), list[float](), 0.0
    while True:
        start = perf_counter()
        answer = call()
        seconds.append(perf_counter() - start)
        peak = peak or peak_mb()
        if timed_enough(seconds):
            return answer, Clocked(seconds, before, peak)
        del answer


def timed_enough(seconds: list[float]) -> bool:
    """Say whether these repeats do. `session.R` has the same rule."""
    if seconds[0] >= LONG_SECONDS or len(seconds) >= MOST_REPEATS:
        return True
    return len(seconds) >= REPEATS and sum(seconds) >= ENOUGH_SECONDS


def peak_mb(who: int = resource.RUSAGE_SELF) -> float:
    """Return the largest resident memory so far, in MB (10^6 bytes), of this process or its children."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit / 1e6
