"""Single fits under lasso-type penalties: what they say, and what they refuse to say."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.engine.penalties import Shrinkage
from genreglm.errors import ConvergenceError, InferenceError, OptionError, SeparationError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
PENALTIES = [gg.Lasso(0.01), gg.ElasticNet(0.01, 0.5, standardise=True), gg.GroupLasso(0.01, standardise=True),
             gg.TermLasso(0.01)]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=600, genres=4, seed=1, strength=1.2, artists=90)


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_there_are_estimates_and_no_errors_of_them(rows: pd.DataFrame, penalty: Shrinkage) -> None:
    result = gg.fit(FORMULA, rows, penalty=penalty)
    table = result.tidy()
    assert np.isfinite(table["estimate"]).all()
    assert table[["std_error", "statistic", "p_value", "conf_low", "conf_high"]].isna().all(axis=None)
    assert result.glance()[["aic", "bic"]].isna().all(axis=None)
    assert result.statistics.iterations > 0
    assert type(penalty).__name__ in result.summary()


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_what_needs_a_maximum_of_the_likelihood_is_refused(rows: pd.DataFrame, penalty: Shrinkage) -> None:
    result = gg.fit(FORMULA, rows, penalty=penalty)
    names = {
        "Lasso": "a lasso",
        "ElasticNet": "an elastic-net",
        "GroupLasso": "a group-lasso",
        "TermLasso": "a term-lasso",
    }
    name = names[type(penalty).__name__]
    for refused in (
        result.anova,
        lambda: result.anova(test="lr"),
        lambda: gg.linear_hypothesis(result, "energy = 0"),
        lambda: gg.leverage(result),
    ):
        with pytest.raises(InferenceError, match=f"{name} penalty"):
            refused()
    with pytest.raises(InferenceError, match="without a penalty or under a ridge"):
        gg.bootstrap(result, "artist")
    with pytest.raises(OptionError, match=f"{name} penalty chooses columns by itself"):
        gg.stepwise(FORMULA, rows, penalty=penalty, criterion="held_out")


def test_the_symmetric_form_keeps_zeros(rows: pd.DataFrame) -> None:
    result = gg.fit(FORMULA, rows, penalty=gg.Lasso(0.03, standardise=True))
    table = result.tidy(None)
    assert (table["estimate"] == 0.0).sum() == (result.coefficients == 0.0).sum() > 0
    intercepts = table.loc[table["term"] == "(Intercept)", "estimate"]
    assert intercepts.sum() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_a_saved_fit_comes_back(rows: pd.DataFrame, penalty: Shrinkage, tmp_path: Path) -> None:
    result = gg.fit(FORMULA, rows, penalty=penalty)
    loaded = gg.load(result.save(tmp_path / "model"))
    assert loaded.penalty == penalty
    pd.testing.assert_frame_equal(loaded.predict(rows), result.predict(rows))


def test_soft_labels_offsets_and_weights_are_taken(rows: pd.DataFrame) -> None:
    penalty = gg.GroupLasso(0.01, standardise=True)
    plain = gg.fit(FORMULA, rows, penalty=penalty)
    labels = pd.get_dummies(rows["genre"], dtype=float)
    soft = gg.fit(FORMULA, rows, penalty=penalty, soft_labels=labels)
    np.testing.assert_allclose(soft.coefficients, plain.coefficients, atol=1e-7)
    level = np.tile([0.5, -0.5, 0.2, 0.0], (len(rows), 1))
    moved = gg.fit(FORMULA, rows, penalty=penalty, offset=level)
    np.testing.assert_allclose(moved.coefficients[1:], plain.coefficients[1:], atol=1e-7)
    np.testing.assert_allclose(np.diff(plain.coefficients[0] - moved.coefficients[0]), np.diff(level[0]), atol=1e-7)


def test_separated_cells_and_dependent_columns_have_a_solution(rows: pd.DataFrame) -> None:
    frame = rows.assign(twin=rows["energy"], rare=(rows["genre"] == rows["genre"].iloc[0]) & (rows["energy"] > 0.5))
    result = gg.fit("genre ~ energy + twin + C(rare)", frame, penalty=gg.ElasticNet(0.01, standardise=True))
    b = pd.DataFrame(result.coefficients, index=list(result.design.columns))
    assert np.isfinite(b).all(axis=None)
    np.testing.assert_allclose(b.loc["energy"], b.loc["twin"], atol=1e-6)


def test_without_an_intercept_nothing_is_centred(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ 0 + energy + valence", rows, penalty=gg.Lasso(1e-3))
    assert result.design.columns == ("energy", "valence")
    near = gg.fit("genre ~ 0 + energy + valence", rows, penalty=gg.Lasso(1e-9))
    free = gg.fit("genre ~ 0 + energy + valence", rows)
    np.testing.assert_allclose(*(r.tidy()["estimate"] for r in (near, free)), atol=1e-5)


def test_too_few_steps_are_an_error(rows: pd.DataFrame) -> None:
    noise = np.random.default_rng(0).normal(size=len(rows))
    frame = rows.assign(twin=rows["energy"] + 1e-3 * noise)
    steps: list[float] = []
    formula, penalty = "genre ~ energy + twin + valence", gg.Lasso(1e-6, standardise=True)
    gg.fit(formula, frame, penalty=penalty, callback=lambda step: steps.append(step.objective))
    assert np.diff(steps).max() <= 1e-12
    assert len(steps) > 20
    with pytest.raises(ConvergenceError, match="max_steps"):
        gg.fit(formula, frame, penalty=penalty, max_steps=1)


@pytest.mark.parametrize("mixing", [1.0, 0.6])
def test_whole_terms_meet_the_conditions_of_an_optimum(rows: pd.DataFrame, mixing: float) -> None:
    """In the columns as given: slope_t = -f sqrt(p) (a / S_t + 1 - a) C_t b_t, C_t the columns' covariance."""
    formula, strength = "genre ~ cr(energy, df=4) + valence + C(key)", 0.04
    result = gg.fit(formula, rows, penalty=gg.TermLasso(strength, mixing, factors={"C(key)": 5.0}))
    x = result.design.matrix(rows)
    prob = result.predict(rows).to_numpy()
    slope = x.T @ (prob - np.eye(4)[result.design.codes(rows)]) / len(rows)
    sizes = []
    for term in result.design.slopes:
        own = result.design.positions([term])
        covariance = np.cov(x[:, own].T, bias=True).reshape(len(own), len(own))
        b = result.coefficients[own]
        size = np.sqrt(np.trace(b.T @ covariance @ b))
        weight = strength * np.sqrt(len(own)) * (5.0 if term == "C(key)" else 1.0)
        if size > 0:
            wanted = -weight * (mixing / size + 1 - mixing) * covariance @ b
            np.testing.assert_allclose(slope[own], wanted, atol=1e-8)
        else:
            dual = np.sqrt(np.trace(slope[own].T @ np.linalg.pinv(covariance) @ slope[own]))
            assert dual <= weight * mixing + 1e-8
        sizes.append(size)
    assert min(sizes) == 0.0 < max(sizes)


