"""Single fits under lasso-type penalties: what they say, and what they refuse to say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.engine.penalties import Shrinkage
from genreglm.errors import ConvergenceError, InferenceError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
PENALTIES = [gg.Lasso(0.01), gg.ElasticNet(0.01, 0.5, standardise=True), gg.GroupLasso(0.01, standardise=True)]


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
    name = {"Lasso": "a lasso", "ElasticNet": "an elastic-net", "GroupLasso": "a group-lasso"}[type(penalty).__name__]
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
