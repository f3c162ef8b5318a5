"""How sure a prediction is: probabilities corrected, and sets of genres, both judged on artists they have not seen."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.evaluation import calibration_table, grouped_folds, row_losses, scores
from genreglm.evaluation.row_scores import bin_numbers, calibration_error
from genreglm.options import CalibrationMethod, SetGuarantee, SetKind
from genreglm.uncertainty import calibrate, conformal_sets, set_coverage
from genreglm.uncertainty.coverage import overall_coverage

Flags = NDArray[np.bool_]

METHODS: tuple[CalibrationMethod, ...] = ("temperature", "vector")
KINDS: tuple[SetKind, ...] = ("least_ambiguous", "adaptive", "class_conditional")
GUARANTEES: tuple[SetGuarantee, ...] = ("group", "row")
LEVEL = 0.9


def as_table(prob: NDArray[Any], classes: Sequence[str]) -> pd.DataFrame:
    """Return stored probabilities, which are in single precision, as a table whose rows sum to one."""
    values = prob.astype(float)
    return pd.DataFrame(values / values.sum(axis=1, keepdims=True), columns=list(classes))


def corrected(prob: pd.DataFrame, rows: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Return the probabilities "as fitted" and under each correction, each half corrected by what the other says.

    Parameters
    ----------
    prob : (rows, genres) on artists that the fit has not seen
    rows : their `track_genre` and `artist`
    """
    return {"as fitted": prob, **{method: _corrected(prob, rows, method, seed) for method in METHODS}}


def _corrected(prob: pd.DataFrame, rows: pd.DataFrame, method: CalibrationMethod, seed: int) -> pd.DataFrame:
    truth = rows["track_genre"]

    def half(learn: Flags, ask: Flags) -> pd.DataFrame:
        return calibrate(prob[learn], truth[learn], method=method).apply(prob[ask])

    return _crossed(prob, rows["artist"], seed, half)


def sets(
    prob: pd.DataFrame, rows: pd.DataFrame, kind: SetKind, guarantee: SetGuarantee, seed: int
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return sets of genres at 90 %, each half's by the thresholds of the other, and the genres that had none own."""
    truth, artists = rows["track_genre"], rows["artist"]
    fallback: set[str] = set()

    def half(learn: Flags, ask: Flags) -> pd.DataFrame:
        made = conformal_sets(
            prob[learn], truth[learn], artists[learn], kind=kind, guarantee=guarantee, level=LEVEL, seed=seed
        )
        fallback.update(made.fallback)
        return made.apply(prob[ask])

    return _crossed(prob, artists, seed, half), tuple(sorted(fallback))


def calibration_scores(probs: dict[str, pd.DataFrame], truth: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return log_loss, ece, brier and top_1 of each way, and its bins of equal numbers of rows."""
    records, bins = [], []
    for name, prob in probs.items():
        codes = pd.Index(prob.columns).get_indexer(pd.Index(truth)).astype(np.int64)
        found = scores(prob.to_numpy(), codes)
        records.append({"correction": name, **{score: found[score] for score in ("log_loss", "ece", "brier", "top_1")}})
        bins.append(calibration_table(prob.to_numpy(), codes).assign(correction=name))
    return pd.DataFrame(records), pd.concat(bins, ignore_index=True)


def coverage(prob: pd.DataFrame, rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a line for each kind and guarantee, and for the guarantee of artists one for each kind and genre.

    Raises
    ------
    DataError
        Where a half has too few artists.
    """
    overall, by_genre = [], []
    for kind in KINDS:
        for guarantee in GUARANTEES:
            made, fallback = sets(prob, rows, kind, guarantee, seed)
            table = set_coverage(made, rows["track_genre"], rows["artist"], seed=seed).assign(kind=kind)
            line = table.iloc[[0]].assign(guarantee=guarantee, fallback=len(fallback))
            overall.append(line.drop(columns="class"))
            if guarantee == "group":
                by_genre.append(table.iloc[1:].drop(columns=["conf_low", "conf_high"]))
    first = ["kind", "guarantee", "rows", "groups", "coverage", "conf_low", "conf_high", "group_coverage", "mean_size"]
    by_class = pd.concat(by_genre, ignore_index=True)
    return pd.concat(overall, ignore_index=True)[[*first, "empty", "fallback"]], by_class[
        ["kind", *by_class.columns.drop("kind")]
    ]


def assured(prob: pd.DataFrame, rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return what pooling over folds needs of each row: its genre's log-loss, the top probability and whether it is
    right, as fitted and with a temperature; and for each kind of set whether it holds the genre, and its size.
    """
    codes = pd.Index(prob.columns).get_indexer(pd.Index(rows["track_genre"])).astype(np.int64)
    each = np.arange(len(codes))
    found: dict[str, NDArray[Any]] = {"artist": rows["artist"].to_numpy()}
    for name, table in (("as fitted", prob), ("temperature", _corrected(prob, rows, "temperature", seed))):
        values = table.to_numpy()
        found |= {
            f"{name}: log_loss": row_losses(values, codes),
            f"{name}: confidence": values.max(axis=1),
            f"{name}: right": values.argmax(axis=1) == codes,
        }
    for kind in KINDS:
        held = sets(prob, rows, kind, "group", seed)[0].to_numpy()
        found |= {f"{kind}: held": held[each, codes].astype(float), f"{kind}: size": held.sum(axis=1).astype(float)}
    return pd.DataFrame(found)


def pooled(rows: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return log_loss and ece of each correction, and coverage and size of each kind of set, over all folds.

    Parameters
    ----------
    rows : the tables of `assured`, one after the other
    """
    corrections = []
    for name in ("as fitted", "temperature"):
        confidence, right = (rows[f"{name}: {what}"].to_numpy(dtype=float) for what in ("confidence", "right"))
        ece = calibration_error(confidence, right, bin_numbers(confidence), np.ones(len(rows)))
        corrections.append({"correction": name, "log_loss": rows[f"{name}: log_loss"].mean(), "ece": ece})
    records = []
    for kind in KINDS:
        named = {"artist": "group", f"{kind}: held": "held", f"{kind}: size": "size"}
        records.append({"kind": kind, **overall_coverage(rows[list(named)].rename(columns=named), seed=seed)})
    shown = ["kind", "coverage", "conf_low", "conf_high", "group_coverage", "mean_size"]
    return pd.DataFrame(corrections), pd.DataFrame(records)[shown]


def _crossed(
    prob: pd.DataFrame, artists: pd.Series, seed: int, half: Callable[[Flags, Flags], pd.DataFrame]
) -> pd.DataFrame:
    """Return what `half` gives for each half of the artists after learning from the other, in the order of `prob`."""
    fold = grouped_folds(artists, 2, seed)
    return pd.concat([half(fold != asked, fold == asked) for asked in (0, 1)]).loc[prob.index]
