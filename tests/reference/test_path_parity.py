"""Lasso, elastic net and group lasso against glmnet: the same objective, and the same solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from parity import problem, read

import genreglm as gg

OBJECTIVE = 1e-9
COEFFICIENT = 1e-6  # of what a standard deviation of the column does, or of itself where that is more
CONDITIONS = 2e-9

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    data: str
    grouped: bool
    mixing: float
    factors: bool

    def penalty(self, strength: float) -> gg.Lasso | gg.ElasticNet | gg.GroupLasso:
        terms = problem(self.data).terms
        chosen = {terms[0]: 3.0, terms[-1]: 0.0} if self.factors else {}
        if self.grouped:
            return gg.GroupLasso(strength, self.mixing, standardise=True, factors=chosen)
        if self.mixing == 1.0:
            return gg.Lasso(strength, standardise=True, factors=chosen)
        return gg.ElasticNet(strength, self.mixing, standardise=True, factors=chosen)


EXPECTED = [(Case(*case), table) for case, table in read("paths").groupby(["data", "grouped", "mixing", "factors"])]


def deviations(result: gg.Result, x: Floats, share: Floats) -> Floats:
    deviation = np.sqrt(share @ np.square(x - share @ x))
    return np.where(deviation > 0, deviation, 1.0)


def objective(result: gg.Result, case: Case, strength: float, x: Floats, share: Floats) -> float:
    eta = x @ result.coefficients
    logs = eta - np.logaddexp.reduce(eta, axis=1, keepdims=True)
    codes = result.design.codes(problem(case.data).rows)
    z = result.coefficients * deviations(result, x, share)[:, None]
    factor = np.array([0.0 if name == "(Intercept)" else 1.0 for name in result.design.columns])
    for term, times in case.penalty(strength).factors.items():
        factor[result.design.terms[term]] = times
    size = np.linalg.norm(z, axis=1) if case.grouped else np.abs(z).sum(axis=1)
    cost = factor @ (case.mixing * size + (1 - case.mixing) / 2 * np.square(z).sum(axis=1))
    return float(strength * cost - share @ logs[np.arange(len(codes)), codes])


@pytest.mark.parametrize(("case", "expected"), EXPECTED, ids=[str(case) for case, _ in EXPECTED])
def test_equals_glmnet(case: Case, expected: pd.DataFrame) -> None:
    given = problem(case.data)
    share = (given.frequencies / given.frequencies.sum()).to_numpy(dtype=float)
    for strength, there in expected.groupby("strength"):
        result = given.fit(penalty=case.penalty(float(strength)))
        x = result.design.matrix(given.rows)
        reached = objective(result, case, float(strength), x, share)
        assert reached == pytest.approx(there["objective"].iloc[0], rel=OBJECTIVE)
        assert result.statistics.gradient_norm <= CONDITIONS
        classes, columns = [str(label) for label in result.classes], list(result.design.columns)
        named = there.set_index(["term", "class"])["estimate"]
        wanted = np.array([[named[column, label] for label in classes] for column in columns])
        found = result.coefficients
        if not case.grouped and case.mixing == 1.0:
            # With classes even in number any level between the two middle coefficients costs the same.
            wanted, found = (b - b.mean(axis=1, keepdims=True) for b in (wanted, found))
        unit = 1.0 / deviations(result, x, share)[:, None]
        assert np.max(np.abs(found - wanted) / np.maximum(np.abs(wanted), unit)) <= COEFFICIENT
