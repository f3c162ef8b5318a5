"""A fit as deletion diagnostics want it: probabilities and the inverse of the information, in standardised columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from genreglm.engine.blocks import Block, Codes, Floats
from genreglm.engine.cluster_deletion import ClusterDeletion, delete_clusters
from genreglm.engine.information import information
from genreglm.engine.memory import require_covariance
from genreglm.engine.nested import Family
from genreglm.engine.penalties import Shrinkage, in_words
from genreglm.engine.problem import Problem
from genreglm.engine.row_deletion import RowDeletion, delete_rows
from genreglm.engine.sandwich import bread
from genreglm.errors import InferenceError
from genreglm.result.model import Result
from genreglm.result.refits import family_of
from genreglm.sources import Source


@dataclass(frozen=True)
class Deletable:
    """A fit whose rows can be deleted one step at a time.

    Attributes
    ----------
    family : the arrays of its rows, and of those that stand for a `CellPrior`
    coefficients : (p, classes) in the columns as given
    covariance : (m, m), the inverse of its information, in standardised columns
    back : (p, p), from standardised coefficients to those of the columns as given
    """

    family: Family = field(repr=False)
    coefficients: Floats = field(repr=False)
    covariance: Floats = field(repr=False)
    back: Floats = field(repr=False)

    @classmethod
    def of(cls, result: Result, rows: Source | None) -> "Deletable":
        """Return a fit for deletion diagnostics; see `deletable`."""
        if isinstance(result.penalty, Shrinkage):
            raise InferenceError(
                "Leverage and deletion are defined at a maximum of the likelihood, and this fit is under "
                f"{in_words(result.penalty)}. Fit without a penalty, or with gg.CellPrior()."
            )
        family = family_of(result, rows)
        problem = family.problem
        require_covariance(problem.x.shape[1], problem.classes)
        point = family.at(result.coefficients)
        # Not from the result's own covariance: mapped to standardised columns it would lose digits where means are
        # large.
        covariance = bread(information([*point.parts, *point.prior], problem.classes), overwrite=True)
        return cls(family, result.coefficients, covariance, problem.standardisation.back())

    @property
    def problem(self) -> Problem:
        """The arrays of its rows."""
        return self.family.problem

    @property
    def parts(self) -> Sequence[tuple[Block, Floats]]:
        """(block, probabilities) of its rows, in standardised columns; taken anew, and not kept."""
        return self.family.at(self.coefficients).parts

    @cached_property
    def rows(self) -> RowDeletion:
        """What one step says of the deletion of each row."""
        return delete_rows(self.parts, self.covariance, self.problem.classes)

    def clusters(self, inside: NDArray[np.bool_], codes: Codes) -> ClusterDeletion:
        """Return what one step says of the deletion of each cluster, `codes` 0, 1, ... of the rows `inside`."""
        parts = self.parts
        x, w = (np.concatenate([getattr(block, name) for block, _ in parts])[inside] for name in "xw")
        prob = np.concatenate([prob for _, prob in parts])[inside]
        return delete_clusters(
            [(Block(x, self.problem.y[inside], w), prob)], self.covariance, self.problem.classes, codes
        )


def deletable(result: Result, rows: Source | None = None) -> Deletable:
    """Return a fit for deletion diagnostics; a result that holds its rows works it out once.

    Under a `CellPrior` the rows that stand for it are in the information, and cannot be deleted. Whatever covariance
    the result carries, the information's inverse is meant here: it is what one step of Newton's needs.

    Raises
    ------
    InferenceError
        For a fit under a ridge or a lasso, which is no maximum of the likelihood, and where the information is singular
        or does not fit in memory.
    DataError
        For a loaded result without `rows`, and for rows that are not those of its fit.
    """
    return result.deletion if rows is None else Deletable.of(result, rows)
