"""Fits of popularity: Gaussian, and fractional (quasi-binomial) because popularity is bounded.

Both are statsmodels GLMs with a covariance clustered by artist, since the tracks of one artist share their
popularity. The fractional model (Papke and Wooldridge 1996) puts E(y / 100) = 1 / (1 + exp(-x'b)) and
estimates the dispersion from Pearson's X2; having no likelihood, it has no AIC.
"""

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats
from statsmodels.genmod.generalized_linear_model import GLMResults
from statsmodels.tools.sm_exceptions import ModelWarning

from genreglm.errors import ConvergenceError, InferenceError
from genreglm.study.popularity.design import Design, Matrix, Terms
from genreglm.study.popularity.rows import POPULARITY_MAX

Family = Literal["gaussian", "fractional"]
FAMILIES: tuple[Family, ...] = get_args(Family)
Vector = NDArray[np.float64]

STEP_LIMIT = {"newton": 30, "bfgs": 1000}
TOLERANCE = {"newton": {"tol": 1e-9}, "bfgs": {"gtol": 1e-5}}
# An axis of a covariance, scaled to correlations, with less than this share of the variance counts as none.
RANK_SHARE = 1e-10
# A share of popularity within 3e-7 of 0 or 1: popularity is given in steps of 1 / 100, so the estimate runs away.
LOGIT_LIMIT = 15.0


@dataclass(frozen=True)
class WaldTest:
    """F test of a set of linear restrictions: F(df, artists - 1)."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True)
class PopularityFit:
    """One fitted model; `columns` are its columns of the wide design matrix, intercept first.

    `params` and `covariance` (clustered by artist) are on the scale of the linear predictor: popularity
    points for the Gaussian, logits for the fractional model. `deviance` and `scale` are in squared points
    for the Gaussian, and those of y / 100 for the fractional model, whose `aic` and `bic` are NaN.
    """

    family: Family
    terms: Terms
    columns: tuple[int, ...]
    labels: tuple[str, ...]
    params: Vector
    covariance: Matrix
    normalised_covariance: Matrix
    scale: float
    deviance: float
    null_deviance: float
    aic: float
    bic: float
    tracks: int
    artists: int
    drawn_in: bool

    @property
    def std_errors(self) -> Vector:
        """Standard errors clustered by artist."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def deviance_explained(self) -> float:
        """1 - deviance / null deviance: R2 for the Gaussian model."""
        return 1.0 - self.deviance / self.null_deviance

    @property
    def critical(self) -> float:
        """The 97.5 % point of Student's t on artists - 1 degrees of freedom."""
        return float(stats.t.ppf(0.975, self.artists - 1))

    def positions(self, name: str, design: Design) -> list[int]:
        """Return where the columns of a term stand among `params`."""
        return [self.columns.index(column) for column in design.columns[name, self.terms[name]]]

    def linear_predictor(self, wide: Matrix) -> Vector:
        """Return x'b for rows of the wide matrix."""
        return wide[:, self.columns] @ self.params

    def respond(self, eta: Vector) -> Vector:
        """Turn linear predictors into popularity points."""
        return eta if self.family == "gaussian" else POPULARITY_MAX / (1.0 + np.exp(-eta))

    def predict(self, wide: Matrix) -> Vector:
        """Return expected popularity, in points, for rows of the wide matrix."""
        return self.respond(self.linear_predictor(wide))


def sm_family(family: Family) -> sm.families.Family:
    """Return statsmodels' family object."""
    return sm.families.Gaussian() if family == "gaussian" else sm.families.Binomial()


def response(family: Family, popularity: Vector) -> Vector:
    """Return popularity as the family takes it: points, or a share of 100."""
    return popularity if family == "gaussian" else popularity / POPULARITY_MAX


def fit(design: Design, terms: Terms, popularity: Vector, clusters: NDArray[np.int64], family: Family) -> PopularityFit:
    """Fit one model with covariance clustered by artist.

    Where the fractional model's estimate does not exist (a level whose tracks all have popularity 0, say),
    the shares are drawn in from 0 and 1 by (y (n - 1) + 1/2) / n (Smithson and Verkuilen 2006) and
    `drawn_in` says so.

    Raises
    ------
    ConvergenceError
        The step limit was reached or a coefficient is not finite.
    """
    columns = design.select(terms)
    X, y = design.matrix[:, columns], response(family, popularity)
    drawn_in = False
    try:
        results = fit_columns(X, y, clusters, family)
    except ConvergenceError:
        if family == "gaussian":
            raise
        y, drawn_in = (y * (len(y) - 1) + 0.5) / len(y), True
        results = _fit_drawn_in(X, y, clusters)
    null = sm_family(family).deviance(y, np.full_like(y, y.mean()))
    gaussian = family == "gaussian"
    return PopularityFit(
        family=family,
        terms=dict(terms),
        columns=tuple(columns),
        labels=tuple(design.labels[column] for column in columns),
        params=np.asarray(results.params),
        covariance=np.asarray(results.cov_params()),
        normalised_covariance=np.asarray(results.normalized_cov_params),
        scale=float(results.scale),
        deviance=float(results.deviance),
        null_deviance=float(null),
        aic=float(results.aic) if gaussian else np.nan,
        bic=float(results.bic_llf) if gaussian else np.nan,
        tracks=len(y),
        artists=int(clusters.max()) + 1,
        drawn_in=drawn_in,
    )


