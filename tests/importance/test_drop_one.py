"""Terms left out on unseen groups: against fits by hand, with standard errors by group."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genreglm as gg
from genreglm.errors import DataError, GenreglmError, OptionError, SeparationError
from genreglm.evaluation import grouped_folds, scores
from genreglm.importance.paired import grouped_mean
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
REST = {"energy": "valence + C(key)", "valence": "energy + C(key)", "C(key)": "energy + valence"}


def score(formula: str, train: pd.DataFrame, test: pd.DataFrame, **options: Any) -> dict[str, float]:
    model = gg.fit(formula, train, covariance=None, **options)
    return scores(model.predict(test).to_numpy(), model.design.codes(test))


@pytest.mark.parametrize("penalty", [None, gg.Ridge(0.05, factors={"C(key)": 3.0}), gg.Jeffreys()])
def test_scores_are_those_of_fits_by_hand(penalty: Any, noisy: pd.DataFrame) -> None:
    fold = grouped_folds(noisy["artist"], 4, seed=7)
    train, test = noisy[fold != 0], noisy[fold == 0]
    table = gg.drop_one(FORMULA, noisy, folds=4, seed=7, penalty=penalty).terms.set_index("term")
    full = score(FORMULA, train, test, penalty=penalty)
    for term, rest in REST.items():
        smaller = gg.Ridge(0.05, factors={"C(key)": 3.0} if term != "C(key)" else {})
        options = {"penalty": smaller if isinstance(penalty, gg.Ridge) else penalty}
        wanted = score(f"genre ~ {rest}", train, test, **options)
        assert table.loc[term, "log_loss"] == pytest.approx(wanted["log_loss"], rel=1e-6)
        assert table.loc[term, "increase"] == pytest.approx(wanted["log_loss"] - full["log_loss"], abs=1e-6)
        assert table.loc[term, "top_1"] == pytest.approx(wanted["top_1"])
        assert table.loc[term, "decrease"] == pytest.approx(full["top_1"] - wanted["top_1"])
    assert table["df"].tolist() == [2, 2, 4]


def test_noise_is_worth_nothing_and_energy_much(noisy: pd.DataFrame) -> None:
    table = gg.drop_one("genre ~ energy + noise", noisy, used=5).terms.set_index("term")
    assert table.loc["energy", "increase"] > 5 * table.loc["energy", "std_error"]
    assert abs(table.loc["noise", "increase"]) < 3 * table.loc["noise", "std_error"] + 1e-3
    assert table.loc["energy", "decrease"] > 3 * table.loc["energy", "decrease_std_error"]


def test_all_folds_score_every_row_once_and_classes_add_up(noisy: pd.DataFrame) -> None:
    found = gg.drop_one(FORMULA, noisy, folds=3, used=3)
    classes = found.classes
    rows = classes[classes["term"] == "energy"].set_index("class")["rows"]
    assert rows.to_dict() == noisy["genre"].value_counts().to_dict()
    total = (classes["gain"] * classes["rows"]).groupby(classes["term"], sort=False).sum() / len(noisy)
    np.testing.assert_allclose(total, found.terms["increase"], rtol=1e-12)
    assert (classes["std_error"] > 0).all()


def test_a_given_split_is_the_same_as_its_fold(noisy: pd.DataFrame) -> None:
    held = grouped_folds(noisy["artist"], 5, seed=0) == 0
    wanted = gg.drop_one(FORMULA, noisy)
    for given_held, frame in ((held, noisy), ("test", noisy.assign(test=held))):
        found = gg.drop_one(FORMULA, frame, held_out=given_held)
        pd.testing.assert_frame_equal(found.terms, wanted.terms)
        pd.testing.assert_frame_equal(found.classes, wanted.classes)


def test_a_term_goes_with_its_interactions(noisy: pd.DataFrame) -> None:
    held = grouped_folds(noisy["artist"], 5, seed=0) == 0
    table = gg.drop_one("genre ~ energy * valence", noisy, held_out=held).terms.set_index("term")
    assert table["df"].to_dict() == {"energy": 4, "valence": 4, "energy:valence": 2}
    for term, rest in {"energy": "valence", "valence": "energy", "energy:valence": "energy + valence"}.items():
        wanted = score(f"genre ~ {rest}", noisy[~held], noisy[held])["log_loss"]
        assert table.loc[term, "log_loss"] == pytest.approx(wanted, rel=1e-6)


def test_a_design_keeps_its_knots(noisy: pd.DataFrame) -> None:
    held = grouped_folds(noisy["artist"], 5, seed=0) == 0
    formula = "genre ~ cr(energy, df=3, constraints='center') + valence"
    design = gg.design(formula, noisy)
    table = gg.drop_one(design, noisy, held_out=held).terms.set_index("term")
    smaller = design.without([design.columns.index("valence")])
    wanted = gg.evaluate(gg.fit(smaller, noisy[~held]), noisy[held])["log_loss"].iloc[0]
    assert table.loc["valence", "log_loss"] == pytest.approx(wanted, rel=1e-6)


def test_without_its_only_column_a_model_guesses_evenly(noisy: pd.DataFrame) -> None:
    table = gg.drop_one("genre ~ 0 + energy", noisy).terms
    assert table["log_loss"].tolist() == pytest.approx([np.log(3)])


def test_a_weight_of_two_is_the_row_twice(noisy: pd.DataFrame) -> None:
    held = grouped_folds(noisy["artist"], 5, seed=0) == 0
    weights = 1 + np.arange(len(noisy)) % 2
    frame = noisy.assign(held=held, weight=weights)
    once = gg.drop_one(FORMULA, frame, held_out="held", weights="weight")
    twice = gg.drop_one(FORMULA, frame.loc[frame.index.repeat(weights)], held_out="held")
    pd.testing.assert_frame_equal(once.terms, twice.terms, rtol=1e-6)
    pd.testing.assert_frame_equal(once.classes, twice.classes, rtol=1e-6)


@given(st.integers(0, 50))
def test_order_of_rows_does_not_matter(seed: int) -> None:
    rows = tracks(rows=150, seed=seed)
    held = grouped_folds(rows["artist"], 3, seed=seed) == 1
    frame = rows.assign(held=held)
    shuffled = frame.sample(frac=1.0, random_state=seed)
    one, other = (gg.drop_one("genre ~ energy + valence", part, held_out="held") for part in (frame, shuffled))
    pd.testing.assert_frame_equal(one.terms, other.terms, rtol=1e-5, atol=1e-9)


def test_separated_cells_take_a_prior(noisy: pd.DataFrame) -> None:
    rows = noisy[(noisy["genre"] != "blues") | (noisy["key"] != "D")]
    with pytest.raises(SeparationError):
        gg.drop_one(FORMULA, rows)
    table = gg.drop_one(FORMULA, rows, penalty=gg.CellPrior()).terms
    assert np.isfinite(table[["increase", "std_error"]]).all(axis=None)


def test_grouped_means_by_hand() -> None:
    values = np.array([[1.0], [2.0], [4.0], [7.0]])
    mean, error = grouped_mean(values, np.array([1.0, 1.0, 2.0, 0.0]), np.array([0, 0, 1, 2]))
    assert mean == pytest.approx([2.75])
    assert error == pytest.approx([np.sqrt(2 * (2.5**2 + 2.5**2)) / 4])
    assert np.isnan(grouped_mean(values, np.ones(4), np.zeros(4, dtype=int))[1]).all()
    assert np.isnan(grouped_mean(values[:0], np.ones(0), np.zeros(0, dtype=int))[0]).all()


def test_single_row_groups_give_the_usual_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=(50, 2))
    _, error = grouped_mean(values, np.ones(50), np.arange(50))
    np.testing.assert_allclose(error, values.std(axis=0, ddof=1) / np.sqrt(50))


def test_a_class_without_held_out_rows_has_no_gain(noisy: pd.DataFrame) -> None:
    held = (grouped_folds(noisy["artist"], 5, seed=0) == 0) & (noisy["genre"] != "blues").to_numpy()
    rows = noisy.assign(artist=noisy["artist"] + noisy["genre"])
    classes = gg.drop_one("genre ~ energy", rows, held_out=held).classes.set_index("class")
    assert classes.loc["blues", "rows"] == 0
    assert np.isnan(classes.loc["blues", "gain"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"used": 0}, OptionError, "used=0"),
        ({"used": 6}, OptionError, "used=6"),
        ({"folds": 1}, OptionError, "folds=1"),
        ({"folds": 500}, DataError, "cannot fill 500 folds"),
        ({"groups": "album"}, DataError, "groups='album' is no column"),
        ({"held_out": "genre"}, DataError, "True for some rows"),
        ({"held_out": np.ones(900, dtype=bool)}, DataError, "True for some rows"),
        ({"held_out": np.arange(900) < 300}, DataError, "on both sides"),
        ({"weights": "artist"}, DataError, "weights must be numbers"),
        ({"penalty": gg.Ridge(0.1, factors={"C(kye)": 2.0})}, OptionError, "which are no terms"),
    ],
)
def test_refusals(options: Any, error: Any, message: str, noisy: pd.DataFrame) -> None:
    with pytest.raises(error, match=message):
        gg.drop_one("genre ~ energy", noisy, **options)


def test_held_out_rows_without_weight_are_refused(noisy: pd.DataFrame) -> None:
    held = grouped_folds(noisy["artist"], 5, seed=0) == 0
    with pytest.raises(DataError, match="No held-out row has a weight"):
        gg.drop_one("genre ~ energy", noisy, held_out=held, weights=(~held).astype(float))


def test_held_out_levels_are_known_to_a_design_of_all_rows(noisy: pd.DataFrame) -> None:
    held = grouped_folds(noisy["artist"], 5, seed=0) == 0
    rows = noisy.assign(key=noisy["key"].mask(held & (noisy["energy"] > 1), "F"))
    with pytest.raises(DataError, match="a level that was not there"):
        gg.drop_one("genre ~ energy + C(key)", rows, held_out=held)
    with pytest.raises(GenreglmError):  # no training row shows it
        gg.drop_one(gg.design("genre ~ energy + C(key)", rows), rows, held_out=held)
    table = gg.drop_one(gg.design("genre ~ energy + C(key)", rows), rows, held_out=held, penalty=gg.Ridge(0.01)).terms
    assert np.isfinite(table["increase"]).all()


def test_rows_without_a_group_are_refused(noisy: pd.DataFrame) -> None:
    rows = noisy.assign(artist=noisy["artist"].mask(noisy["energy"] > 2))
    with pytest.raises(DataError, match="rows have no group"):
        gg.drop_one("genre ~ energy", rows)
