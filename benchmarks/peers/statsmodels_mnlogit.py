"""statsmodels' MNLogit by Newton; at 114 classes a part of two of its ways to fit, times how often it would be needed.

Newton: a whole fit at 114 classes would take half an hour or more, nearly all of it Hessians: each is (K - 1)^2
products over all rows, one a step and one more at the end. Its Newton takes full steps from zero. Whether they lead
anywhere is seen by taking the first few of them with genreglm's information matrix; where the loss rises, statsmodels
would not have ended at the estimate, and the steps counted are those of genreglm's damped Newton.

L-BFGS does end there. It calls SciPy's; the same routine, with the same memory and from the same start, is run on the
same objective evaluated by genreglm's kernels, to count how often it asks for a value and a score.
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


def _evaluations(problem: Prepared) -> Fit:
    from statsmodels.discrete.discrete_model import MNLogit

    _warm_up()
    x, y = problem.x(), problem.y()
    model = MNLogit(y, x)
    at = np.zeros(problem.about.columns * (problem.about.classes - 1))
    _, clock = clocked(lambda: model.loglike_and_score(at))
    coefficients, calls = _lbfgs_with_our_kernels(x, y, problem.about.classes)
    return Fit(
        seconds=[calls * second for second in clock.seconds],
        coefficients=coefficients,
        peak_mb=clock.peak_mb,
        before_mb=clock.before_mb,
        iterations=calls,
        note=f"NOT A WHOLE FIT: one value with its score took {np.median(clock.seconds):.3g} s, times {calls} calls",
    )


def _lbfgs_with_our_kernels(x: Floats, y: Any, classes: int) -> tuple[Floats, int]:
    """Return where statsmodels' L-BFGS ends, (columns, classes), and how many evaluations it takes.

    With statsmodels' memory of 12 steps, and scikit-learn's rule to stop (a gradient of the mean of 1e-6), which is
    looser than statsmodels' own.
    """
    from scipy.optimize import fmin_l_bfgs_b

    from genreglm.engine.blocks import Blocks
    from genreglm.engine.objective import Objective

    columns = x.shape[1]
    objective = Objective(Blocks.of(x, y, np.ones(len(y)), classes), np.eye(columns))

    def spread(params: Floats) -> Floats:
        return np.column_stack([np.zeros(columns), params.reshape(columns, -1)])

    def mean_loss(params: Floats) -> tuple[float, Floats]:
        value, gradient = objective.evaluate(spread(params))
        return value, gradient[:, 1:].ravel()

    start = np.zeros(columns * (classes - 1))
    found, _, how = fmin_l_bfgs_b(mean_loss, start, m=12, pgtol=1e-6, factr=1.0, maxiter=20_000, maxfun=20_000)
    return spread(found), int(how["funcalls"])


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
    Peer("statsmodels-evaluations", "statsmodels MNLogit, lbfgs: one evaluation x calls", False, ("R",), _evaluations),
    Peer("statsmodels-hessian", "statsmodels MNLogit, one Hessian x steps", True, ("R",), _one_hessian),
)
