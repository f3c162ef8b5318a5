"""Which terms of a fitted model it can best do without: Wald statistics of all at once, without a fit.

With b the estimate, V = I^-1 its covariance and t the columns of a term, b_t' V_tt^-1 b_t is to first order what twice
the log-likelihood falls by when the term goes (Wald 1943, Trans. Am. Math. Soc. 54:426).
"""

from collections.abc import Sequence

import numpy as np

from genreglm.engine import sandwich
from genreglm.engine.blocks import Floats
from genreglm.engine.inference import ChiSquareTest, wald
from genreglm.engine.information import information
from genreglm.engine.memory import require_covariance
from genreglm.engine.nested import Family
from genreglm.engine.screening import bends, class_information, doubts_of, slightly_more
from genreglm.engine.threads import ordered_map, single_threaded_blas

Groups = Sequence[Sequence[int]]


@single_threaded_blas()
def wald_screen(family: Family, coefficients: Floats, groups: Groups, among: Sequence[int]) -> list[ChiSquareTest]:
    """Test for each group of the columns `among`, by itself, that its coefficients are zero in all classes.

    Parameters
    ----------
    coefficients : (all columns, classes), the maximum on the columns `among`, zero elsewhere

    Raises
    ------
    InferenceError
        Where the information is not positive definite, or does not fit in memory.
    """
    if not groups:
        return []
    classes = family.problem.classes
    require_covariance(len(among), classes)
    inside = family.keep(among)
    point = inside.at(coefficients[list(among)])
    covariance = sandwich.bread(information([*point.parts, *point.prior], classes), overwrite=True)
    standard = _standard(inside, coefficients[list(among)])
    against_last = (standard[:, :-1] - standard[:, -1:]).T.ravel()
    tests = []
    for group in groups:
        own = [list(among).index(column) for column in group]
        at = (len(among) * np.arange(classes - 1)[:, None] + own).ravel()
        tests.append(wald(against_last[at], covariance[np.ix_(at, at)]))
    return tests


@single_threaded_blas()
def wald_bounds(family: Family, coefficients: Floats, groups: Groups, among: Sequence[int]) -> Floats:
    """Return an upper bound of each statistic of `wald_screen`, (groups,), where the information would be too large.

    The statistic is the least d' I d over all d that are b_t in the columns t. Here d has in each class what is best
    there while the other classes stay, by A_k = sum w p_k (1 - p_k) z z': exact for two classes.
    """
    if not groups:
        return np.zeros(0)
    inside = family.keep(among)
    point = inside.at(coefficients[list(among)])
    parts = [*point.parts, *point.prior]
    inverse = np.linalg.inv(slightly_more(class_information(parts, doubts_of(parts), len(among))))
    standard = _standard(inside, coefficients[list(among)])
    steps: list[Floats] = []
    for group in groups:
        own = [list(among).index(column) for column in group]
        beside = inverse[:, :, own]
        step = beside @ np.linalg.solve(beside[:, own], standard[own].T[:, :, None])
        steps.append(np.asarray(step[:, :, 0].T, dtype=np.float64))
    columns = [range(len(among))] * len(groups)
    return np.asarray(np.sum(list(ordered_map(lambda part: bends(part, columns, steps), parts)), axis=0))


def _standard(family: Family, coefficients: Floats) -> Floats:
    """Return coefficients of standardised columns, which sum to zero over the classes."""
    standard = family.problem.standardisation.forth(coefficients)
    return np.asarray(standard - standard.mean(axis=1, keepdims=True))
