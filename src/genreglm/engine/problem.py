"""`Problem`: the arrays of a fit, as the caller gave them, and how they become blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from genreglm.engine import separation
from genreglm.engine.blocks import Blocks, Floats, Targets, class_sums, spread
from genreglm.engine.coordinates import Standardisation
from genreglm.engine.separation import EmptyCell


@dataclass(frozen=True)
class Problem:
    """What is to be estimated, in the columns' own units.

    Attributes
    ----------
    x : (rows, columns)
    y : (rows,) class codes, or (rows, classes) shares that sum to one in each row
    w : (rows,) weights
    classes : how many
    intercept : the position of the column of ones, None without one
    offset : (rows, classes), a known part of the linear predictor, or None
    """

    x: Floats
    y: Targets
    w: Floats
    classes: int
    intercept: int | None = None
    offset: Floats | None = None

    @cached_property
    def standardisation(self) -> Standardisation:
        """Centre and scale of each column."""
        return Standardisation.learn(self.x, self.w, self.intercept)

    @cached_property
    def class_weights(self) -> Floats:
        """Weight of each class, (classes,)."""
        return class_sums(self.y, self.w, self.classes)

    def blocks(self) -> Blocks:
        """Return the rows, standardised, in blocks."""
        return Blocks.of(self.standardisation.apply(self.x), self.y, self.w, self.classes, self.offset)

    def empty_cells(self, factors: Sequence[range]) -> list[EmptyCell]:
        """Return the empty cells of class x level; see `genreglm.engine.separation.empty_cells`."""
        return separation.empty_cells(self.x, self.y, self.w, self.classes, factors)

    def prior_blocks(self, cells: Sequence[EmptyCell], count: float) -> Blocks:
        """Return the rows that stand for a prior worth `count` rows for each of `cells`, in blocks."""
        x, y, w = separation.pseudo_rows(self.x, self.w, cells, count)
        offset = None if self.offset is None else np.zeros((len(y), self.classes))
        targets = y if self.y.ndim == 1 else spread(y, self.classes)
        return Blocks.of(self.standardisation.apply(x), targets, w, self.classes, offset)

    def keep(self, columns: Sequence[int]) -> "Problem":
        """Return the same problem on fewer columns, in the order given."""
        kept = list(columns)
        intercept = kept.index(self.intercept) if self.intercept in kept else None
        return replace(self, x=np.ascontiguousarray(self.x[:, kept]), intercept=intercept)
