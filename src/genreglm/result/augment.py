"""The rows with what the model says of each: broom's `augment`."""

import numpy as np
import pandas as pd

from genreglm.engine.residuals import deviance_residuals, quantile_residuals
from genreglm.errors import DataError, InferenceError
from genreglm.result.deletion import deletable
from genreglm.result.model import Result
from genreglm.result.rows import fitted_probabilities, index_of, is_of_fit, problem_of
from genreglm.sources import Source, read_rows

_NAMES = (".fitted", ".prob", ".resid_deviance", ".resid_quantile", ".hat", ".cooksd", ".delta_deviance")


def augment(result: Result, rows: Source | None = None, *, seed: int = 0) -> pd.DataFrame:
    """Return the rows with columns about each of them.

    .fitted : the most probable class, .prob : its probability
    .resid_deviance, .resid_quantile : see `gg.residuals`; the second in the sorted order of the classes, drawn with
        `seed`, and absent where rows are spread over several classes
    .hat, .cooksd, .delta_deviance : see `gg.influence`; only for the rows of the fit, since others have nothing in it
        that could be deleted, and not where `gg.influence` is refused (under a ridge; without memory for it)

    Rows without the response get the first two alone.

    Raises
    ------
    DataError, FormulaError
        For rows that the design cannot use, for columns of these names, and for a loaded result without `rows`.
    """
    table = result.require_rows(None if rows is None else read_rows(rows)).copy()
    taken = [name for name in table.columns if str(name) in _NAMES]
    if taken:
        raise DataError(f"The rows have columns {', '.join(taken)}, which augment adds. Drop or rename them.")
    if rows is not None and result.design.response not in table:
        prob = result.predict(table).to_numpy()
        return _fitted(table, result, prob).set_axis(index_of(result, rows))
    problem = problem_of(result, rows)
    prob = fitted_probabilities(result, problem)
    table = _fitted(table, result, prob)
    table[".resid_deviance"] = deviance_residuals(prob, problem.y)
    if problem.y.ndim == 1:
        table[".resid_quantile"] = quantile_residuals(
            prob, np.asarray(problem.y, dtype=np.int64), np.arange(problem.classes), np.random.default_rng(seed)
        )
    if is_of_fit(result, problem):
        table = _with_influence(table, result, rows)
    return table.set_axis(index_of(result, rows))


def _fitted(table: pd.DataFrame, result: Result, prob: np.ndarray) -> pd.DataFrame:
    return table.assign(**{".fitted": np.array(result.classes)[prob.argmax(axis=1)], ".prob": prob.max(axis=1)})


def _with_influence(table: pd.DataFrame, result: Result, rows: Source | None) -> pd.DataFrame:
    try:
        deletion = deletable(result, rows).rows
    except InferenceError:
        return table
    return table.assign(
        **{".hat": deletion.hat, ".cooksd": deletion.cooks_distance, ".delta_deviance": deletion.deviance}
    )
