"""Model cards: every model tried on the same artists never heard, with intervals, its size and its time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from genreglm.evaluation import bootstrap_means

# Fewer artists in the test are too few to draw from.
_FEWEST_ARTISTS = 10
_REPLICATES = 1000


def model_cards(
    scored: Mapping[str, pd.DataFrame], cells: Sequence[Mapping[str, Any]], artists: pd.Series, chosen: str, seed: int
) -> pd.DataFrame:
    """Return a row a model: model, chosen, parameters, seconds, detail, and each score with its ends of 95 %.

    Parameters
    ----------
    scored : model -> (rows, scores), row by row on the same test rows
    cells : what is known of each model in the order of the cards: model, parameters, seconds, detail
    artists : (rows,) whose rows are drawn together
    """
    known = pd.DataFrame(cells)[["model", "parameters", "seconds", "detail"]]
    known.insert(1, "chosen", known["model"] == chosen)
    found = _intervals(scored, artists, seed)
    wide: dict[str, Any] = {}
    for score, part in found.groupby("score", sort=False):
        part = part.set_index("model").reindex(known["model"])
        for end, column in (("", "estimate"), ("_low", "conf_low"), ("_high", "conf_high")):
            wide[f"{score}{end}"] = part[column].to_numpy()
    return known.assign(**wide)


def model_differences(scored: Mapping[str, pd.DataFrame], artists: pd.Series, chosen: str, seed: int) -> pd.DataFrame:
    """Return model, score, estimate, std_error, conf_low, conf_high, against: each model's score minus the chosen's.

    On the same draws of artists for both, so that what they find hard alike cancels.
    """
    if artists.nunique() < _FEWEST_ARTISTS:
        return _intervals({}, artists, seed).assign(against=chosen)
    return bootstrap_means(scored, artists, against=chosen, replicates=_REPLICATES, seed=seed)


def _intervals(scored: Mapping[str, pd.DataFrame], artists: pd.Series, seed: int) -> pd.DataFrame:
    """Return the scores with intervals, which are missing where artists are too few."""
    if scored and artists.nunique() >= _FEWEST_ARTISTS:
        return bootstrap_means(scored, artists, replicates=_REPLICATES, seed=seed)
    means = [(model, score, value) for model, table in scored.items() for score, value in table.mean().items()]
    table = pd.DataFrame(means, columns=["model", "score", "estimate"])
    return table.assign(std_error=np.nan, conf_low=np.nan, conf_high=np.nan)
