"""`evaluate`: the scores of a fitted model on rows it has not seen, as one row of a table."""

import pandas as pd

from genreglm.evaluation.scores import scores
from genreglm.result import Result
from genreglm.sources import Source, read_rows


def evaluate(result: Result, rows: Source) -> pd.DataFrame:
    """Return one row: top_1, top_3, top_5, macro_f1, log_loss, brier, ece on `rows`.

    The caller answers for the rows being unseen: split them by artist, not at random.

    Raises
    ------
    DataError
        For a class, level or value that the model does not know.
    """
    frame = read_rows(rows)
    found = scores(result.predict(frame).to_numpy(), result.design.codes(frame))
    return pd.DataFrame([{name: value for name, value in found.items() if name != "any_label"}])
