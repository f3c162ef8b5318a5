"""Leverage and influence of rows that are met in batches, after a fit in passes."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from genreglm.diagnostics.moved import errors_of, largest_in, map_of
from genreglm.engine.blocks import Block, Blocks, Floats
from genreglm.engine.row_deletion import delete_rows, linear_changes
from genreglm.engine.row_forms import row_forms
from genreglm.engine.threads import ordered_map
from genreglm.errors import DataError, InferenceError
from genreglm.result import Bread, Result
from genreglm.sources import map_batches

Parts = list[tuple[Block, Floats]]


def leverage_in_batches(result: Result, rows: Any) -> pd.DataFrame:
    """Return `hat` of every row; see `genreglm.diagnostics.leverage`."""
    return _of_batches(result, rows, _leverage)


def influence_in_batches(result: Result, rows: Any, dfbeta: Sequence[str]) -> pd.DataFrame:
    """Return the table of `genreglm.diagnostics.influence` for every row."""
    bread = _bread_of(result)
    maps = {
        term: (map_of(result, bread.inverse, bread.standardisation.back(), term), errors_of(result, term))
        for term in dfbeta
    }
    return _of_batches(result, rows, partial(_influence, maps=maps))


def _of_batches(result: Result, rows: Any, table: Callable[[Parts, Bread, int], pd.DataFrame]) -> pd.DataFrame:
    """Return the table of all batches, one after the other.

    Raises
    ------
    InferenceError
        Unless the result is that of a fit in passes, with its covariance.
    DataError
        Where there are not as many rows as in the fit.
    """
    bread = _bread_of(result)
    beside = bread.columns.without_clusters()
    response = [result.design.response] if beside.soft_labels is None else []
    columns = list(dict.fromkeys([*response, *result.design.variables, *beside.names]))
    bare = result.without_rows(inference=False)
    parts = map_batches(partial(_of_batch, bare, bread, table), rows, columns)
    total = sum(weight for weight, _ in parts)
    if not np.isclose(total, result.statistics.nobs, rtol=1e-12):
        raise DataError(
            f"These are {total:,.10g} rows (the sum of their weights), but the model was fitted to "
            f"{result.statistics.nobs:,.10g}. Pass the files of the fit."
        )
    return pd.concat([found for _, found in parts], ignore_index=True)


def _bread_of(result: Result) -> Bread:
    if result.bread is None:
        raise InferenceError(
            "Rows in batches need what a fit of them in passes leaves: gg.fit(formula, files) with a covariance, in "
            "this process. For a fit of rows in memory give the frame."
        )
    return result.bread


def _of_batch(
    result: Result, bread: Bread, table: Callable[[Parts, Bread, int], pd.DataFrame], batch: pd.DataFrame
) -> tuple[float, pd.DataFrame]:
    standard, classes = bread.standardisation, len(result.classes)
    design, beside = result.design, bread.columns
    x, w = standard.apply(design.matrix(batch)), beside.weights_of(batch)
    blocks = Blocks.of(x, beside.targets(design, batch), w, classes, beside.offset_of(design, batch))
    coefficients = standard.forth(result.coefficients)

    def task(block: Block) -> tuple[Block, Floats]:
        prob = np.empty((len(block), classes))
        block.loss(block.linear_predictor(coefficients), prob)
        return block, prob

    return float(w.sum()), table(list(ordered_map(task, blocks.parts)), bread, classes)


def _leverage(parts: Parts, bread: Bread, classes: int) -> pd.DataFrame:
    diagonal, product = row_forms(parts, bread.inverse, classes)
    w, prob = (np.concatenate(each) for each in zip(*((block.w, prob) for block, prob in parts), strict=True))
    return pd.DataFrame({"hat": w * np.einsum("ik,ik->i", prob, diagonal - product)})


def _influence(parts: Parts, bread: Bread, classes: int, maps: Mapping[str, tuple[Floats, Floats]]) -> pd.DataFrame:
    found = delete_rows(parts, bread.inverse, classes)
    moved = {
        f"dfbeta_{term}": linear_changes(parts, found.pull, of, partial(largest_in, errors))
        for term, (of, errors) in maps.items()
    }
    return pd.DataFrame(
        {
            "hat": found.hat,
            "cooksd": found.cooks_distance,
            "delta_deviance": found.deviance,
            "delta_chi2": found.chi_square,
            **moved,
        }
    )
