"""Newton's method, truncated and damped, on preconditioned conjugate gradients: the solver of the smooth problems."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np

from genreglm.engine.blocks import Floats
from genreglm.engine.objective import PenalisedLikelihood
from genreglm.engine.preconditioners import Curvature, Preconditioner, centred
from genreglm.options import DECREMENT_TOLERANCE, GRADIENT_TOLERANCE, STEP_LIMIT

_PRODUCT_LIMIT = 400
_SUFFICIENT_DECREASE = 1e-4
_SHORTEST_STEP = 2.0**-30
_LONG_STEPS = (2.0, 4.0, 8.0, 16.0)
# Full damping from where a step would move the linear predictors by a root of a tenth.
_CAUTION = 10.0
# Damping falls by this after a step that did what the quadratic model said, and ends below the smallest.
_LESS_DAMPING = 0.1
_SMALLEST_DAMPING = 1e-4
# A whole Hessian that gives steps by itself is taken anew until a step is so short (squared, in standard errors) that
# the next one loses nothing by the old one.
_SETTLED = 1e-8
# Directions to no more digits than this are computed in single precision, as long as the decrement is larger than this
# too, or has just shrunk to such a share: on the way to infinity it shrinks by a mere factor, and the curvature sinks
# below what single precision can tell from zero.
_ROUGH, _EXACT = 2e-5, 1e-6
_FAR, _QUADRATIC = 1e-2, 1e-2
# A sum over many rows is no more certain than this share of itself.
_ROUNDING = 512 * float(np.finfo(float).eps)
# Fewer units of log-likelihood to gain than this is near the end.
_NEAR = 1.0
# Relative error of a step that may be on its way to infinity.
_STEADY = 1e-4
_WATCHED = 3


class Outcome(Enum):
    """How a minimisation ended; the value is the message with its remedy."""

    CONVERGED = "Converged: the gradient and the Newton decrement are below their tolerances."
    STEP_LIMIT = (
        "The step limit was reached before the gradient was small. Raise `max_steps`, or look for columns "
        "that are almost linearly dependent."
    )
    SEPARATED = (
        "The maximum-likelihood estimate does not exist: along some direction the likelihood rises for ever. "
        "Use penalty=gg.Jeffreys(), penalty=gg.CellPrior() for empty cells, penalty=gg.Ridge(...), or leave the "
        "column out."
    )
    SINGULAR = (
        "Columns of the design are linearly dependent. Leave some out of the formula, fit with aliased='drop' as R "
        "does, or use penalty=gg.Ridge(...)."
    )
    STALLED = (
        "No step along the Newton direction lowers the objective any further, though the gradient is not yet "
        "small. Rescale or remove nearly dependent columns, or accept a larger tolerance."
    )
    NON_FINITE = (
        "The objective or its gradient stopped being finite. Look for extreme values in the columns, the "
        "weights or the offset."
    )


@dataclass(frozen=True)
class Step:
    """One line of the trace: the state before the step, and what the step cost."""

    objective: float
    gradient: float
    decrement: float
    length: float
    products: int


@dataclass(frozen=True)
class Solution:
    """Where a minimisation ended: whitened coefficients, outcome, trace, and the last direction taken."""

    whitened: Floats
    value: float
    gradient: float
    outcome: Outcome
    trace: Sequence[Step]
    last_direction: Floats

    @property
    def steps(self) -> int:
        """Newton steps taken."""
        return len(self.trace)

    @property
    def crawled(self) -> bool:
        """Whether steps shrank by a mere factor where Newton's shrink quadratically: near the end."""
        return any(
            after.decrement > 0.1 * before.decrement
            for before, after in pairwise(self.trace)
            if before.decrement < _NEAR
        )


