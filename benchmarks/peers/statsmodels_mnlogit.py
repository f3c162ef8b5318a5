"""statsmodels' MNLogit by Newton; at 114 classes one of its Hessians, times its iterations.

A whole fit at 114 classes would take half an hour. Its time is its Hessians: each is (K - 1)^2 products over all rows,
one an iteration and one more at the end, which its covariance comes from. How many iterations it would take is found by
its own rule (full steps from zero, until no coefficient moves by more than 1e-8) with genreglm's information matrix.
"""

from typing import Any

import numpy as np

from benchmarks.peers.base import Fit, Peer, clocked
from benchmarks.prepared import Floats, Prepared

_TOLERANCE, _RIDGE = 1e-8, 1e-10


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
    hessians = _iterations(x, y, problem.about.classes) + 1
    return Fit(
        seconds=[hessians * second for second in clock.seconds],
        coefficients=None,
        peak_mb=clock.peak_mb,
        before_mb=clock.before_mb,
        iterations=hessians - 1,
        note=f"NOT A WHOLE FIT: one Hessian took {np.median(clock.seconds):.3g} s, times {hessians}",
    )


def _iterations(x: Floats, y: Any, classes: int) -> int:
    """Return the iterations of statsmodels' `_fit_newton` on this problem, with the same steps made faster."""
    from genreglm.engine.blocks import Blocks
    from genreglm.engine.information import information

    blocks, coefficients = Blocks.of(x, y, np.ones(len(y)), classes), np.zeros((x.shape[1], classes))
    prob = np.empty((len(y), classes))
    for iteration in range(1, 101):
        parts, done, score = [], 0, np.zeros_like(coefficients)
        for block in blocks.parts:
            own = prob[done : done + len(block)]
            eta = block.linear_predictor(coefficients)
            block.loss(eta, own)
            score -= block.x.T @ eta
            parts.append((block, own))
            done += len(block)
        matrix = information(parts, classes) / len(y)
        matrix[np.diag_indices_from(matrix)] += _RIDGE
        step = np.linalg.solve(matrix, score[:, :-1].T.ravel() / len(y)).reshape(classes - 1, -1).T
        coefficients[:, :-1] += step
        if np.abs(step).max() <= _TOLERANCE:
            return iteration
    return 100


PEERS = (
    Peer("statsmodels", "statsmodels MNLogit, newton", True, ("ten", "small"), _run),
    Peer("statsmodels-hessian", "statsmodels MNLogit, one Hessian x iterations", True, ("R",), _one_hessian),
)
