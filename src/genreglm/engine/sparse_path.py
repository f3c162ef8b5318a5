"""Solutions of lasso-type penalties along a path of strengths, each started from the one before.

    F(B) = (1 / W) sum_i w_i (log sum_l exp eta_il - sum_k t_ik eta_ik) + lambda * penalty(B),  eta = z B + offset

in standardised columns z. Only columns that may matter are worked on: those of the sequential strong rule and those
that were ever in the model; the rest are checked afterwards, so that the rule cannot leave one out (Tibshirani et al.
2012, JRSS B 74:245).

On those columns, proximal quasi-Newton steps. Row i's curvature diag(p_i) - p_i p_i' is at most diag(p_i), and is equal
to it but for the direction in which all classes move together. So the model has the curvatures H_k = z' diag(w p_k) z
/ W, which leave the classes apart, and how far all classes of a column should move together is then answered exactly,
as only the penalty knows of it. Anderson's acceleration takes care of what the model lacks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.newton import Step
from genreglm.engine.objective import Objective
from genreglm.engine.sparse_penalties import ColumnPenalty
from genreglm.engine.sparse_steps import minimise_sparse
from genreglm.engine.threads import ordered_map, single_threaded_blas

Columns = NDArray[np.intp]


@dataclass(frozen=True)
class SparseSolution:
    """One point of a path, in standardised columns.

    Attributes
    ----------
    strength : lambda
    coefficients : (columns, classes), exactly zero where the penalty says so
    gradient : (columns, classes), of the mean negative log-likelihood
    loss : the mean negative log-likelihood
    kkt : the largest violation of the conditions of an optimum, over all columns
    trace : the steps taken, see `genreglm.engine.sparse_steps`
    converged : whether `kkt` reached the tolerance
    """

    strength: float
    coefficients: Floats
    gradient: Floats
    loss: float
    kkt: float
    trace: tuple[Step, ...]
    converged: bool


class SparsePath:
    """Walks down a path of strengths. It starts at the null model, which is `null`."""

    def __init__(self, blocks: Blocks, penalty: ColumnPenalty, tolerance: float, max_steps: int) -> None:
        self.blocks, self.penalty = blocks, penalty
        self.tolerance, self.max_steps = tolerance, max_steps
        self._ever = self.penalty.corner == 0.0
        start = np.zeros((blocks.columns, blocks.classes))
        # Only free columns: a strength that no other column can pass.
        self.null = self._solve(np.flatnonzero(self._ever), start, 0.0)

    @property
    def largest(self) -> float:
        """The smallest lambda at which the null model is the solution; 0 where every column is free."""
        held = self.penalty.corner > 0.0
        if not held.any():
            return 0.0
        return float((self.penalty.dual(self.null.gradient)[held] / self.penalty.corner[held]).max())

    def walk(self, strengths: Floats) -> Iterator[SparseSolution]:
        """Yield the solution at each of falling `strengths`."""
        last, before = self.null, max(self.largest, float(strengths[0]))
        for strength in strengths.tolist():
            likely = self.penalty.dual(last.gradient) >= (2.0 * strength - before) * self.penalty.corner
            last = self._checked(likely | self._ever, last.coefficients, strength)
            self._ever |= self.penalty.inside(last.coefficients)
            before = strength
            yield last

    def _checked(self, working: NDArray[np.bool_], start: Floats, strength: float) -> SparseSolution:
        """Solve on the working columns, and again with those that the conditions find wanting among the rest."""
        trace: tuple[Step, ...] = ()
        while True:
            found = self._solve(np.flatnonzero(working), start, strength)
            trace += found.trace
            violations = self.penalty.violations(found.coefficients, found.gradient, strength)
            missed = (violations > self.tolerance) & ~working
            if not missed.any():
                kkt = float(violations.max())
                return SparseSolution(
                    strength, found.coefficients, found.gradient, found.loss, kkt, trace, kkt <= self.tolerance
                )
            working, start = working | missed, found.coefficients

    @single_threaded_blas()
    def _solve(self, working: Columns, start: Floats, strength: float) -> SparseSolution:
        """Minimise over the working columns, the others held at zero; give the gradient of all columns."""
        if not len(working):
            loss, gradient = Objective(self.blocks, np.eye(self.blocks.columns)).evaluate(np.zeros_like(start))
            return SparseSolution(strength, np.zeros_like(start), gradient, loss, 0.0, (), True)
        objective = Objective(_columns(self.blocks, working), np.eye(len(working)))
        penalty = self.penalty.keep(working)
        point, loss, taken = minimise_sparse(
            objective, penalty, strength, start[working], self.tolerance, self.max_steps
        )
        coefficients, gradient = np.zeros_like(start), np.zeros_like(start)
        coefficients[working] = point
        pairs = zip(self.blocks.parts, objective.probabilities, strict=True)
        for part in ordered_map(lambda pair: pair[0].x.T @ pair[0].residual(pair[1]), pairs):
            gradient += part
        gradient /= self.blocks.total_weight
        kkt = float(penalty.violations(point, gradient[working], strength).max(initial=0.0))
        return SparseSolution(strength, coefficients, gradient, loss, kkt, tuple(taken), kkt <= self.tolerance)


def _columns(blocks: Blocks, working: Columns) -> Blocks:
    """Return the rows with the working columns alone."""
    if len(working) == blocks.columns:
        return blocks
    parts = [Block(np.ascontiguousarray(part.x[:, working]), part.y, part.w, part.offset) for part in blocks.parts]
    return Blocks(parts, blocks.classes)
