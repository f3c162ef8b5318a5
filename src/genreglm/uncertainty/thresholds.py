"""The quantile of the scores that keeps a promise for groups never seen; infinite where no threshold does."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genreglm.options import SetGuarantee

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# A sum of shares is no surer than this: without it 9 tenths of 10 groups might be a hair short of 9.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Calibrating:
    """Scores (rows,) of true classes, their groups (rows,) as codes, and what is to be promised."""

    scores: Floats
    of_group: Codes
    guarantee: SetGuarantee
    level: float
    rng: np.random.Generator

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(np.unique(self.of_group))

    def where(self, mask: NDArray[np.bool_]) -> "Calibrating":
        """Return some of the rows."""
        return replace(self, scores=self.scores[mask], of_group=self.of_group[mask])


def threshold(given: Calibrating) -> float:
    """Return the smallest score at which the promise holds; see `genreglm.uncertainty.conformal.conformal_sets`."""
    if not len(given.scores):
        return float("inf")
    _, codes, sizes = np.unique(given.of_group, return_inverse=True, return_counts=True)
    groups, scores = len(sizes), given.scores
    if given.guarantee == "row":
        weights, needed = np.ones(len(scores)), given.level * (len(scores) + int(sizes.max()))
    else:
        needed = given.level * (groups + 1)
        weights = 1.0 / sizes[codes]
        if given.guarantee == "one_row":
            # A random order, and of each group the row that comes first in it.
            order = given.rng.permutation(len(codes))
            chosen = order[np.unique(codes[order], return_index=True)[1]]
            scores, weights = scores[chosen], np.ones(groups)
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(weights[order]) >= needed - _ROUNDING
    return float(scores[order][reached.argmax()]) if reached.any() else float("inf")
