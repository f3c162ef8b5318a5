"""Accuracy one level up: classes in families, and labels that no ear can tell scored apart from those that it can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError
from genreglm.evaluation.row_scores import row_losses
from genreglm.evaluation.scores import confusion_table, report_table, worst_confusions
from genreglm.options import LabelKind

Floats = NDArray[Any]
Integers = NDArray[np.int64]
Families = Mapping[Any, str] | pd.DataFrame


@dataclass(frozen=True)
class Grouping:
    """Classes in families: names (families,), each class's family (classes,), and whether it is a sound (classes,)."""

    names: tuple[str, ...]
    codes: Integers
    sound: NDArray[np.bool_]

    def sums(self, prob: Floats) -> NDArray[np.float64]:
        """Return the probability of each family, (rows, families)."""
        return np.asarray(prob.astype(float) @ np.eye(len(self.names))[self.codes])


def checked_families(families: Families) -> pd.DataFrame:
    """Return genre, family, kind, note of a mapping genre -> family or of a table with these columns.

    A table may do without `kind`, then all are sounds, and without `note`.

    Raises
    ------
    DataError
        Where a column is absent, a genre is named twice or without a family, or a kind is unknown.
    """
    if isinstance(families, pd.DataFrame):
        table = families.copy()
    else:
        table = pd.DataFrame({"genre": list(families), "family": list(families.values())})
    absent = [name for name in ("genre", "family") if name not in table]
    if absent:
        raise DataError(f"A table of families needs the columns genre and family; {', '.join(absent)} is not there.")
    table = table.assign(kind=table.get("kind", "sound"), note=table.get("note", ""))
    table["kind"] = table["kind"].replace("", "sound").fillna("sound")
    if table["genre"].duplicated().any():
        twice = table.loc[table["genre"].duplicated(), "genre"].unique()
        raise DataError(f"A genre has one family; named more than once: {', '.join(map(str, twice))}.")
    if (table["family"].isna() | (table["family"] == "")).any():
        bare = table.loc[table["family"].isna() | (table["family"] == ""), "genre"]
        raise DataError(f"Without a family: {', '.join(map(str, bare))}.")
    odd = sorted(set(table["kind"]) - set(get_args(LabelKind)))
    if odd:
        raise DataError(f"kind {', '.join(map(str, odd))}: it must be one of {', '.join(get_args(LabelKind))}.")
    return table[["genre", "family", "kind", "note"]].reset_index(drop=True)


def grouping(classes: Sequence[Any], families: Families) -> Grouping:
    """Return the families of `classes`.

    Raises
    ------
    DataError
        Where a class has none, with the names.
    """
    table = checked_families(families).set_index("genre")
    missing = [str(name) for name in classes if name not in table.index]
    if missing:
        raise DataError(f"The table of families does not cover {', '.join(missing)}. Add a line for each.")
    chosen = table.loc[list(classes)]
    codes, names = pd.factorize(chosen["family"], sort=True)
    return Grouping(tuple(names), codes.astype(np.int64), (chosen["kind"] == "sound").to_numpy())


def family_scores(prob: pd.DataFrame, truth: Sequence[Any] | pd.Series, families: Families) -> pd.DataFrame:
    """Return scope, rows, top_1, family_top_1, family_of_top_1, family_log_loss, largest_family.

    Parameters
    ----------
    prob : (rows, classes) probabilities, the classes in the columns, as `Result.predict` returns them
    truth : (rows,) true classes
    families : class -> family, or a table with the columns `genre`, `family` and perhaps `kind`, such as that of
        `gg.genre_families`

    The family told is the one with the largest sum of its classes' probabilities, P_f = sum of p_k over k in f:
    `family_top_1` is how often that is right, `family_log_loss` the mean of -log P of the true family (nats).
    `family_of_top_1` is how often the family of the most probable class is right. `largest_family` is what naming the
    most frequent family of these rows gets right, and `top_1` the accuracy among classes.

    The scopes are all rows; the rows of `sounds` and of `not sounds` (by the kind of their true label), each among
    all classes; and `sounds among sounds`: the rows of sounds with the probabilities of all other labels left out.
    A scope without rows has no line.

    Raises
    ------
    DataError
        Where a class has no family, a true class is not among the columns, or the lengths differ.
    """
    classes = list(prob.columns)
    groups, codes = grouping(classes, families), class_codes(classes, truth, len(prob))
    values = prob.to_numpy()
    sound = groups.sound[codes]
    scopes: list[tuple[str, Any, Any]] = [("all", slice(None), slice(None))]
    if not groups.sound.all():
        among = np.flatnonzero(groups.sound)
        scopes += [("sounds", sound, slice(None)), ("not sounds", ~sound, slice(None))]
        scopes += [("sounds among sounds", sound, among)]
    records = []
    for scope, rows, kept in scopes:
        part = values[rows][:, kept]
        if len(part):
            records.append({"scope": scope, **_scores(part, codes[rows], groups, np.arange(len(classes))[kept])})
    return pd.DataFrame(records)


