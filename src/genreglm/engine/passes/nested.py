"""A model and those inside it where rows are met in passes; see `genreglm.engine.nested`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.inference import ChiSquareTest, wald
from genreglm.engine.nested import RESTRICTED
from genreglm.engine.passes.estimate import Measured, PassEstimate, estimate_in_passes
from genreglm.engine.passes.rows import Followed, Rows, added, selected
from genreglm.engine.passes.sums import information_over, loss_and_gradient
from genreglm.engine.problem import Problem
from genreglm.engine.score import given_kept, parameters_of_columns


@dataclass(frozen=True)
class PassFamily:
    """Rows that are met in passes, and all models on some of their columns; coefficients are of columns as given.

    Attributes
    ----------
    rows : standardised as the sample says
    measured : of them
    sample : some of them, on which each fit begins
    prior : standardised rows that stand for a prior in every model, None without
    factors : the columns of each term
    """

    rows: Rows
    measured: Measured
    sample: Problem
    prior: Blocks | None
    factors: Sequence[range]

    @property
    def classes(self) -> int:
        """How many there are."""
        return self.rows.classes

    @cached_property
    def everything(self) -> Rows:
        """The rows and those of the prior."""
        return self.rows if self.prior is None else Followed(self.rows, self.prior)

    def log_likelihood(self, coefficients: Floats) -> float:
        """Return that of the rows, those of the prior included: one pass."""
        standard = self.sample.standardisation.forth(coefficients)
        return -float(self.everything.reduce(loss_and_gradient, added, standard)[0])

    def restricted(self, columns: Collection[int], start: Floats) -> tuple[Floats, PassEstimate | None]:
        """Return the coefficients that maximise the likelihood with only `columns`, and the estimate that gave them.

        It begins at the sample's own estimate: `start` gives no more than the shape.
        """
        kept = sorted(columns)
        full = np.zeros_like(start)
        if not kept:
            return full, None
        place = {column: position for position, column in enumerate(kept)}
        spans = [[place[j] for j in span if j in place] for span in self.factors]
        found = estimate_in_passes(
            selected(self.rows, kept),
            self.measured.keep(kept),
            self.sample.keep(kept),
            [range(span[0], span[-1] + 1) for span in spans if span],
            prior=None if self.prior is None else self.prior.keep(kept),
            control=RESTRICTED,
        )
        full[kept] = found.coefficients
        return full, found

    def score_test(self, restricted: Floats, tested: Sequence[int], among: Sequence[int]) -> ChiSquareTest:
        """Test that the coefficients of `tested` are zero; see `genreglm.engine.score.score_test`. Two passes.

        `restricted` are coefficients of all columns, zero but `among` those of the smaller model.
        """
        standard = self.sample.standardisation.forth(restricted)
        matrix = information_over(self.everything, standard)
        gradient = self.everything.reduce(loss_and_gradient, added, standard)[1]
        width, classes = self.rows.columns, self.classes
        both = parameters_of_columns([*among, *tested], width, classes)
        score = -np.ascontiguousarray(gradient[:, :-1].T).ravel()[both]
        kept = np.flatnonzero(np.isin(both, parameters_of_columns(among, width, classes)))
        found = given_kept(score, matrix[np.ix_(both, both)], kept)
        new = found.is_new
        return wald(found.score[new], found.variance[np.ix_(new, new)])
