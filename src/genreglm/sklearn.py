"""The multinomial GLM as a scikit-learn classifier: arrays in, predictions out, no formula and no inference."""

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from genreglm.engine.estimate import Control, Estimate, estimate, ridge_strengths
from genreglm.engine.newton import Outcome
from genreglm.engine.problem import Problem
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import ConvergenceError, OptionError, RankError, SeparationError
from genreglm.options import GRADIENT_TOLERANCE, STEP_LIMIT

Floats = NDArray[np.float64]

# Of each label are shown to scikit-learn's check.
_FEW_LABELS = 3
# The square of a tolerance may be 0 for being too small for a float.
_SMALLEST = float(np.finfo(np.float64).tiny)


class MultinomialGLMClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A multinomial GLM (softmax regression) fitted by Newton's method, with a ridge penalty.

    It minimises, with p_ik proportional to exp(a_k + x_i'b_k),

        sum_i w_i (-log p_{i y_i}) / sum_i w_i  +  alpha / 2 * sum_jk b_jk^2

    with the intercepts a_k free, as `genreglm.fit(..., penalty=genreglm.Ridge(alpha))` does, which is also where
    standard errors and tests are (without a penalty). scikit-learn's `LogisticRegression` has the same minimum at
    C = 1 / (alpha * n), n the sum of the weights; for two classes at C = 2 / (alpha * n), since it then has the one
    coefficient b_1 - b_0 to penalise.

    Parameters
    ----------
    alpha : strength of the ridge, >= 0. The small default gives separated classes a finite estimate; 0 is plain
        maximum likelihood, which refuses them
    fit_intercept : whether there are intercepts
    standardise : whether alpha is meant per standard deviation of a column, rather than in the columns' own units;
        the coefficients are in those units either way
    tol : the largest gradient (of the mean, in whitened columns) and the distance from the minimum in standard
        errors at which to stop
    max_iter : the most Newton steps; a handful is usual

    Attributes
    ----------
    classes_ : (K,) the sorted labels of the rows of positive weight
    coef_ : (K, features), zero in sum over the classes; (1, features) for two classes: those of classes_[1] against
        classes_[0]
    intercept_ : (K,) or (1,) in the same way; zeros without intercepts
    n_iter_ : Newton steps taken
    n_features_in_, feature_names_in_ : as everywhere in scikit-learn
    """

    def __init__(
        self,
        alpha: float = 1e-4,
        *,
        fit_intercept: bool = True,
        standardise: bool = False,
        tol: float = GRADIENT_TOLERANCE,
        max_iter: int = STEP_LIMIT,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.standardise = standardise
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X (rows, features) and labels y (rows,).

        `sample_weight` (rows,) counts rows: 2 is the row twice, 0 is the row left out, and their common scale does
        not matter.

        Warns
        -----
        ConvergenceWarning
            From scikit-learn, where `max_iter` steps were not enough; the coefficients are those of the last step.

        Raises
        ------
        ValueError
            For X, y or weights that scikit-learn's own checks refuse, and for rows of one class only.
        OptionError
            For a parameter outside its range.
        SeparationError, RankError
            Where alpha is 0 and the maximum-likelihood estimate does not exist, or is not unique.
        ConvergenceError
            Where the objective stopped being finite.
        """
        self._check_parameters()
        x, labels = validate_data(self, X, y, dtype=np.float64)
        problem, self.classes_ = self._problem(x, labels, _weights(sample_weight, len(x)))
        penalised = np.full(problem.x.shape[1], 1.0)
        # One hold of BLAS for the whole fit: taking and leaving it costs more than a step of a small one.
        with single_threaded_blas():
            found = estimate(
                problem,
                ridge=ridge_strengths(problem, self.alpha, penalised, self.standardise) if self.alpha > 0 else None,
                control=Control(self.tol, max(self.tol**2, _SMALLEST), self.max_iter),
            )
        self._require_usable(found)
        self.coef_, self.intercept_ = self._sklearn_layout(found.coefficients)
        self.n_iter_ = 0 if found.solution is None else found.solution.steps
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return the linear predictor (rows, K), zero in sum over the classes; (rows,) for two: classes_[1]'s."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        with single_threaded_blas():
            eta = x @ self.coef_.T + self.intercept_
        return np.asarray(eta[:, 0] if len(self.classes_) == 2 else eta)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row, (rows,)."""
        eta = self.decision_function(X)
        best = (eta > 0).astype(np.intp) if eta.ndim == 1 else eta.argmax(axis=1)
        return np.asarray(self.classes_[best])

    def predict_log_proba(self, X: ArrayLike) -> Floats:
        """Return log-probabilities (rows, K), in the order of `classes_`; they stay finite where exp underflows."""
        eta = self.decision_function(X)
        if eta.ndim == 1:
            return np.column_stack([-np.logaddexp(0.0, eta), -np.logaddexp(0.0, -eta)])
        return np.asarray(log_softmax(eta, axis=1))

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return probabilities (rows, K), in the order of `classes_`."""
        return np.exp(self.predict_log_proba(X))

    def _check_parameters(self) -> None:
        if not (isinstance(self.alpha, Real) and np.isfinite(self.alpha) and self.alpha >= 0):
            raise OptionError(f"alpha={self.alpha!r}: the ridge's strength must be a finite number >= 0.")
        if not (isinstance(self.tol, Real) and np.isfinite(self.tol) and self.tol > 0):
            raise OptionError(f"tol={self.tol!r}: the tolerance must be a finite number > 0.")
        if not (isinstance(self.max_iter, Integral) and self.max_iter >= 1):
            raise OptionError(f"max_iter={self.max_iter!r}: the step limit must be a whole number >= 1.")

    def _problem(self, x: Floats, labels: NDArray[Any], weights: Floats) -> tuple[Problem, NDArray[Any]]:
        """Return the rows of positive weight as the engine's problem, and the sorted classes among them."""
        # By hashing: sorting words takes a third of a small fit.
        codes, classes = pd.factorize(labels, sort=True)
        missing = int((codes < 0).sum())
        if missing:
            raise ValueError(f"y: {missing:,} labels are missing. Give each row one, or leave such rows out.")
        classes = classes.astype(labels.dtype)
        # scikit-learn sorts too, and warns where labels hardly ever recur: a few of each tell it as much.
        few = labels.dtype.kind in "OU" and _FEW_LABELS * len(classes) <= len(labels)
        check_classification_targets(np.repeat(classes, _FEW_LABELS) if few else labels)
        live = weights > 0
        seen = np.bincount(codes[live], minlength=len(classes)) > 0
        classes, codes = classes[seen], (np.cumsum(seen) - 1)[codes]
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes in the rows of positive weight, but found one class: "
                f"{classes[0]}."
            )
        columns = np.column_stack([np.ones(live.sum()), x[live]]) if self.fit_intercept else x[live]
        intercept = 0 if self.fit_intercept else None
        return Problem(columns, codes[live].astype(np.int64), weights[live], len(classes), intercept), classes

    def _require_usable(self, found: Estimate) -> None:
        """Raise where there are no coefficients worth keeping, warn where the steps were too few."""
        if found.outcome is Outcome.SEPARATED:
            raise SeparationError(
                "The maximum-likelihood estimate does not exist: some combination of features sets classes apart. Use "
                "alpha > 0, or leave those features out."
            )
        if found.outcome is Outcome.SINGULAR:
            names = tuple(self._feature(column) for column in found.aliased)
            raise RankError(
                f"Features that depend linearly on those before them, or are constant: {', '.join(names)}. Use "
                "alpha > 0, or leave them out.",
                names,
            )
        if found.outcome is Outcome.NON_FINITE:
            raise ConvergenceError(found.outcome.value)
        if not found.converged:
            warnings.warn(found.outcome.value.replace("`max_steps`", "`max_iter`"), ConvergenceWarning, stacklevel=3)

    def _feature(self, column: int) -> str:
        """Name a column of the problem."""
        number = column - 1 if self.fit_intercept else column
        return str(self.feature_names_in_[number]) if hasattr(self, "feature_names_in_") else f"feature {number}"

    def _sklearn_layout(self, coefficients: Floats) -> tuple[Floats, Floats]:
        """Return coef_ and intercept_ for coefficients (columns, classes)."""
        if coefficients.shape[1] == 2:
            coefficients = coefficients[:, 1:] - coefficients[:, :1]
        if not self.fit_intercept:
            return np.ascontiguousarray(coefficients.T), np.zeros(coefficients.shape[1])
        return np.ascontiguousarray(coefficients[1:].T), coefficients[0].copy()


def _weights(sample_weight: ArrayLike | None, rows: int) -> Floats:
    """Return the weights, (rows,), checked.

    Raises
    ------
    ValueError
        Unless they are finite, >= 0, not all zero, and one a row.
    """
    if sample_weight is None:
        return np.ones(rows)
    if isinstance(sample_weight, Real):
        sample_weight = np.full(rows, float(sample_weight))
    weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if weights.shape != (rows,):
        raise ValueError(f"Sample weights must be 1D, one for each of {rows} rows; found shape {weights.shape}.")
    # In Python's floats an overflow is infinity, without a warning.
    if (weights < 0).any() or not weights.any() or not np.isfinite(float(weights.max()) * len(weights)):
        raise ValueError("Sample weights must be >= 0, of finite sum, and must contain at least one non-zero number.")
    return np.asarray(weights)
