"""Cross-validation by artist: against a loop by hand, and on rows built to fool it."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, OptionError, SeparationError
from genreglm.evaluation import grouped_folds, scores
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
SCORES = ["log_loss", "top_1", "top_3", "top_5", "macro_f1", "brier", "ece"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=600, genres=4, seed=1, strength=1.2, artists=90)


def test_each_fold_is_fitted_without_its_artists(rows: pd.DataFrame) -> None:
    table = gg.cross_validate(FORMULA, rows, folds=3, stratify=False, seed=4)
    fold = grouped_folds(rows["artist"], 3, 4)
    for number in range(3):
        held = rows[fold == number]
        fitted = gg.fit(FORMULA, rows[fold != number], covariance=None)
        expected = scores(fitted.predict(held).to_numpy(), fitted.design.codes(held))
        found = table.iloc[number]
        assert found[["rows", "groups"]].tolist() == [len(held), held["artist"].nunique()]
        for name in SCORES:
            assert found[name] == pytest.approx(expected[name], abs=1e-4), name
    assert table["rows"].sum() == len(rows)
    assert table["split"].eq("artist").all()
    assert table["warning"].eq("").all()


def test_candidates_share_the_folds_and_come_from_the_strongest(rows: pd.DataFrame) -> None:
    ridges = [gg.Ridge(strength) for strength in (1e-4, 10.0, 0.03)]
    table = gg.cross_validate(FORMULA, rows, folds=4, penalties=ridges)
    assert table["candidate"].unique().tolist() == ["Ridge(10)", "Ridge(0.03)", "Ridge(0.0001)"]
    assert table.groupby("fold")["rows"].nunique().eq(1).all()
    alone = gg.cross_validate(FORMULA, rows, folds=4, penalty=gg.Ridge(0.03))
    together = table[table["candidate"] == "Ridge(0.03)"]
    np.testing.assert_allclose(together["log_loss"], alone["log_loss"], rtol=1e-5)
    named = gg.cross_validate(FORMULA, rows, folds=4, penalties={"plain": None, "tight": gg.Ridge(1.0)})
    assert named["candidate"].unique().tolist() == ["plain", "tight"]


def test_ridges_of_several_kinds_are_put_in_order_and_kinds_of_lassos_are_not(rows: pd.DataFrame) -> None:
    families = dict.fromkeys(rows["genre"].unique(), "all")
    ridges = {"weak": gg.Ridge(0.01), "strong": gg.FamilyRidge(1.0, families=families)}
    table = gg.cross_validate(FORMULA, rows, folds=2, penalties=ridges)
    assert table["candidate"].unique().tolist() == ["strong", "weak"]
    lassos = {"weak": gg.Lasso(0.001), "strong": gg.Lasso(0.01)}
    table = gg.cross_validate(FORMULA, rows, folds=2, penalties=lassos)
    assert table["candidate"].unique().tolist() == ["strong", "weak"]
    mixed = {"weak": gg.Lasso(0.001), "strong": gg.GroupLasso(0.01)}
    table = gg.cross_validate(FORMULA, rows, folds=2, penalties=mixed)
    assert table["candidate"].unique().tolist() == ["weak", "strong"]


def test_repeats_deal_anew(rows: pd.DataFrame) -> None:
    table = gg.cross_validate(FORMULA, rows, folds=3, repeats=2)
    assert table[["repeat", "fold"]].to_numpy().tolist() == [[r, f] for r in range(2) for f in range(3)]
    assert table["log_loss"].nunique() == 6
    pd.testing.assert_frame_equal(table, gg.cross_validate(FORMULA, rows, folds=3, repeats=2))


def test_a_weight_of_two_is_the_row_twice(rows: pd.DataFrame) -> None:
    twice = 1 + (np.arange(len(rows)) % 3 == 0)
    doubled = rows.loc[rows.index.repeat(twice)].reset_index(drop=True)
    weighted = gg.cross_validate(FORMULA, rows, folds=3, stratify=False, weights=twice)
    repeated = gg.cross_validate(FORMULA, doubled, folds=3, stratify=False)
    for name in ("log_loss", "top_1", "top_3", "macro_f1", "brier", "weight", "std_error"):
        np.testing.assert_allclose(weighted[name], repeated[name], rtol=1e-4, err_msg=name)


def test_rows_without_weight_play_no_part(rows: pd.DataFrame) -> None:
    kept = np.arange(len(rows)) >= 100
    table = gg.cross_validate(FORMULA, rows, folds=3, weights=kept.astype(float))
    expected = gg.cross_validate(FORMULA, rows[kept], folds=3)
    pd.testing.assert_frame_equal(table, expected)


def test_what_no_other_fold_has_is_counted_and_not_scored(rows: pd.DataFrame) -> None:
    few = rows.copy()
    few.loc[few["genre"] == "blues", "artist"] = "the only one"
    few.loc[few["artist"] == "artist 3", "key"] = "F"
    strange = few[(few["artist"] == "artist 3")]
    table = gg.cross_validate(FORMULA, few, folds=4, penalty=gg.Ridge(1e-3))
    assert table["unseen"].sum() == (few["genre"] == "blues").sum()
    assert table["unseen_levels"].sum() == len(strange)
    assert table[["rows", "unseen", "unseen_levels"]].to_numpy().sum() == len(few)
    known = gg.cross_validate(gg.design(FORMULA, few), few, folds=4, penalty=gg.Ridge(1e-3))
    assert known["unseen_levels"].sum() == 0
    assert known["unseen"].sum() == table["unseen"].sum()


def test_nothing_to_score_is_refused(rows: pd.DataFrame) -> None:
    own = rows.groupby("genre").head(60)
    own = own.assign(artist=own["genre"])
    with pytest.raises(DataError, match="so none can be scored") as caught:
        gg.cross_validate(FORMULA, own, folds=4)
    assert caught.value.__notes__ == ["This was with fold 0 of repeat 0 held out."]


def test_a_fold_that_cannot_be_fitted_is_named(rows: pd.DataFrame) -> None:
    thin = rows.copy()
    thin.loc[(thin["genre"] == "blues") & (thin["key"] == "D"), "artist"] = "one"
    with pytest.raises(SeparationError, match="never occurs in blues") as caught:
        gg.cross_validate(FORMULA, thin, folds=3)
    assert "held out" in caught.value.__notes__[0]
    assert len(gg.cross_validate(FORMULA, thin, folds=3, penalty=gg.CellPrior())) == 3


@pytest.mark.parametrize("metric", SCORES)
def test_each_metric_has_its_spread_over_artists(metric: str) -> None:
    rows = tracks(rows=600, genres=6, seed=1, artists=90)
    table = gg.cross_validate(FORMULA, rows, folds=3, metric=metric, draws=400)
    assert table["metric"].eq(metric).all()
    # A mean of absolute gaps only grows where rows are drawn anew, so its interval need not hold it.
    assert (table["conf_low"] < table[metric]).all() or metric == "ece"
    assert (table[metric] < table["conf_high"]).all()
    assert (table["std_error"] > 0).all()


def test_the_spread_agrees_with_the_formula_for_means_over_groups(rows: pd.DataFrame) -> None:
    table = gg.cross_validate(FORMULA, rows, folds=2, stratify=False, draws=4000)
    fold = grouped_folds(rows["artist"], 2, 0)
    held = rows[fold == 0]
    fitted = gg.fit(FORMULA, rows[fold == 1], covariance=None)
    prob = fitted.predict(held).to_numpy()
    loss = -np.log(prob[np.arange(len(held)), fitted.design.codes(held)])
    sums = pd.Series(loss - loss.mean()).groupby(held["artist"].to_numpy()).sum()
    expected = np.sqrt(np.square(sums).sum()) / len(held)
    assert table["std_error"][0] == pytest.approx(expected, rel=0.06)


def test_random_rows_only_on_request_and_labelled(rows: pd.DataFrame) -> None:
    table = gg.cross_validate(FORMULA, rows, folds=3, groups="rows")
    assert table["split"].eq("random rows").all()
    assert table["warning"].str.contains("rows of one artist are on both sides").all()
    assert gg.choose(table)["warning"].str.contains("no measure of artists not heard").all()
    with pytest.raises(DataError, match="groups='artist' is no column"):
        gg.cross_validate(FORMULA, rows.drop(columns="artist"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"folds": 1}, "needed are 2 folds"),
        ({"repeats": 0}, "needed are 2 folds and 1 repeat"),
        ({"draws": 1}, "needs 2 samples"),
        ({"metric": "accuracy"}, "must be one of 'log_loss'"),
        ({"conf_level": 1.0}, "must lie between 0 and 1"),
        ({"penalties": []}, "one candidate or more"),
        ({"penalties": [gg.Ridge(1.0)], "penalty": gg.Ridge(1.0)}, "not both"),
        ({"penalties": [gg.Ridge(1.0), gg.Ridge(1.0)]}, "same candidate twice"),
        ({"penalties": {"mild": gg.Ridge(1.0), "none": 0.1}}, "penalty=0.1 is no penalty"),
        ({"penalty": gg.Jeffreys}, "call it"),
    ],
)
def test_what_cannot_be_asked_is_refused(rows: pd.DataFrame, options: dict, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        gg.cross_validate(FORMULA, rows, **options)


def test_two_kinds_of_ridge_of_one_strength_are_two_candidates(rows: pd.DataFrame) -> None:
    ridges = [gg.Ridge(1.0), gg.Ridge(1.0, standardise=True)]
    table = gg.cross_validate(FORMULA, rows, folds=2, penalties=ridges)
    assert table["candidate"].unique().tolist() == [repr(ridge) for ridge in ridges]


@pytest.mark.parametrize("change", [{"genre": None}, {"genre": "gone"}])
def test_a_response_is_needed(rows: pd.DataFrame, change: dict) -> None:
    broken = rows.copy()
    if change["genre"] is None:
        broken.loc[0, "genre"] = None
        with pytest.raises(DataError, match="1 rows have no 'genre'"):
            gg.cross_validate(FORMULA, broken)
    else:
        with pytest.raises(gg.errors.FormulaError, match="lacks the response column 'genre'"):
            gg.cross_validate(FORMULA, broken.drop(columns="genre"))


def leaky(seed: int, artists: int, each: int) -> pd.DataFrame:
    """Rows whose genre no feature tells, but each artist has its own genre, and a number of its own."""
    rng = np.random.default_rng(seed)
    artist = np.repeat(np.arange(artists), each)
    own = rng.integers(0, 3, artists)
    return pd.DataFrame(
        {
            "genre": np.array(["ambient", "blues", "country"])[own[artist]],
            "energy": rng.normal(size=artists * each),
            "artist": [f"a{number}" for number in artist],
            "id": [f"a{number}" for number in artist],
        }
    )


def test_an_artist_id_fools_random_rows_and_not_folds_of_artists() -> None:
    rows = leaky(0, artists=40, each=12)
    design, ridge = gg.design("genre ~ energy + C(id)", rows), gg.Ridge(1e-3)
    fooled = gg.choose(gg.cross_validate(design, rows, groups="rows", penalty=ridge))
    honest = gg.choose(gg.cross_validate(design, rows, penalty=ridge))
    assert fooled["estimate"][0] < 0.5
    assert honest["estimate"][0] > 0.9 * np.log(3)


def test_a_noisy_copy_of_the_class_within_artists_fools_random_rows_alone() -> None:
    """The column is constant for an artist: a few bits that name it, which tell the genre of artists already heard."""
    rows = leaky(1, artists=40, each=12)
    bits = np.random.default_rng(3).normal(size=(40, 30))
    number = rows["artist"].str[1:].astype(int).to_numpy()
    rows = rows.join(pd.DataFrame(bits[number], columns=[f"bit{j}" for j in range(30)]))
    formula, ridge = "genre ~ " + " + ".join(f"bit{j}" for j in range(30)), gg.Ridge(1e-2)
    fooled = gg.choose(gg.cross_validate(formula, rows, groups="rows", penalty=ridge), "top_1")
    honest = gg.choose(gg.cross_validate(formula, rows, penalty=ridge), "top_1")
    assert fooled["estimate"][0] > 0.95
    assert honest["estimate"][0] < 0.5
