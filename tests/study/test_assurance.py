"""How sure a prediction is: each half of the artists is judged by what the other says."""

import numpy as np
import pandas as pd
import pytest

from genreglm.study import assurance

GENRES = list("abc")


@pytest.fixture(scope="module")
def told() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return probabilities that are twice too sharp, and rows of 300 artists."""
    rng = np.random.default_rng(4)
    prob = rng.dirichlet(np.ones(3), size=1_200)
    truth = (prob.cumsum(axis=1) > rng.uniform(size=(1_200, 1))).argmax(axis=1)
    sharp = prob**2 / (prob**2).sum(axis=1, keepdims=True)
    rows = pd.DataFrame({"track_genre": np.array(GENRES)[truth], "artist": rng.integers(300, size=1_200)})
    return pd.DataFrame(sharp, columns=GENRES), rows


def test_corrections_lower_the_error_on_the_other_half(told: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    prob, rows = told
    found = assurance.corrected(prob, rows, 0)
    assert list(found) == ["as fitted", "temperature", "vector"]
    table, bins = assurance.calibration_scores(found, rows["track_genre"])
    error = table.set_index("correction")["ece"]
    assert error["temperature"] < 0.5 * error["as fitted"]
    assert set(bins["correction"]) == set(found)
    assert found["temperature"].index.equals(prob.index)


def test_a_row_is_corrected_by_other_artists_alone(told: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Another genre for one row moves the probabilities of other artists, and never its own."""
    prob, rows = told
    other = rows.copy()
    other.loc[0, "track_genre"] = "abc"[("abc".index(rows.loc[0, "track_genre"]) + 1) % 3]
    before, after = (assurance.corrected(prob, each, 0)["vector"] for each in (rows, other))
    same = (before == after).all(axis=1)
    assert same[0]
    assert same[rows["artist"] == rows.loc[0, "artist"]].all()
    assert 0.3 < same.mean() < 0.7


def test_sets_hold_what_they_promise(told: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    overall, by_genre = assurance.coverage(*told, 0)
    assert len(overall) == 3 * 2
    assert overall["group_coverage"].between(0.86, 0.97).all()
    assert (overall["mean_size"] < 3).all()
    assert (
        by_genre.groupby("kind")["class"].apply(list).eq(pd.Series([GENRES] * 3, index=sorted(assurance.KINDS))).all()
    )


def test_pooled_rows_give_the_scores_of_the_rows(told: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    prob, rows = told
    corrections, sets = assurance.pooled(assurance.assured(prob, rows, 0), 0)
    table, _ = assurance.calibration_scores(assurance.corrected(prob, rows, 0), rows["track_genre"])
    expected = table.set_index("correction").loc[["as fitted", "temperature"], ["log_loss", "ece"]]
    pd.testing.assert_frame_equal(corrections.set_index("correction"), expected)
    overall, _ = assurance.coverage(prob, rows, 0)
    promised = overall[overall["guarantee"] == "group"].set_index("kind")
    columns = ["coverage", "conf_low", "conf_high", "group_coverage", "mean_size"]
    pd.testing.assert_frame_equal(sets.set_index("kind")[columns].astype(float), promised[columns].astype(float))
