"""Stage 9: the predictive models in three sizes and their yardsticks, on the same rows and the same split."""

import io
import time
from collections.abc import Mapping

import numpy as np
import pandas as pd

from genreglm.result import Result
from genreglm.study.artist_folds import artist_folds
from genreglm.study.contest import LINEAR, Split, compete, train_glm
from genreglm.study.context import Study
from genreglm.study.manner import with_rows
from genreglm.study.trained import Trained
from genreglm.uncertainty import bootstrap


def run(study: Study) -> None:
    """Leave each model's probabilities on its test rows, what was tried, and the best GLM.

    Headline: split by artist, audio features only. Beside it the linear model on random rows and with popularity,
    and on every fold of artists.
    """
    store, config = study.store, study.config
    tracks, formulas = store.read_frame("tracks"), store.read_json("work/formulas.json")
    part = tracks["split_artist"]
    split = Split(*(tracks[part == name] for name in ("train", "valid", "test")))
    found = compete(split, formulas, config, _families(study), study.note)
    cells = _Cells(study)
    for model, trained in found.trained.items():
        cells.keep(model, "artist", "audio", trained)
    _other_cells(cells, tracks, formulas)
    store.json("work/trained.json", cells.rows)
    store.table("ridge_trace", found.ridges)
    if len(found.manners) > 1:
        store.table("manner_trace", found.manners)
    # The headline holds out one in `test_share` artists, so as many folds hold out as many.
    spread = artist_folds(formulas["linear"], tracks, LINEAR.strength, config.test_share, config.seed)
    store.table("artist_folds", spread)
    study.note(
        f"GLM linear on {len(spread)} folds of artists: top-1 {spread['top_1'].mean():.4f} on average, from "
        f"{spread['top_1'].min():.4f} to {spread['top_1'].max():.4f}"
    )
    best = found.trained[found.chosen]
    assert best.result is not None
    store.record("work/chosen_result")
    best.result.save(store.path("work/chosen_result"))
    if config.replicates:
        _keep_replicates(study, with_rows(best.result, split.fitted, found.manner))
    told = {"model": found.chosen, "valid_log_loss": found.losses[found.chosen], "detail": best.detail}
    store.json("work/chosen_model.json", {**told, "candidates": found.losses})
    study.note(f"chosen on held-out artists: {found.chosen}")


def _keep_replicates(study: Study, result: Result) -> None:
    """Leave the coefficients under other artists."""
    started = time.perf_counter()
    found = bootstrap(result, "artist", replicates=study.config.replicates, seed=study.config.seed)
    buffer = io.BytesIO()
    np.save(buffer, found.coefficients)
    study.store.raw("work/replicates.npy", buffer.getvalue())
    study.store.json("work/replicates.json", {"groups": found.groups})
    study.note(f"{study.config.replicates} draws of artists for intervals: {time.perf_counter() - started:.1f} s")


def _families(study: Study) -> dict[str, str] | None:
    """Return the family of each genre; None where the study goes without."""
    if not study.store.has("tables/genre_families.csv"):
        return None
    table = study.store.read_table("genre_families")
    return dict(zip(table["genre"], table["family"], strict=True))


class _Cells:
    """The cells of the grid model x split x features, kept as they are trained."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.rows: list[dict[str, object]] = []

    def keep(self, model: str, split: str, features: str, trained: Trained) -> None:
        """Store a model's probabilities and remember its line in the grid."""
        name = f"prob_{len(self.rows)}"
        buffer = io.BytesIO()
        np.save(buffer, trained.prob)
        self.study.store.raw(f"work/{name}.npy", buffer.getvalue())
        self.rows.append(
            {
                "model": model,
                "split": split,
                "features": features,
                "parameters": trained.parameters,
                "seconds": round(trained.seconds, 1),
                "detail": trained.detail,
                "file": name,
            }
        )
        self.study.note(f"{model} ({split} split, {features}): {trained.seconds:.1f} s, {trained.detail}")


def _other_cells(cells: _Cells, tracks: pd.DataFrame, formulas: Mapping[str, str]) -> None:
    """Train the linear model on random rows, and with popularity on both splits."""
    held_out = {split: tracks[f"split_{split}"] == "test" for split in ("artist", "random")}
    wanted = [("audio", "linear", "random")]
    if "linear_popularity" in formulas:
        wanted += [("audio + popularity", "linear_popularity", split) for split in held_out]
    for features, name, split in wanted:
        test = held_out[split]
        trained = train_glm(formulas[name], tracks[~test], tracks[test], LINEAR)
        cells.keep("GLM linear", split, features, trained)