def test_whole_terms_are_the_same_however_they_are_coded(rows: pd.DataFrame) -> None:
    fits = [
        gg.fit(f"genre ~ energy + C(key, {coding})", rows, penalty=gg.TermLasso(0.005))
        for coding in ("contr.treatment", "contr.sum", "contr.helmert")
    ]
    first = fits[0].predict(rows)
    assert fits[0].coefficients[fits[0].design.positions([fits[0].design.slopes[1]])].any()
    for fit in fits[1:]:
        np.testing.assert_allclose(fit.predict(rows), first, atol=1e-7)


def test_terms_of_one_column_are_a_group_lasso(rows: pd.DataFrame) -> None:
    one, other = (
        gg.fit("genre ~ energy + valence", rows, penalty=penalty).coefficients
        for penalty in (gg.TermLasso(0.02, 0.7), gg.GroupLasso(0.02, 0.7, standardise=True))
    )
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_columns_of_a_term_that_depend_on_each_other_have_a_solution(rows: pd.DataFrame) -> None:
    twice = rows.assign(again=rows["energy"])
    fit = gg.fit("genre ~ poly(energy, 2) + energy:again", twice, penalty=gg.TermLasso(0.01))
    assert np.isfinite(fit.coefficients).all()


FREEING = [
    lambda factors: gg.Lasso(0.01, factors=factors),
    lambda factors: gg.ElasticNet(0.01, factors=factors),
    lambda factors: gg.GroupLasso(0.01, factors=factors),
    lambda factors: gg.TermLasso(0.01, factors=factors),
    lambda factors: gg.Lasso(0.0),
]


@pytest.mark.parametrize("freeing", FREEING)
def test_what_a_lasso_leaves_free_may_be_separated(
    rows: pd.DataFrame, freeing: Callable[[dict[str, float]], Shrinkage]
) -> None:
    """An empty cell, the same in a coding that hides it, and a number."""
    cut = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    with pytest.raises(SeparationError, match=r"C\(key\)\[T\.D\] never occurs in blues.*Give \w+ a strength"):
        gg.fit(FORMULA, cut, penalty=freeing({"C(key)": 0.0}))
    coded = "C(key, contr.sum)"
    with pytest.raises(SeparationError, match="sets blues apart by"):
        gg.fit(f"genre ~ energy + valence + {coded}", cut, penalty=freeing({coded: 0.0}))
    apart = rows.assign(energy=np.where(rows["genre"] == "blues", 1.0, -1.0) * (0.1 + rows["energy"].abs()))
    with pytest.raises(SeparationError, match=r"sets .*blues.* apart by energy"):
        gg.fit("genre ~ energy + valence", apart, penalty=freeing({"energy": 0.0}))


def test_free_columns_that_depend_on_each_other_are_not_separated(rows: pd.DataFrame) -> None:
    frame = rows.assign(twin=rows["energy"])
    free = gg.Lasso(0.01, standardise=True, factors={"energy": 0.0, "twin": 0.0})
    both = gg.fit("genre ~ energy + twin + valence", frame, penalty=free)
    one = gg.fit("genre ~ energy + valence", rows, penalty=gg.Lasso(0.01, standardise=True, factors={"energy": 0.0}))
    np.testing.assert_allclose(both.predict(frame), one.predict(rows), atol=1e-6)
