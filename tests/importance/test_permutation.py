"""Permutation importance against scikit-learn's on its own kind of estimator."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance

import genreglm as gg
from genreglm.errors import DataError


def test_is_that_of_scikit_learn(noisy: pd.DataFrame) -> None:
    names = ["energy", "noise", "valence"]
    train, test = noisy.iloc[:600], noisy.iloc[600:]
    estimator = gg.sklearn.MultinomialGLMClassifier(alpha=0.0).fit(train[names], train["genre"])
    scoring = ["neg_log_loss", "accuracy"]
    wanted = permutation_importance(estimator, test[names], test["genre"], scoring=scoring, n_repeats=3, random_state=4)
    result = gg.fit("genre ~ energy + valence + noise", train, covariance=None)
    found = gg.permutation_importance(result, test, repeats=3, seed=4)
    assert found.columns.tolist() == ["variable", "increase", "sd", "decrease", "decrease_sd"]
    assert found["increase"].is_monotonic_decreasing
    found = found.set_index("variable").loc[names]
    np.testing.assert_allclose(found["increase"], wanted["neg_log_loss"].importances_mean, atol=1e-7)
    np.testing.assert_allclose(found["sd"], wanted["neg_log_loss"].importances_std, atol=1e-7)
    np.testing.assert_allclose(found["decrease"], wanted["accuracy"].importances_mean, atol=1e-12)
    np.testing.assert_allclose(found["decrease_sd"], wanted["accuracy"].importances_std, atol=1e-12)


def test_all_columns_of_a_variable_move_together(noisy: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy * C(key) + cr(valence, df=3, constraints='center') + noise", noisy, covariance=None)
    before = noisy.copy()
    increase = gg.permutation_importance(result, seed=0).set_index("variable")["increase"]
    assert set(increase.index) == {"energy", "valence", "key", "noise"}
    assert increase["energy"] > 0.1
    assert abs(increase["noise"]) < 0.02
    pd.testing.assert_frame_equal(noisy, before)


def test_a_variable_that_the_model_passes_over_has_none(noisy: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy + I(0 * noise + valence)", noisy, covariance=None)
    assert gg.permutation_importance(result).set_index("variable").loc["noise"].tolist() == [0.0] * 4


def test_the_order_of_classes_names_does_not_matter(noisy: pd.DataFrame) -> None:
    renamed = noisy.replace({"genre": {"ambient": "z", "blues": "y"}})
    one, other = (gg.permutation_importance(gg.fit("genre ~ energy + noise", r)) for r in (noisy, renamed))
    pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-9)


def test_the_seed_decides(noisy: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy + noise", noisy, penalty=gg.Ridge(0.01))
    one, same, other = (gg.permutation_importance(result, noisy, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)


def test_weights_count_in_the_scores(noisy: pd.DataFrame) -> None:
    weights = (noisy["genre"] != "blues").to_numpy() + 1e-9
    result = gg.fit("genre ~ energy", noisy, weights=weights, covariance=None)
    own = gg.permutation_importance(result, repeats=2)
    even = gg.permutation_importance(result, noisy.assign(more=1), repeats=2)
    assert abs(own["increase"][0] - even["increase"][0]) > 1e-3


def test_what_it_cannot_shuffle(noisy: pd.DataFrame, tmp_path: Path) -> None:
    result = gg.fit("genre ~ energy", noisy, offset=np.zeros((900, 3)), covariance=None)
    for rows in (None, noisy):
        with pytest.raises(DataError, match=r"an offset or soft labels.*other rows"):
            gg.permutation_importance(result, rows)
    assert len(gg.permutation_importance(result, noisy.head(300), repeats=1)) == 1
    loaded = gg.load(result.save(tmp_path / "model"))
    with pytest.raises(DataError, match="pass rows="):
        gg.permutation_importance(loaded)
    assert len(gg.permutation_importance(loaded, noisy, repeats=1)) == 1
    assert gg.permutation_importance(gg.fit("genre ~ 1", noisy)).empty
