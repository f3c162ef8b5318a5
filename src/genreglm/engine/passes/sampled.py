"""The information of a sample of the rows, as the preconditioner of steps over all of them.

Where a sample of n rows estimates m parameters, the ratio of its information to that of all rows has eigenvalues about
1 +- sqrt(m / n) (Roosta-Khorasani and Mahoney 2019, Math. Program. 174:293). So conjugate gradients gain a digit or so
with each product, and each product is a pass over all rows. Solving with the factor takes 2 m^2 flops.
"""

from collections.abc import Sequence

import numpy as np
from scipy import linalg

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.coupled import Coupled, Quadratic
from genreglm.engine.information import information
from genreglm.engine.preconditioners import Preconditioner, centred


class SampledInformation:
    """The inverse of a sample's information, per unit of weight, with the penalty's form where there is one.

    Parameters
    ----------
    parts : (block, probabilities) of the sample, in standardised columns
    triangular : R of the whitened columns in which steps are solved for
    quadratic : the penalty's form there
    """

    is_dear = False

    def __init__(
        self, parts: Sequence[tuple[Block, Floats]], classes: int, triangular: Floats, quadratic: Quadratic | None
    ) -> None:
        weight = sum(float(block.w.sum()) for block, _ in parts)
        matrix = information(parts, classes)
        matrix /= weight
        if quadratic is not None:
            matrix += _reduced_form(quadratic, triangular, classes)
        # A class that the sample hardly has leaves directions without curvature; a trace keeps the factor regular.
        matrix[np.diag_indices(len(matrix))] += 1e-9 * np.trace(matrix) / len(matrix)
        self._factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True)
        self._triangular = triangular

    def inverse(self, damping: Floats) -> Preconditioner:
        """Return the inverse; damping is left to the products."""
        return _Solver(self._factor, self._triangular)

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


def _reduced_form(quadratic: Quadratic, triangular: Floats, classes: int) -> Floats:
    """Return the penalty's second derivatives, (m, m), for standardised coefficients against the last class.

    Those of all classes are centred before the penalty takes them.
    """
    shares = quadratic.classes if isinstance(quadratic, Coupled) else np.eye(classes)
    form = quadratic.form if isinstance(quadratic, Coupled) else quadratic
    centring = np.eye(classes) - 1.0 / classes
    return np.asarray(np.kron((centring @ shares @ centring)[:-1, :-1], triangular.T @ form @ triangular))
