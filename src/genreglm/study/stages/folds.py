"""Stage 13, on request: every model on every fold of artists, tuned anew for each."""

from genreglm.study.assurance import pooled
from genreglm.study.context import Study
from genreglm.study.fold_contests import fold_contests
from genreglm.study.model_cards import model_cards, model_differences


def run(study: Study) -> None:
    """Leave the cards of all models over all artists, their differences, and their scores by fold."""
    store, config = study.store, study.config
    if not config.thorough:
        study.note("left out: --thorough tests every model on every artist, in an hour or so")
        return
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
