"""Stage 9: the predictive models in three sizes and their yardsticks, on the same rows and the same split."""

import io

import numpy as np
import pandas as pd

from genreglm.fitting import design
from genreglm.study.artist_folds import artist_folds
from genreglm.study.context import Study
from genreglm.study.predictive import (
    Trained,
    Weighting,
    choose_ridge,
    choose_weighting,
    train_boosting,
    train_discriminant,
    train_glm,
    train_prior,
)

# A linear model needs hardly any ridge, in rows: just enough to keep empty cells finite.
_LINEAR_RIDGE = 1.0


def run(study: Study) -> None:
    """Leave each model's probabilities on its test rows, the trace of strengths, and the best GLM in `model/`.

    Headline: split by artist, audio features only. Beside it the linear model on random rows and with popularity,
    and on every fold of artists.
    """
    store, config = study.store, study.config
    tracks, formulas = store.read_frame("tracks"), store.read_json("work/formulas.json")
    split = tracks["split_artist"]
    train, valid, test = (tracks[split == part] for part in ("train", "valid", "test"))
    cells = _Cells(study)
    chosen: tuple[float, str, Trained] | None = None
    # The linear model is the plain one of the comparisons by split and fold: its rows all count alike.
    plain, first, *others = _weightings(study)
    weighting, losses = first, {}
    for size in ("linear", "splines", "interactions"):
        strengths = (_LINEAR_RIDGE,) if size == "linear" else config.ridge
        choice = choose_ridge(formulas[size], train, valid, strengths, plain if size == "linear" else weighting)
        cells.traces.append(choice.trace.assign(model=size))
        if size == "splines" and others:
            choice = choose_weighting(formulas[size], train, valid, choice, others)
            weighting = choice.weighting
            store.table("weighting_trace", choice.trace)
            study.note(f"chosen on held-out artists: {weighting}")
        both = pd.concat([train, valid])
        trained = train_glm(formulas[size], both, test, choice.strength, choice.result, choice.weighting)
        losses[f"GLM {size}"] = choice.log_loss
        cells.keep(f"GLM {size}", "artist", "audio", trained)
        if chosen is None or choice.log_loss < chosen[0]:
            chosen = (choice.log_loss, size, trained)
    assert chosen is not None
    assert chosen[2].result is not None
    _yardsticks(study, cells, tracks, formulas["linear"])
    _other_cells(cells, tracks, formulas)
    cells.write()
    # The headline holds out one in `test_share` artists, so as many folds hold out as many.
    folds = config.test_share
    spread = artist_folds(formulas["linear"], tracks, _LINEAR_RIDGE, folds, config.seed)
    store.table("artist_folds", spread)
    study.note(
        f"GLM linear on {len(spread)} folds of artists: top-1 {spread['top_1'].mean():.4f} on average, from "
        f"{spread['top_1'].min():.4f} to {spread['top_1'].max():.4f}"
    )
    loss, size, trained = chosen
    store.record("model/result")
    chosen[2].result.save(store.path("model/result"))
    told = {"model": f"GLM {size}", "valid_log_loss": loss, "detail": trained.detail, "candidates": losses}
    store.json("work/chosen_model.json", told)
    study.note(f"chosen on held-out artists: GLM {size}")


def _weightings(study: Study) -> list[Weighting]:
    """Return rows that count alike, and then the ways of counting them that are tried."""
    as_one = study.config.near_duplicates == "as one"
    return [Weighting(), *(Weighting(power, as_one) for power in study.config.artist_weight_power)]


class _Cells:
    """The cells of the grid model x split x features, kept as they are trained."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.rows: list[dict[str, object]] = []
        self.traces: list[pd.DataFrame] = []

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

    def write(self) -> None:
        """Write the grid and the traces of ridge strengths."""
        self.study.store.json("work/trained.json", self.rows)
        self.study.store.table("ridge_trace", pd.concat(self.traces, ignore_index=True))


def _yardsticks(study: Study, cells: _Cells, tracks: pd.DataFrame, linear: str) -> None:
    """Train the prior, the linear discriminant and boosting on the headline split."""
    training, testing = tracks["split_artist"] != "test", tracks["split_artist"] == "test"
    learnt = design(linear, tracks[training])
    cells.keep(
        "prior only",
        "artist",
        "audio",
        train_prior(tracks.loc[training, learnt.response], int(testing.sum()), learnt.classes),
    )
    x, test_x = learnt.matrix(tracks[training])[:, 1:], learnt.matrix(tracks[testing])[:, 1:]
    cells.keep("linear discriminant", "artist", "audio", train_discriminant(x, learnt.codes(tracks[training]), test_x))
    if study.config.boosting == "full":
        columns = [name for name in learnt.variables if name != learnt.response] + ["beat_found"]
        split, codes = tracks["split_artist"], learnt.codes(tracks)
        trees = {
            part: (tracks.loc[split == part, columns].to_numpy(dtype=float), codes[split == part])
            for part in ("train", "valid", "test")
        }
        boosted = train_boosting(trees["train"], trees["valid"], trees["test"][0], study.config)
        cells.keep("gradient boosting", "artist", "audio", boosted)


def _other_cells(cells: _Cells, tracks: pd.DataFrame, formulas: dict[str, str]) -> None:
    """Train the linear model on random rows, and with popularity on both splits."""
    held_out = {split: tracks[f"split_{split}"] == "test" for split in ("artist", "random")}
    wanted = [("audio", "linear", "random")]
    if "linear_popularity" in formulas:
        wanted += [("audio + popularity", "linear_popularity", split) for split in held_out]
    for features, name, split in wanted:
        test = held_out[split]
        trained = train_glm(formulas[name], tracks[~test], tracks[test], _LINEAR_RIDGE)
        cells.keep("GLM linear", split, features, trained)
