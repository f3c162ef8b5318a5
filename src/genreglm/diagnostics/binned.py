"""Binned residuals (Gelman and Hill 2007, Data Analysis Using Regression, 5.6), of every class at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from scipy.special import ndtri

from genreglm.engine.binning import equal_mass_bins, sums_by_bin, targets_by_bin
from genreglm.engine.blocks import Codes, Floats, Targets
from genreglm.engine.threads import ordered_map
from genreglm.errors import DataError, OptionError
from genreglm.options import FEWEST_EXPECTED, check_level
from genreglm.result import Result
from genreglm.result.positions import class_positions
from genreglm.result.rows import fitted_probabilities, problem_of
from genreglm.sources import Source, read_rows

FITTED = ".fitted"
_COLUMNS = [
    *("variable", "bin", "level", "low", "high", "mean", "class", "count"),
    *("observed", "expected", "resid", "std_error", "z", "conf_low", "conf_high"),
]


def binned_residuals(
    result: Result,
    rows: Source | None = None,
    by: str | Sequence[str] | None = None,
    *,
    bins: int = 20,
    classes: Sequence[Any] | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Compare, bin by bin of a variable, how often each class occurs with how often the model expects it.

    With sums over the rows of a bin, w their weights and W = sum w,

        observed = sum w t / W,   expected = sum w p / W,   resid = observed - expected,
        std_error = sqrt(sum w p (1 - p)) / W,   z = resid / std_error,

    and resid lies within conf_low and conf_high, plus and minus z's normal quantile times std_error, in a share
    `conf_level` of the bins if the model is right. The standard error takes the probabilities as known. On the rows of
    a fit with that very variable as a term it is too large and z too small: a little for a slope, while the levels of a
    factor have resid = 0, whatever is wrong. Soft labels count by their shares, which vary less than std_error says.

    Parameters
    ----------
    by : columns of the rows, in the formula or not (a variable that was left out shows what it lacks); every column
        that the formula names unless given. ".fitted" bins each class by its own fitted probability
    bins : about so many, of equal weight; equal values share a bin. A column of words or truth values has one
        bin a level
    classes : those to list, all unless given

    One row a variable, bin and class: variable, bin, level (of words), low, high, mean (of the variable's values in
    the bin), class, count (weight of the bin), observed, expected, resid, std_error, z, conf_low, conf_high.

    Raises
    ------
    OptionError
        For fewer than two bins, unknown classes, or a conf_level outside (0, 1).
    DataError, FormulaError
        For rows that cannot be used, a loaded result without `rows`, and a column that is absent or has gaps.
    """
    check_level(conf_level)
    if bins < 2:
        raise OptionError(f"bins={bins!r} must be at least 2.")
    shown = class_positions(result, classes)
    frame = result.require_rows(None if rows is None else read_rows(rows))
    names = result.design.variables if by is None else [by] if isinstance(by, str) else list(by)
    if not names:
        raise OptionError("by= names no variable, and the formula has none.")
    counted = _counted(result, frame, rows is None)
    variance = counted.prob * (1.0 - counted.prob)
    tables = []
    for name in names:
        tables += _by_fitted(counted, shown, bins) if name == FITTED else [_by_column(name, counted, variance, bins)]
    table = pd.concat(tables, ignore_index=True)
    return _with_limits(table[table["class"].isin(shown)].reset_index(drop=True), result, conf_level)


