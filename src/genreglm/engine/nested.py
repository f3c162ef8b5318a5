"""A model and those inside it, in which some columns' coefficients are zero: the restricted maxima of its likelihood.

Coefficients are always those of the whole model, (columns, classes) in the columns as given, zero where a column
is left out; so any two models of a family can be compared on the same arrays.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from genreglm.engine import separation
from genreglm.engine.blocks import Block, Blocks, Floats, spread
from genreglm.engine.estimate import Control, Estimate, estimate
from genreglm.engine.problem import Problem
from genreglm.engine.separation import EmptyCell
from genreglm.engine.threads import single_threaded_blas

# The decrement bounds twice the log-likelihood still to gain, and that is the error of a likelihood ratio.
# A last step of Newton's takes it far below.
RESTRICTED = Control(gradient_tolerance=1e-6, decrement_tolerance=1e-11)


@dataclass(frozen=True)
class Point:
    """A model at some coefficients.

    Attributes
    ----------
    log_likelihood : of the rows, those of a prior included
    score : (columns, classes), its derivative in standardised columns
    parts : (block, probabilities) of the rows, in standardised columns
    prior : the same of a prior's rows
    """

    log_likelihood: float
    score: Floats = field(repr=False)
    parts: Sequence[tuple[Block, Floats]] = field(repr=False)
    prior: Sequence[tuple[Block, Floats]] = field(repr=False)


@dataclass(frozen=True)
class Family:
    """A problem, with rows that stand for a prior or without, and all models on some of its columns.

    The rows of the prior are the same in each of them, so that their likelihoods are those of the same data.
    """

    problem: Problem
    prior: Problem | None = None

    @classmethod
    def with_cells(cls, problem: Problem, cells: Sequence[EmptyCell], count: float) -> "Family":
        """Return a problem under a `CellPrior` worth `count` rows for each of its empty cells."""
        if not cells:
            return cls(problem)
        x, codes, w = separation.pseudo_rows(problem.x, problem.w, cells, count)
        targets = codes if problem.y.ndim == 1 else spread(codes, problem.classes)
        offset = None if problem.offset is None else np.zeros((len(w), problem.classes))
        return cls(problem, Problem(x, targets, w, problem.classes, problem.intercept, offset))

    def keep(self, columns: Sequence[int]) -> "Family":
        """Return the same on fewer columns."""
        return Family(self.problem.keep(columns), None if self.prior is None else self.prior.keep(columns))

    def uncentred(self) -> "Family":
        """Return the same in columns that are scaled, not centred, when standardised."""
        prior = None if self.prior is None else replace(self.prior, intercept=None)
        return Family(replace(self.problem, intercept=None), prior)

    def at(self, coefficients: Floats) -> Point:
        """Evaluate the whole model at `coefficients`, (columns, classes)."""
        problem, prior = self.problem, self._prior_blocks()
        own = problem.blocks()
        everything = own if prior is None else own.followed_by(prior)
        standard = problem.standardisation.forth(coefficients)

        def task(block: Block) -> tuple[float, Floats, Floats]:
            eta, prob = block.linear_predictor(standard), np.empty((len(block), problem.classes))
            loss = block.loss(eta, prob)
            return loss, block.x.T @ eta, prob

        loss, gradient, probabilities = zip(*everything.map(task), strict=True)
        pairs, cut = list(zip(everything.parts, probabilities, strict=True)), len(own.parts)
        return Point(-sum(loss), -np.sum(gradient, axis=0), pairs[:cut], pairs[cut:])

    def restricted(self, columns: Collection[int], start: Floats) -> tuple[Floats, Estimate | None]:
        """Return the coefficients that maximise the likelihood with only `columns` in the model.

        Beside them is the estimate that gave them, None where no column is left. It starts from what of the linear
        predictor of `start`, (columns, classes), these columns hold by least squares.
        """
        kept = sorted(columns)
        full = np.zeros_like(start)
        if not kept:
            return full, None
        part = self.keep(kept)
        found = estimate(
            part.problem, prior=part._prior_blocks(), start=self._projected(kept, start), control=RESTRICTED
        )
        full[kept] = found.coefficients
        return full, found

    def _prior_blocks(self) -> Blocks | None:
        if self.prior is None:
            return None
        x, given = self.problem.standardisation.apply(self.prior.x), self.prior
        return Blocks.of(x, given.y, given.w, given.classes, given.offset)

    @single_threaded_blas()
    def _projected(self, kept: Sequence[int], start: Floats) -> Floats:
        dropped = [j for j in range(len(start)) if j not in kept]
        if not dropped:
            return start
        root = np.sqrt(self.problem.w)[:, None]
        x = self.problem.x
        share = np.linalg.lstsq(root * x[:, kept], root * x[:, dropped])[0]
        return np.asarray(start[kept] + share @ start[dropped])
