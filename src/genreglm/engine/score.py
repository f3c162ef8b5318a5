"""Rao's score test: whether columns that a model leaves out belong in it, without fitting them.

With score s and information I of the larger model at the smaller one's estimate, r the columns kept and t those
tested,

    s_t* = s_t - I_tr I_rr^-1 s_r,    S = I_tt - I_tr I_rr^-1 I_rt,    statistic = s_t*' S^-1 s_t*,

which is s' I^-1 s where s_r = 0, as it is at a maximum. In this form (Neyman's C(alpha), 1959) what a maximum
found to finitely many digits leaves of s_r moves s_t* in second order only.

Where rows come in clusters, S is not the variance of s_t*, and the generalised test takes the sum over clusters of the
outer products of their parts of s_t* in its place.

Sources: Rao (1948), Proc. Camb. Phil. Soc. 44:50; Rotnitzky and Jewell (1990), Biometrika 77:485; Boos (1992), Am.
Stat. 46:327.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from genreglm.engine import sandwich
from genreglm.engine.blocks import Block, Codes, Floats
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
    candidates = _candidates(model, restricted, groups, among)
    return [wald(*candidates.observed(group)) for group in groups]


def clustered_score_tests(
    model: Problem | Family,
    restricted: Estimate | Floats,
    groups: Sequence[Sequence[int]],
    clusters: Codes,
    among: Sequence[int] | None = None,
) -> list[tuple[ChiSquareTest, ChiSquareTest]]:
    """Return for each group the test of `score_tests`, and the generalised one for rows in `clusters` (rows,).

    The variance of s_t* is G / (G - 1) sum_c s_c* s_c*', s_c* the part of cluster c and G the number of clusters; rows
    of a prior have none. Degrees of freedom are its rank.

    Raises
    ------
    InferenceError
        As `score_tests`; and where there are fewer than two clusters.
    """
    candidates = _candidates(model, restricted, groups, among)
    meat = candidates.clustered(clusters)
    both = []
    for group in groups:
        effective, schur = candidates.observed(group)
        at = candidates.places(group)
        both.append((wald(effective, schur), wald(effective, meat[np.ix_(at, at)])))
    return both


@dataclass(frozen=True)
class _Candidates:
    """What the columns tested would add to a model.

    Attributes
    ----------
    given : s_t* and S, class by class
    place : where each column tested stands among these
    parts, kept : (block, probabilities) of the rows, and how many columns come before those tested in them
    """

    given: "Given"
    place: Mapping[int, int]
    parts: Sequence[tuple[Block, Floats]]
    kept: int

    def places(self, group: Sequence[int]) -> Integers:
        """Return where the parameters of a group are, without those that say nothing new."""
        width = len(self.place)
        at = parameters_of_columns([self.place[column] for column in group], width, len(self.given.score) // width + 1)
        return at[self.given.is_new[at]]

    def observed(self, group: Sequence[int]) -> tuple[Floats, Floats]:
        """Return s_t* and S of a group."""
        at = self.places(group)
        return self.given.score[at], self.given.variance[np.ix_(at, at)]

    def clustered(self, clusters: Codes) -> Floats:
        """Return the variance of s_t* that clusters give."""
        tested = len(self.given.score)
        width, classes = self.kept + len(self.place), tested // len(self.place) + 1
        x, residual = sandwich.scores(self.parts, classes)
        projection = np.zeros((width * (classes - 1), tested))
        projection[parameters_of_columns(range(self.kept), width, classes)] = -self.given.share()
        projection[parameters_of_columns(range(self.kept, width), width, classes)] = np.eye(tested)
        factor = sandwich.small_sample_factor(float(len(np.unique(clusters))), "clusters")
        return factor * sandwich.cluster_meat(x, residual, clusters, projection)


def _candidates(
    model: Problem | Family,
    restricted: Estimate | Floats,
    groups: Sequence[Sequence[int]],
    among: Sequence[int] | None,
) -> _Candidates:
    family = model if isinstance(model, Family) else Family(model)
    tested = sorted({column for group in groups for column in group})
    kept = [j for j in (range(family.problem.x.shape[1]) if among is None else among) if j not in tested]
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
    found = given_kept(score, matrix, parameters_of_columns(range(len(kept)), width, classes))
    place = {column: position for position, column in enumerate(tested)}
    return _Candidates(found, place, point.parts, len(kept))


def _padded(restricted: Estimate | Floats, kept: Sequence[int], tested: Sequence[int], problem: Problem) -> Floats:
    """Return the smaller model's coefficients with zeros for the tested columns, kept ones first."""
    given = restricted.coefficients if isinstance(restricted, Estimate) else np.asarray(restricted)
    if len(given) != len(kept):
        given = given[list(kept)]
    return np.vstack([given, np.zeros((len(tested), problem.classes))])


def parameters_of_columns(columns: Sequence[int], width: int, classes: int) -> Integers:
    """Return where `columns`, of `width`, stand among parameters that run class by class, the last class left out."""
    return (width * np.arange(classes - 1)[:, None] + np.asarray(columns, dtype=np.intp)).ravel()


@dataclass(frozen=True)
class Given:
    """What the parameters tested say once those kept are at their best.

    Attributes
    ----------
    score, variance : s_t* and S
    own : diagonal of I_tt
    factor, half : L and L^-1 I_rt, with L L' = I_rr
    """

    score: Floats
    variance: Floats
    own: Floats
    factor: Floats
    half: Floats

    @property
    def is_new(self) -> NDArray[np.bool_]:
        """Which parameters tested say something that those kept do not."""
        return np.asarray(np.diag(self.variance) > _NOTHING_NEW * self.own)

    @single_threaded_blas()
    def share(self) -> Floats:
        """Return I_rr^-1 I_rt."""
        if not len(self.factor):
            return self.half
        solved = linalg.solve_triangular(self.factor, self.half, lower=True, trans=1, check_finite=False)
        return np.asarray(solved)


def kept_factor(matrix: Floats) -> Floats:
    """Return L with L L' the information `matrix` of what is kept, whose memory it may take.

    Raises
    ------
    InferenceError
        Where it is not positive definite.
    """
    factor, status = linalg.lapack.dpotrf(matrix.T, lower=1, overwrite_a=1)
    if status != 0:
        raise InferenceError(
            "The information matrix of the smaller model is not positive definite, so no score test is defined. Look "
            "for separated cells (gg.separation) and for nearly dependent columns (gg.vif)."
        )
    return np.asarray(factor)


@single_threaded_blas()
def given_kept(score: Floats, matrix: Floats, kept: Integers) -> Given:
    """Return what is tested, all that is not `kept`, by the `score` (m,) and information `matrix` (m, m) of both.

    Raises
    ------
    InferenceError
        Where the information of what is kept is not positive definite.
    """
    tested = np.setdiff1d(np.arange(len(matrix)), kept)
    own = matrix[np.ix_(tested, tested)]
    if not len(kept):
        return Given(score[tested], own, np.diag(own), np.zeros((0, 0)), np.zeros((0, len(tested))))
    factor = kept_factor(matrix[np.ix_(kept, kept)])
    right = np.column_stack([matrix[np.ix_(kept, tested)], score[kept]])
    half = linalg.solve_triangular(factor, right, lower=True, overwrite_b=True, check_finite=False)
    across = half[:, :-1]
    variance = own - across.T @ across
    return Given(score[tested] - across.T @ half[:, -1], variance, np.diag(own), factor, across)
