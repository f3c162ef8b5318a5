"""Do sets hold what they promise? Coverage and size, by rows, by groups, and by class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from genreglm.evaluation import bootstrap_means
from genreglm.evaluation.families import class_codes


def set_coverage(
    sets: pd.DataFrame,
    truth: Sequence[Any] | pd.Series,
    groups: Sequence[Any] | pd.Series,
    *,
    conf_level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Return class, rows, groups, coverage, conf_low, conf_high, group_coverage, mean_size, empty: all, then by class.

    The first line, of class "(all)", has the share of rows whose set holds the truth, with an interval over draws of
    whole groups; the mean over groups of the share of their rows, which is what the guarantee "group" speaks of; the
    mean number of classes in a set; and the share of sets that are empty. The others have the same of the rows of each
    class, without an interval.

    Parameters
    ----------
    sets : (rows, classes) of bool, as `ConformalSets.apply` returns them
    truth, groups : (rows,)

    Raises
    ------
    DataError
        For a true class that is not among the columns, unlike lengths, or fewer than 10 groups.
    """
    codes = class_codes(list(sets.columns), truth, len(sets))
    values = sets.to_numpy(dtype=bool)
    rows = pd.DataFrame(
        {
            "class": np.asarray(list(sets.columns), dtype=object)[codes],
            "group": list(groups),
            "held": values[np.arange(len(codes)), codes].astype(float),
            "size": values.sum(axis=1).astype(float),
        }
    )
    first = {"class": "(all)", **overall_coverage(rows, conf_level=conf_level, seed=seed)}
    records = [first, *({"class": label, **_summary(part)} for label, part in rows.groupby("class", sort=True))]
    columns = ["class", "rows", "groups", "coverage", "conf_low", "conf_high", "group_coverage", "mean_size", "empty"]
    return pd.DataFrame(records)[columns]


def overall_coverage(rows: pd.DataFrame, *, conf_level: float = 0.95, seed: int = 0) -> dict[str, float]:
    """Return the summary of all rows, with its interval: `rows` has group, held (0 or 1) and size of each row's set."""
    interval = bootstrap_means({"": rows[["held"]]}, rows["group"], conf_level=conf_level, seed=seed).iloc[0]
    return {**_summary(rows), "conf_low": interval["conf_low"], "conf_high": interval["conf_high"]}


def _summary(rows: pd.DataFrame) -> dict[str, float]:
    by_group = rows.groupby("group", sort=False)["held"].mean()
    return {
        "rows": len(rows),
        "groups": len(by_group),
        "coverage": float(rows["held"].mean()),
        "group_coverage": float(by_group.mean()),
        "mean_size": float(rows["size"].mean()),
        "empty": float((rows["size"] == 0).mean()),
    }
