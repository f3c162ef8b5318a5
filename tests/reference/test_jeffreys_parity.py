"""Jeffreys' prior against R: brglm2's `MPL_Jeffreys`, and the same maximum found in plain R.

`separated` problems have no maximum-likelihood estimate: empty cells of class x level (`cars93`,
`alligators_crossed`, `backpain`), continuous columns (`iris_petals`, `pottery`), all classes apart (`mtcars`).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from parity import assert_tails, assert_within, matched, read
from scipy.special import log_softmax

import genreglm as gg
from genreglm.errors import SeparationError

PROBLEMS = read("jeffreys").set_index("name")
NAMES = PROBLEMS.index.tolist()
SEPARATED = PROBLEMS.index[PROBLEMS["separated"]].tolist()

COEFFICIENT = 1e-6
STANDARD_ERROR = 1e-5
LOG10_P = 1e-4  # a tail area is quadratic in both

Floats = npt.NDArray[np.float64]


def options(name: str) -> dict[str, object]:
    case = PROBLEMS.loc[name]
    return {"formula": case["formula"], "rows": read(case["data"]), "weights": case["weights"] or None}


@cache
def fitted(name: str) -> gg.Result:
    return gg.fit(**options(name), penalty=gg.Jeffreys())


def test_problems_are_varied() -> None:
    rows = {name: read(PROBLEMS.loc[name, "data"]) for name in NAMES}
    classes = {name: rows[name][PROBLEMS.loc[name, "formula"].split(" ~ ")[0]].nunique() for name in NAMES}
    assert len(NAMES) >= 5
    assert set(classes.values()) >= {2, 3, 4, 5}
    assert {classes[name] for name in SEPARATED} >= {3, 4, 5}


@pytest.mark.parametrize("which", ["first", "last", "symmetric"])
@pytest.mark.parametrize("name", NAMES)
def test_coefficients(name: str, which: str) -> None:
    expected = read(f"{name}_jeffreys")
    first, last, _ = expected["reference"].unique()
    table, label = {
        "first": (fitted(name).tidy(), first),
        "last": (fitted(name).tidy(reference=last), last),
        "symmetric": (fitted(name).tidy(reference=None), "symmetric"),
    }[which]
    both = matched(table, expected[expected["reference"] == label], ["class", "term"])
    labels = both[["class", "term"]]
    scale = np.maximum(both["estimate_r"].abs(), both["std_error_r"])
    assert_within(both["estimate"], both["estimate_r"], scale, COEFFICIENT, labels)
    assert_within(both["std_error"], both["std_error_r"], both["std_error_r"], STANDARD_ERROR, labels)
    # brglm2 tests separated cells too; no Wald test of one means what it says, so ours are missing.
    tested = both["log10_p"].notna()
    assert tested.all() or fitted(name).separated
    assert_tails(both.loc[tested, "log10_p"], both.loc[tested, "log10_p_r"], labels[tested], LOG10_P)


@pytest.mark.parametrize("name", NAMES)
def test_brglm2_itself(name: str) -> None:
    expected = read(f"{name}_jeffreys")
    for reference in expected["reference"].unique()[:2]:
        chosen = expected[expected["reference"] == reference]
        both = matched(fitted(name).tidy(reference=reference), chosen, ["class", "term"])
        estimate, error = both["brglm2_estimate"].astype(float), both["brglm2_std_error"].astype(float)
        labels = both[["class", "term"]]
        assert_within(both["estimate"], estimate, np.maximum(estimate.abs(), error), COEFFICIENT, labels)
        assert_within(both["std_error"], error, error, STANDARD_ERROR, labels)


@pytest.mark.parametrize("name", NAMES)
def test_log_likelihood_is_that_of_the_rows(name: str) -> None:
    """The penalty is no part of it."""
    glance = fitted(name).glance().iloc[0]
    assert glance["log_likelihood"] == pytest.approx(PROBLEMS.loc[name, "log_likelihood"], rel=1e-6)
    assert glance["nobs"] == PROBLEMS.loc[name, "nobs"]
    assert glance["df_model"] == PROBLEMS.loc[name, "df"]


@pytest.mark.parametrize("name", NAMES)
def test_only_separated_problems_need_it(name: str) -> None:
    if name in SEPARATED:
        with pytest.raises(SeparationError):
            gg.fit(**options(name), covariance=None)
    else:
        gg.fit(**options(name), covariance=None)


# ---- that R's numbers maximise l(b) + 1/2 log det I(b): NumPy alone ------------------------------------------


def arrays(name: str) -> tuple[Floats, npt.NDArray[np.intp], Floats]:
    """Columns, class codes and frequencies of the rows that happened."""
    case = PROBLEMS.loc[name]
    rows = read(case["data"])
    design = gg.design(case["formula"], rows)
    weights = rows[case["weights"]].to_numpy(float) if case["weights"] else np.ones(len(rows))
    codes = pd.Categorical(rows[design.response], categories=list(design.classes)).codes.astype(np.intp)
    return design.matrix(rows)[weights > 0], codes[weights > 0], weights[weights > 0]


def curvature(x: Floats, b: Floats) -> tuple[Floats, Floats, Floats]:
    """Log-probabilities, and each row's V = diag(p) - pp'. b is (classes - 1, columns), the first class left out."""
    log_p = log_softmax(np.column_stack([np.zeros(len(x)), x @ b.T]), axis=1)
    p = np.exp(log_p)
    return log_p, p, p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]


def information(x: Floats, w: Floats, v: Floats) -> Floats:
    free = v[:, 1:, 1:]
    size = free.shape[1] * x.shape[1]
    return np.einsum("n,nkl,ni,nj->kilj", w, free, x, x, optimize=True).reshape(size, size)


def penalised(x: Floats, y: npt.NDArray[np.intp], w: Floats, b: Floats) -> float:
    log_p, _, v = curvature(x, b)
    _, log_det = np.linalg.slogdet(information(x, w, v))
    return float(w @ log_p[np.arange(len(y)), y] + log_det / 2)


def penalised_score(x: Floats, y: npt.NDArray[np.intp], w: Floats, b: Floats) -> Floats:
    """x_i times r_i + 1/2 V_i (diag(M_i) - 2 M_i p_i), the reference class's coefficients being known."""
    _, p, v = curvature(x, b)
    classes, columns = p.shape[1], x.shape[1]
    covariance = np.zeros((classes, columns, classes, columns))
    free = (classes - 1, columns, classes - 1, columns)
    covariance[1:, :, 1:, :] = np.linalg.inv(information(x, w, v)).reshape(free)
    m = np.einsum("ni,kilj,nj->nkl", x, covariance, x, optimize=True)
    pull = np.einsum("nkl,nl->nk", v, np.einsum("nkk->nk", m) - 2 * np.einsum("nkl,nl->nk", m, p))
    residual = np.eye(classes)[y] - p + pull / 2
    return (w[:, None] * residual)[:, 1:].T @ x


