"""Stage 2: clean, split, learn the recipe on training rows, apply it to all; a ledger of every change."""

import pandas as pd

from genreglm.study.context import Study
from genreglm.study.families import families_of
from genreglm.study.near_duplicates import with_song_rows
from genreglm.study.splits import assign_splits
from genreglm.tracks.cleaning import clean_rows
from genreglm.tracks.genres import identical_genres, label_ceiling
from genreglm.tracks.ledger import Entry, Ledger
from genreglm.tracks.recipe import Recipe, learn


def run(study: Study) -> None:
    """Leave `work/tracks.parquet`, `work/recipe.json`, `ledger.csv` and the table of transforms."""
    store, config = study.store, study.config
    ledger = Ledger(Entry(**entry) for entry in store.read_json("work/ledger_load.json"))
    rows = store.read_frame("validated")
    identical = identical_genres(rows)
    cleaned = clean_rows(
        rows, ledger, merge_identical=config.merge_identical, min_genre_rows=config.min_genre_rows
    ).reset_index(drop=True)
    splits = assign_splits(cleaned, test_share=config.test_share, valid_share=config.valid_share, seed=config.seed)
    training = (splits["split_artist"] == "train").to_numpy()
    recipe = learn(cleaned[training])
    tracks = with_song_rows(recipe.apply(cleaned, ledger).assign(**splits), ledger, as_one=_as_one(study))
    # Before anything is fitted: a file of families that does not cover the genres is refused here.
    families = families_of(study, tracks["track_genre"])
    if families is not None:
        store.table("genre_families", families)
    store.frame("tracks", tracks)
    store.json("work/recipe.json", recipe.to_dict())
    store.table("transforms", recipe.transform_table())
    store.csv("ledger.csv", ledger.to_frame())
    findings = _findings(tracks, recipe, identical if config.merge_identical else [])
    store.json("work/preprocess.json", {"rows_in": len(rows), **findings})
    for entry in ledger.entries:
        if entry.count:
            study.note(f"{entry.count:,} {entry.unit}: {entry.rule} ({entry.action})")
    study.note(f"rows in {len(rows):,} = rows out {len(tracks):,} + dropped {len(rows) - len(tracks):,}")


def _as_one(study: Study) -> bool:
    return study.config.near_duplicates == "as one"


def _findings(tracks: pd.DataFrame, recipe: Recipe, identical: list[tuple[str, ...]]) -> dict[str, object]:
    split = tracks["split_artist"]
    training = tracks[split == "train"]
    factors = [name for name in recipe.factors if training[name].min() < training[name].max()]
    return {
        "rows_out": len(tracks),
        "near_duplicates": int((tracks["song_rows"] > 1).sum()),
        "genres": int(tracks["track_genre"].nunique()),
        "artists": int(tracks["artist"].nunique()),
        "tracks": int(tracks["track_id"].nunique()) if "track_id" in tracks else None,
        "multi_label_tracks": _multi_label_tracks(tracks),
        "label_ceiling": float(label_ceiling(tracks)),
        "merged": [list(group) for group in identical],
        "beatless_rows": int((~tracks["beat_found"]).sum()),
        "features": list(recipe.features),
        "factors": factors,
        "has_popularity": "popularity" in tracks and "popularity" not in recipe.unusable,
        "has_artists": "artists" in tracks,
        **{f"{part}_rows": int((split == part).sum()) for part in ("train", "valid", "test")},
        **{f"{part}_artists": int(tracks.loc[split == part, "artist"].nunique()) for part in ("train", "test")},
    }


def _multi_label_tracks(tracks: pd.DataFrame) -> int | None:
    if "track_id" not in tracks:
        return None
    return int(tracks.loc[tracks["labels"].str.contains("|", regex=False), "track_id"].nunique())
