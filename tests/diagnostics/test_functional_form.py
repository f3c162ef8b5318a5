"""Score tests of curves and of the link: against refits, on rows whose shape is known, and what they refuse."""

from importlib import import_module

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.engine.splines import bends
from genreglm.errors import DataError, InferenceError, OptionError
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(600, 4)


@pytest.fixture(scope="module")
def result(rows: pd.DataFrame) -> gg.Result:
    return gg.fit(FORMULA, rows)


def curved(size: int = 1500, seed: int = 0, repeats: int = 1) -> pd.DataFrame:
    """energy acts by its square, valence in a line; each row `repeats` times, in a cluster of its own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(size, 2))
    eta = np.column_stack([np.zeros(size), x[:, 0] ** 2 - 1 + x[:, 1], 0.5 * x[:, 1]])
    genre = np.array(["a", "b", "c"])[(eta + rng.gumbel(size=eta.shape)).argmax(axis=1)]
    frame = pd.DataFrame({"genre": genre, "energy": x[:, 0], "valence": x[:, 1], "artist": np.arange(size)})
    return frame.loc[frame.index.repeat(repeats)].reset_index(drop=True)


def test_it_is_the_score_test_that_a_larger_fit_has(rows: pd.DataFrame, result: gg.Result) -> None:
    """Rao's statistic of the same columns, through `anova` of a fit that holds them."""
    table = gg.functional_form(result, df=4).set_index("term")
    for term in ("energy", "valence"):
        columns = bends(rows[term].to_numpy(), np.ones(len(rows)), 4)
        wider = rows.assign(**{f"s{j}": column for j, column in enumerate(columns.T)})
        larger = gg.fit(f"{FORMULA} + s0 + s1 + s2", wider)
        found = gg.linear_hypothesis(larger, "s0 = 0, s1 = 0, s2 = 0", test="score").iloc[0]
        assert table.loc[term, "statistic"] == pytest.approx(found["statistic"], rel=1e-5)
        assert table.loc[term, "df"] == found["df"] == 9
        assert table.loc[term, "gain"] == pytest.approx(found["statistic"] / 2, rel=1e-5)
        assert table.loc[term, "gain_per_row"] == pytest.approx(found["statistic"] / 1200, rel=1e-5)
        assert table.loc[term, "statistic_per_df"] == pytest.approx(found["statistic"] / 9, rel=1e-5)


def test_a_curve_is_found_and_its_gain_is_near_that_of_the_fit() -> None:
    rows = curved()
    small, large = gg.fit("genre ~ energy + valence", rows), gg.fit("genre ~ energy + I(energy**2) + valence", rows)
    table = gg.functional_form(small, df=2)
    assert table["term"].tolist() == ["energy", "valence"]
    assert table["log10_p"][0] < -20
    assert table["p_value"][1] > 0.01
    gained = large.statistics.log_likelihood - small.statistics.log_likelihood
    assert table["gain"][0] == pytest.approx(gained, rel=0.35)
    assert gg.link_test(small)["log10_p"][0] < gg.link_test(large)["log10_p"][0]


