"""Where a fitted model sees the classes among the rows: the moments that distances and maps are made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine.coordinates import Standardisation
from genreglm.engine.problem import Problem
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import DataError, InferenceError
from genreglm.options import MapOf
from genreglm.result import Result
from genreglm.result.rows import covariates_of, fitted_probabilities
from genreglm.sources import Source

Floats = NDArray[np.float64]

# Variances of standardised columns below this, or below this share of the largest, are rounding error.
RANK = 1e-10


@dataclass(frozen=True)
class Geometry:
    """Moments of the rows under f_k(i) = w_i p_ik / sum_i w_i p_ik, the model's distribution of class k over them.

    Columns are those other than the intercept, standardised, which no measure made of these sees.

    Attributes
    ----------
    terms : names of the columns, (s,)
    scale : the deviation that each column is divided by, (s,)
    coefficients : (s, classes), for standardised columns
    means : E_k[z], (classes, s)
    offsets : E_k[offset of class l], (classes, classes); zero without an offset
    within : covariance of z within classes, sum_k pi_k Var_k(z) with pi_k the share of class k, (s, s)
    """

    terms: tuple[str, ...]
    scale: Floats
    coefficients: Floats
    means: Floats
    offsets: Floats
    within: Floats

    def expected_predictors(self) -> Floats:
        """Return E_k[eta_l], (classes, classes), but for constants that depend on k alone or on l alone."""
        return np.asarray(self.means @ self.coefficients + self.offsets)

    def configuration(self, of: MapOf) -> Floats:
        """Return points of the classes whose Euclidean distances are those of the model, (classes, r).

        With W = R'R the covariance within classes: R b_k for "coefficients", R'^-1 E_k[z] for "means".
        """
        vectors, scale = self.within_axes()
        return np.asarray(
            self.coefficients.T @ (vectors * scale) if of == "coefficients" else self.means @ (vectors / scale)
        )

    def within_axes(self) -> tuple[Floats, Floats]:
        """Return eigenvectors (s, r) and roots of eigenvalues (r,) of `within`, but for those that are rounding.

        Raises
        ------
        DataError
            Where no column varies.
        """
        values, vectors = linalg.eigh(self.within)
        if values[-1] < RANK:
            raise DataError(
                "No column of the model varies among these rows, so they show no distances. Pass more rows."
            )
        kept = values > RANK * values[-1]
        return vectors[:, kept], np.sqrt(values[kept])

    def within_deviation(self) -> Floats:
        """Return the standard deviation of each column within classes, (s,); 0 where it is rounding."""
        variances = np.diag(self.within)
        return np.sqrt(np.where(variances > RANK * variances.max(), variances, 0.0))


@single_threaded_blas()
def geometry(result: Result, rows: Source | None = None) -> Geometry:
    """Return the moments of `rows`, which need no response, or of the rows of the fit.

    Each row belongs to every class by its fitted probability. At the maximum of the likelihood of a model with an
    intercept the means are those of the observed classes: that is what the score equations say.

    Raises
    ------
    InferenceError
        For a model of intercepts alone.
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.
    """
    slopes = [j for j in range(len(result.coefficients)) if j != result.design.intercept]
    if not slopes:
        raise InferenceError("A model of intercepts alone has no slopes to compare classes by. Add terms.")
    x, w, offset = covariates_of(result, rows)
    count = len(result.classes)
    problem = Problem(x, np.zeros(len(x), dtype=np.int64), w, count, result.design.intercept, offset)
    belongs = fitted_probabilities(result, problem)
    belongs *= w[:, None]
    weight = belongs.sum(axis=0)
    # Centred without an intercept, too: only digits depend on it.
    standard = Standardisation.learn(x[:, slopes], w, 0)
    z = standard.apply(x[:, slopes])
    means = (belongs.T @ z) / weight[:, None]
    offsets = np.zeros((count, count)) if offset is None else (belongs.T @ offset) / weight[:, None]
    within = (z.T @ (w[:, None] * z) - (means.T * weight) @ means) / w.sum()
    terms = tuple(result.design.columns[j] for j in slopes)
    coefficients = result.coefficients[slopes] * standard.scale[:, None]
    return Geometry(terms, standard.scale, coefficients, means, offsets, within)
