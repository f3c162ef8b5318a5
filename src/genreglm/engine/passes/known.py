"""What is known of the Hessian without many passes: the information of a sample, or of all rows at some point.

Where a sample of n rows estimates m parameters, the ratio of its information to that of all rows has eigenvalues about
1 +- sqrt(m / n) (Roosta-Khorasani and Mahoney 2019, Math. Program. 174:293), so that conjugate gradients gain a digit
or so with each product, and each product is a pass over all rows. Where some class is all but set apart this breaks
down: what is left of curvature lies in few rows, and hardly any of them are in the sample. The information of all rows,
which takes as long as some eighty passes, then is the cheaper way.
"""

from collections.abc import Callable

import numpy as np
from scipy import linalg

from genreglm.engine.blocks import Floats
from genreglm.engine.coupled import Coupled, Quadratic, column_form
from genreglm.engine.information import information
from genreglm.engine.objective import Objective
from genreglm.engine.preconditioners import ClassBlocks, Curvature, Preconditioner, centred

# So many products in a row, and the sample's information is taken anew; so many with that, and all rows' is.
_PRODUCTS_A_SAMPLE, _PRODUCTS_ALL = 6, 25


class KnownCurvature:
    """Gives the curvature to precondition with, better each time it is asked for.

    Parameters
    ----------
    sample : the objective over the sample, in the same whitened columns
    of_all : from coefficients of standardised columns to the information of all rows per unit of weight, (m, m); None
        where that is too large to be had, and then nor is the sample's

    `passes` counts those over all rows.
    """

    def __init__(self, sample: Objective, of_all: Callable[[Floats], Floats] | None) -> None:
        self._sample, self._of_all, self._asked = sample, of_all, 0
        self.passes = 0

    @property
    def products(self) -> float:
        """How many products are worth less than to ask again."""
        if self._of_all is None:
            return float("inf")
        return _PRODUCTS_A_SAMPLE if self._asked < 2 else _PRODUCTS_ALL

    def at(self, whitened: Floats, standardised: Floats) -> Curvature:
        """Return the sample's curvature at a point; when asked for the third time, that of all rows."""
        self._asked += 1
        if self._of_all is not None and self._asked > 2:
            self.passes += 1
            return FactoredInformation(self._of_all(standardised), self._sample.triangular, self._sample.quadratic)
        self._sample.evaluate(whitened)
        if self._of_all is None:
            return ClassBlocks(self._sample.class_curvatures(), dear=False)
        parts = list(zip(self._sample.blocks.parts, self._sample.probabilities, strict=True))
        matrix = information(parts, self._sample.blocks.classes)
        matrix /= self._sample.total_weight
        return FactoredInformation(matrix, self._sample.triangular, self._sample.quadratic)

    def typical(self, whitened: Floats) -> Floats:
        """Return the sample's typical curvature of each class, (classes,)."""
        self._sample.evaluate(whitened)
        return self._sample.typical_curvatures()


class FactoredInformation:
    """The inverse of an information per unit of weight, (m, m) in standardised columns, with the penalty's form."""

    is_dear = False

    def __init__(self, matrix: Floats, triangular: Floats, quadratic: Quadratic | None) -> None:
        classes = len(matrix) // len(triangular) + 1
        if quadratic is not None:
            shares = quadratic.classes if isinstance(quadratic, Coupled) else np.eye(classes)
            matrix += _reduced(shares, triangular.T @ column_form(quadratic) @ triangular)
        # A class that the rows hardly have leaves directions without curvature; a trace keeps the factor regular.
        matrix[np.diag_indices(len(matrix))] += 1e-12 * np.trace(matrix) / len(matrix)
        self._matrix, self._triangular = matrix, triangular

    def inverse(self, damping: Floats) -> Preconditioner:
        """Return what solves with the damped information by its Cholesky factor: 2 m^2 flops each time."""
        damped = self._matrix + _reduced(np.diag(damping), self._triangular.T @ self._triangular)
        return _Solver(linalg.cho_factor(damped, lower=True, overwrite_a=True), self._triangular)

    rough_inverse = inverse


class _Solver:
    exact = False

    def __init__(self, factor: tuple[Floats, bool], triangular: Floats) -> None:
        self._factor, self._triangular = factor, triangular

    def __call__(self, residual: Floats) -> Floats:
        # From whitened columns to standardised ones, against the last class, and back.
        given = (self._triangular.T @ residual)[:, :-1]
        solved = linalg.cho_solve(self._factor, given.T.ravel(), check_finite=False).reshape(given.shape[1], -1).T
        return centred(np.column_stack([self._triangular @ solved, np.zeros(len(residual))]))


def _reduced(classes: Floats, columns: Floats) -> Floats:
    """Return the form of coefficients against the last class, (m, m), that of all classes once they are centred is.

    `classes` (K, K) and `columns` (p, p) are the form's factors for these.
    """
    centring = np.eye(len(classes)) - 1.0 / len(classes)
    return np.asarray(np.kron((centring @ classes @ centring)[:-1, :-1], columns))
