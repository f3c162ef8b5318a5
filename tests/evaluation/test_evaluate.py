"""`gg.evaluate` scores a fitted model on other rows."""

import pytest

import genreglm as gg
from genreglm.errors import DataError
from genreglm.evaluation import scores
from simulated import tracks


def test_one_row_of_scores_on_unseen_rows() -> None:
    rows = tracks()
    train, test = rows.head(160), rows.tail(80)
    result = gg.fit("genre ~ energy + valence", train)
    table = gg.evaluate(result, test)
    assert len(table) == 1
    expected = scores(result.predict(test).to_numpy(), result.design.codes(test))
    assert table.iloc[0].to_dict() == {name: value for name, value in expected.items() if name != "any_label"}


def test_a_class_that_the_model_does_not_know_is_refused() -> None:
    result = gg.fit("genre ~ energy", tracks())
    with pytest.raises(DataError, match="does not know"):
        gg.evaluate(result, tracks(genres=4))
