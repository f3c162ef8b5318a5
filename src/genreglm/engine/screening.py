"""Which of many candidates a fitted model lacks the most: their score tests together, exactly or from below.

Each candidate is tested by itself beside the columns kept, as `genreglm.engine.score` has it:

    s_t* = s_t - I_tr I_rr^-1 s_r,    S = I_tt - I_tr I_rr^-1 I_rt,    statistic = s_t*' S^-1 s_t*.

`score_screen` gives just that. I_rr and its factor are made once for all, and of each candidate only what it has to do
with the columns kept (see bordered.py).

`score_bounds` makes no information of all classes. Class by class it takes the best step for a candidate while the
other classes stay as they are, and then measures what all these steps together, d, promise. With s and I the score
and information of kept and candidate columns, Cauchy and Schwarz's inequality says

    (s' d)^2 / d' I d  <=  s' I^-1 s:

a lower bound of the statistic, equal to it where d is Newton's own step. For n rows, p columns kept and K classes it
costs some n p K products a column where the exact statistic costs n p K^2 / 2, and it holds K matrices of p x p where
that one holds one of p K x p K.

Source: Rao (1948), Proc. Camb. Phil. Soc. 44:50.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.bordered import Bordered, bordered
from genreglm.engine.cells import find_cells
from genreglm.engine.inference import ChiSquareTest, wald
from genreglm.engine.memory import require_covariance
from genreglm.engine.nested import Family, Point
from genreglm.engine.score import Given, kept_factor
from genreglm.engine.threads import ordered_map, single_threaded_blas

# Sums (pairs of classes times wanted pairs of columns) that are held at once: 160 MB.
_MOST_SUMS = 20_000_000

Groups = Sequence[Sequence[int]]
Parts = Sequence[tuple[Block, Floats]]


@single_threaded_blas()
def score_screen(family: Family, coefficients: Floats, groups: Groups, among: Sequence[int]) -> list[ChiSquareTest]:
    """Test for each group of columns, by itself, that its coefficients are zero in all classes.

    Parameters
    ----------
    family : the problem with the columns kept and the candidates side by side
    coefficients : (all columns, classes), the maximum on the columns `among`, zero elsewhere
    groups : columns to test, together within a group
    among : the columns kept

    Raises
    ------
    InferenceError
        Where the information of the columns kept is not positive definite, or does not fit in memory.
    """
    if not groups:
        return []
    classes = family.problem.classes
    require_covariance(len(among) + max(len(group) for group in groups), classes)
    point, places = _point(family, coefficients, groups, among)
    parts, kept = [*point.parts, *point.prior], range(len(among))
    cells = find_cells([block.x for block, _ in parts])
    base: _Kept | None = None
    tests: list[ChiSquareTest] = []
    for some in _passes(places, len(among), classes):
        sums = bordered(parts, classes, kept, some, inner=base is None, cells=cells)
        base = base or _Kept.of(sums, point.score, kept)
        tests += list(ordered_map(_Candidates(base, sums, point.score).test, some))
    return tests


@dataclass(frozen=True)
class _Kept:
    """The columns kept: the factor L of I_rr, and L^-1 s_r."""

    columns: range
    factor: Floats
    solved: Floats

    @classmethod
    def of(cls, sums: Bordered, score: Floats, columns: range) -> "_Kept":
        if not columns:
            return cls(columns, np.zeros((0, 0)), np.zeros(0))
        factor = kept_factor(sums.block(columns, columns))
        return cls(columns, factor, _solve(factor, _by_class(score, columns)))


@dataclass(frozen=True)
class _Candidates:
    """Candidates beside the columns kept."""

    kept: _Kept
    sums: Bordered
    score: Floats

    def test(self, group: Sequence[int]) -> ChiSquareTest:
        own = self.sums.block(group, group)
        half = _solve(self.kept.factor, self.sums.block(self.kept.columns, group))
        effective = _by_class(self.score, group) - half.T @ self.kept.solved
        given = Given(effective, own - half.T @ half, np.diag(own), self.kept.factor, half)
        new = given.is_new
        return wald(given.score[new], given.variance[np.ix_(new, new)])


def _solve(factor: Floats, right: Floats) -> Floats:
    if not len(factor):
        return right
    return np.asarray(linalg.solve_triangular(factor, right, lower=True, check_finite=False))


def _by_class(score: Floats, columns: Sequence[int]) -> Floats:
    """Return the score of some columns without the last class, class by class."""
    return np.ascontiguousarray(score[list(columns), :-1].T).ravel()


def _point(family: Family, coefficients: Floats, groups: Groups, among: Sequence[int]) -> tuple[Point, list[list[int]]]:
    """Return the model of the columns kept and tested, in this order, and where the groups stand in it."""
    tested = sorted({column for group in groups for column in group} - set(among))
    columns = [*among, *tested]
    place = {column: position for position, column in enumerate(columns)}
    whole = family.keep(columns)
    if family.problem.intercept in tested:
        # Centred columns would hold a part of it.
        whole = whole.uncentred()
    return whole.at(coefficients[columns]), [[place[column] for column in group] for group in groups]


def _passes(groups: Groups, kept: int, classes: int) -> Iterator[list[Sequence[int]]]:
    """Yield groups in turn, as many at a time as memory is meant for."""
    room = max(1, _MOST_SUMS // (classes * (classes + 1) // 2) - kept * (kept + 1) // 2)
    some: list[Sequence[int]] = []
    pairs = 0
    for group in groups:
        more = len(group) * kept + len(group) * (len(group) + 1) // 2
        if some and pairs + more > room:
            yield some
            some, pairs = [], 0
        some.append(group)
        pairs += more
    yield some


@single_threaded_blas()
def score_bounds(family: Family, coefficients: Floats, groups: Groups, among: Sequence[int]) -> Floats:
    """Return a lower bound of each statistic of `score_screen`, (groups,), for a fraction of its time and memory.

    The parameters are those of `score_screen`.
    """
    if not groups:
        return np.zeros(0)
    point, places = _point(family, coefficients, groups, among)
    parts, kept = [*point.parts, *point.prior], len(among)
    doubts = doubts_of(parts)
    rows = class_information(parts, doubts, kept)
    inverse = np.linalg.inv(slightly_more(rows[:, :, :kept]))
    # What moves the columns kept, were they alone, and how they make way for each column tested.
    alone = np.einsum("kpq,qk->kp", inverse, point.score[:kept])
    share = inverse @ rows[:, :, kept:]
    steps = []
    for group in places:
        tested = [column - kept for column in group]
        way = share[:, :, tested]
        schur = slightly_more(_own_information(parts, doubts, group) - rows[:, :, group].transpose(0, 2, 1) @ way)
        effective = point.score[group].T - np.einsum("kpt,pk->kt", way, point.score[:kept])
        own = np.linalg.solve(schur, effective[:, :, None])
        steps.append(np.vstack([(alone - (way @ own)[:, :, 0]).T, own[:, :, 0].T]))
    columns = [[*range(kept), *group] for group in places]
    slopes = np.array([np.sum(point.score[own] * step) for own, step in zip(columns, steps, strict=True)])
    bent = np.sum(list(ordered_map(lambda part: bends(part, columns, steps), parts)), axis=0)
    return np.asarray(np.divide(slopes**2, bent, out=np.zeros(len(groups)), where=bent > 0.0))


def doubts_of(parts: Parts) -> list[Floats]:
    """Return w p_k (1 - p_k) of each block, (classes, rows)."""

    def task(part: tuple[Block, Floats]) -> Floats:
        block, prob = part
        return np.ascontiguousarray((block.w[:, None] * prob * (1.0 - prob)).T)

    return list(ordered_map(task, parts))


def class_information(parts: Parts, doubts: Sequence[Floats], kept: int) -> Floats:
    """Return sum w p_k (1 - p_k) z_r z' for each class k, r the columns kept: (classes, kept, columns)."""

    def one(k: int) -> Floats:
        total = np.zeros((kept, parts[0][0].x.shape[1]))
        for (block, _), doubt in zip(parts, doubts, strict=True):
            total += (doubt[k][:, None] * block.x[:, :kept]).T @ block.x
        return total

    return np.stack(list(ordered_map(one, range(len(doubts[0])))))


