"""Manners of fitting, and which of them rows held out prefer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from genreglm.engine.penalties import FamilyRidge
from genreglm.evaluation import evaluate
from genreglm.study.contest import train_glm
from genreglm.study.manner import PRODUCT_FACTOR, Manner, fit_glm
from genreglm.study.tuning import Held, choose_manner, choose_ridge
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def parts() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rows = tracks(rows=1_200, genres=4, seed=3, strength=1.2)
    return rows.iloc[:800], rows.iloc[800:1_000], rows.iloc[1_000:]


Parts = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def test_ridge_is_the_one_that_held_out_rows_prefer(parts: Parts) -> None:
    train, valid, _ = parts
    choice = choose_ridge(FORMULA, Held(train, valid), (1.0, 3_000.0, 100.0), Manner(0.0))
    assert choice.trace["strength"].tolist() == [3_000.0, 100.0, 1.0][: len(choice.trace)]
    best = choice.trace.loc[choice.trace["log_loss"].idxmin()]
    assert (choice.manner.strength, choice.log_loss) == (best["strength"], best["log_loss"])
    assert choice.manner.strength < 3_000.0
    assert float(evaluate(choice.result, valid)["log_loss"].iloc[0]) == pytest.approx(choice.log_loss)


def test_search_ends_at_the_first_that_is_worse() -> None:
    """Noise alone: the strongest ridge is best, and the weaker ones need not be tried."""
    rows = tracks(rows=300, genres=4, strength=0.0)
    rows["valence"] = np.random.default_rng(1).normal(size=300)
    held = Held(rows.iloc[:100], rows.iloc[100:])
    choice = choose_ridge("genre ~ energy * valence * C(key)", held, (0.1, 1.0, 1e4), Manner(0.0))
    assert choice.manner.strength == 1e4
    assert len(choice.trace) == 2


def test_strength_is_in_rows_a_standard_deviation(parts: Parts) -> None:
    train, _, test = parts
    doubled = pd.concat([train, train])
    once, twice = train_glm(FORMULA, train, test, Manner(50.0)), train_glm(FORMULA, doubled, test, Manner(100.0))
    np.testing.assert_allclose(once.prob, twice.prob, atol=1e-3)
    other_units = train.assign(energy=1_000.0 * train["energy"])
    scaled = train_glm(FORMULA, other_units, test.assign(energy=1_000.0 * test["energy"]), Manner(50.0))
    np.testing.assert_allclose(once.prob, scaled.prob, atol=1e-3)


def test_start_changes_the_way_and_not_the_end(parts: Parts) -> None:
    train, valid, test = parts
    begun = choose_ridge(FORMULA, Held(train, valid), (10.0,), Manner(0.0)).result
    cold, warm = (
        train_glm(FORMULA, train, test, Manner(10.0)),
        train_glm(FORMULA, train, test, Manner(10.0), None, begun),
    )
    np.testing.assert_allclose(cold.prob, warm.prob, atol=1e-3)
    assert warm.result is not None
    assert warm.result.inference is None
    assert (warm.parameters, warm.detail) == (3 * 5, "ridge of 10 rows")


def test_a_song_counts_once_and_an_artist_less_than_all_its_rows() -> None:
    rows = pd.DataFrame({"artist": list("aaab"), "song_rows": [2, 2, 1, 1]})
    assert Manner(1.0).weights(rows) is None
    assert str(Manner(3.0, 0.5, True)) == "ridge of 3 rows; an artist of n rows counts n^0.5, a song once"
    once = Manner(1.0, 0.0, True).weights(rows)
    assert once is not None
    assert once / once[3] == pytest.approx([0.5, 0.5, 1, 1])
    both = Manner(1.0, 0.5, True).weights(rows)
    assert both is not None
    assert both.mean() == pytest.approx(1)
    assert both[:3].sum() / both[3] == pytest.approx(2**0.5)


def test_products_are_held_back_more(parts: Parts) -> None:
    train, _, _ = parts
    formula = "genre ~ energy + valence + energy:valence"
    assert Manner(5.0).penalty(formula, 100, None).factors == {"energy:valence": PRODUCT_FACTOR}
    plain, product = "genre ~ energy + valence + I(energy * valence)", "I(energy * valence)"
    held_back = abs(fit_glm(formula, train, Manner(20.0)).coefficients[-1]).max()
    assert held_back < abs(fit_glm(plain, train, Manner(20.0)).coefficients[-1]).max()
    assert product not in Manner(5.0).penalty(plain, 100, None).factors


def test_families_pool_only_where_there_are_some() -> None:
    pooled = Manner(5.0, pooling=0.9)
    families = {"a": "x", "b": "x", "c": "y"}
    found = pooled.penalty(FORMULA, 100, families)
    assert isinstance(found, FamilyRidge)
    assert (found.pooling, found.strength, found.families) == (0.9, 0.05, families)
    assert not isinstance(pooled.penalty(FORMULA, 100, None), FamilyRidge)
    assert not isinstance(replace(pooled, pooling=0.0).penalty(FORMULA, 100, families), FamilyRidge)
    assert str(pooled) == "ridge of 5 rows; genres drawn to their family's slopes by 0.9"


def test_manner_is_the_one_that_held_out_rows_prefer(parts: Parts) -> None:
    """One artist of 400 rows whose genres are wrong: the more it is held back, the better."""
    train, valid, test = parts
    shout = train.sample(400, replace=True, random_state=0).assign(artist="loud")
    shout["genre"] = np.roll(shout["genre"].to_numpy(), 1)
    held = Held(pd.concat([train, shout], ignore_index=True), valid)
    first = choose_ridge(FORMULA, held, (10.0,), Manner(0.0))
    chosen = choose_manner(FORMULA, held, first, [replace(first.manner, power=power) for power in (0.3, 0.9)])
    assert chosen.manner == Manner(10.0, 0.9)
    assert chosen.trace["log_loss"].is_monotonic_decreasing
    assert chosen.log_loss == chosen.trace["log_loss"].min()
    assert float(evaluate(chosen.result, valid)["log_loss"].iloc[0]) == pytest.approx(chosen.log_loss)
    detail = train_glm(FORMULA, held.train, test, chosen.manner).detail
    assert detail == "ridge of 10 rows; an artist of n rows counts n^0.1"
    assert choose_manner(FORMULA, held, chosen, [Manner(10.0)]).manner == chosen.manner
