"""How much of a score is the luck of one split: the linear model on folds of artists, each of them tested once."""

import pandas as pd

from genreglm.engine.penalties import Ridge
from genreglm.fitting import design
from genreglm.selection import cross_validate

_SHOWN = ["fold", "artists", "rows", "unseen", "top_1", "top_3", "top_5", "log_loss"]


def artist_folds(formula: str, tracks: pd.DataFrame, strength: float, folds: int, seed: int) -> pd.DataFrame:
    """Return fold, artists, rows, unseen, top_1, top_3, top_5, log_loss of a ridge GLM worth `strength` rows.

    Artists are dealt into folds at random; each fold is tested by the model of all others. Rows whose genre no
    artist of the others has cannot be told; they are counted as `unseen` and not scored. The features are those of
    the headline split: their transforms and fillings saw its training artists, none of their genres. A level of a
    factor that only one fold has keeps its column, to which the ridge gives no weight.
    """
    trained = len(tracks) * (1.0 - 1.0 / folds)
    table = cross_validate(
        design(formula, tracks),
        tracks,
        groups="artist",
        folds=folds,
        stratify=False,
        penalty=Ridge(strength / trained, standardise=True),
        seed=seed,
    )
    return table.rename(columns={"groups": "artists"})[_SHOWN]
