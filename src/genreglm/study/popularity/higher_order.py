"""Higher-order terms: squares and natural cubic splines where AIC asks for them and the artists agree.

A greedy search: at each step the move (a feature from nothing or a line to a square or a spline, or from a
square to a spline) that lowers the Gaussian AIC most is made. AIC takes tracks as independent, so at the
end each curve must also pass the Wald test clustered by artist, or it goes back to what it was. Features
that the simplification dropped may come back as curves: a line through a hump is flat.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from genreglm.study.popularity.design import ALIASED_SHARE, Design, Form, Matrix, Terms
from genreglm.study.popularity.model import PopularityFit, Vector, WaldTest, fit, wald
from genreglm.study.popularity.stepwise import LEVEL, with_adjusted

STATED = (
    "a square or a natural cubic spline enters while it lowers AIC, and stays if the Wald test clustered "
    f"by artist puts its departure from what it replaced below {LEVEL:g}"
)
_HIGHER: dict[str, tuple[Form, ...]] = {
    "absent": ("quadratic", "spline"),
    "linear": ("quadratic", "spline"),
    "quadratic": ("spline",),
    "spline": (),
    "factor": (),
}


@dataclass(frozen=True)
class Curvature:
    """The fit with curves and the trace of the search.

    Trace columns: step, phase (search or check), term, from, to, df (columns gained), r2_change, aic_before, aic_after,
    and in the check, where from and to agree if the curve stays, statistic, p_value and p_adjusted (Benjamini and
    Hochberg's, over the checks) of the clustered test.
    """

    fitted: PopularityFit
    trace: pd.DataFrame

    @property
    def curved(self) -> list[str]:
        """The features that kept a curve."""
        return [name for name, form in self.fitted.terms.items() if form in ("quadratic", "spline")]


@dataclass(frozen=True)
class Moments:
    """Centred cross-products of the wide matrix and popularity: enough for every Gaussian model's AIC."""

    products: Matrix
    response: Vector
    total: float
    tracks: int

    @classmethod
    def of(cls, wide: Matrix, popularity: Vector) -> "Moments":
        """Compute the moments in one pass; the intercept's row and column become zero."""
        X, y = wide - wide.mean(axis=0), popularity - popularity.mean()
        return cls(X.T @ X, X.T @ y, float(y @ y), len(y))

    def r2(self, columns: list[int]) -> float:
        """Return the share of the variance that these columns explain; -inf if dependent."""
        slopes = [column for column in columns if column != 0]
        if not slopes:
            return 0.0
        root = _root(self.products[np.ix_(slopes, slopes)])
        if root is None:
            return -np.inf
        explained = float(np.sum(linalg.solve_triangular(root, self.response[slopes], lower=True) ** 2))
        return explained / self.total

    def aic(self, columns: list[int]) -> float:
        """Return the AIC, as statsmodels counts it, of an intercept and these columns; inf if dependent."""
        variance = self.total * (1.0 - self.r2(columns)) / self.tracks
        coefficients = len(set(columns) | {0})
        return self.tracks * float(np.log(2.0 * np.pi * variance) + 1.0) + 2.0 * coefficients


def _root(products: Matrix) -> Matrix | None:
    """Return the lower Cholesky factor; None where a column is a combination of those before it."""
    try:
        root: Matrix = linalg.cholesky(products, lower=True)
    except linalg.LinAlgError:
        return None
    return None if (np.diag(root) ** 2 <= ALIASED_SHARE * np.diag(products)).any() else root


def add_curves(
    simplified: PopularityFit,
    design: Design,
    popularity: Vector,
    clusters: NDArray[np.int64],
) -> Curvature:
    """Search for curves, check them, and fit the model that is left."""
    moments = Moments.of(design.matrix, popularity)
    searched, moves = _search(simplified.terms, design, moments)
    fitted = fit(design, searched, popularity, clusters, "gaussian") if moves else simplified
    checks, kept = _check(fitted, simplified.terms, design, moments, len(moves))
    if kept != fitted.terms:
        fitted = fit(design, kept, popularity, clusters, "gaussian")
    return Curvature(fitted, with_adjusted(pd.DataFrame([*moves, *checks], columns=_COLUMNS)))


_COLUMNS = [
    *("step", "phase", "term", "from", "to", "df", "r2_change", "aic_before", "aic_after"),
    *("statistic", "p_value"),
]
Record = dict[str, object]


def _search(start: Terms, design: Design, moments: Moments) -> tuple[dict[str, Form], list[Record]]:
    """Make the best move until none lowers AIC."""
    terms, records = dict(start), list[Record]()
    while True:
        best = min(
            (terms | {name: form} for name, form in _moves(terms, design)),
            key=lambda grown: moments.aic(design.select(grown)),
            default=terms,
        )
        if moments.aic(design.select(best)) >= moments.aic(design.select(terms)):
            return terms, records
        moved = next(name for name, form in best.items() if terms.get(name) != form)
        records.append(_record(len(records) + 1, "search", moved, (terms, best), design, moments))
        terms = best


def _moves(terms: Terms, design: Design) -> Iterator[tuple[str, Form]]:
    for name, base in design.initial.items():
        now = terms.get(name, "absent" if base == "linear" else "factor")
        yield from ((name, form) for form in _HIGHER[now] if (name, form) in design.columns)


def _check(
    fitted: PopularityFit, start: Terms, design: Design, moments: Moments, steps: int
) -> tuple[list[Record], dict[str, Form]]:
    """Test each curve with the clustered covariance; those that fail go back to the form they had."""
    records: list[Record] = []
    terms = dict(fitted.terms)
    for name, form in fitted.terms.items():
        if start.get(name) == form:
            continue
        test = curve_test(fitted, name, design, against=start.get(name, "absent"))
        after = _restored(terms, start, name) if test.p_value > LEVEL else terms
        step = steps + len(records) + 1
        records.append(_record(step, "check", name, (terms, after), design, moments, test))
        terms = after
    return records, terms


def _restored(terms: Terms, start: Terms, name: str) -> dict[str, Form]:
    """Give a term the form that it had at the start, or none."""
    both = {key: start[key] if key == name and key in start else form for key, form in terms.items()}
    return {key: form for key, form in both.items() if key != name or key in start}


def _record(
    step: int,
    phase: str,
    name: str,
    change: tuple[Terms, Terms],
    design: Design,
    moments: Moments,
    test: WaldTest | None = None,
) -> Record:
    before, after = (design.select(terms) for terms in change)
    return {
        "step": step,
        "phase": phase,
        "term": name,
        "from": change[0].get(name, "absent"),
        "to": change[1].get(name, "absent"),
        "df": len(after) - len(before),
        "r2_change": moments.r2(after) - moments.r2(before),
        "aic_before": moments.aic(before),
        "aic_after": moments.aic(after),
        "statistic": test.statistic if test else np.nan,
        "p_value": test.p_value if test else np.nan,
    }


def curve_test(fitted: PopularityFit, name: str, design: Design, against: str) -> WaldTest:
    """Test a curve against a line (`against="linear"`) or against nothing (`"absent"`).

    A spline with coefficients b is a line where b is proportional to the coefficients a of the line in the
    spline's columns, so the restrictions are a basis of the complement of a.
    """
    where = fitted.positions(name, design)
    restrictions = np.eye(len(fitted.params))[where]
    if against == "linear" and fitted.terms[name] == "quadratic":
        restrictions = restrictions[1:]
    elif against == "linear":
        line = design.matrix[:, list(design.columns[name, "linear"])]
        basis = design.matrix[:, list(design.columns[name, "spline"])]
        basis = basis - basis.mean(axis=0)
        slope = np.linalg.solve(basis.T @ basis, basis.T @ (line - line.mean()))
        restrictions = linalg.null_space(slope.T).T @ restrictions
    return wald(fitted, restrictions)
