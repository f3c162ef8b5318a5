"""Intervals for scores on rows that are not independent: whole groups, such as artists, are drawn anew."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError, OptionError
from genreglm.evaluation.families import class_codes
from genreglm.evaluation.label_scores import row_scores, share_scores
from genreglm.options import check_level

Floats = NDArray[np.float64]
_FEWEST_GROUPS = 10
# Draws in a batch: so many counts of groups stay within 64 MB.
_BATCH_COUNTS = 8_000_000


def bootstrap_scores(
    models: Mapping[str, pd.DataFrame] | pd.DataFrame,
    truth: Sequence[Any] | pd.Series | pd.DataFrame,
    groups: Sequence[Any] | pd.Series,
    *,
    against: str | None = None,
    replicates: int = 1000,
    conf_level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Return model, score, estimate, std_error, conf_low, conf_high: scores with intervals by groups of rows.

    Parameters
    ----------
    models : name -> (rows, classes) probabilities with the classes in the columns, as `Result.predict` returns them;
        or one such table
    truth : (rows,) true classes; or (rows, classes) shares of several, as `gg.label_shares` returns them
    groups : (rows,) what belongs together, such as the artist
    against : the name of a model: differences from it then, model minus `against` on the same draws, in place of the
        scores themselves
    replicates : draws of as many groups as there are, with replacement
    conf_level : of the interval, which runs between percentiles of the draws
    seed : of the draws

    The score of a draw is the ratio sum_g m_g s_g / sum_g m_g n_g, where s_g sums a score over the n_g rows of a group
    and m_g is how often the group was drawn: nothing is scored again, so that 1,000 draws take no more than a product
    of two matrices. All models are scored on the same draws, which is what makes differences sure. Scores are log_loss
    (nats), top_1, top_3, top_5 and brier; with shares any_1, any_3, any_5 in place of the last, see
    `genreglm.evaluation.share_scores`.

    Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, section 3.8 (resampling whole groups)
    and 5.3 (percentiles).

    Raises
    ------
    DataError
        For fewer than 10 groups, a missing group, unlike lengths or classes.
    OptionError
        For an unknown `against`, fewer than 100 replicates, or a level outside (0, 1).
    """
    tables = {"model": models} if isinstance(models, pd.DataFrame) else dict(models)
    scored = {name: _rows(prob, truth) for name, prob in tables.items()}
    return bootstrap_means(scored, groups, against=against, replicates=replicates, conf_level=conf_level, seed=seed)


def bootstrap_means(
    scored: Mapping[str, pd.DataFrame],
    groups: Sequence[Any] | pd.Series,
    *,
    against: str | None = None,
    replicates: int = 1000,
    conf_level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Return what `bootstrap_scores` does for the column means of tables of scores row by row.

    Parameters
    ----------
    scored : name -> (rows, scores), all with the same columns
    groups, against, replicates, conf_level, seed : see `bootstrap_scores`
    """
    check_level(conf_level)
    if replicates < 100:
        raise OptionError(f"replicates={replicates!r}: percentiles of fewer than 100 draws mean little.")
    if against is not None and against not in scored:
        raise OptionError(f"against={against!r} is none of the models: {', '.join(scored)}.")
    names = list(next(iter(scored.values())).columns)
    columns = np.column_stack([table[names].to_numpy(dtype=float) for table in scored.values()])
    codes, count = _codes(groups, len(columns))
    every = (*columns.T, np.ones(len(codes)))
    sums = np.column_stack([np.bincount(codes, column, count).astype(np.float64) for column in every])
    draws = _draws(sums, replicates, np.random.default_rng(seed)).reshape(replicates, len(scored), len(names))
    estimates = columns.mean(axis=0).reshape(len(scored), len(names))
    if against is not None:
        other = list(scored).index(against)
        draws, estimates = draws - draws[:, [other]], estimates - estimates[[other]]
    tail = (1.0 - conf_level) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
    table = pd.DataFrame(
        {
            "model": np.repeat(list(scored), len(names)),
            "score": names * len(scored),
            "estimate": estimates.ravel(),
            "std_error": draws.std(axis=0, ddof=1).ravel(),
            "conf_low": low.ravel(),
            "conf_high": high.ravel(),
        }
    )
    if against is None:
        return table
    return table.assign(against=against)[table["model"] != against].reset_index(drop=True)


def _rows(prob: pd.DataFrame, truth: Sequence[Any] | pd.Series | pd.DataFrame) -> pd.DataFrame:
    classes = list(prob.columns)
    if not isinstance(truth, pd.DataFrame):
        return row_scores(prob.to_numpy(), class_codes(classes, truth, len(prob)))
    if set(truth.columns) != set(classes):
        raise DataError("The shares must have one column for each class of the probabilities, and no others.")
    return share_scores(prob.to_numpy(), truth[classes].to_numpy(dtype=float)).drop(columns="ceiling")


def _codes(groups: Sequence[Any] | pd.Series, rows: int) -> tuple[NDArray[np.int64], int]:
    if len(groups) != rows:
        raise DataError(f"There are {rows:,} rows of scores and {len(groups):,} groups.")
    codes, names = pd.factorize(pd.Series(list(groups), dtype=object))
    if (codes < 0).any():
        raise DataError(f"{int((codes < 0).sum()):,} rows have no group; give each one.")
    if len(names) < _FEWEST_GROUPS:
        raise DataError(
            f"There are {len(names)} groups; draws of fewer than {_FEWEST_GROUPS} say little about groups not seen."
        )
    return codes.astype(np.int64), len(names)


def _draws(sums: Floats, replicates: int, rng: np.random.Generator) -> Floats:
    """Return (replicates, columns) ratios of all columns of `sums` (groups, columns + 1) to the last one."""
    groups = len(sums)
    batch = max(1, _BATCH_COUNTS // groups)
    parts = []
    for start in range(0, replicates, batch):
        size = min(batch, replicates - start)
        drawn = rng.integers(groups, size=(size, groups))
        drawn += groups * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * groups).reshape(size, groups)
        totals = counts.astype(float) @ sums
        parts.append(totals[:, :-1] / totals[:, -1:])
    return np.concatenate(parts)
