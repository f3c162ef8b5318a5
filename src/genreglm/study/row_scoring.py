"""Every model's scores row by row, on the genre, on any genre of the track, and on the genre's family."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.evaluation import grouping, row_scores


def memberships(labels: pd.Series, classes: Sequence[str]) -> NDArray[np.bool_]:
    """Return (rows, classes), True where the row's track carries the label anywhere in the table."""
    position = {label: code for code, label in enumerate(classes)}
    member = np.zeros((len(labels), len(classes)), dtype=bool)
    for row, joined in enumerate(labels):
        for label in joined.split("|"):
            if label in position:
                member[row, position[label]] = True
    return member


def scored_rows(
    probs: Mapping[str, NDArray[Any]], rows: pd.DataFrame, classes: Sequence[str], families: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    """Return model -> scores of each row, with `family_top_1` where there are families.

    Parameters
    ----------
    probs : model -> (rows, classes)
    rows : with `track_genre` and `labels`
    classes : in the order of the columns of `probs`
    families : genre and family of each class
    """
    truth = pd.Index(list(classes)).get_indexer(pd.Index(rows["track_genre"])).astype(np.int64)
    members = memberships(rows["labels"], classes)
    scored = {name: row_scores(prob, truth, members) for name, prob in probs.items()}
    if families is not None:
        groups = grouping(list(classes), families)
        of_truth = groups.codes[truth]
        for name, prob in probs.items():
            scored[name]["family_top_1"] = (groups.sums(prob).argmax(axis=1) == of_truth).astype(float)
    return scored
