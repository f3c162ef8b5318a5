"""genreglm itself, from a formula and a frame, so that its time includes making the design; and its estimator.

The estimator takes arrays, as the peers do.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.base import Fit, Peer, clocked
from benchmarks.prepared import Prepared
from benchmarks.simulate import simulated


def _run(problem: Prepared, fit: Callable[[Any, Any], Any], knows_design: bool = False, note: str = "") -> Fit:
    """Fit after one tiny warm-up: compiling is measured apart, by `benchmarks.first_call`."""
    import genreglm as gg

    tiny = simulated(60, 3, 3)
    fit(tiny.formula, tiny.frame)
    frame, formula = problem.frame(), problem.about.formula
    source = gg.design(formula, frame) if knows_design else formula
    result, clock = clocked(lambda: fit(source, frame))
    return Fit(
        seconds=clock.seconds,
        coefficients=problem.standardised(result.coefficients),
        peak_mb=clock.peak_mb,
        before_mb=clock.before_mb,
        iterations=result.statistics.iterations,
        note=note,
    )


def _coefficients_only(source: Any, frame: Any) -> Any:
    import genreglm as gg

    # The peers stop by their gradient alone, and at a looser one.
    return gg.fit(source, frame, covariance=None, gradient_tolerance=1e-8, decrement_tolerance=1e-6)


def _with_covariance(source: Any, frame: Any) -> Any:
    import genreglm as gg

    result = gg.fit(source, frame)
    result.tidy()
    return result


def _jeffreys(source: Any, frame: Any) -> Any:
    import genreglm as gg

    return gg.fit(source, frame, penalty=gg.Jeffreys())


def _estimator(problem: Prepared) -> Fit:
    from genreglm.sklearn import MultinomialGLMClassifier

    model = MultinomialGLMClassifier(alpha=0.0)
    model.fit(np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 3)
    x, y = np.ascontiguousarray(problem.x()[:, 1:]), problem.y()
    fitted, clock = clocked(lambda: model.fit(x, y))
    return Fit(
        seconds=clock.seconds,
        coefficients=np.vstack([fitted.intercept_, fitted.coef_.T]),
        peak_mb=clock.peak_mb,
        before_mb=clock.before_mb,
        iterations=int(np.max(fitted.n_iter_)),
    )


def _lacks_jeffreys(problem: Prepared) -> str | None:
    import genreglm as gg

    return None if hasattr(gg, "Jeffreys") else "this genreglm has no Jeffreys"


PEERS = (
    Peer(
        "genreglm",
        "genreglm, coefficients only",
        False,
        ("R", "ten", "small"),
        lambda problem: _run(problem, _coefficients_only),
    ),
    Peer(
        "genreglm-covariance",
        "genreglm, covariance and tidy",
        True,
        ("R", "ten", "small"),
        lambda problem: _run(problem, _with_covariance),
    ),
    Peer(
        "genreglm-design",
        "genreglm, coefficients only, design learnt before",
        False,
        ("small",),
        lambda problem: _run(problem, _coefficients_only, knows_design=True),
    ),
    Peer("genreglm-estimator", "genreglm's estimator on arrays, alpha=0", False, ("R", "ten", "small"), _estimator),
    Peer(
        "genreglm-jeffreys",
        "genreglm, Jeffreys' penalty, covariance",
        True,
        ("R-every-cell",),
        lambda problem: _run(problem, _jeffreys, note="gradient of the likelihood without the penalty"),
        _lacks_jeffreys,
    ),
)
