"""Rao's score test: whether columns that a model leaves out belong in it, without fitting them.

With score s and information I of the larger model at the smaller one's estimate, r the columns kept and t those
tested,

    s_t* = s_t - I_tr I_rr^-1 s_r,    S = I_tt - I_tr I_rr^-1 I_rt,    statistic = s_t*' S^-1 s_t*,

which is s' I^-1 s where s_r = 0, as it is at a maximum. In this form (Neyman's C(alpha), 1959) what a maximum
found to finitely many digits leaves of s_r moves s_t* in second order only.

Sources: Rao (1948), Proc. Camb. Phil. Soc. 44:50; Boos (1992), Am. Stat. 46:327.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine.blocks import Floats
from genreglm.engine.estimate import Estimate
from genreglm.engine.inference import ChiSquareTest, wald
from genreglm.engine.information import information
from genreglm.engine.memory import require_covariance
from genreglm.engine.nested import Family
from genreglm.engine.problem import Problem
from genreglm.engine.threads import single_threaded_blas
from genreglm.errors import InferenceError

Integers = NDArray[np.intp]
# A tested column whose own information falls to this share beside those kept says nothing that they do not.
_NOTHING_NEW = 1e-9


def score_test(
    model: Problem | Family, restricted: Estimate | Floats, columns: Sequence[int], among: Sequence[int] | None = None
) -> ChiSquareTest:
    """Test that the coefficients of `columns` are zero in all classes; see `score_tests`."""
    return score_tests(model, restricted, [columns], among)[0]


def score_tests(
    model: Problem | Family,
    restricted: Estimate | Floats,
    groups: Sequence[Sequence[int]],
    among: Sequence[int] | None = None,
) -> list[ChiSquareTest]:
    """Test for each group of columns of `model`, by itself, that its coefficients are zero in all classes.

    All share one information matrix, (m, m) with m = (classes - 1) times all columns; where the candidates are
    many, ask for some at a time. Degrees of freedom are (classes - 1) times the columns that are not linearly
    dependent on others.

    Parameters
    ----------
    model : the problem with the columns of the restricted model and the candidates side by side
    restricted : the smaller model: an estimate on the columns that are in no group, in their order, or coefficients
        (columns, classes) of them, or of all columns, zero in the groups
    groups : columns to test, together within a group
    among : the columns of the smaller model where it is not simply all those in no group

    Raises
    ------
    InferenceError
        Where the information of the smaller model is not positive definite, or does not fit in memory.
    """
    family = model if isinstance(model, Family) else Family(model)
    tested = sorted({column for group in groups for column in group})
    kept = [j for j in (among or range(family.problem.x.shape[1])) if j not in tested]
    whole = family.keep([*kept, *tested])
    if family.problem.intercept in tested:
        # Centred columns would hold a part of it.
        whole = whole.uncentred()
    coefficients = _padded(restricted, kept, tested, family.problem)
    classes, width = whole.problem.classes, len(kept) + len(tested)
    require_covariance(width, classes)
    point = whole.at(coefficients)
    matrix = information(point.parts, classes)
    if point.prior:
        matrix += information(point.prior, classes)
    score = np.ascontiguousarray(point.score[:, :-1].T).ravel()
    effective, schur, own = _given(score, matrix, _positions(range(len(kept)), width, classes))
    place = {column: position for position, column in enumerate(tested)}
    answers = []
    for group in groups:
        at = _positions([place[column] for column in group], len(tested), classes)
        at = at[np.diag(schur)[at] > _NOTHING_NEW * own[at]]
        answers.append(wald(effective[at], schur[np.ix_(at, at)]))
    return answers


def _padded(restricted: Estimate | Floats, kept: Sequence[int], tested: Sequence[int], problem: Problem) -> Floats:
    """Return the smaller model's coefficients with zeros for the tested columns, kept ones first."""
    given = restricted.coefficients if isinstance(restricted, Estimate) else np.asarray(restricted)
    if len(given) != len(kept):
        given = given[list(kept)]
    return np.vstack([given, np.zeros((len(tested), problem.classes))])


def _positions(columns: Sequence[int], width: int, classes: int) -> Integers:
    """Return where columns stand among parameters that run class by class."""
    return (width * np.arange(classes - 1)[:, None] + np.asarray(columns, dtype=np.intp)).ravel()


@single_threaded_blas()
def _given(score: Floats, matrix: Floats, kept: Integers) -> tuple[Floats, Floats, Floats]:
    """Return s_t*, S and the diagonal of I_tt; what is not `kept` is tested."""
    tested = np.setdiff1d(np.arange(len(matrix)), kept)
    own = matrix[np.ix_(tested, tested)]
    if not len(kept):
        return score[tested], own, np.diag(own)
    factor, status = linalg.lapack.dpotrf(matrix[np.ix_(kept, kept)].T, lower=1, overwrite_a=1)
    if status != 0:
        raise InferenceError(
            "The information matrix of the smaller model is not positive definite, so no score test is defined. Look "
            "for separated cells (gg.separation) and for nearly dependent columns (gg.vif)."
        )
    right = np.column_stack([matrix[np.ix_(kept, tested)], score[kept]])
    half = linalg.solve_triangular(factor, right, lower=True, overwrite_b=True, check_finite=False)
    across = half[:, :-1]
    return score[tested] - across.T @ half[:, -1], own - across.T @ across, np.diag(own)
