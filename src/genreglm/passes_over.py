"""The one door to rows that are met in passes: Parquet files, or a Dask frame."""

from contextlib import AbstractContextManager
from typing import Any

from genreglm import on_dask, out_of_core
from genreglm.designs import Design
from genreglm.out_of_core import OutOfCore, Prepared
from genreglm.row_columns import RowColumns
from genreglm.sources import ParquetRows, is_dask_frame


def prepared(
    formula: str | Design,
    source: Any,
    how: OutOfCore,
    beside: RowColumns,
    client: Any = None,
    *,
    informed: bool = True,
) -> AbstractContextManager[Prepared]:
    """Return rows ready for passes over them; see `genreglm.out_of_core.prepared` and `genreglm.on_dask.prepared`."""
    if is_dask_frame(source):
        return on_dask.prepared(formula, source, how, beside, client, informed=informed)
    return out_of_core.prepared(formula, ParquetRows.open(source), how, beside, informed=informed)
