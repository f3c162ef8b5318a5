import pytest

from genreglm.errors import GenreglmError
from genreglm.tracks.ledger import Entry, Ledger


def ledger() -> Ledger:
    filled = Ledger([Entry("load", "rows read", "rows", 10, "read")])
    filled.add("clean", "no genre", "rows", 3, "dropped", "why")
    filled.extend([Entry("clean", "no artist", "rows", 5, "kept"), Entry("clean", "cells", "cells", 7, "dropped")])
    return filled


def test_only_dropped_rows_count_as_dropped():
    assert ledger().rows_dropped == 3


def test_lines_become_a_table_in_order():
    table = ledger().to_frame()
    assert table.columns.tolist() == ["step", "rule", "unit", "count", "action", "detail"]
    assert table.iloc[1].tolist() == ["clean", "no genre", "rows", 3, "dropped", "why"]
    assert table["count"].tolist() == [10, 3, 5, 7]
    assert Ledger().to_frame().columns.tolist() == table.columns.tolist()


def test_rows_in_are_rows_out_and_rows_dropped():
    ledger().check(10, 7)
    ledger().check(7, 7, already_dropped=3)
    with pytest.raises(GenreglmError, match="10 rows came in, 8 went out and 3 are accounted for"):
        ledger().check(10, 8)
