"""A whole table tagged: any block size, any file, the same lines as at once."""

import io
import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from genreglm.errors import DataError, OptionError
from genreglm.tagger import Tagger
from genreglm.tagger.table import all_rows, one_row, tag_table
from genreglm.tagger.tags import Wanted, tags


@pytest.fixture
def table(raw: pd.DataFrame, tmp_path: Path) -> Path:
    raw.to_csv(tmp_path / "tracks.csv", index=False)
    raw.to_parquet(tmp_path / "tracks.parquet")
    return tmp_path / "tracks.parquet"


@pytest.mark.parametrize("rows", [7, 250, 10_000])
def test_blocks_of_any_size_give_what_the_whole_gives(tagger: Tagger, raw, table: Path, rows: int) -> None:
    told = tag_table(tagger, table, table.with_name("out.parquet"), Wanted(), rows)
    assert (told.rows, told.problems) == (600, 0)
    found = pd.read_parquet(table.with_name("out.parquet"))
    expected = tags(tagger, raw, Wanted())
    for name in expected:
        assert found[name].astype(object).tolist() == pytest.approx(expected[name].astype(object).tolist()), name


def test_csv_and_json_lines_say_the_same(tagger: Tagger, raw: pd.DataFrame, table: Path) -> None:
    tag_table(tagger, table.with_suffix(".csv"), table.with_name("out.csv"), Wanted(), 100)
    tag_table(tagger, table, table.with_name("out.jsonl"), Wanted(), 100)
    text = pd.read_csv(table.with_name("out.csv"))
    lines = [json.loads(line) for line in table.with_name("out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert text["row"].tolist() == [line["row"] for line in lines] == list(range(1, 601))
    assert text["genre_1"].tolist() == [line["genre_1"] for line in lines]
    assert text["p_1"].tolist() == pytest.approx([line["p_1"] for line in lines], abs=2e-6)


def test_standard_input_to_standard_output(tagger: Tagger, table: Path, monkeypatch, capsys) -> None:
    data = table.with_suffix(".csv").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    tag_table(tagger, "-", "-", Wanted(top=1, sets=False))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "row,genre_1,p_1,family,p_family,unlike,filled,problem"
    assert len(lines) == 601


def test_a_broken_line_is_a_blank_row_with_its_reason(tagger: Tagger, table: Path) -> None:
    path = table.with_suffix(".csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[5] += ",more"
    path.write_text("\n".join(lines), encoding="utf-8")
    told = tag_table(tagger, path, table.with_name("out.csv"), Wanted())
    found = pd.read_csv(table.with_name("out.csv"))
    assert told.problems == 1
    assert len(found) == 600
    assert found["problem"].iloc[4].startswith("the line has 21 cells and not 20")
    assert pd.isna(found["genre_1"].iloc[4])


def test_nothing_is_left_where_a_row_fails_the_table(tagger: Tagger, raw: pd.DataFrame, table: Path) -> None:
    raw.assign(energy=raw["energy"].where(raw.index != 444, 3.0)).to_parquet(table)
    with pytest.raises(DataError, match="Data row 445 cannot be used"):
        tag_table(tagger, table, table.with_name("out.csv"), Wanted(on_error="fail"), 50)
    assert not table.with_name("out.csv").exists()
    assert not list(table.parent.glob(".*partial"))


def test_an_ending_that_says_nothing_is_refused(tagger: Tagger, table: Path) -> None:
    with pytest.raises(OptionError, match=r"must end in \.csv"):
        tag_table(tagger, table, table.with_name("out.xlsx"), Wanted())


def test_a_row_is_found_by_its_number(tagger: Tagger, raw: pd.DataFrame, table: Path) -> None:
    assert one_row(tagger, table, 600)["tempo"].iloc[0] == raw["tempo"].iloc[599]
    with pytest.raises(DataError, match=r"no row 601: the table has 600"):
        one_row(tagger, table, 601)
    assert len(all_rows(tagger, table)) == 600
