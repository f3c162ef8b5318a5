"""scikit-learn's LogisticRegression without penalty: three solvers, and the default tolerance of the default one."""

from typing import Any

import numpy as np

from benchmarks.peers.base import Fit, Peer, clocked
from benchmarks.prepared import Prepared

# Enough iterations to reach the tolerance; without tol, scikit-learn's own tolerance and limit.
_ENOUGH = {"tol": 1e-6, "max_iter": 100_000}


def _run(problem: Prepared, solver: str, options: dict[str, Any]) -> Fit:
    from sklearn.linear_model import LogisticRegression

    # C = inf is no penalty, in the versions before 1.8 as well as in those after.
    model = LogisticRegression(C=np.inf, solver=solver, **options)
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(60, 2)), np.arange(60) % 3)
    x, y = np.ascontiguousarray(problem.x()[:, 1:]), problem.y()
    fitted, clock = clocked(lambda: model.fit(x, y))
    iterations = int(np.max(fitted.n_iter_))
    return Fit(
        seconds=clock.seconds,
        coefficients=np.vstack([fitted.intercept_, fitted.coef_.T]),
        peak_mb=clock.peak_mb,
        before_mb=clock.before_mb,
        iterations=iterations,
        note=f"stopped at its limit of {iterations} iterations" if iterations >= model.max_iter else "",
    )


def _peer(key: str, title: str, solver: str, options: dict[str, Any]) -> Peer:
    return Peer(key, title, False, ("R", "ten", "small"), lambda problem: _run(problem, solver, options))


PEERS = (
    _peer("sklearn-lbfgs", "scikit-learn lbfgs, tol=1e-6", "lbfgs", _ENOUGH),
    _peer("sklearn-lbfgs-default", "scikit-learn lbfgs, its defaults", "lbfgs", {}),
    _peer("sklearn-newton-cg", "scikit-learn newton-cg, tol=1e-6", "newton-cg", _ENOUGH),
    _peer("sklearn-newton-cholesky", "scikit-learn newton-cholesky, tol=1e-6", "newton-cholesky", _ENOUGH),
)
