"""Stage 8: what makes a genre? Effects in probabilities, what each term is worth, and how genres lie to each other."""

from typing import Any

import pandas as pd

from genreglm import classes, effects, importance
from genreglm.result import Result
from genreglm.study.context import Study
from genreglm.study.inference_model import inference_model

_EXAMPLES = 3
# With fewer clusters to a degree of freedom, clustered Wald tests reject far too often what is only noise.
_CLUSTERS_A_DF = 10


def run(study: Study) -> None:
    """Leave tables of effects, importance, distances, the tree, the map and typical tracks, and `work/genres.json`."""
    store = study.store
    tracks = store.read_frame("tracks")
    model = inference_model(store, tracks)
    features = [name for name in store.read_json("work/preprocess.json")["features"] if name in model.design.variables]
    if features:
        _effects(study, model, tracks, features)
    found = _importance(study, model)
    found |= _likeness(study, model)
    _typical(study, model, tracks)
    store.json("work/genres.json", found)


def _effects(study: Study, model: Result, tracks: pd.DataFrame, features: list[str]) -> None:
    table = effects.marginal_effects(model, variables=features)
    deviations = pd.DataFrame({"variable": features, "sd": [float(tracks[name].std()) for name in features]})
    study.store.table("marginal_effects", table)
    study.store.table("feature_scales", deviations)
    per_deviation = table["estimate"] * table["variable"].map(deviations.set_index("variable")["sd"])
    row = table.iloc[int(per_deviation.abs().argmax())]
    study.note(f"largest average marginal effect: {row['variable']} on {row['class']}")


def _importance(study: Study, model: Result) -> dict[str, Any]:
    found = importance.term_importance(model)
    study.store.table("term_importance", found.terms)
    study.store.table("genre_importance", found.classes)
    ranked = found.terms.sort_values("lr_share", ascending=False, kind="stable")
    gains = found.classes.sort_values("gain", ascending=False, kind="stable")
    leaders = gains.drop_duplicates("class")["term"].value_counts()
    study.note(f"most of the likelihood rests on {ranked['term'].iloc[0]} ({ranked['lr_share'].iloc[0]:.0%})")
    return {
        "terms": ranked[["term", "lr_share"]].to_dict("records"),
        "leaders": [[term, int(count)] for term, count in leaders.items()],
        "strongest": gains.head(5)[["class", "term", "gain"]].to_dict("records"),
    }


def _likeness(study: Study, model: Result) -> dict[str, Any]:
    store = study.store
    distances = classes.class_distances(model)
    wald = classes.class_distances(model, kind="wald")
    sizes = classes.class_distances(model, kind="log-odds").drop(columns="distance")
    sizes = sizes.rename(columns={"size": "log_odds_apart"})
    table = distances.merge(sizes, on=["class_1", "class_2"]).merge(
        wald.drop(columns="distance"), on=["class_1", "class_2"]
    )
    store.table("genre_distances", table)
    tree = classes.class_tree(distances)
    store.table("genre_tree", tree.nodes)
    found = classes.class_map(model)
    store.table("genre_map", found.points)
    store.table("genre_map_dimensions", found.dimensions)
    near = distances.sort_values("distance", kind="stable")
    mean = pd.concat([distances[["class_1", "distance"]].set_axis(["class", "distance"], axis=1),
                      distances[["class_2", "distance"]].set_axis(["class", "distance"], axis=1)])  # fmt: skip
    apart = mean.groupby("class")["distance"].mean().sort_values(ascending=False, kind="stable")
    alike = _not_told_apart(model, wald)
    study.note(
        f"nearest genres: {near['class_1'].iloc[0]} and {near['class_2'].iloc[0]}; "
        + ("too few clusters to test pairs" if alike is None else f"{alike} pairs not told apart")
    )
    return {
        "nearest": near.head(8)[["class_1", "class_2", "distance"]].to_dict("records"),
        "apart": [str(name) for name in apart.index[:5]],
        "pairs": len(wald),
        "not_told_apart": alike,
        "cophenetic": float(tree.cophenetic),
        "map_share": [float(share) for share in found.dimensions["share"].head(2)],
    }


def _not_told_apart(model: Result, wald: pd.DataFrame) -> int | None:
    """Count the pairs that a test does not tell apart, those without a test too; None where no test can be believed."""
    assert model.inference is not None
    if model.inference.units < _CLUSTERS_A_DF * wald["df"].max():
        return None
    return int((~(wald["p_adjusted"] <= 0.05)).sum())


def _typical(study: Study, model: Result, tracks: pd.DataFrame) -> None:
    names = [name for name in ("track_name", "artist") if name in tracks]
    table = classes.typical_rows(model, most=_EXAMPLES, names=names, distinct="artist")
    study.store.table("typical_tracks", table.drop(columns="row"))
