"""The objective over rows that are met in passes."""

from collections.abc import Callable

from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.coordinates import unwhiten, whiten
from genreglm.engine.coupled import Quadratic
from genreglm.engine.objective import Objective, PenalisedLikelihood
from genreglm.engine.passes.rows import Rows, added, widest
from genreglm.engine.passes.sums import curved, curved_roughly, loss_and_gradient, loss_and_gradient_keeping
from genreglm.engine.preconditioners import ClassBlocks, Curvature


class PassObjective(PenalisedLikelihood):
    """Each value with its gradient is a pass over the rows, and so is each product with the Hessian.

    Steps are preconditioned by the classes' blocks of a sample's Hessian, taken anew at each point: that costs less
    than a pass, and at another point the rows that bend the likelihood are others.

    Parameters
    ----------
    rows : in standardised columns
    total_weight : of all of them
    sample : the objective over some of the rows, in the same whitened columns
    reached : hears of the coefficients (columns, classes) of standardised columns with the lowest value so far
    """

    def __init__(
        self,
        rows: Rows,
        total_weight: float,
        triangular: Floats,
        quadratic: Quadratic | None,
        sample: Objective,
        reached: Callable[[Floats], object] = lambda coefficients: None,
    ) -> None:
        super().__init__((rows.columns, rows.classes), triangular, quadratic, total_weight, sample.free)
        self.rows = rows
        self._sample, self._reached = sample, reached
        self._sampled_at: Floats | None = None
        self._rows_there = rows  # with what is kept of them at the last point
        self._lowest = float("inf")

    @property
    def bends_above(self) -> float:
        """Nothing: a preconditioner is taken anew at each point."""
        return 0.0

    def evaluate(self, whitened: Floats) -> tuple[float, Floats]:
        """Return f and its gradient, (columns, classes); the products are those of this point from now on."""
        value, gradient = super().evaluate(whitened)
        if value < self._lowest:
            self._lowest = value
            self._reached(self._at)
        return value, gradient

    def _loss_and_gradient(self, coefficients: Floats) -> tuple[float, Floats]:
        self._at, self._rows_there = coefficients, self.rows  # what was kept makes room before the pass
        found, self._rows_there = self.rows.reduce_keeping(
            loss_and_gradient, loss_and_gradient_keeping, added, coefficients
        )
        return found[0], found[1]

    def product(self, direction: Floats, *, single: bool = False) -> Floats:
        """Return the Hessian at the last evaluated point times `direction`."""
        along = unwhiten(self.triangular, direction)
        kernel = curved_roughly if single else curved
        (total,) = self._rows_there.reduce(kernel, added, self._at, along)
        found = self.whiten_rows(total)
        return found if self.quadratic is None else found + self.quadratic @ direction

    def curvature(self) -> Curvature:
        """Return the diagonal blocks of the sample's Hessian at the last evaluated point."""
        return ClassBlocks(self._sample_here().class_curvatures(all_rows=True), dear=False)

    def typical_curvatures(self) -> Floats:
        """Return the sample's at the last evaluated point."""
        return self._sample_here().typical_curvatures()

    def _sample_here(self) -> Objective:
        if self._sampled_at is not self._at:
            self._sample.evaluate(whiten(self.triangular, self._at))
            self._sampled_at = self._at
        return self._sample

    def extremes(
        self, kernel: Callable[[Blocks, Floats], tuple[float, float]], direction: Floats
    ) -> tuple[float, float]:
        """Return what `kernel` finds in the rows."""
        low, high = self.rows.reduce(kernel, widest, direction)
        return low, high