def binned_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Count the cells of a table of `binned_residuals` that lie outside their limits, a row a variable.

    Only cells in which at least five rows are expected, and five elsewhere, are checked: the limits are normal ones.
    Columns: variable, cells (bin x class), checked, outside, share_outside (of those checked; one less the table's
    conf_level if the model is right), and the class, bin, mean and z of the checked cell that lies furthest out.
    """
    hits = table["count"] * table["expected"]
    checked = table[(hits >= FEWEST_EXPECTED) & (table["count"] - hits >= FEWEST_EXPECTED)]
    outside = (checked["resid"] < checked["conf_low"]) | (checked["resid"] > checked["conf_high"])
    grouped = outside.groupby(checked["variable"])
    summary = pd.DataFrame({"variable": table["variable"].unique()})
    summary["cells"] = summary["variable"].map(table["variable"].value_counts())
    summary["checked"] = summary["variable"].map(grouped.size()).fillna(0).astype(int)
    summary["outside"] = summary["variable"].map(grouped.sum()).fillna(0).astype(int)
    summary["share_outside"] = summary["outside"] / summary["checked"].where(summary["checked"] > 0)
    furthest = checked.loc[checked["z"].abs().groupby(checked["variable"]).idxmax()]
    return summary.merge(furthest[["variable", "class", "bin", "mean", "z"]], on="variable", how="left")


@dataclass(frozen=True)
class _Rows:
    """Rows of positive weight."""

    frame: pd.DataFrame
    prob: Floats
    targets: Targets
    w: Floats


def _counted(result: Result, frame: pd.DataFrame, of_fit: bool) -> _Rows:
    problem = problem_of(result, None if of_fit else frame)
    prob, live = fitted_probabilities(result, problem), problem.w > 0
    if live.all():
        return _Rows(frame, prob, problem.y, problem.w)
    return _Rows(frame[live], prob[live], problem.y[live], problem.w[live])


def _by_column(name: str, rows: _Rows, variance: Floats, bins: int) -> pd.DataFrame:
    """Return the sums of all classes in the bins of a column of the rows."""
    if name not in rows.frame.columns:
        raise DataError(f"by={name!r} is no column of the table; it has {', '.join(map(str, rows.frame.columns))}.")
    codes, described = _bins(rows.frame[name], rows.w, bins)
    count, classes = len(described), rows.prob.shape[1]
    observed = targets_by_bin(codes, count, rows.w, rows.targets, classes)
    expected, spread = (sums_by_bin(codes, count, rows.w, values) for values in (rows.prob, variance))
    cells = described.loc[described.index.repeat(classes)].assign(variable=name)
    cells["class"] = np.tile(np.arange(classes), count)
    return cells.assign(observed=observed.ravel(), expected=expected.ravel(), std_error=spread.ravel())


def _by_fitted(rows: _Rows, shown: Codes, bins: int) -> list[pd.DataFrame]:
    """Return the sums of each class in the bins of its own fitted probability."""

    def task(k: int) -> pd.DataFrame:
        prob = rows.prob[:, k]
        own = rows.targets == k if rows.targets.ndim == 1 else rows.targets[:, k]
        codes, described = _bins(pd.Series(prob, name=FITTED), rows.w, bins)
        sums = sums_by_bin(codes, len(described), rows.w, np.column_stack([own, prob, prob * (1.0 - prob)]))
        cells = described.assign(variable=FITTED, observed=sums[:, 0], expected=sums[:, 1], std_error=sums[:, 2])
        cells["class"] = k
        return cells

    return list(ordered_map(task, shown))


def _bins(values: pd.Series, w: Floats, bins: int) -> tuple[Codes, pd.DataFrame]:
    """Return each row's bin, and for each bin: bin, level, low, high, mean, count."""
    if values.isna().any():
        raise DataError(f"by={values.name!r} has {int(values.isna().sum()):,} missing values: drop or fill those rows.")
    if not is_numeric_dtype(values) or is_bool_dtype(values):
        codes, levels = pd.factorize(values, sort=True)
        described = pd.DataFrame({"level": np.asarray(levels, dtype=object)}).assign(
            low=np.nan, high=np.nan, mean=np.nan
        )
    else:
        numbers = values.to_numpy(dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise DataError(f"by={values.name!r} has infinite values: bins have no mean there. Drop those rows.")
        codes = equal_mass_bins(numbers, w, bins)
        described = pd.Series(numbers).groupby(codes).agg(["min", "max"]).set_axis(["low", "high"], axis=1)
        described["mean"] = np.bincount(codes, weights=w * numbers) / np.bincount(codes, weights=w)
        described.insert(0, "level", None)
    described.insert(0, "bin", np.arange(1, len(described) + 1))
    return codes.astype(np.int64), described.assign(count=np.bincount(codes, weights=w))


def _with_limits(table: pd.DataFrame, result: Result, conf_level: float) -> pd.DataFrame:
    """Turn sums into shares, and compare them."""
    count = table["count"]
    observed, expected = table["observed"] / count, table["expected"] / count
    error = np.sqrt(table["std_error"]) / count
    reach = ndtri(0.5 + conf_level / 2.0) * error
    labels = np.array(result.classes, dtype=object)[table["class"]]
    return table.assign(
        observed=observed,
        expected=expected,
        resid=observed - expected,
        std_error=error,
        z=(observed - expected) / error.where(error > 0),
        conf_low=-reach,
        conf_high=reach,
    ).assign(**{"class": labels})[_COLUMNS]