def minimise(
    objective: PenalisedLikelihood,
    start: Floats | None = None,
    *,
    gradient_tolerance: float = GRADIENT_TOLERANCE,
    decrement_tolerance: float = DECREMENT_TOLERANCE,
    max_steps: int = STEP_LIMIT,
    callback: Callable[[Step], object] | None = None,
    diverges: Callable[[PenalisedLikelihood, Floats, Floats, Floats], Floats | None] | None = None,
) -> Solution:
    """Minimise `objective` from `start` (zero by default).

    1. Evaluate value and gradient g; stop when not finite.
    2. Stop when max |g| <= `gradient_tolerance` and W g'M g <= `decrement_tolerance`, where W is the total
       weight and M the preconditioner, which stands for the inverse Hessian: the first looks at the slope,
       the second at the distance still to go in standard errors, squared. No more is asked than rounding leaves,
       which matters where columns are nearly dependent.
    3. Solve (H + D) d = -g roughly by conjugate gradients, preconditioned by M, the inverses of the classes'
       blocks; exactly where the problem is small. D is the damping times the typical curvature of each class.
    4. Double the step as often as it pays where the last ones crawled, or halve it until the objective falls by
       enough (Armijo). Damp more after a shortened step, less after one that the quadratic model foretold.
    5. Where the decrement has been shrinking by a mere constant factor near the end, which is how an iterate walks
       to infinity, ask `diverges` of the point, the direction and the gradient, and stop as separated if it returns
       the direction that separates. Go to 1.

    Sources: Nocedal and Wright (2006), Numerical Optimization, chapters 7 and 10; Eisenstat and Walker (1996), SIAM J.
    Sci. Comput. 17:16, for how roughly.
    """
    gradient_tolerance = max(gradient_tolerance, objective.rounding)
    decrement_tolerance = max(decrement_tolerance, objective.total_weight * objective.rounding**2)
    whitened = np.zeros(objective.shape) if start is None else start - start.mean(axis=1, keepdims=True)
    value, gradient = objective.evaluate(whitened)
    trace: list[Step] = []
    direction, went = np.zeros_like(whitened), 1.0

    def end(outcome: Outcome) -> Solution:
        return Solution(whitened, value, float(np.abs(gradient).max()), outcome, trace, direction)

    typical, curvature = objective.typical_curvatures(), objective.curvature()
    damping, precondition = _first_damping(gradient, curvature, typical)
    damped = damping
    used = 0
    while True:
        size = float(np.abs(gradient).max())
        if not (np.isfinite(value) and np.isfinite(size)):
            return end(Outcome.NON_FINITE)
        bent = bool(trace) and trace[-1].decrement > (_SETTLED if precondition.exact else objective.bends_above)
        # Where columns are many and rows few, one that is out of date costs less than a new one.
        if used >= objective.products_a_preconditioner:
            if bent:
                curvature = objective.curvature()
            if bent or damping != damped:
                precondition, damped, used = curvature.inverse(damping * typical), damping, 0
        going = objective.total_weight * float(np.vdot(gradient, precondition(gradient)))
        # A full step leaves less to go than it went: its own decrement bounds what is left, and is exact.
        left = min(going, trace[-1].decrement) if trace and trace[-1].length >= 1.0 else going
        if size <= gradient_tolerance and left <= decrement_tolerance:
            if damping >= damped:
                return end(Outcome.CONVERGED)
            # More damping than there is makes the way left look shorter than it is.
            precondition, damped, used = curvature.inverse(damping * typical), damping, 0
            continue
        if len(trace) >= max_steps:
            return end(Outcome.STEP_LIMIT)
        # No more digits than the stopping rule asks for, nor than the next step will leave right: Newton's steps
        # shrink quadratically, and what the last one left says by how much.
        needed = 0.3 * min(gradient_tolerance / size, float(np.sqrt(decrement_tolerance / max(going, 1e-300))))
        foreseen = 0.1 * going / went if trace else 0.1
        if going < _NEAR and foreseen > 0.01:
            # So near the end and still shrinking by a mere factor: perhaps on the way to infinity, where roughly
            # solved steps leave out the direction that goes on.
            foreseen = _STEADY
        single = going > _FAR or going < _QUADRATIC * went
        # Digits that single precision does not give come cheaper by one more step than by products in double.
        lowest = _ROUGH if single else _EXACT
        tolerance, went = float(np.clip(foreseen, np.clip(needed, lowest, 0.1), 0.1)), going
        direction, products = _newton_direction(
            objective, gradient, precondition, damping * typical, tolerance, single=single
        )
        used += products
        slope = float(np.vdot(gradient, direction))
        lengths = _long_steps(trace, -slope * objective.total_weight)
        long = _long_step(objective, whitened, value, slope, direction, lengths)
        length, candidate = long or _line_search(objective, whitened, value, slope, direction)
        trace.append(Step(value, size, -slope * objective.total_weight, length, products))
        if callback is not None:
            callback(trace[-1])
        if length == 0.0:
            # Rounding hides any further decrease: at a small gradient that is as far as numbers go.
            value, gradient = objective.evaluate(whitened)
            return end(Outcome.CONVERGED if size <= gradient_tolerance else Outcome.STALLED)
        damping = _next_damping(damping, length, foretold=candidate[0] - value <= 0.25 * slope)
        whitened = whitened + length * direction
        value, gradient = candidate
        if diverges is not None and _linear(trace):
            apart = diverges(objective, whitened, direction, gradient)
            if apart is not None:
                direction = apart
                return end(Outcome.SEPARATED)


def _first_damping(gradient: Floats, curvature: Curvature, typical: Floats) -> tuple[float, Preconditioner]:
    """Return the damping to begin with, none at an optimum and full far away, and the preconditioner of that damping.

    g'M g is about how far the step moves the linear predictors, squared, in their own curvature: where it is small the
    quadratic model is to be believed.
    """
    trial = curvature.rough_inverse(typical)
    damping = min(1.0, _CAUTION * float(np.vdot(gradient, trial(gradient))))
    if not np.isfinite(damping):
        damping = 1.0
    elif damping <= _SMALLEST_DAMPING:
        damping = 0.0
    if damping == 1.0 and not curvature.is_dear:
        return damping, trial
    return damping, curvature.inverse(damping * typical)


def _next_damping(damping: float, length: float, *, foretold: bool) -> float:
    """Return more damping after a shortened step, less after one that lowered the objective as foretold."""
    if length < 1.0:
        return 2.0 * max(damping, _SMALLEST_DAMPING) / length
    less = damping * _LESS_DAMPING if foretold else damping
    return less if less > _SMALLEST_DAMPING else 0.0


