"""Stage 10: score every model on rows it has not seen; where the best GLM errs, and what it lives on."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import diagnostics
from genreglm.evaluation import calibration_table, confusion_table, report_table, scores, worst_confusions
from genreglm.importance import permutation_importance
from genreglm.result import Result, load
from genreglm.study.context import Study
from genreglm.study.families import with_kind
from genreglm.study.row_scoring import memberships
from genreglm.study.side_by_side import compare

_SCORES = ("top_1", "top_3", "top_5", "any_label", "macro_f1", "log_loss", "brier", "ece")


def run(study: Study) -> None:
    """Leave the comparison, report, confusions, calibration and strengths, and `work/evaluation.json`."""
    store = study.store
    tracks = store.read_frame("tracks")
    chosen = store.read_json("work/chosen_model.json")["model"]
    classes = sorted(tracks["track_genre"].unique())
    held_out = {split: tracks[tracks[f"split_{split}"] == "test"] for split in ("artist", "random")}
    comparison, calibrations = [], []
    headline: NDArray[Any] | None = None
    members = {split: memberships(rows["labels"], classes) for split, rows in held_out.items()}
    cells, probs = [], {}
    for cell in store.read_json("work/trained.json"):
        prob = np.load(store.path(f"work/{cell['file']}.npy"), allow_pickle=False)
        rows = held_out[cell["split"]]
        truth = pd.Index(classes).get_indexer(pd.Index(rows["track_genre"])).astype(np.int64)
        found = scores(prob, truth, members[cell["split"]])
        described = {name: cell[name] for name in ("model", "split", "features", "parameters", "detail")}
        comparison.append({**described, **{name: found[name] for name in _SCORES}})
        if cell["split"] == "artist":
            name = cell["model"] if cell["features"] == "audio" else f"{cell['model']}, with popularity"
            cells.append({**cell, "model": name})
            probs[name] = prob
        if cell["split"] == "artist" and cell["features"] == "audio" and cell["model"] != "prior only":
            calibrations.append(calibration_table(prob, truth).assign(model=cell["model"]))
            if cell["model"] == chosen:
                headline = prob
    assert headline is not None
    table = pd.DataFrame(comparison)
    store.table("model_comparison", table)
    store.table("calibration", pd.concat(calibrations, ignore_index=True))
    model = load(store.path("work/chosen_result"))
    store.table("calibration_by_genre", diagnostics.calibration(model, held_out["artist"]))
    _write_mistakes(study, headline, held_out["artist"], classes)
    strength = _strength(study, model, held_out["artist"])
    store.table("term_strength", strength)
    findings = _findings(study, table, chosen, strength, held_out["artist"])
    findings |= compare(study, probs, cells, held_out["artist"], chosen)
    store.json("work/evaluation.json", findings)
    for row in table.itertuples():
        study.note(
            f"{row.model:<20} {row.split:<7} {row.features:<19} top-1 {row.top_1:.4f}  top-5 {row.top_5:.4f}  "
            f"log-loss {row.log_loss:.4f}"
        )


def _strength(study: Study, model: Result, rows: pd.DataFrame) -> pd.DataFrame:
    """Return term, increase (of the log-loss, nats a row), sd over three shuffles; the strongest first."""
    found = permutation_importance(model, rows, repeats=3, seed=study.config.seed)
    return found.rename(columns={"variable": "term"})[["term", "increase", "sd"]]


def _write_mistakes(study: Study, prob: NDArray[Any], rows: pd.DataFrame, classes: list[str]) -> None:
    truth = pd.Index(classes).get_indexer(pd.Index(rows["track_genre"])).astype(np.int64)
    confusion = confusion_table(prob, truth, classes)
    study.store.table("classification_report", with_kind(study.store, report_table(prob, truth, classes)))
    study.store.table("confusion_matrix", confusion, index=True)
    study.store.table("worst_confusions", worst_confusions(confusion, 50))


def _findings(
    study: Study, table: pd.DataFrame, chosen: str, strength: pd.DataFrame, test: pd.DataFrame
) -> dict[str, Any]:
    """Gather the numbers that the report tells."""
    store = study.store

    def cell(model: str, split: str = "artist", features: str = "audio") -> dict[str, Any] | None:
        match = table[(table["model"] == model) & (table["split"] == split) & (table["features"] == features)]
        return None if match.empty else {str(name): value for name, value in match.iloc[0].to_dict().items()}

    report = store.read_table("classification_report")
    supported = report[report["support"] > 0].sort_values("recall", ascending=False, kind="stable")
    recalls = list(supported[["genre", "recall"]].itertuples(index=False, name=None))
    linear, on_random = cell("GLM linear"), cell("GLM linear", "random")
    assert linear is not None
    assert on_random is not None
    confusions = store.read_table("worst_confusions").head(10)
    by_fold = store.read_table("artist_folds")["top_1"]
    return {
        "headline": cell(chosen),
        "candidates": store.read_json("work/chosen_model.json")["candidates"],
        "null": cell("prior only"),
        "boosting": cell("gradient boosting"),
        "linear_artist": linear,
        "linear_random": on_random,
        "folds": {"count": len(by_fold), "mean": by_fold.mean(), "low": by_fold.min(), "high": by_fold.max()},
        "gap_top_1": on_random["top_1"] - linear["top_1"],
        "label_ceiling": store.read_json("work/preprocess.json")["label_ceiling"],
        "test_rows": len(test),
        "test_artists": int(test["artist"].nunique()),
        "strongest": [{"feature": row.term, "increase": row.increase} for row in strength.head(3).itertuples()],
        "best_recall": [[genre, float(recall)] for genre, recall in recalls[:5]],
        "worst_recall": [[genre, float(recall)] for genre, recall in recalls[-5:]],
        "confusions": confusions.to_dict("records"),
    }