def family_report(prob: pd.DataFrame, truth: Sequence[Any] | pd.Series, families: Families) -> pd.DataFrame:
    """Return family, genres, support, recall, precision, f1, top_1, taken_for, taken_rate: a row a family.

    The family told is the one with the largest sum of probabilities. `top_1` is the accuracy among classes on the
    family's rows; `taken_for` the family that most of its rows outside of it are put into, `taken_rate` the share.
    Parameters and errors are those of `family_scores`.
    """
    classes = list(prob.columns)
    groups, codes = grouping(classes, families), class_codes(classes, truth, len(prob))
    values = prob.to_numpy()
    sums, of_truth, right = groups.sums(values), groups.codes[codes], values.argmax(axis=1) == codes
    report = report_table(sums, of_truth, groups.names).rename(columns={"genre": "family"})
    count = len(groups.names)
    support = np.maximum(np.bincount(of_truth, minlength=count), 1)
    wrong = worst_confusions(confusion_table(sums, of_truth, groups.names), count**2).drop_duplicates("true")
    worst = wrong.set_index("true").reindex(groups.names)
    return report.assign(
        genres=np.bincount(groups.codes, minlength=count),
        top_1=np.bincount(of_truth, right, minlength=count) / support,
        taken_for=worst["predicted"].to_numpy(),
        taken_rate=worst["rate"].to_numpy(),
    )[["family", "genres", "support", "recall", "precision", "f1", "top_1", "taken_for", "taken_rate"]]


def class_codes(classes: Sequence[Any], truth: Sequence[Any] | pd.Series, rows: int) -> Integers:
    """Return the position of each true class among `classes`, (rows,).

    Raises
    ------
    DataError
        Where a true class is not among them, or there are not as many as `rows`.
    """
    if len(truth) != rows:
        raise DataError(f"There are {rows:,} rows of probabilities and {len(truth):,} true classes.")
    codes = np.asarray(pd.Index(list(classes)).get_indexer(pd.Index(list(truth))), dtype=np.int64)
    if (codes < 0).any():
        unknown = sorted({str(name) for name in np.asarray(truth, dtype=object)[codes < 0]})
        raise DataError(f"The model does not know the classes {', '.join(unknown[:10])}.")
    return codes


def _scores(prob: Floats, truth: Integers, groups: Grouping, kept: Integers) -> dict[str, float]:
    """Score rows on the classes `kept` alone, whose probabilities are made to sum to one."""
    inner = Grouping(groups.names, groups.codes[kept], groups.sound[kept])
    prob = prob.astype(float) / prob.sum(axis=1, keepdims=True, dtype=float)
    sums, told, of_truth = inner.sums(prob), kept[prob.argmax(axis=1)], groups.codes[truth]
    return {
        "rows": len(truth),
        "top_1": float((told == truth).mean()),
        "family_top_1": float((sums.argmax(axis=1) == of_truth).mean()),
        "family_of_top_1": float((groups.codes[told] == of_truth).mean()),
        "family_log_loss": float(row_losses(sums, of_truth).mean()),
        "largest_family": float(np.bincount(of_truth).max() / len(truth)),
    }
