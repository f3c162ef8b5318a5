"""Models side by side with intervals, one level up in families, and on tracks of several genres."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.dependence import label_shares
from genreglm.evaluation import family_report, family_scores, share_scores
from genreglm.study.context import Study
from genreglm.study.model_cards import model_cards, model_differences
from genreglm.study.row_scoring import scored_rows
from genreglm.tracks.genres import track_codes

_YARDSTICK = "gradient boosting"


def compare(
    study: Study,
    probs: Mapping[str, NDArray[Any]],
    cells: Sequence[Mapping[str, Any]],
    rows: pd.DataFrame,
    chosen: str,
) -> dict[str, Any]:
    """Leave the model cards, the differences from the chosen model and the tables of families; return the findings.

    Parameters
    ----------
    probs : model -> (rows, genres) on the test rows, genres sorted
    cells : model, parameters, seconds, detail of each
    """
    store, seed = study.store, study.config.seed
    families = store.read_table("genre_families") if store.has("tables/genre_families.csv") else None
    classes = sorted(store.read_frame("tracks")["track_genre"].unique())
    scored = scored_rows(probs, rows, classes, families)
    cards = model_cards(scored, cells, rows["artist"], chosen, seed)
    store.table("model_cards", cards)
    store.table("model_differences", model_differences(scored, rows["artist"], chosen, seed))
    found = {"shares": _shares(probs[chosen], rows, classes)}
    if families is not None:
        tables = {name: pd.DataFrame(prob, columns=classes) for name, prob in probs.items()}
        found["families"] = _families(study, tables, rows["track_genre"], families, chosen)
    return found


def _families(
    study: Study, tables: Mapping[str, pd.DataFrame], truth: pd.Series, families: pd.DataFrame, chosen: str
) -> dict[str, Any]:
    """Leave `family_scores` (a row a model and scope) and `family_report` (a row a family)."""
    parts = [family_scores(prob, truth, families).assign(model=name) for name, prob in tables.items()]
    scores = pd.concat(parts, ignore_index=True)
    study.store.table("family_scores", scores[["model", *scores.columns.drop("model")]])
    report = family_report(tables[chosen], truth, families)
    if _YARDSTICK in tables:
        other = family_report(tables[_YARDSTICK], truth, families).set_index("family")["recall"]
        report["boosting_recall"] = report["family"].map(other)
    study.store.table("family_report", report)
    by_scope = {
        name: part.set_index("scope").drop(columns="model").to_dict("index") for name, part in scores.groupby("model")
    }
    kinds = families.loc[families["kind"] != "sound", "kind"].value_counts()
    return {
        "count": int(families["family"].nunique()),
        "genres": len(families),
        "kinds": {str(kind): int(number) for kind, number in kinds.items()},
        "chosen": by_scope[chosen],
        "boosting": by_scope.get(_YARDSTICK),
    }


def _shares(prob: NDArray[Any], rows: pd.DataFrame, classes: list[str]) -> dict[str, float]:
    """Score the model on distinct tracks, those under several genres with shares of each."""
    found = label_shares(
        pd.DataFrame(
            {"row": np.arange(len(rows)), "track": track_codes(rows), "genre": rows["track_genre"].to_numpy()}
        ),
        "track",
        "genre",
    )
    shares = found.shares.reindex(columns=classes, fill_value=0.0).to_numpy()
    means = share_scores(prob[found.rows["row"].to_numpy()], shares).mean()
    several = int((found.counts > 1).sum())
    return {"tracks": len(shares), "several": several, **{str(name): float(value) for name, value in means.items()}}
