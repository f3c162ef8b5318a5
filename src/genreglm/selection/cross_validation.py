"""Cross-validation by artist: how well a model does on groups that it has not seen, fold by fold."""

from typing import Any, get_args

import numpy as np
import pandas as pd

from genreglm.designs import Design
from genreglm.engine.penalties import Penalty
from genreglm.errors import OptionError
from genreglm.inputs import Column
from genreglm.options import Metric, check_choice, check_level
from genreglm.selection.bootstrap import resampled
from genreglm.selection.candidates import Penalties, named_penalties
from genreglm.selection.dealt import RANDOM_ROWS, Dealt
from genreglm.selection.groups import Groups
from genreglm.selection.held_out import Scored
from genreglm.selection.jobs import require_jobs
from genreglm.sources import Source

WARNING = (
    "Random rows: rows of one artist are on both sides, and a model is rewarded for knowing artists again. This is no "
    "measure of artists not heard."
)


def cross_validate(
    formula: str | Design,
    rows: Source,
    *,
    groups: Groups = "artist",
    folds: int = 5,
    repeats: int = 1,
    stratify: bool = True,
    metric: Metric = "log_loss",
    penalty: Penalty | None = None,
    penalties: Penalties | None = None,
    weights: Column | None = None,
    draws: int = 200,
    conf_level: float = 0.95,
    seed: int = 0,
    jobs: int = 1,
) -> pd.DataFrame:
    """Return the scores of a model on each fold of groups, fitted to all other folds: one row a candidate and fold.

    The table has repeat, fold, candidate, log_loss, top_1, top_3, top_5, macro_f1, brier, ece, rows and groups (those
    scored), unseen (rows of a class that no other fold has) and unseen_levels (other rows with a level of a factor
    that no other fold has), neither of which a model can tell, so they are not scored; weight (of the rows scored);
    metric, and of it std_error, conf_low, conf_high over samples of the fold's groups (`genreglm.selection.bootstrap`);
    split (by what rows were dealt) and warning (empty, unless rows were dealt at random). `gg.choose` sums it up.

    Parameters
    ----------
    formula : a formula, learnt from the training rows of each fold, or a design learnt before from all rows
    groups : a column's name, whose rows are all held out or none; the first named artist, say. A list of several names
        keeps together what any of them links. ``"rows"`` deals single rows at random, on request only: rows of one
        artist are then on both sides, and the table says so
    folds, repeats : each repeat deals all groups into folds anew
    stratify : give each fold its share of every class as nearly as whole groups allow; False deals groups at random
    metric : the score that is to be chosen by
    penalty, penalties : one, as in `gg.fit`; or several candidates, as a list or by name, the simplest first (ridges
        are put in that order). Candidates share the folds
    weights : frequencies, as in `gg.fit`, for the fits and the scores
    draws, conf_level : samples of groups for std_error and the interval, and its level
    jobs : folds fitted at a time, in processes of their own; it changes neither the answer nor the order. A fit of many
        rows uses all cores by itself, and each process needs its memory: worth it for many folds of small tables

    Raises
    ------
    DataError
        For rows without a group, fewer groups than folds, one group that is half as large again as a fold, and folds
        in which no row can be scored.
    OptionError
        For folds below 2, repeats, jobs below 1, draws below 2, an unknown metric, or both `penalty` and `penalties`.
    GenreglmError
        What `gg.fit` raises for rows or a model that cannot be fitted, with the fold as a note.
    """
    check_choice("metric", metric, Metric)
    check_level(conf_level)
    if draws < 2:
        raise OptionError(f"draws={draws!r}: a spread needs 2 samples or more.")
    candidates = named_penalties(penalty, penalties)
    dealt = Dealt.of(formula, rows, groups, folds, repeats, stratify, weights, seed)
    records = []
    for repeat, fold, found in dealt.scored(formula, candidates, require_jobs(jobs)):
        for name, held in found.items():
            scored = record(held, metric, draws, conf_level, (seed, repeat, fold))
            records.append({"repeat": repeat, "fold": fold, "candidate": name, **scored})
    table = pd.DataFrame(records).assign(split=dealt.by, warning=WARNING if dealt.by == RANDOM_ROWS else "")
    order = table["candidate"].map(list(candidates).index)
    return table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def record(held: Scored, metric: Metric, draws: int, conf_level: float, seed: tuple[int, ...]) -> dict[str, Any]:
    """Return the scores of a fold, what was scored, and the metric's spread over samples of groups."""
    found = resampled(held, metric, draws, seed)
    low, high = np.quantile(found, [(1.0 - conf_level) / 2.0, (1.0 + conf_level) / 2.0])
    return {
        **{name: held.scores.score(name, held.weights) for name in get_args(Metric)},
        "rows": len(held.weights),
        "groups": len(np.unique(held.groups)),
        "unseen": held.unseen,
        "unseen_levels": held.unseen_levels,
        "weight": float(held.weights.sum()),
        "metric": metric,
        "std_error": float(found.std(ddof=1)),
        "conf_low": float(low),
        "conf_high": float(high),
    }
