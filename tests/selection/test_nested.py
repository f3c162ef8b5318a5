"""Nested cross-validation: against loops by hand, and what it does not depend on."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, OptionError
from genreglm.evaluation import grouped_folds
from simulated import tracks

FORMULA = "genre ~ energy + valence + C(key)"
RIDGES = [gg.Ridge(strength) for strength in (1.0, 0.1, 1e-3)]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks(rows=600, genres=4, seed=1, strength=1.2, artists=90)


def test_each_outer_fold_chooses_within_the_others(rows: pd.DataFrame) -> None:
    options = {"penalties": RIDGES, "stratify": False, "seed": 4}
    table = gg.nested_cross_validate(FORMULA, rows, folds=3, inner_folds=4, **options)
    fold = grouped_folds(rows["artist"], 3, 4)
    ridges = {f"Ridge({ridge.strength:g})": ridge for ridge in RIDGES}
    for number in range(3):
        train, held = rows[fold != number].reset_index(drop=True), rows[fold == number]
        summed = gg.choose(gg.cross_validate(FORMULA, train, folds=4, **options))
        chosen = summed[summed["chosen"]].iloc[0]
        fitted = gg.fit(FORMULA, train, penalty=ridges[chosen["candidate"]])
        prob = fitted.predict(held).to_numpy()
        loss = -np.log(prob[np.arange(len(held)), fitted.design.codes(held)]).mean()
        assert table["chosen"][number] == chosen["candidate"]
        assert table["inner"][number] == pytest.approx(chosen["estimate"], abs=1e-9)
        assert table["log_loss"][number] == pytest.approx(loss, abs=1e-4)
    assert gg.choose(table)["estimate"][0] == pytest.approx(np.average(table["log_loss"], weights=table["weight"]))
    assert table["candidate"].eq("nested").all()


def test_formulas_and_penalties_are_chosen_together(rows: pd.DataFrame) -> None:
    formulas = {"null": "genre ~ 1", "energy": "genre ~ energy", "all": FORMULA}
    table = gg.nested_cross_validate(formulas, rows, penalties=RIDGES, folds=3, inner_folds=3)
    assert set(table["chosen"]) <= {f"all, Ridge({ridge.strength:g})" for ridge in RIDGES}
    plain = gg.nested_cross_validate(formulas, rows, folds=3, inner_folds=3, rule="one-standard-error")
    assert set(plain["chosen"]) <= {"energy", "all"}


def test_a_function_may_choose(rows: pd.DataFrame) -> None:
    seen: list[pd.DataFrame] = []

    def by_bic(train: pd.DataFrame) -> gg.Result:
        seen.append(train)
        return gg.stepwise(FORMULA, train, criterion="bic", covariance=None).result

    table = gg.nested_cross_validate(FORMULA, rows, choose_by=by_bic, folds=3)
    assert table["chosen"].str.startswith("genre ~ energy + valence").all()
    assert table["inner"].isna().all()
    assert [len(train) for train in seen] == (len(rows) - table["rows"]).tolist()
    artists = [set(train["artist"]) for train in seen]
    assert Counter(artist for own in artists for artist in own) == dict.fromkeys(rows["artist"], 2)


# Processes take seconds to start.
@pytest.mark.slow
def test_jobs_change_nothing(rows: pd.DataFrame) -> None:
    options = {"penalties": RIDGES, "folds": 3, "repeats": 2}
    one, two = (gg.cross_validate(FORMULA, rows, jobs=jobs, **options) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    one, two = (gg.nested_cross_validate(FORMULA, rows, inner_folds=3, jobs=jobs, **options) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    thin = rows[(rows["genre"] != "blues") | (rows["key"] != "D")]
    with pytest.raises(gg.errors.SeparationError, match="never occurs in blues") as caught:
        gg.cross_validate(FORMULA, thin, folds=3, jobs=2)
    assert caught.value.__notes__ == ["This was with fold 0 of repeat 0 held out."]


def test_random_rows_are_labelled_inside_and_out(rows: pd.DataFrame) -> None:
    table = gg.nested_cross_validate(FORMULA, rows, penalties=RIDGES, groups="rows", folds=2, inner_folds=2)
    assert table["split"].eq("random rows").all()
    assert table["warning"].str.contains("rows of one artist are on both sides").all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inner_folds": 1}, "must be 2 or more"),
        ({"folds": 1}, "needed are 2 folds"),
        ({"jobs": 0}, "at least 1 fold"),
        ({"formula": {}}, "formula= is empty"),
        ({"choose_by": lambda train: None, "penalty": RIDGES[0]}, "chooses by itself"),
        ({"rule": "worst"}, "must be one of 'best'"),
        ({"metric": "accuracy"}, "must be one of 'log_loss'"),
    ],
)
def test_what_cannot_be_asked_is_refused(rows: pd.DataFrame, options: dict, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        gg.nested_cross_validate(**{"formula": FORMULA, "rows": rows, **options})


def test_a_function_that_gives_no_result_is_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="must return a Result about 'genre'") as caught:
        gg.nested_cross_validate(FORMULA, rows, choose_by=lambda train: train, folds=2)  # type: ignore[arg-type,return-value]
    assert caught.value.__notes__ == ["This was with outer fold 0 of repeat 0 held out."]
