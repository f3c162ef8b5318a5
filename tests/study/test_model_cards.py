"""Cards and differences of models, with intervals by artist where there are artists enough."""

import numpy as np
import pandas as pd
import pytest

from genreglm.evaluation import bootstrap_means
from genreglm.study.model_cards import model_cards, model_differences

CELLS = [
    {"model": "GLM", "parameters": 20, "seconds": 1.5, "detail": "ridge", "file": "prob_0"},
    {"model": "trees", "parameters": 900, "seconds": 9.0, "detail": "", "file": "prob_1"},
]


def scored() -> tuple[dict[str, pd.DataFrame], pd.Series]:
    rng = np.random.default_rng(0)
    good = pd.DataFrame({"log_loss": rng.exponential(size=300), "top_1": rng.integers(0, 2, 300).astype(float)})
    worse = good.assign(log_loss=good["log_loss"] + 0.5 + 0.1 * rng.normal(size=300))
    return {"GLM": good, "trees": worse}, pd.Series(rng.integers(0, 60, 300)).map("artist {}".format)


def test_a_card_has_scores_with_intervals_size_and_time() -> None:
    tables, artists = scored()
    cards = model_cards(tables, CELLS, artists, "GLM", 3).set_index("model")
    assert cards["chosen"].tolist() == [True, False]
    assert cards["parameters"].tolist() == [20, 900]
    assert cards["seconds"].tolist() == [1.5, 9.0]
    expected = bootstrap_means(tables, artists, seed=3).set_index(["model", "score"])
    for model in tables:
        assert cards.loc[model, "log_loss"] == pytest.approx(tables[model]["log_loss"].mean())
        assert cards.loc[model, "top_1_low"] == expected.loc[(model, "top_1"), "conf_low"]
        assert cards.loc[model, "log_loss_high"] == expected.loc[(model, "log_loss"), "conf_high"]


def test_differences_are_from_the_chosen_model() -> None:
    tables, artists = scored()
    found = model_differences(tables, artists, "GLM", 0)
    assert found["model"].tolist() == ["trees", "trees"]
    assert found["against"].tolist() == ["GLM", "GLM"]
    assert found.loc[0, "conf_low"] > 0.4


def test_few_artists_have_scores_and_no_intervals() -> None:
    tables, _ = scored()
    artists = pd.Series(["a", "b", "c"] * 100)
    cards = model_cards(tables, CELLS, artists, "GLM", 0)
    assert cards["log_loss"].tolist() == pytest.approx([tables[name]["log_loss"].mean() for name in tables])
    assert cards[["log_loss_low", "top_1_high"]].isna().all(axis=None)
    assert model_differences(tables, artists, "GLM", 0).empty
