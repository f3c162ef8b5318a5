"""The typical effect of a term against its definition, its interval by simulation, and what it must not depend on."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
SPLINE = "genre ~ cr(energy, df=4, constraints='center') + C(key)"


def spread(prob: np.ndarray, added: np.ndarray) -> np.ndarray:
    """The mean over rows of the variance of what is added (draws, rows, classes), classes as probable as they are."""
    mean = (prob * added).sum(axis=2, keepdims=True)
    return np.asarray((prob * (added - mean) ** 2).sum(axis=2).mean(axis=1))


@pytest.mark.parametrize("formula", [FORMULA, SPLINE])
def test_is_the_spread_of_what_a_term_adds_without_noise(formula: str, rows: pd.DataFrame) -> None:
    result = gg.fit(formula, rows)
    table = gg.term_effects(result)
    assert table.columns.tolist() == ["term", "size", "conf_low", "conf_high"]
    assert table["term"].tolist() == list(result.design.slopes)
    prob, covariance = result.predict(rows).to_numpy(), result.require_inference().covariance
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(len(covariance)), covariance, size=1_500)
    width, free = len(result.design.columns), len(result.classes) - 1
    for row in table.itertuples():
        cut = result.design.terms[str(row.term)]
        x = result.design.matrix(rows)[:, cut]
        x = x - x.mean(axis=0)
        noise = np.zeros((len(draws), x.shape[1], free + 1))
        noise[:, :, :-1] = draws.reshape(len(draws), free, width)[:, :, cut].transpose(0, 2, 1)
        by_chance = spread(prob, x @ noise).mean()
        wanted = spread(prob, (x @ result.coefficients[cut])[None])[0] - by_chance
        np.testing.assert_allclose(row.size, np.sqrt(max(wanted, 0.0)), rtol=0.03, atol=0.03)
        assert row.conf_low <= row.size <= row.conf_high


def test_neither_units_nor_coding_nor_the_base_class_matter(rows: pd.DataFrame) -> None:
    other = rows.assign(energy=1e3 * rows["energy"] + 7.0, genre=rows["genre"].map(lambda name: name[::-1]))
    recoded = "genre ~ energy + valence + C(key, contr.sum)"
    wanted, found = gg.term_effects(gg.fit(FORMULA, rows)), gg.term_effects(gg.fit(recoded, other))
    pd.testing.assert_frame_equal(found.drop(columns="term"), wanted.drop(columns="term"), rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def test_intervals_hold_the_truth_whether_there_is_an_effect_or_none() -> None:
    slopes = np.array([[0.7, -0.4, -0.3], [0.1, 0.0, -0.1], [0.0, 0.0, 0.0]])  # strong, weak, none
    rng = np.random.default_rng(10_000)
    x = rng.normal(size=(600, 3))  # the same in each table, as a covariance of a fit takes them to be
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    prob = np.exp(x @ slopes)
    prob /= prob.sum(axis=1, keepdims=True)
    truth = np.sqrt([spread(prob, (x[:, [j]] @ slopes[[j]])[None])[0] for j in range(3)])
    held = []
    for _ in range(600):
        genre = (x @ slopes + rng.gumbel(size=(600, 3))).argmax(axis=1)
        frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(genre=np.array(["x", "y", "z"])[genre])
        table = gg.term_effects(gg.fit("genre ~ a + b + c", frame))
        held.append((table["conf_low"] <= truth + 1e-12) & (truth <= table["conf_high"]))
    found = np.mean(held, axis=0)
    # Of a square that cannot be negative the interval is cautious near zero.
    assert 0.93 < found[0] < 0.97
    assert (found[1:] > 0.93).all()


def test_where_nothing_is_known_nothing_is_said(separated: gg.Result, rows: pd.DataFrame) -> None:
    found = gg.term_effects(separated).set_index("term")
    assert np.isfinite(found.loc["C(key)"]).all()  # of the classes that have every key
    without = gg.term_effects(gg.fit(FORMULA, rows, penalty=gg.Ridge(0.01)))
    assert without[["size", "conf_low", "conf_high"]].isna().all(axis=None)
    two = tracks(rows=200, genres=2)
    lacking = two[(two["genre"] != two["genre"].iloc[0]) | (two["key"] != "D")].reset_index(drop=True)
    alone = gg.term_effects(gg.fit(FORMULA, lacking, penalty=gg.CellPrior())).set_index("term")
    assert alone.loc["C(key)"].isna().all()
    assert np.isfinite(alone.loc["energy"]).all()


def test_a_loaded_result_needs_the_rows_and_a_level_is_a_share(
    result: gg.Result, rows: pd.DataFrame, tmp_path: Path
) -> None:
    loaded = gg.load(result.save(tmp_path / "model", covariance=True))
    pd.testing.assert_frame_equal(gg.term_effects(loaded, rows), gg.term_effects(result), rtol=1e-8)
    with pytest.raises(DataError):
        gg.term_effects(loaded)
    with pytest.raises(OptionError, match="conf_level"):
        gg.term_effects(result, conf_level=95)
    wide, narrow = gg.term_effects(result, conf_level=0.99), gg.term_effects(result, conf_level=0.5)
    assert (wide["conf_high"] >= narrow["conf_high"]).all()