def fit_columns(X: Matrix, y: Vector, clusters: NDArray[np.int64], family: Family) -> GLMResults:
    """Fit statsmodels' GLM of `y` by Newton's method from a least-squares start.

    Newton's normal equations take a tenth of the time of statsmodels' default, which decomposes all rows at
    each step; the columns are standardised and checked for copies, so nothing is lost.

    Raises
    ------
    ConvergenceError
        The step limit was reached, or a coefficient or a linear predictor runs to infinity.
    """
    results = _maximise(X, y, clusters, family, "newton", _start(X, y, family))
    if family == "fractional" and np.abs(X @ results.params).max() > LOGIT_LIMIT:
        raise _no_estimate(family, X)
    return results


def _fit_drawn_in(X: Matrix, y: Vector, clusters: NDArray[np.int64]) -> GLMResults:
    """Climb to a fractional estimate that exists but may be far out, where undamped Newton steps overshoot."""
    mean = np.zeros(X.shape[1])
    mean[0] = np.log(y.mean() / (1.0 - y.mean()))
    return _maximise(X, y, clusters, "fractional", "bfgs", mean)


def _maximise(
    X: Matrix, y: Vector, clusters: NDArray[np.int64], family: Family, method: str, start: Vector
) -> GLMResults:
    model = sm.GLM(y, X, family=sm_family(family))
    limits = {"start_params": start, "maxiter": STEP_LIMIT[method], **TOLERANCE[method]}
    clustered = {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # Each of these warnings is about an outcome that is checked below.
            warnings.simplefilter("ignore", ModelWarning)
            results = model.fit(method=method, scale="X2", disp=0, **limits, **clustered)
    except np.linalg.LinAlgError:
        raise _no_estimate(family, X) from None
    finite = np.isfinite(results.params).all() and np.isfinite(results.cov_params()).all()
    if not (results.mle_retvals["converged"] and finite):
        raise _no_estimate(family, X)
    return results


def _no_estimate(family: Family, X: Matrix) -> ConvergenceError:
    return ConvergenceError(
        f"The {family} model of popularity with {X.shape[1]} columns has no finite estimate within reach. "
        "Leave out the feature with the most extreme values, or transform it."
    )


def _start(X: Matrix, y: Vector, family: Family) -> Vector:
    """Least squares of popularity, or for the fractional model of its first-order logit about the mean."""
    if family == "fractional":
        mean = y.mean()
        y = np.log(mean / (1.0 - mean)) + (y - mean) / (mean * (1.0 - mean))
    return np.asarray(np.linalg.solve(X.T @ X, X.T @ y), dtype=np.float64)


def wald(fitted: PopularityFit, restrictions: Matrix) -> WaldTest:
    """Test R b = 0 with the clustered covariance; rows of R are restrictions over `fitted.params`.

    Where that covariance is singular (levels whose tracks all have popularity 0 have the same coefficient), its
    generalised inverse is used and the degrees of freedom are its rank.

    Raises
    ------
    InferenceError
        The covariance of the restrictions is zero.
    """
    value = restrictions @ fitted.params
    V = restrictions @ fitted.covariance @ restrictions.T
    sd = np.sqrt(np.diag(V))
    sd[sd == 0] = 1.0
    roots, axes = np.linalg.eigh(V / np.outer(sd, sd))
    kept = roots > RANK_SHARE * len(value)
    df = int(kept.sum())
    if df == 0:
        raise InferenceError(
            f"A test of {len(value)} coefficients of popularity has no clustered covariance: {fitted.artists} "
            "artists carry no information on them. Leave the term out, or add artists."
        )
    statistic = float(np.sum((axes[:, kept].T @ (value / sd)) ** 2 / roots[kept])) / df
    return WaldTest(statistic, df, float(stats.f.sf(statistic, df, fitted.artists - 1)))


def wald_term(fitted: PopularityFit, name: str, design: Design) -> WaldTest:
    """Test that every coefficient of a term is zero."""
    return wald(fitted, np.eye(len(fitted.params))[fitted.positions(name, design)])
