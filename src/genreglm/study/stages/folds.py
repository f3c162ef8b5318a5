"""Stage 13, on request: every model on every fold of artists, tuned anew for each; and every row of a larger table."""

import shutil

import numpy as np

from genreglm.result import load
from genreglm.study.assurance import pooled
from genreglm.study.context import Study
from genreglm.study.drawn_artists import ArtistDraw, artist_draw
from genreglm.study.every_row import fit_to_every_row, scores_of_others
from genreglm.study.fold_contests import fold_contests
from genreglm.study.model_cards import model_cards, model_differences
from genreglm.tagger.store import load_tagger
from genreglm.tracks.genres import merged_names
from genreglm.tracks.recipe import Recipe

_EVERY_ROW = "every_row"


def run(study: Study) -> None:
    """Leave the cards of all models over all artists, their differences, and their scores by fold.

    Of a table out of which artists were drawn, leave the inference on all rows, and the accuracy on the others.
    """
    draw = artist_draw(study.config)
    if draw is not None:
        _every_row(study, draw)
    if study.config.thorough:
        _every_fold(study)
    else:
        study.note("left out: --thorough tests every model on every artist, in an hour or so")
    shutil.rmtree(study.store.scratch(_EVERY_ROW), ignore_errors=True)


def _every_fold(study: Study) -> None:
    store, config = study.store, study.config
    tracks, formulas = store.read_frame("tracks"), store.read_json("work/formulas.json")
    families = store.read_table("genre_families") if store.has("tables/genre_families.csv") else None
    found = fold_contests(tracks, formulas, config, families, study.note)
    if found.assured is not None:
        corrections, sets = pooled(found.assured, config.seed)
        store.table("corrections_by_fold", corrections)
        store.table("sets_by_fold", sets)
    counts = {name: found.chosen.count(name) for name in dict.fromkeys(found.chosen)}
    best = max(counts, key=lambda name: counts[name])
    store.table("cards_by_fold", model_cards(found.scored, found.cells, found.artists, best, config.seed))
    store.table("differences_by_fold", model_differences(found.scored, found.artists, best, config.seed))
    store.table("scores_by_fold", found.folds)
    told = {"model": best, "chosen": counts, "rows": len(found.artists), "rows_in": len(tracks)}
    store.json("work/folds.json", {**told, "artists": int(found.artists.nunique()), "folds": config.test_share})
    study.note(f"{len(found.artists):,} of {len(tracks):,} rows tested once; chosen most often: {best}")


def _every_row(study: Study, draw: ArtistDraw) -> None:
    store, config = study.store, study.config
    merged = merged_names(store.read_json("work/preprocess.json")["merged"])
    if draw.share < 1.0:
        tagger = load_tagger(store.path("model"))
        scores = scores_of_others(draw, tagger, config, merged)
        store.table("scores_of_others", scores)
        told = scores.set_index("score")["estimate"]
        study.note(
            f"{scores['rows'].iloc[0]:,} tracks by {scores['artists'].iloc[0]:,} other artists: top-1 "
            f"{told['top_1']:.4f}, top-5 {told['top_5']:.4f}, log-loss {told['log_loss']:.4f}"
        )
    model = load(store.path("work/inference_model"))
    recipe = Recipe.from_dict(store.read_json("work/recipe.json"))
    found = fit_to_every_row(draw, model, recipe, config, merged, store.scratch(_EVERY_ROW))
    store.table("coefficients_every_row", found.tidy(reference=None, adjust="bh"))
    errors = [np.nanmedian(each.tidy(reference=None)["std_error"]) for each in (model, found)]
    study.note(
        f"inference on {found.statistics.nobs:,.0f} rows: {found.statistics.passes} passes; the median standard error "
        f"is {errors[1]:.4f}, of the artists drawn {errors[0]:.4f}"
    )
