"""statsmodels' MNLogit by Newton; at 114 classes one of its Hessians, times its iterations.

A whole fit at 114 classes would take hours. Its time is its Hessians: each is (K - 1)^2 products over all rows.
"""

from typing import Any

import numpy as np

from benchmarks.peers.base import Fit, Peer, clocked
from benchmarks.prepared import Floats, Prepared

# Newton's iterations are counted where they are cheap: on every row of this many classes, spread over all.
# More classes need as many or more, so the product is if anything too kind to the peer.
_CLASSES_TO_COUNT = 10


def _fit(x: Floats, y: Any) -> Any:
    from statsmodels.discrete.discrete_model import MNLogit

    return MNLogit(y, x).fit(method="newton", maxiter=100, disp=0)


def _warm_up() -> None:
    rng = np.random.default_rng(0)
    _fit(np.column_stack([np.ones(60), rng.normal(size=(60, 2))]), np.arange(60) % 3)


def _run(problem: Prepared) -> Fit:
    _warm_up()
    x, y = problem.x(), problem.y()
    fitted, clock = clocked(lambda: _fit(x, y))
    found = np.asarray(fitted.params)
    return Fit(
        seconds=clock.seconds,
        coefficients=np.column_stack([np.zeros(len(found)), found]),
        peak_mb=clock.peak_mb,
        before_mb=clock.before_mb,
        iterations=int(fitted.mle_retvals["iterations"]),
        note="" if fitted.mle_retvals["converged"] else "did not converge",
    )


def _one_hessian(problem: Prepared) -> Fit:
    from statsmodels.discrete.discrete_model import MNLogit

    _warm_up()
    x, y = problem.x(), problem.y()
    model = MNLogit(y, x)
    at = np.zeros(problem.about.columns * (problem.about.classes - 1))
    _, clock = clocked(lambda: model.hessian(at))
    chosen = np.linspace(0, problem.about.classes - 1, min(_CLASSES_TO_COUNT, problem.about.classes)).astype(int)
    kept = np.isin(y, chosen)
    iterations = int(_fit(x[kept], y[kept]).mle_retvals["iterations"])
    return Fit(
        seconds=[iterations * second for second in clock.seconds],
        coefficients=None,
        peak_mb=clock.peak_mb,
        before_mb=clock.before_mb,
        iterations=iterations,
        note=(
            f"NOT A WHOLE FIT: one Hessian took {np.median(clock.seconds):.3g} s, times {iterations} iterations as "
            f"counted on {len(chosen)} of the classes"
        ),
    )


PEERS = (
    Peer("statsmodels", "statsmodels MNLogit, newton", True, ("ten", "small"), _run),
    Peer("statsmodels-hessian", "statsmodels MNLogit, one Hessian x iterations", True, ("R",), _one_hessian),
)