@pytest.mark.parametrize("name", NAMES)
def test_r_found_the_maximum(name: str) -> None:
    x, y, w = arrays(name)
    expected = read(f"{name}_jeffreys")
    expected = expected[expected["reference"] == expected["reference"].iloc[0]]
    b = expected["estimate"].to_numpy(float).reshape(-1, x.shape[1])
    errors = expected["std_error"].to_numpy(float)
    total = information(x, w, curvature(x, b)[2])
    scaled = total * np.outer(errors, errors)
    step = np.linalg.solve(scaled, penalised_score(x, y, w, b).ravel() * errors)
    assert np.abs(step).max() < 1e-9  # in standard errors
    np.testing.assert_allclose(np.sqrt(np.diag(np.linalg.inv(scaled))), 1.0, rtol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_penalised_score_is_the_gradient(name: str) -> None:
    x, y, w = arrays(name)
    x, _ = np.linalg.qr(x)
    rng = np.random.default_rng(1)
    at, along = rng.normal(size=(2, len(np.unique(y)) - 1, x.shape[1]))
    steps = np.array([1e-4, -1e-4, 2e-4, -2e-4])
    values = [penalised(x, y, w, at + step * along) for step in steps]
    slope = (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * steps[0])
    assert slope == pytest.approx(np.sum(penalised_score(x, y, w, at) * along), rel=1e-6)
