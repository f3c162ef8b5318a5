"""`evaluate`: the scores of a fitted model on rows it has not seen, as one row of a table."""

from functools import partial

import numpy as np
import pandas as pd

from genreglm.errors import DataError, OptionError
from genreglm.evaluation.label_scores import share_scores
from genreglm.evaluation.row_scores import RowScores
from genreglm.evaluation.scores import all_scores, scores
from genreglm.result import Result
from genreglm.sources import Source, comes_in_batches, map_batches, read_rows


def evaluate(result: Result, rows: Source, *, soft_labels: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row: top_1, top_3, top_5, macro_f1, log_loss, brier, ece on `rows`.

    With `soft_labels`, a frame of shares with one column a class (see `gg.label_shares`), the row holds what can be
    said of rows with several labels: the expected log_loss; top_1, top_3, top_5, the share of the labels among the
    most probable classes; any_1, any_3, any_5, whether any label is; and the ceiling of top_1.

    Parquet files (a folder, a pattern) and Dask frames are met in batches, of which 60 bytes a row are kept.

    The caller answers for the rows being unseen: split them by artist, not at random.

    Raises
    ------
    DataError
        For a class, level or value that the model does not know, and for shares of other rows or classes.
    """
    if comes_in_batches(rows):
        if soft_labels is not None:
            raise OptionError("soft_labels are for rows in memory: give a frame.")
        columns = [result.design.response, *result.design.variables]
        task = partial(_row_scores, result.without_rows(inference=False))
        parts = map_batches(task, rows, list(dict.fromkeys(columns)))
        return pd.DataFrame([all_scores(RowScores.joined(parts))])
    frame = read_rows(rows)
    prob = result.predict(frame).to_numpy()
    if soft_labels is None:
        found = scores(prob, result.design.codes(frame))
        return pd.DataFrame([{name: value for name, value in found.items() if name != "any_label"}])
    unknown = set(soft_labels.columns) - set(result.classes)
    if unknown:
        raise DataError(f"The model does not know the classes {', '.join(sorted(map(str, unknown))[:10])}.")
    shares = soft_labels.reindex(columns=list(result.classes), fill_value=0.0).to_numpy(dtype=np.float64)
    return pd.DataFrame([share_scores(prob, shares).mean().to_dict()])


def _row_scores(result: Result, batch: pd.DataFrame) -> RowScores:
    return RowScores.of(result.predict(batch).to_numpy(), result.design.codes(batch))
