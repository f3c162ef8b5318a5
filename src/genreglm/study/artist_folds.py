"""How much of a score is the luck of one split: the linear model on folds of artists, each of them tested once."""

from dataclasses import replace

import pandas as pd

from genreglm.evaluation import grouped_folds, scores
from genreglm.fitting import design
from genreglm.study.predictive import train_glm

_SCORES = ("top_1", "top_3", "top_5", "log_loss")


def artist_folds(formula: str, tracks: pd.DataFrame, strength: float, folds: int, seed: int) -> pd.DataFrame:
    """Return fold, artists, rows, unseen, top_1, top_3, top_5, log_loss of a ridge GLM worth `strength` rows.

    Artists are dealt into folds at random; each fold is tested by the model of all others. Rows whose genre no
    artist of the others has cannot be told; they are counted as `unseen` and not scored. The features are those of
    the headline split: their transforms and fillings saw its training artists, none of their genres. A level of a
    factor that only one fold has keeps its column, to which the ridge gives no weight.
    """
    fold = grouped_folds(tracks["artist"], folds, seed)
    learnt = design(formula, tracks)
    records = []
    for number in range(folds):
        train, test = tracks[fold != number], tracks[fold == number]
        seen = set(train["track_genre"])
        others = replace(learnt, classes=tuple(genre for genre in learnt.classes if genre in seen))
        known = test[test["track_genre"].isin(seen)]
        trained = train_glm(others, train, known, strength)
        found = scores(trained.prob, others.codes(known))
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
