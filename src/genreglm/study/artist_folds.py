"""How much of a score is the luck of one split: the linear model on folds of artists, each of them tested once."""

import numpy as np
import pandas as pd

from genreglm.evaluation import grouped_folds, scores
from genreglm.study.predictive import train_glm

_SCORES = ("top_1", "top_3", "top_5", "log_loss")


def artist_folds(formula: str, tracks: pd.DataFrame, strength: float, folds: int, seed: int) -> pd.DataFrame:
    """Return fold, artists, rows, unseen, top_1, top_3, top_5, log_loss of a ridge GLM worth `strength` rows.

    Artists are dealt into folds at random; each fold is tested by the model of all others. Rows whose genre no
    artist of the others has cannot be told; they are counted as `unseen` and not scored. The features are those of
    the headline split: their transforms and fillings saw its training artists, none of their genres.
    """
    fold = grouped_folds(tracks["artist"], folds, seed)
    records = []
    for number in range(folds):
        train, test = tracks[fold != number], tracks[fold == number]
        classes = np.unique(train["track_genre"])
        known = test[test["track_genre"].isin(classes)]
        trained = train_glm(formula, train, known, strength)
        found = scores(trained.prob, np.searchsorted(classes, known["track_genre"]))
        records.append(
            {
                "fold": number,
                "artists": known["artist"].nunique(),
                "rows": len(known),
                "unseen": len(test) - len(known),
                **{name: found[name] for name in _SCORES},
            }
        )
    return pd.DataFrame(records)