def _linear(trace: Sequence[Step]) -> bool:
    """Say whether the last full steps shrank a small decrement linearly; near a minimum it shrinks quadratically."""
    last = trace[-_WATCHED:]
    if len(last) < _WATCHED or last[-1].decrement >= _NEAR or min(step.length for step in last) < 1.0:
        return False
    return all(after.decrement > 0.1 * before.decrement for before, after in pairwise(last))


def _newton_direction(
    objective: PenalisedLikelihood,
    gradient: Floats,
    precondition: Preconditioner,
    damping: Floats,
    tolerance: float,
    *,
    single: bool,
) -> tuple[Floats, int]:
    """Solve (H + D) d = -g by preconditioned conjugate gradients to a relative `tolerance`.

    D = diag(`damping`) holds back the directions in which the curvature has all but vanished though the slope has
    not: the quadratic model is not to be believed there (Levenberg 1944, Q. Appl. Math. 2:164).
    """
    if precondition.exact:
        return precondition(-gradient), 0
    direction = np.zeros_like(gradient)
    residual = -gradient
    preconditioned = precondition(residual)
    search = preconditioned
    energy = start_energy = float(np.vdot(residual, preconditioned))
    for products in range(1, _PRODUCT_LIMIT + 1):
        curved = objective.product(search, single=single) + search * damping
        curvature = float(np.vdot(search, curved))
        if curvature <= 0.0:
            return direction + search, products
        step = energy / curvature
        direction = direction + step * search
        residual = residual - step * curved
        residual = centred(residual)
        preconditioned = precondition(residual)
        previous, energy = energy, float(np.vdot(residual, preconditioned))
        # `energy` is the squared norm of the error in the preconditioner's metric.
        if energy <= tolerance**2 * start_energy:
            break
        search = preconditioned + (energy / previous) * search
    return direction, products


def conjugate_gradients(objective: PenalisedLikelihood) -> Callable[[Floats, float], Floats]:
    """Return what gives -H^-1 g to a relative tolerance, H the Hessian at the point that was evaluated last.

    The preconditioner is made once, for as many gradients g as there may be.
    """
    undamped = np.zeros(objective.shape[1])
    precondition = objective.curvature().inverse(undamped)

    def solve(gradient: Floats, tolerance: float) -> Floats:
        single = tolerance >= _ROUGH
        return _newton_direction(objective, gradient, precondition, undamped, tolerance, single=single)[0]

    return solve


def _long_steps(trace: Sequence[Step], decrement: float) -> Sequence[float]:
    """Return the lengths worth a try before a full step: some where the last steps crawled.

    Where a tail falls off exponentially the decrement shrinks by e, and each step moves by one: twice as far is then
    better. Where several tails fall off in turn it hardly shrinks near the end, or even grows, and farther is better.
    """
    last = [*(step.decrement for step in trace[-2:]), decrement]
    if len(last) < 3 or min(step.length for step in trace[-2:]) < 1.0:
        return ()
    ratios = [after / before for before, after in pairwise(last)]
    if decrement < _NEAR and min(ratios) >= 0.7:
        return _LONG_STEPS
    return _LONG_STEPS[:1] if min(ratios) > 0.25 and max(ratios) < 0.7 else ()


def _long_step(
    objective: PenalisedLikelihood,
    whitened: Floats,
    value: float,
    slope: float,
    direction: Floats,
    lengths: Sequence[float],
) -> tuple[float, tuple[float, Floats]] | None:
    """Return the longest of `lengths` that lowers the objective by enough, and what it found there, else None.

    Each must also be before the lowest point of its line, or near it: a slope that has risen to more than a third of
    the first says that the lowest point came before three quarters of the step, and the one before is then the better.
    """
    longest = None
    for length in lengths:
        candidate = objective.evaluate(whitened + length * direction)
        lower = candidate[0] <= value + _SUFFICIENT_DECREASE * length * slope
        if not lower or float(np.vdot(candidate[1], direction)) > -slope / 3.0:
            # Probabilities of the step that is taken.
            return longest and (longest[0], objective.evaluate(whitened + longest[0] * direction))
        longest = length, candidate
    return longest


def _line_search(
    objective: PenalisedLikelihood, whitened: Floats, value: float, slope: float, direction: Floats
) -> tuple[float, tuple[float, Floats]]:
    """Return the first step 1, 1/2, 1/4, ... that lowers the objective by enough, and what it found there.

    A rise within the rounding of the objective counts as no rise, since close to the optimum the gradient
    still falls where the value no longer can. Length 0 where there is none.
    """
    length, rounding = 1.0, max(_ROUNDING * abs(value), objective.rounding)
    while length >= _SHORTEST_STEP:
        candidate = objective.evaluate(whitened + length * direction)
        if candidate[0] <= value + _SUFFICIENT_DECREASE * length * slope + rounding:
            return length, candidate
        length *= 0.5
    return 0.0, (value, direction)
