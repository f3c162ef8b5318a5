"""Every artist tested once: all models tuned and fitted anew for each fold of artists, and scored on its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError
from genreglm.evaluation import grouped_folds
from genreglm.study.assurance import as_table, assured
from genreglm.study.config import StudyConfig
from genreglm.study.contest import Split, compete
from genreglm.study.row_scoring import scored_rows
from genreglm.study.splits import give_back
from genreglm.study.trained import Trained


@dataclass(frozen=True)
class FoldContests:
    """What came of all folds.

    Attributes
    ----------
    scored : model -> scores of each row that was tested
    artists : of these rows
    cells : model, parameters, seconds (of the last fits, all folds together) and detail (what was chosen)
    folds : a row a model and fold: the means of its rows' scores
    chosen : the GLM chosen in each fold
    assured : what `genreglm.study.assurance.assured` says of its rows; None where artists are too few for sets
    """

    scored: Mapping[str, pd.DataFrame]
    artists: pd.Series
    cells: list[dict[str, object]]
    folds: pd.DataFrame
    chosen: tuple[str, ...]
    assured: pd.DataFrame | None


def fold_contests(
    tracks: pd.DataFrame,
    formulas: Mapping[str, str],
    config: StudyConfig,
    families: pd.DataFrame | None,
    say: Callable[[str], None],
) -> FoldContests:
    """Deal artists into `config.test_share` folds; for each, tune on the next one, fit to all others, test on its own.

    Nothing is carried over from fold to fold, so that what is chosen never saw the rows that it is tested on.
    """
    fold_of = grouped_folds(tracks["artist"], config.test_share, config.seed)
    classes = sorted(tracks["track_genre"].unique())
    names = None if families is None else dict(zip(families["genre"], families["family"], strict=True))
    models: dict[str, list[Trained]] = {}
    scored: dict[str, list[pd.DataFrame]] = {}
    artists, chosen, sureness = [], [], []
    for fold in range(config.test_share):
        say(f"fold {fold + 1} of {config.test_share}")
        split = _split(tracks, fold_of, fold, config.test_share)
        found = compete(split, formulas, config, names, say)
        artists.append(split.test["artist"])
        chosen.append(found.chosen)
        sureness.append(_assured(found.trained[found.chosen].prob, split.test, classes, config.seed))
        rows = scored_rows({name: each.prob for name, each in found.trained.items()}, split.test, classes, families)
        for name, trained in found.trained.items():
            models.setdefault(name, []).append(replace(trained, prob=trained.prob[:0], result=None))
            scored.setdefault(name, []).append(rows[name])
            say(f"{name}: log-loss {rows[name]['log_loss'].mean():.4f}, top-1 {rows[name]['top_1'].mean():.4f}")
    return FoldContests(
        {name: pd.concat(parts, ignore_index=True) for name, parts in scored.items()},
        pd.concat(artists, ignore_index=True),
        [_cell(name, folds) for name, folds in models.items()],
        pd.DataFrame(
            {"model": name, "fold": fold, "rows": len(part), **part.mean()}
            for name, parts in scored.items()
            for fold, part in enumerate(parts)
        ),
        tuple(chosen),
        None if any(part is None for part in sureness) else pd.concat(sureness, ignore_index=True),
    )


def _split(tracks: pd.DataFrame, fold_of: NDArray[np.int64], fold: int, folds: int) -> Split:
    part = np.where(fold_of == fold, "test", np.where(fold_of == (fold + 1) % folds, "valid", "train")).astype(object)
    give_back(tracks, part)
    return Split(*(tracks[part == name] for name in ("train", "valid", "test")))


def _assured(prob: NDArray[np.float32], rows: pd.DataFrame, classes: list[str], seed: int) -> pd.DataFrame | None:
    try:
        return assured(as_table(prob, classes), rows.reset_index(drop=True), seed)
    except DataError:
        return None


def _cell(name: str, folds: list[Trained]) -> dict[str, object]:
    """Return a model's size and time, and what was chosen: once where all folds agree, else with the folds' numbers."""
    details = [each.detail for each in folds]
    told = details[0]
    if len(set(details)) > 1:
        told = " | ".join(
            f"{', '.join(str(k) for k, each in enumerate(details, 1) if each == detail)}: {detail}"
            for detail in dict.fromkeys(details)
        )
    return {
        "model": name,
        "parameters": max(each.parameters for each in folds),
        "seconds": round(sum(each.seconds for each in folds), 1),
        "detail": told,
    }
