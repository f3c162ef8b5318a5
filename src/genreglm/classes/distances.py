"""How far apart a fitted model holds each pair of classes."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from genreglm.classes.geometry import Geometry, geometry
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import OptionError
from genreglm.options import Adjustment, ClassDistance, check_choice, check_level
from genreglm.result import Result, combine_classes
from genreglm.result.adjust import adjusted
from genreglm.result.contrasts import class_covariance_of, estimable
from genreglm.result.sizes import QuadraticForm, size_table
from genreglm.sources import Source

Floats = NDArray[np.float64]


def class_distances(
    result: Result,
    rows: Source | None = None,
    kind: ClassDistance = "kullback-leibler",
    *,
    adjust: Adjustment = "bh",
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Return class_1, class_2, distance and what it is made of, one row a pair of classes.

    Parameters
    ----------
    rows : rows to judge by, which need no response; those of the fit for None. "wald" takes none
    kind : the distance,

        - "kullback-leibler": the root of `divergence`, the symmetric Kullback-Leibler divergence in nats,

              J_kl = sum_i (f_k(i) - f_l(i)) log(f_k(i) / f_l(i)),   f_k(i) = w_i p_ik / sum_i w_i p_ik,

          of what the model takes two classes to be among the rows. It is E_k[eta_k - eta_l] - E_l[eta_k - eta_l], from
          which intercepts cancel, and never negative. At the maximum of the likelihood of a model with an intercept and
          without an offset it is (mean of k - mean of l)'(b_k - b_l), with the observed means; for normal columns with
          one covariance it is Mahalanobis' squared distance. No standard error is given; noise alone lifts J by about
          df (1 / n_k + 1 / n_l)
        - "mahalanobis": of the classes' means among the rows, sqrt((m_k - m_l)' W^-1 (m_k - m_l)), W the covariance of
          the columns within classes, pooled
        - "log-odds": sqrt((b_k - b_l)' W (b_k - b_l)), the standard deviation of the two classes' log-odds within
          classes. A class in which a column hardly varies can have a coefficient that sets it far apart here and not
          in its means. Without an offset J_kl is at most the product of this and the one before; for normal columns
          with one covariance the three are one. Where the fit has a covariance also size, conf_low, conf_high: this
          distance less what noise alone makes of it, with an interval (see `term_effects`), W held fixed and slopes
          left out that have no estimate in one of the two
        - "wald": sqrt(statistic / df) of the test that all slopes of the two are equal (`combine_classes`), about 1
          where they are; with statistic, df, p_value, log10_p, p_adjusted (and left_out)
    adjust : how "wald" adjusts its p-values over the pairs: "bh", "by", "holm" or "bonferroni"
    conf_level : of the intervals of "log-odds"

    Where a separated cell made finite by a `CellPrior` enters, all but "wald" depend on that prior; it leaves such
    slopes out, and has no distance where none is left.

    Raises
    ------
    OptionError
        For an unknown kind or adjustment, a level outside (0, 1), and for `rows` with "wald".
    InferenceError
        For a model of intercepts alone, and for "wald" without a covariance.
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.

    Source: Jeffreys (1946), Proc. R. Soc. A 186:453; Kullback and Leibler (1951), Ann. Math. Stat. 22:79; Mahalanobis
    (1936), Proc. Natl. Inst. Sci. India 2:49.
    """
    check_choice("kind", kind, ClassDistance)
    check_choice("adjust", adjust, Adjustment)
    check_level(conf_level)
    if kind == "wald":
        if rows is not None:
            raise OptionError(
                "kind='wald' compares coefficients by their covariance, and uses no rows: leave out rows=."
            )
        return _by_wald(result, adjust)
    found = geometry(result, rows)
    table = _pairs(result)
    if kind == "kullback-leibler":
        divergence = _divergence(found.expected_predictors())
        return table.assign(distance=np.sqrt(divergence), divergence=divergence)
    if kind == "mahalanobis":
        return table.assign(distance=pdist(found.configuration("means")))
    table = table.assign(distance=pdist(found.configuration("coefficients")))
    return table if result.inference is None else pd.concat([table, _sizes(result, found, conf_level)], axis=1)


@single_threaded_blas()
def _sizes(result: Result, found: Geometry, conf_level: float) -> pd.DataFrame:
    """Return size, conf_low, conf_high of each pair k < l, by the covariance of b_k - b_l."""
    slopes = [result.design.columns.index(name) for name in found.terms]
    covariance = class_covariance_of(result, slopes) * found.scale[:, None, None] * found.scale
    known = estimable(result)[slopes]

    def form(first: int, second: int) -> QuadraticForm | None:
        kept = np.flatnonzero(known[:, first] & known[:, second])
        if not len(kept):
            return None
        own, cross = covariance[first, :, first] + covariance[second, :, second], covariance[first, :, second]
        apart = found.coefficients[kept, first] - found.coefficients[kept, second]
        within, both = np.ix_(kept, kept), own - cross - cross.T
        return QuadraticForm.of(apart, found.within[within], both[within])

    return size_table([form(*pair) for pair in combinations(range(len(result.classes)), 2)], conf_level)


def _pairs(result: Result) -> pd.DataFrame:
    labels = np.array(result.classes)
    first, second = np.triu_indices(len(labels), 1)
    return pd.DataFrame({"class_1": labels[first], "class_2": labels[second]})


def _divergence(expected: Floats) -> Floats:
    """Return E_k[eta_k - eta_l] - E_l[eta_k - eta_l] of each pair k < l; 0 where rounding makes it less."""
    first, second = np.triu_indices(len(expected), 1)
    own = np.diag(expected)
    return np.asarray(np.maximum(own[first] + own[second] - expected[first, second] - expected[second, first], 0.0))


def _by_wald(result: Result, adjust: Adjustment) -> pd.DataFrame:
    table = combine_classes(result).rename(columns={"first": "class_1", "second": "class_2"})
    # Nothing is known of a pair without degrees of freedom.
    table.insert(2, "distance", np.sqrt(table["statistic"] / table["df"].where(table["df"] > 0)))
    table["p_adjusted"] = adjusted(table["p_value"].to_numpy(dtype=np.float64), adjust)
    return table
