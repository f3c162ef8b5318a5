"""`MultinomialGLMClassifier`: scikit-learn's own checks, its neighbours' answers, and its place in their tools."""

import os
import pickle
import subprocess
import sys
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import genreglm as gg
import genreglm.sklearn
from genreglm.engine.estimate import Estimate, estimate
from genreglm.engine.newton import Outcome
from genreglm.errors import ConvergenceError, OptionError, RankError, SeparationError
from genreglm.sklearn import MultinomialGLMClassifier
from simulated import tracks

FEATURES = ["energy", "valence"]


@parametrize_with_checks([MultinomialGLMClassifier()])
def test_scikit_learns_own_checks(estimator: MultinomialGLMClassifier, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


def test_its_checks_of_other_arrays_too() -> None:
    """They need a setting that SciPy reads when it is imported."""
    program = (
        "from sklearn.utils.estimator_checks import check_estimator\n"
        "from genreglm.sklearn import MultinomialGLMClassifier\n"
        "for check in check_estimator(MultinomialGLMClassifier(), on_skip=None, on_fail=None):\n"
        "    if check['status'] != 'passed': print(check['check_name'], check['status'], check['exception'])"
    )
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert (ran.stdout, ran.returncode) == ("", 0)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=300, genres=4)


@pytest.fixture(scope="module")
def two() -> pd.DataFrame:
    return tracks(rows=200, genres=2, seed=3)


def test_it_is_a_public_name() -> None:
    assert gg.sklearn.MultinomialGLMClassifier is MultinomialGLMClassifier


# The same numbers elsewhere


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("alpha", [1e-4, 0.05])
def test_it_is_gg_fit_under_a_ridge(rows: pd.DataFrame, alpha: float, standardise: bool) -> None:
    wide = rows.assign(energy=30.0 * rows["energy"] + 100.0)
    found = MultinomialGLMClassifier(alpha, standardise=standardise).fit(wide[FEATURES], wide["genre"])
    result = gg.fit("genre ~ energy + valence", wide, penalty=gg.Ridge(alpha, standardise=standardise))
    assert found.classes_.tolist() == list(result.classes)
    np.testing.assert_allclose(found.coef_, result.coefficients[1:].T, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.intercept_, result.coefficients[0], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.predict_proba(wide[FEATURES]), result.predict(wide), rtol=1e-9)


def test_without_a_penalty_it_is_gg_fit(rows: pd.DataFrame) -> None:
    found = MultinomialGLMClassifier(alpha=0.0).fit(rows[FEATURES], rows["genre"])
    result = gg.fit("genre ~ energy + valence", rows, covariance=None)
    np.testing.assert_allclose(found.coef_, result.coefficients[1:].T, rtol=1e-9)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_logistic_regression_at_the_same_penalty(rows: pd.DataFrame, weighted: bool, fit_intercept: bool) -> None:
    alpha, w = 0.01, 1.0 + np.arange(len(rows)) % 3 if weighted else np.ones(len(rows))
    found = MultinomialGLMClassifier(alpha, fit_intercept=fit_intercept).fit(rows[FEATURES], rows["genre"], w)
    other = LogisticRegression(C=1 / (alpha * w.sum()), fit_intercept=fit_intercept, tol=1e-10, max_iter=10_000)
    other.fit(rows[FEATURES], rows["genre"], w)
    np.testing.assert_allclose(found.coef_, other.coef_, atol=1e-5)
    np.testing.assert_allclose(found.intercept_, other.intercept_, atol=1e-5)
    np.testing.assert_allclose(found.predict_proba(rows[FEATURES]), other.predict_proba(rows[FEATURES]), atol=1e-5)


def test_two_classes_are_laid_out_as_everywhere_in_scikit_learn(two: pd.DataFrame) -> None:
    alpha = 0.01
    found = MultinomialGLMClassifier(alpha).fit(two[FEATURES], two["genre"])
    # Its one coefficient is the difference of our two, so its penalty is half of ours.
    other = LogisticRegression(C=2 / (alpha * len(two)), tol=1e-10).fit(two[FEATURES], two["genre"])
    assert found.coef_.shape == (1, 2)
    assert found.intercept_.shape == (1,)
    assert found.decision_function(two[FEATURES]).shape == (len(two),)
    np.testing.assert_allclose(found.coef_, other.coef_, atol=1e-5)
    np.testing.assert_allclose(
        found.decision_function(two[FEATURES]), other.decision_function(two[FEATURES]), atol=1e-4
    )
    np.testing.assert_allclose(found.predict_proba(two[FEATURES]), other.predict_proba(two[FEATURES]), atol=1e-5)
    np.testing.assert_array_equal(found.predict(two[FEATURES]), other.predict(two[FEATURES]))
    result = gg.fit("genre ~ energy + valence", two, penalty=gg.Ridge(alpha))
    np.testing.assert_allclose(found.predict_proba(two[FEATURES]), result.predict(two), rtol=1e-9)