def _own_information(parts: Parts, doubts: Sequence[Floats], group: Sequence[int]) -> Floats:
    """Return sum w p_k (1 - p_k) z_t z_t' for each class k, t the columns of a candidate: (classes, t, t)."""
    first, second = np.triu_indices(len(group))

    def task(number: int) -> Floats:
        own = parts[number][0].x[:, group]
        return np.asarray(doubts[number] @ (own[:, first] * own[:, second]))

    sums = np.sum(list(ordered_map(task, range(len(parts)))), axis=0)
    found = np.empty((len(sums), len(group), len(group)))
    found[:, first, second] = found[:, second, first] = sums
    return found


def slightly_more(matrices: Floats) -> Floats:
    """Return them with a trace of ridge: a step need not be the best one to give a bound."""
    size = matrices.shape[-1]
    return np.asarray(matrices + 1e-10 * np.trace(matrices, axis1=1, axis2=2)[:, None, None] * np.eye(size))


def bends(part: tuple[Block, Floats], columns: Groups, steps: Sequence[Floats]) -> Floats:
    """Return d' I d = sum_i w_i (sum_k p_ik t_ik^2 - (sum_k p_ik t_ik)^2) of each candidate's step, t how eta moves."""
    block, prob = part
    found = np.empty(len(steps))
    for number, (own, step) in enumerate(zip(columns, steps, strict=True)):
        moved = block.x[:, own] @ step
        weighed = prob * moved
        found[number] = block.w @ (np.einsum("ik,ik->i", weighed, moved) - weighed.sum(axis=1) ** 2)
    return found
