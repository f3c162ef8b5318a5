"""Repeats are found in whatever batches rows come."""

from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from genreglm.study.repeats import Repeats


@given(values=st.lists(st.integers(0, 30), max_size=80), cuts=st.lists(st.integers(0, 80), max_size=6))
def test_rows_are_those_that_pandas_finds_in_the_whole(values: list[int], cuts: list[int]) -> None:
    rows = pd.DataFrame({"a": values, "b": [None if value % 3 else "x" for value in values]}, dtype=object)
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    repeats = Repeats()
    found = [repeats.among(rows.iloc[start:stop]) for start, stop in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(found), rows.duplicated())
