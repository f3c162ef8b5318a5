"""Tags: what the model says, in the order of the rows, with a reason beside each row that cannot be used."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, OptionError
from genreglm.tagger import Tagger
from genreglm.tagger.tags import Wanted, tags


def test_genres_come_by_probability_with_family_set_and_interval(tagger: Tagger, raw: pd.DataFrame) -> None:
    table = tags(tagger, raw, Wanted(top=3, intervals=True))
    prob = tagger.predict(raw).to_numpy()
    best = np.sort(prob, axis=1)[:, ::-1]
    for rank in (1, 2, 3):
        assert np.allclose(table[f"p_{rank}"], best[:, rank - 1], rtol=1e-12)
        assert (table[f"low_{rank}"] <= table[f"high_{rank}"]).all()
    assert table["row"].tolist() == list(range(1, 601))
    assert (table["genre_1"].astype(str) == np.array(tagger.classes)[prob.argmax(axis=1)]).all()
    slow = prob[:, [tagger.classes.index(name) for name in ("ambient", "blues")]].sum(axis=1)
    assert np.allclose(table["p_family"], np.maximum(slow, 1 - slow))
    held = tagger.sets.apply(tagger.predict(raw))
    assert table["set_size"].tolist() == held.sum(axis=1).tolist()
    assert table["set"].iloc[0].split(";") == [name for name in tagger.classes if held[name].iloc[0]]
    assert (table["problem"] == "").all()
    assert table["unlike"].mean() < 0.02


def test_the_interval_is_of_the_corrected_probabilities(tagger: Tagger, raw: pd.DataFrame) -> None:
    low, high = tagger.replicates.intervals(tagger.prepare(raw).rows, calibration=tagger.calibration)
    prob = tagger.predict(raw)
    assert ((low <= prob + 0.05) & (prob <= high + 0.05)).to_numpy().mean() > 0.95
    plain, _ = tagger.replicates.intervals(tagger.prepare(raw).rows)
    assert not np.allclose(low, plain)


@pytest.fixture
def spoilt(raw: pd.DataFrame) -> pd.DataFrame:
    rows = raw.astype(object).copy()
    rows.loc[3, "energy"] = "loud"
    rows.loc[5, "danceability"] = 7.0
    rows.loc[8, "tempo"] = np.inf
    rows.loc[11, "valence"] = None
    rows.loc[13, ["energy", "valence", "loudness", "key", "mode", "liveness", "speechiness", "tempo"]] = None
    return rows


def test_rows_that_cannot_be_used_are_blank_with_their_reason(tagger: Tagger, raw: pd.DataFrame, spoilt) -> None:
    table = tags(tagger, spoilt, Wanted())
    bad = [3, 5, 8, 13]
    assert np.flatnonzero(table["problem"] != "").tolist() == bad
    assert table["problem"].iloc[3] == "energy cannot be read as a number"
    assert table["problem"].iloc[5] == "danceability: feature outside 0 to 1"
    assert table["problem"].iloc[8] == "tempo is infinite"
    assert table["problem"].iloc[13].startswith("more than half of the features")
    assert table.loc[bad, ["genre_1", "p_1", "set", "unlike"]].isna().all(axis=None)
    assert table["filled"].iloc[11] == "valence"
    good = table.index.difference([*bad, 11])
    pd.testing.assert_series_equal(table["p_1"][good], tags(tagger, raw, Wanted())["p_1"][good])


def test_they_are_filled_or_refused_where_that_is_asked(tagger: Tagger, spoilt: pd.DataFrame) -> None:
    filled = tags(tagger, spoilt, Wanted(on_error="fill"))
    assert filled["p_1"].notna().all()
    assert filled["problem"].iloc[3] != ""
    with pytest.raises(DataError, match=r"Data row 104 cannot be used: energy cannot be read as a number"):
        tags(tagger, spoilt, Wanted(on_error="fail"), first=100)


def test_a_bare_result_gives_probabilities_and_problems_alone(bare: gg.Result, raw: pd.DataFrame) -> None:
    rows = raw.astype(object).copy()
    rows.loc[0, "energy"] = "x"
    rows.loc[1, "key"] = 77
    text = rows.astype(str)
    table = tags(Tagger(bare), text, Wanted(top=1))
    assert list(table) == ["row", "genre_1", "p_1", "problem"]
    assert table["problem"].iloc[0] == "energy is no number"
    assert table["problem"].iloc[1].startswith("key is none of 0, 1, 2")
    assert table["p_1"].isna().tolist()[:3] == [True, True, False]
    expected = bare.predict(raw).max(axis=1)
    assert np.allclose(table["p_1"].iloc[2:].to_numpy(dtype=float), expected.iloc[2:].to_numpy(), rtol=1e-12)


def test_where_no_row_of_a_bare_result_can_be_used_that_is_said(bare: gg.Result, raw: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="No row can be used; of the first: energy is no number"):
        tags(Tagger(bare), raw.head(2).assign(energy="x"), Wanted())


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(top=0), "from 1 to the model's 3"),
        (Wanted(intervals=True), "no replicates"),
        (Wanted(on_error="skip"), "on_error"),  # type: ignore[arg-type]
    ],
)
def test_what_a_model_cannot_give_is_refused(bare: gg.Result, wanted: Wanted, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        wanted.check(Tagger(bare))
