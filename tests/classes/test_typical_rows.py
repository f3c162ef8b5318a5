"""Typical and surprising rows, picked by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError, FormulaError, OptionError
from simulated import tracks

COLUMNS = ["class", "kind", "rank", "row", "probability", "expected", "expected_probability"]


@pytest.fixture(scope="module")
def line() -> gg.Result:
    """Two classes along one column: the higher x, the more probable "b"."""
    x = np.arange(20.0)
    return gg.fit("genre ~ x", pd.DataFrame({"genre": np.where((x > 9) ^ (x % 7 == 3), "b", "a"), "x": x}))


def shown(table: pd.DataFrame, label: str, kind: str) -> pd.DataFrame:
    return table[(table["class"] == label) & (table["kind"] == kind)]


def test_by_hand(line: gg.Result) -> None:
    rows = pd.DataFrame({"genre": list("abab"), "x": [1.0, 15.0, 18.0, 3.0], "title": ["one", "two", "three", "four"]})
    table = gg.typical_rows(line, rows, most=1, names=["title"])
    assert table.columns.tolist() == [*COLUMNS, "title"]
    assert table[["class", "kind", "rank", "row", "expected", "title"]].to_numpy().tolist() == [
        ["a", "typical", 1, 0, "a", "one"],
        ["a", "surprising", 1, 2, "b", "three"],
        ["b", "typical", 1, 1, "b", "two"],
        ["b", "surprising", 1, 3, "a", "four"],
    ]
    probability = line.predict(rows).to_numpy()
    np.testing.assert_allclose(table["probability"], probability[[0, 2, 1, 3], [0, 0, 1, 1]])
    np.testing.assert_allclose(table["expected_probability"], probability.max(axis=1)[[0, 2, 1, 3]])


def test_every_class_shows_its_first_and_last_rows(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.typical_rows(result, most=4)
    assert len(table) == 5 * 2 * 4
    probability = result.predict(rows)
    for label in result.classes:
        own = probability.loc[rows["genre"] == label, label].sort_values(kind="stable")
        assert shown(table, label, "typical")["row"].tolist() == own.index[::-1][:4].tolist()
        assert shown(table, label, "surprising")["row"].tolist() == own.index[:4].tolist()
        assert shown(table, label, "typical")["rank"].tolist() == [1, 2, 3, 4]


def test_rows_of_one_name_or_one_artist_are_shown_once(line: gg.Result) -> None:
    rows = pd.DataFrame(
        {"genre": "a", "x": [0.0, 0.0, 1.0, 2.0, 3.0], "title": ["s", "s", "t", None, None], "artist": list("pqpqr")}
    )
    picked = {
        key: shown(gg.typical_rows(line, rows, names=["title"], distinct=distinct), "a", "typical")["row"].tolist()
        for key, distinct in {"name": None, "none": [], "artist": "artist", "both": ["title", "artist"]}.items()
    }
    assert picked == {"name": [0, 2, 3], "none": [0, 1, 2], "artist": [0, 1, 4], "both": [0, 1, 2]}


def test_equal_rows_are_in_their_order_and_few_are_all_shown(line: gg.Result) -> None:
    rows = pd.DataFrame({"genre": list("baa"), "x": [4.0, 4.0, 4.0]})
    table = gg.typical_rows(line, rows)
    assert shown(table, "a", "typical")["row"].tolist() == shown(table, "a", "surprising")["row"].tolist() == [1, 2]
    assert shown(table, "b", "typical")["row"].tolist() == [0]
    assert set(gg.typical_rows(line, rows.tail(2))["class"]) == {"a"}


def test_rows_of_weight_zero_are_not_there(rows: pd.DataFrame) -> None:
    w = np.ones(len(rows))
    full = gg.typical_rows(gg.fit("genre ~ energy", rows, weights=w), most=1)
    w[full["row"]] = 0.0
    assert not set(gg.typical_rows(gg.fit("genre ~ energy", rows, weights=w), most=1)["row"]) & set(full["row"])


def test_an_offset_of_the_fit_counts(rows: pd.DataFrame) -> None:
    offset = np.zeros((len(rows), 5))
    chosen = int(np.flatnonzero(rows["genre"] == "disco")[7])
    offset[chosen, 3] = 8.0
    table = gg.typical_rows(gg.fit("genre ~ energy", rows, offset=offset), most=1)
    assert shown(table, "disco", "typical")["row"].tolist() == [chosen]


def test_a_loaded_result_and_a_file(loaded: gg.Result, result: gg.Result, rows: pd.DataFrame, tmp_path: Path) -> None:
    rows.to_parquet(path := tmp_path / "rows.parquet")
    expected = gg.typical_rows(result, names=["artist"])
    pd.testing.assert_frame_equal(gg.typical_rows(loaded, path, names=["artist"]), expected)
    with pytest.raises(DataError, match="rows="):
        gg.typical_rows(loaded)


def test_refusals(result: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="whole number"):
        gg.typical_rows(result, most=0)
    for names in (["artist", "rank"], "artist"):
        with pytest.raises(OptionError, match="must be a list of columns"):
            gg.typical_rows(result, names=names)
    with pytest.raises(DataError, match="'title' is no column"):
        gg.typical_rows(result, names=["title"])
    with pytest.raises(DataError, match="distinct='title'"):
        gg.typical_rows(result, distinct="title")
    with pytest.raises(FormulaError, match="response"):
        gg.typical_rows(result, tracks().drop(columns="genre"))
    soft = gg.fit("genre ~ energy", rows, soft_labels=0.9 * pd.get_dummies(rows["genre"], dtype=float) + 0.02)
    with pytest.raises(DataError, match="soft labels"):
        gg.typical_rows(soft)
    assert len(gg.typical_rows(soft, rows.head(100))) > 0