def test_small_batches_say_the_same(result: gg.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = gg.functional_form(result)
    monkeypatch.setattr(import_module("genreglm.diagnostics.functional_form"), "_PARAMETERS", 1)
    pd.testing.assert_frame_equal(gg.functional_form(result), expected, rtol=1e-7)


def test_units_order_of_rows_names_of_classes_and_weights_change_nothing(rows: pd.DataFrame) -> None:
    rows = rows.assign(n=np.random.default_rng(0).integers(1, 4, len(rows)))
    fitted = gg.fit(FORMULA, rows, weights="n")
    expected, link = gg.functional_form(fitted), gg.link_test(fitted)
    names = dict(zip(sorted(rows["genre"].unique()), "dbca", strict=True))
    others = {
        "n": rows.assign(energy=1e3 * rows["energy"] + 7, genre=rows["genre"].map(names)).sample(frac=1.0),
        None: rows.loc[rows.index.repeat(rows["n"])],
    }
    for weights, other in others.items():
        found = gg.fit(FORMULA, other, weights=weights)
        pd.testing.assert_frame_equal(gg.functional_form(found), expected, rtol=1e-5)
        pd.testing.assert_frame_equal(gg.link_test(found), link, rtol=1e-5)


def test_clusters_of_equal_rows_count_once() -> None:
    """Each row five times: the plain statistic is five times too large, the clustered one as of single rows."""
    once, often = (gg.fit("genre ~ energy + valence", curved(600, repeats=n)) for n in (1, 5))
    single = gg.functional_form(once, clusters="artist").set_index("term")
    clustered = gg.functional_form(often, clusters="artist").set_index("term")
    plain, alone = (gg.functional_form(found).set_index("term") for found in (often, once))
    np.testing.assert_allclose(clustered["statistic"], single["statistic"], rtol=1e-5)
    np.testing.assert_allclose(plain["statistic"], 5 * alone["statistic"].loc[plain.index], rtol=1e-5)
    np.testing.assert_allclose(clustered["gain"], plain["gain"], rtol=1e-9)


def test_terms_are_chosen_by_what_they_are(rows: pd.DataFrame) -> None:
    frame = rows.assign(loud=np.arange(len(rows)) % 4, tempo=np.arange(len(rows)) % 11 + 1.0)
    result = gg.fit("genre ~ energy + cr(valence, df=3, constraints='center') + loud + np.log(tempo) + C(key)", frame)
    assert sorted(gg.functional_form(result)["term"]) == ["energy", "np.log(tempo)"]
    assert gg.functional_form(result, variables=["energy"])["term"].tolist() == ["energy"]
    for name in ("loud", "(Intercept)", "C(key)", "pitch"):
        with pytest.raises(OptionError, match=r"There are energy, np\.log\(tempo\)"):
            gg.functional_form(result, variables=[name])
    assert gg.functional_form(gg.fit("genre ~ C(key)", rows)).empty
    without = gg.functional_form(gg.fit("genre ~ energy + valence - 1", rows))
    assert without["df"].tolist() == [9, 9]


def test_separated_cells_count_their_prior(rows: pd.DataFrame) -> None:
    left = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    result = gg.fit(FORMULA, left, penalty=gg.CellPrior())
    assert np.isfinite(gg.functional_form(result)["statistic"]).all()
    assert gg.link_test(result)["df"].tolist() == [4]


def test_soft_labels_that_are_hard_and_two_classes(rows: pd.DataFrame, result: gg.Result) -> None:
    soft = gg.fit(FORMULA, rows, soft_labels=pd.get_dummies(rows["genre"]).astype(float))
    pd.testing.assert_frame_equal(gg.functional_form(soft), gg.functional_form(result), rtol=1e-6)
    two = gg.fit(FORMULA, tracks(300, 2))
    assert gg.functional_form(two)["df"].tolist() == [3, 3]
    assert gg.link_test(two)["df"].tolist() == [1]


def test_what_cannot_be_tested_is_refused(rows: pd.DataFrame, result: gg.Result, tmp_path) -> None:
    clustered = gg.fit(FORMULA, rows, covariance="clustered", clusters="artist")
    with pytest.raises(InferenceError, match=r"clusters=\.\.\."):
        gg.functional_form(clustered)
    assert len(gg.functional_form(clustered, clusters="artist")) == 2
    with pytest.raises(InferenceError, match="independent rows"):
        gg.link_test(clustered)
    for penalty in (gg.Ridge(0.1), gg.Jeffreys()):
        for ask in (gg.functional_form, gg.link_test):
            with pytest.raises(InferenceError, match=r"ridge|Jeffreys\(\) moved this fit"):
                ask(gg.fit(FORMULA, rows, penalty=penalty))
    with pytest.raises(OptionError, match="fewer than 2"):
        gg.functional_form(result, df=1)
    with pytest.raises(OptionError, match="one way"):
        gg.functional_form(result, clusters=["artist", "key"])
    loaded = gg.load(result.save(tmp_path / "model"))
    for ask in (gg.functional_form, gg.link_test):
        with pytest.raises(DataError, match="pass rows="):
            ask(loaded)
        pd.testing.assert_frame_equal(ask(loaded, rows), ask(result), rtol=1e-8)
    pd.testing.assert_frame_equal(
        gg.functional_form(loaded, rows, clusters="artist"), gg.functional_form(result, clusters="artist"), rtol=1e-8
    )


@pytest.mark.slow
def test_their_size_is_near_nominal() -> None:
    """At 5 %, on 500 tables of a model that is right: a standard error of one point."""
    rng, rejected = np.random.default_rng(6), np.zeros(2)
    for _ in range(500):
        x = rng.normal(size=(1000, 2))
        eta = x @ np.array([[0.0, 0.5, -0.7], [0.0, 0.6, 0.3]]) + rng.gumbel(size=(1000, 3))
        result = gg.fit("genre ~ a + b", pd.DataFrame({"genre": eta.argmax(axis=1), "a": x[:, 0], "b": x[:, 1]}))
        form = gg.functional_form(result, variables=["a"])
        rejected += [form["p_value"][0] < 0.05, gg.link_test(result)["p_value"][0] < 0.05]
    assert (rejected / 500 >= 0.025).all()
    assert (rejected / 500 <= 0.075).all()
