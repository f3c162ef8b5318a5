"""Stage 4: the seed's engineered features, and the formulas that carry splines and interactions."""

import pandas as pd

from genreglm.study import exploration
from genreglm.study.context import Study
from genreglm.study.formulas import curve, factor_terms, formula, products, slopes_by, spline
from genreglm.tracks.tempo_grid import NAME as OFF_GRID

# A curve over the distance from the grid has little to tell but how near is near.
_GRID_DF = 4
_FEWEST_VALUES = 20  # that a curve is drawn through


def run(study: Study) -> None:
    """Leave `work/formulas.json` and the tables of bands and engineered features.

    Knots, centres and scales of the formulas' terms are learnt later, by each fit, from its training rows.
    """
    store, config = study.store, study.config
    tracks, found = store.read_frame("tracks"), store.read_json("work/preprocess.json")
    features, factors = found["features"], factor_terms(found["factors"], tracks)
    training = tracks[tracks["split_artist"] == "train"]
    beat = ["beat_found"] if training["beat_found"].any() and not training["beat_found"].all() else []
    smooth = [name for name in features if training[name].nunique() > _FEWEST_VALUES]
    curved = [curve(name, config.spline_df) if name in smooth else name for name in features]
    # Tempi that are all whole numbers were rounded, and tell nothing of what they were.
    grid = [OFF_GRID] if training[OFF_GRID].min() < training[OFF_GRID].max() else []
    sorts = [name for name in ("explicit", *grid) if name in grid or name in found["factors"]]
    by_sort = [product for name in sorts for product in slopes_by(name, features)]
    added = [*(spline(name, _GRID_DF, training) for name in grid), *beat]
    formulas = {
        "linear": formula([*features, *factors]),
        "splines": formula([*curved, *added, *factors]),
        "interactions": formula([*curved, *products(features), *by_sort, *added, *factors]),
    }
    if found["has_popularity"]:
        formulas["linear_popularity"] = formula([*features, "popularity", *factors])
    store.json("work/formulas.json", formulas)
    store.table("speech_bands", exploration.speech_bands(tracks))
    bands = exploration.popularity_bands(tracks)
    if bands is not None:
        store.table("popularity_bands", bands)
    listed = _listed(features, found["factors"], grid, beat, tracks)
    store.table("engineered_features", listed)
    study.note(f"{len(features)} continuous features, {len(found['factors'])} factors, {len(listed)} lines in all")


def _listed(
    features: list[str], factors: list[str], grid: list[str], beat: list[str], tracks: pd.DataFrame
) -> pd.DataFrame:
    """Return feature, kind, levels, used_in: what is made of the table's columns and where it is used."""
    every = "linear, splines, interactions"
    rows: list[tuple[str, str, int | None, str]]
    rows = [(name, "continuous, transformed by the recipe", None, every) for name in features]
    rows += [(name, "factor, one column a level but the first", int(tracks[name].nunique()), every) for name in factors]
    away = "log of the distance of the tempo from a whole number of beats a minute"
    rows += [(name, away, None, "splines, interactions") for name in grid]
    rows += [(name, "flag: a beat was found", 2, "splines, interactions") for name in beat]
    rows += [
        ("speech band", "music below 0.33, mixed, spoken above 0.66 of speechiness", 3, "tables only"),
        ("popularity band", "bands of popularity", 4, "tables, and the leak that the popularity study shows"),
    ]
    return pd.DataFrame(rows, columns=["feature", "kind", "levels", "used_in"]).astype({"levels": "Int64"})