# Weights count rows


def test_a_weight_is_the_row_so_many_times(rows: pd.DataFrame) -> None:
    w = np.arange(len(rows)) % 3
    weighted = MultinomialGLMClassifier(0.01).fit(rows[FEATURES], rows["genre"], sample_weight=w)
    written = rows.loc[np.repeat(rows.index, w)]
    repeated = MultinomialGLMClassifier(0.01).fit(written[FEATURES], written["genre"])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-8)
    scaled = MultinomialGLMClassifier(0.01).fit(rows[FEATURES], rows["genre"], sample_weight=0.2 * w)
    np.testing.assert_allclose(scaled.coef_, weighted.coef_, rtol=1e-8)


def test_a_class_whose_rows_weigh_nothing_is_no_class(rows: pd.DataFrame) -> None:
    w = (rows["genre"] != "blues").astype(float)
    found = MultinomialGLMClassifier().fit(rows[FEATURES], rows["genre"], w)
    assert found.classes_.tolist() == ["ambient", "country", "disco"]
    np.testing.assert_allclose(found.predict_proba(rows[FEATURES]).sum(axis=1), 1.0, rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (-1.0, ">= 0"),
        (0.0, "non-zero"),
        (1e308, "finite sum"),
        (np.nan, "NaN"),
        (np.ones(3), "1D"),
        (np.ones((300, 2)), "1D"),
    ],
)
def test_wrong_weights(rows: pd.DataFrame, weights: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MultinomialGLMClassifier().fit(rows[FEATURES], rows["genre"], weights)


# Predictions


def test_log_probabilities_stay_finite_where_probabilities_vanish() -> None:
    x, y = np.array([[-1.0], [-0.9], [1.0], [1.1]]), np.array(["a", "a", "b", "b"])
    far = np.array([[1e4], [-1e4]])
    both = MultinomialGLMClassifier(1e-6).fit(x, y)
    assert both.predict_proba(far).min() == 0.0
    assert np.isfinite(both.predict_log_proba(far)).all()
    more = MultinomialGLMClassifier(1e-4).fit(np.vstack([x, [[5.0]]]), [*y, "c"])
    assert more.predict_proba(far).min() == 0.0
    assert np.isfinite(more.predict_log_proba(far)).all()


def test_the_decision_function_sums_to_zero_and_decides(rows: pd.DataFrame) -> None:
    found = MultinomialGLMClassifier().fit(rows[FEATURES], rows["genre"])
    eta = found.decision_function(rows[FEATURES])
    np.testing.assert_allclose(eta.sum(axis=1), 0.0, atol=1e-10)
    np.testing.assert_array_equal(found.classes_[eta.argmax(axis=1)], found.predict(rows[FEATURES]))


def test_nothing_is_predicted_before_a_fit(rows: pd.DataFrame) -> None:
    with pytest.raises(NotFittedError):
        MultinomialGLMClassifier().predict(rows[FEATURES])


def test_pickled_it_predicts_the_same(rows: pd.DataFrame) -> None:
    found = MultinomialGLMClassifier().fit(rows[FEATURES], rows["genre"])
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.predict_proba(rows[FEATURES]), found.predict_proba(rows[FEATURES]))
    assert again.feature_names_in_.tolist() == FEATURES


# In scikit-learn's tools


def test_in_a_pipeline_of_frames_and_a_grid_search(rows: pd.DataFrame) -> None:
    pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), MultinomialGLMClassifier())
    grid = {"multinomialglmclassifier__alpha": [1e-4, 10.0]}
    search = GridSearchCV(pipeline, grid, scoring="neg_log_loss", cv=3).fit(rows[FEATURES], rows["genre"])
    assert search.best_params_ == {"multinomialglmclassifier__alpha": 1e-4}
    assert search.best_estimator_[-1].feature_names_in_.tolist() == FEATURES
    assert cross_val_score(pipeline, rows[FEATURES], rows["genre"], cv=3).mean() > 0.3


