"""How much less a large group should count: powers of its size, judged on groups that the fit has not seen."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from genreglm.dependence import group_weights
from genreglm.designs import Design
from genreglm.engine.penalties import Penalty
from genreglm.errors import OptionError
from genreglm.inputs import Column
from genreglm.selection.dealt import Dealt
from genreglm.selection.held_out import Rows, held_out
from genreglm.sources import Source, read_rows

_SCORES = ("log_loss", "top_1", "top_3", "top_5")


def tune_group_power(
    formula: str | Design,
    rows: Source,
    groups: str = "artist",
    *,
    powers: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    weights: Column | None = None,
    penalty: Penalty | None = None,
    folds: int = 5,
    stratify: bool = True,
    seed: int = 0,
) -> pd.DataFrame:
    """Return power, fold, rows, log_loss, top_1, top_3, top_5: fits under `gg.group_weights` of each power.

    Groups are dealt into folds; in each, a fit to the other folds, weighted, is scored on its rows, all of which count
    alike: so powers are judged by the same rows and the same measure. The power with the lowest mean log-loss is
    ``table.groupby("power")["log_loss"].mean().idxmin()``.

    Parameters
    ----------
    groups : the column whose rows are weighted, and held out, together
    powers : each from 0 to 1, see `gg.group_weights`
    weights : rows' own weights in the fits, which those of the groups multiply
    penalty, folds, stratify, seed : as in `gg.cross_validate`

    Raises
    ------
    DataError
        For rows without a group, fewer groups than folds, and what `gg.cross_validate` refuses.
    OptionError
        For no power, one outside 0 to 1, or folds below 2.
    """
    if not powers:
        raise OptionError("powers is empty; give at least one power between 0 and 1.")
    frame = read_rows(rows)
    dealt = Dealt.of(formula, frame, groups, folds, 1, stratify, None, seed)
    weighted = {power: group_weights(frame, groups, power, weights=weights) for power in powers}
    records = []
    for fold in range(folds):
        test, start = dealt.fold_of[0] == fold, None
        for power, weight in weighted.items():
            own = Rows(dealt.rows.frame, weight, dealt.rows.groups)
            held = held_out(formula, own, test, {"": penalty}, start)[""]
            start = held.result
            alike = np.ones(len(held.weights))
            found = {name: held.scores.score(name, alike) for name in _SCORES}
            records.append({"power": power, "fold": fold, "rows": len(alike), **found})
    return pd.DataFrame(records).sort_values(["power", "fold"], ignore_index=True)
