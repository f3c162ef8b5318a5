"""statsmodels' MNLogit by Newton; at 114 classes one of its Hessians, times the steps that Newton's method takes.

A whole fit at 114 classes would take half an hour or more, nearly all of it Hessians: each is (K - 1)^2 products over
all rows, one a step and one more at the end. Its Newton takes full steps from zero. Whether they lead anywhere is seen
by taking the first few of them with genreglm's information matrix; where the loss rises, statsmodels would not have
ended at the estimate, and the steps counted are those of genreglm's damped Newton.
"""

from typing import Any

import numpy as np

from benchmarks.peers.base import Fit, Peer, clocked
from benchmarks.prepared import Floats, Prepared

_STEPS_LOOKED_AT = 2


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
    losses, steps = _full_steps(x, y, problem.about.classes), _damped_steps(problem)
    rising = f"; its own full steps lead from a mean loss of {losses[0]:.3g} to {losses[-1]:.3g}"
    return Fit(
        seconds=[(steps + 1) * second for second in clock.seconds],
        coefficients=None,
        peak_mb=clock.peak_mb,
        before_mb=clock.before_mb,
        iterations=steps,
        note=f"NOT A WHOLE FIT: one Hessian took {np.median(clock.seconds):.3g} s, times {steps} steps and one more"
        + (rising if losses[-1] > losses[0] else ""),
    )


def _damped_steps(problem: Prepared) -> int:
    """Return the steps of genreglm's Newton on the same problem."""
    import genreglm as gg

    return int(gg.fit(problem.about.formula, problem.frame(), covariance=None).statistics.iterations)


def _full_steps(x: Floats, y: Any, classes: int) -> list[float]:
    """Return the mean loss at zero and after each of a few full steps of Newton's."""
    from genreglm.engine.blocks import Blocks
    from genreglm.engine.information import information

    blocks, coefficients = Blocks.of(x, y, np.ones(len(y)), classes), np.zeros((x.shape[1], classes))
    losses: list[float] = []
    while True:
        parts, loss, score = [], 0.0, np.zeros_like(coefficients)
        for block in blocks.parts:
            eta, prob = block.linear_predictor(coefficients), np.empty((len(block), classes))
            loss += block.loss(eta, prob)
            score -= block.x.T @ eta
            parts.append((block, prob))
        losses.append(loss / len(y))
        if len(losses) > _STEPS_LOOKED_AT:
            return losses
        step = np.linalg.solve(information(parts, classes), score[:, :-1].T.ravel())
        coefficients[:, :-1] += step.reshape(classes - 1, -1).T


PEERS = (
    Peer("statsmodels", "statsmodels MNLogit, newton", True, ("ten", "small"), _run),
    Peer("statsmodels-hessian", "statsmodels MNLogit, one Hessian x steps", True, ("R",), _one_hessian),
)
