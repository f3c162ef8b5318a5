"""Scores against scikit-learn and by hand."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics

from genreglm.evaluation import calibration_table, confusion_table, report_table, scores, worst_confusions

NAMES = ["ambient", "blues", "country", "disco", "electro", "folk", "grunge"]


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    prob = softmax(1.5 * rng.normal(size=(400, 7)), axis=1)
    truth = np.array([rng.choice(7, p=row) for row in prob])
    return prob, truth


def test_scores_are_those_of_scikit_learn(scored: tuple[np.ndarray, np.ndarray]) -> None:
    prob, truth = scored
    found = scores(prob, truth)
    labels = np.arange(7)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, prob, labels=labels))
    assert found["top_1"] == metrics.accuracy_score(truth, prob.argmax(axis=1))
    for k in (3, 5):
        assert found[f"top_{k}"] == metrics.top_k_accuracy_score(truth, prob, k=k, labels=labels)
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(truth, prob.argmax(axis=1), average="macro"))
    assert found["brier"] == pytest.approx(np.square(prob - np.eye(7)[truth]).sum(axis=1).mean())
    assert np.isnan(found["any_label"])


def test_any_label_counts_each_label_of_a_track() -> None:
    prob = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]])
    memberships = np.array([[True, True, False], [True, False, False], [False, True, True]])
    assert scores(prob, np.array([1, 0, 1]), memberships)["any_label"] == pytest.approx(2 / 3)


def test_an_impossible_truth_costs_much_but_not_infinity() -> None:
    found = scores(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([1, 0]))
    assert found["log_loss"] == pytest.approx(-0.5 * np.log(np.finfo(float).tiny))
    assert found["brier"] == 1.0


def test_single_precision_probabilities_are_scored_in_double(scored: tuple[np.ndarray, np.ndarray]) -> None:
    prob, truth = scored
    single, double = scores(prob.astype(np.float32), truth), scores(prob, truth)
    for name in ("log_loss", "brier", "ece"):
        assert single[name] == pytest.approx(double[name], rel=1e-5)


def test_calibration_bins_have_equal_mass_and_true_means(scored: tuple[np.ndarray, np.ndarray]) -> None:
    prob, truth = scored
    table = calibration_table(prob, truth, bins=7)
    assert table["count"].sum() == 400
    assert table["count"].max() - table["count"].min() <= 1
    assert table["confidence"].is_monotonic_increasing
    order = np.argsort(prob.max(axis=1), kind="stable")[: table["count"][0]]
    assert table["accuracy"][0] == pytest.approx((prob.argmax(axis=1) == truth)[order].mean())
    gap = (table["confidence"] - table["accuracy"]).abs()
    fifteen = calibration_table(prob, truth)
    expected = np.average((fifteen["confidence"] - fifteen["accuracy"]).abs(), weights=fifteen["count"])
    assert scores(prob, truth)["ece"] == pytest.approx(expected)
    assert gap.max() < 0.25


def test_few_rows_make_few_bins() -> None:
    assert calibration_table(np.array([[0.6, 0.4], [0.3, 0.7]]), np.array([0, 0]))["count"].tolist() == [1, 1]


def test_report_and_confusion_by_hand() -> None:
    prob = np.eye(3)[[0, 0, 1, 1, 0]]
    truth = np.array([0, 0, 0, 1, 2])
    report = report_table(prob, truth, NAMES[:3])
    assert report["genre"].tolist() == NAMES[:3]
    assert report["recall"].tolist() == pytest.approx([2 / 3, 1.0, 0.0])
    assert report["precision"].tolist() == pytest.approx([2 / 3, 0.5, 0.0])
    assert report["support"].tolist() == [3, 1, 1]
    confusion = confusion_table(prob, truth, NAMES[:3])
    assert confusion.to_numpy().tolist() == [[2, 1, 0], [0, 1, 0], [1, 0, 0]]
    worst = worst_confusions(confusion)
    assert worst.to_numpy().tolist() == [["country", "ambient", 1, 1.0], ["ambient", "blues", 1, pytest.approx(1 / 3)]]
    assert worst_confusions(confusion, most=1)["true"].tolist() == ["country"]


def test_a_class_without_rows_has_no_confusions() -> None:
    confusion = confusion_table(np.eye(3)[[0, 1]], np.array([0, 1]), NAMES[:3])
    assert worst_confusions(confusion).empty
