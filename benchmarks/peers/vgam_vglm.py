"""R's VGAM::vglm(multinomial): refused where its model matrix would not fit in memory."""

from benchmarks.peers import r_session
from benchmarks.peers.base import Peer
from benchmarks.prepared import Prepared

# One row a row and class, one column a column and class. It took 7.4 times that to fit 12,000 rows of 10 classes
# and 25 columns.
_COPIES = 8


def _obstacle(problem: Prepared) -> str | None:
    missing = r_session.lacks("VGAM")
    if missing:
        return missing
    about = problem.about
    matrix = 8.0 * about.rows * about.columns * (about.classes - 1) ** 2
    free = _free_bytes()
    if free is None or _COPIES * matrix <= free:
        return None
    return f"not run: its model matrix takes {matrix / 1e9:.1f} GB, and some {_COPIES} copies of it"


def _free_bytes() -> float | None:
    try:
        with open("/proc/meminfo") as lines:
            return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return None


PEERS = (
    Peer(
        "vgam",
        "R VGAM::vglm, epsilon=1e-10",
        True,
        ("R", "ten", "small"),
        lambda problem: r_session.run(problem, "vgam_vglm.R"),
        _obstacle,
    ),
)
