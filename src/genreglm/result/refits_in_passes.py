"""Likelihood-ratio and score tests of a result over rows that are met in passes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from genreglm.engine.passes.cells import empty_cells, prior_blocks
from genreglm.engine.passes.estimate import Measured
from genreglm.engine.passes.nested import PassFamily
from genreglm.engine.penalties import CellPrior
from genreglm.engine.threads import single_threaded_blas
from genreglm.options import TermTest
from genreglm.out_of_core import OutOfCore
from genreglm.passes_over import prepared
from genreglm.result.model import Result
from genreglm.result.refits import Maxima, require_likelihood
from genreglm.result.rows import require_same
from genreglm.row_columns import RowColumns


@contextmanager
def refits_in_passes(result: Result, test: TermTest, source: Any, how: OutOfCore) -> Iterator[Maxima]:
    """Yield the maxima of a result's likelihood over Parquet files or a Dask frame, which hold the rows of its fit.

    Each maximum takes the passes of a fit, a score test two more.

    Raises
    ------
    InferenceError
        Where the test would not be what it says; see `genreglm.result.refits.Refits`.
    DataError
        For rows that are not those of the fit.
    """
    require_likelihood(result, test)
    beside = RowColumns() if result.bread is None else result.bread.columns.without_clusters()
    design = result.design
    ready_rows = prepared(design, source, how, beside, informed=test == "score")
    with single_threaded_blas(), ready_rows as ready:
        prior = None
        if isinstance(result.penalty, CellPrior) and result.separated:
            cells = empty_cells(ready.rows, design.spans, design.intercept)
            prior = prior_blocks(ready.rows, cells, result.penalty.count)
        alone = PassFamily(ready.rows, Measured.of(ready.rows), ready.sample, None, design.spans)
        require_same(result, alone.measured.total_weight, lambda: alone.log_likelihood(result.coefficients))
        yield Maxima(replace(alone, prior=prior), test, result.coefficients)