@pytest.mark.parametrize("table", ["rows", "two"])
def test_under_calibration(table: str, request: pytest.FixtureRequest) -> None:
    frame = request.getfixturevalue(table)
    calibrated = CalibratedClassifierCV(MultinomialGLMClassifier(), cv=3)
    calibrated.fit(frame[FEATURES], frame["genre"], sample_weight=np.ones(len(frame)))
    assert calibrated.predict_proba(frame[FEATURES]).shape == (len(frame), frame["genre"].nunique())


def test_a_clone_has_the_parameters_and_each_does_something(rows: pd.DataFrame) -> None:
    plain = MultinomialGLMClassifier(0.05).fit(rows[FEATURES] * 10.0, rows["genre"])
    for change in ({"alpha": 0.1}, {"fit_intercept": False}, {"standardise": True}):
        other = clone(plain).set_params(**change).fit(rows[FEATURES] * 10.0, rows["genre"])
        assert np.abs(other.coef_ - plain.coef_).max() > 1e-5
    loose = clone(plain).set_params(tol=1e-2).fit(rows[FEATURES] * 10.0, rows["genre"])
    assert loose.n_iter_ < plain.n_iter_


# Refusals


def test_one_class_is_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"at least 2 classes.*one class: blues"):
        MultinomialGLMClassifier().fit(rows[FEATURES], ["blues"] * len(rows))


def test_a_missing_label_is_refused(rows: pd.DataFrame) -> None:
    labels = np.array(rows["genre"], dtype=object)
    labels[[3, 5]] = None
    with pytest.raises(ValueError, match="y: 2 labels are missing"):
        MultinomialGLMClassifier().fit(rows[FEATURES], labels)


def test_too_few_steps_are_a_warning(rows: pd.DataFrame) -> None:
    with pytest.warns(ConvergenceWarning, match="step limit.*`max_iter`") as caught:
        found = MultinomialGLMClassifier(max_iter=1).fit(rows[FEATURES], rows["genre"])
    assert caught[0].filename == __file__
    assert found.n_iter_ == 1
    assert np.isfinite(found.coef_).all()


def test_separated_classes_need_the_ridge(rows: pd.DataFrame) -> None:
    sign = np.where(rows["genre"] == "blues", 1.0, -1.0)
    apart = rows[["valence"]].assign(energy=sign * (0.1 + rows["energy"].abs()))
    with pytest.raises(SeparationError, match="alpha > 0"):
        MultinomialGLMClassifier(alpha=0.0).fit(apart, rows["genre"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = MultinomialGLMClassifier().fit(apart, rows["genre"])
    assert np.isfinite(found.coef_).all()


def test_dependent_features_need_the_ridge(rows: pd.DataFrame) -> None:
    doubled = rows[FEATURES].assign(again=2.0 * rows["energy"] - rows["valence"])
    with pytest.raises(RankError, match=r"again\. Use alpha > 0") as error:
        MultinomialGLMClassifier(alpha=0.0).fit(doubled, rows["genre"])
    assert error.value.terms == ("again",)
    with pytest.raises(RankError, match="feature 2"):
        MultinomialGLMClassifier(alpha=0.0, fit_intercept=False).fit(doubled.to_numpy(), rows["genre"])
    assert np.isfinite(MultinomialGLMClassifier().fit(doubled, rows["genre"]).coef_).all()


@pytest.mark.parametrize(
    "wrong", [{"alpha": -1.0}, {"alpha": np.nan}, {"alpha": "small"}, {"tol": 0.0}, {"max_iter": 0}, {"max_iter": 2.5}]
)
def test_parameters_outside_their_range(rows: pd.DataFrame, wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError, match=next(iter(wrong))):
        MultinomialGLMClassifier(**wrong).fit(rows[FEATURES], rows["genre"])


def test_an_objective_that_is_not_finite_is_refused(rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    def overflowing(*given: Any, **options: Any) -> Estimate:
        return replace(estimate(*given, **options), outcome=Outcome.NON_FINITE)

    monkeypatch.setattr(genreglm.sklearn, "estimate", overflowing)
    with pytest.raises(ConvergenceError, match="stopped being finite"):
        MultinomialGLMClassifier().fit(rows[FEATURES], rows["genre"])


@pytest.mark.parametrize("kind", [str, object, int, bool])
def test_labels_of_any_kind_keep_it_and_warn_of_nothing(kind: type) -> None:
    x = np.random.default_rng(0).normal(size=(120, 2))
    labels = (np.arange(120) % (2 if kind is bool else 30)).astype(str if kind is object else kind).astype(kind)
    fitted = MultinomialGLMClassifier().fit(x, labels)
    assert fitted.classes_.dtype == labels.dtype
    assert fitted.classes_.tolist() == sorted(set(labels.tolist()))
