"""Overdispersion: whether the rows of a group, such as an artist, go together more than the model says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from genreglm.diagnostics.counted import class_codes, counted_rows
from genreglm.engine.binning import sums_by_bin, targets_by_bin
from genreglm.engine.blocks import Codes, Floats
from genreglm.engine.group_forms import between_groups, group_forms, variance_ratios
from genreglm.engine.sampling import sample_classes
from genreglm.errors import DataError, OptionError
from genreglm.result import Result
from genreglm.result.rows import fitted_probabilities, is_of_fit, problem_of
from genreglm.sources import Source, read_rows

_PURPOSE = "Residuals of groups"
# Where so little of the groups' variation is left by the fit, nothing can be said of it.
_SATURATED = 1e-8
_NAMED = 3  # of the columns that are not there


def dispersion(
    result: Result,
    rows: Source | None = None,
    *,
    groups: str | Sequence[str],
    simulations: int = 99,
    seed: int = 0,
) -> pd.DataFrame:
    """Return one row: how much more the rows of a group go together than independent rows would.

    Parameters
    ----------
    groups : a column of the rows, or several, whose every combination is a group (a cell)
    simulations : responses drawn from the model, of which the p-values come; at least one
    seed : of the draws

    Columns:

    - grouping, groups, rows: what was grouped, how many groups and rows
    - statistic, df, dispersion, p_value: the sum of the groups' Pearson chi-squares (see `group_residuals`), its
      expectation (K - 1) (groups - c) under independence, their ratio, and the share of simulated responses whose
      statistic is as large. c allows for the fit: it is how many dimensions of the columns lie between groups (see
      `genreglm.engine.group_forms`), zero for rows that are not those of the fit
    - variance_ratio, variance_p_value: how many times the groups' sums vary as much as those of independent rows, by
      one measure for all groups, and its p-value. Trust it before `dispersion` where most groups are small: classes
      of tiny probability make up most of df and hardly ever occur, so that the sum of chi-squares is below df in most
      samples and far above it in a few
    - correlation: that of two rows of a group which gives this variance ratio, (ratio - 1) / (sum n_g^2 / n - 1);
      NaN where all groups have one row

    A variance ratio above one is why standard errors must be clustered. p-values are (1 + draws as large) /
    (1 + simulations), valid for groups of any size, with the probabilities taken as known.

    Raises
    ------
    DataError, FormulaError
        For rows that cannot be used, a loaded result without `rows`, a column that is absent or has gaps, soft
        labels, and weights that are no whole numbers.
    OptionError
        Without a simulation.
    """
    grouped = _grouped(result, rows, groups, simulations, seed)
    forms, rank = group_forms(grouped.prob, grouped.group, grouped.responses)
    totals = forms.sum(axis=0)
    ratios = variance_ratios(grouped.prob, grouped.group, grouped.responses)
    sizes, between = np.bincount(grouped.group), grouped.between
    rows_in_all, free = len(grouped.prob), 1.0 - between.mean()
    df = float(rank.sum()) * free if free > _SATURATED else np.nan
    ratio = ratios[0] / (1.0 - sizes @ between / rows_in_all) if free > _SATURATED else np.nan
    alike = float(sizes @ sizes) / rows_in_all - 1.0
    found = {
        "grouping": " x ".join(_listed(groups)),
        "groups": len(sizes),
        "rows": rows_in_all,
        "statistic": totals[0],
        "df": df,
        "dispersion": totals[0] / df,
        "p_value": _share_as_large(totals),
        "variance_ratio": ratio,
        "variance_p_value": _share_as_large(ratios),
        "correlation": (ratio - 1.0) / alike if alike > 0.0 else np.nan,
    }
    return pd.DataFrame([found])


def group_residuals(
    result: Result,
    rows: Source | None = None,
    *,
    groups: str | Sequence[str],
    simulations: int = 99,
    seed: int = 0,
) -> pd.DataFrame:
    """Return one row a group, those that the model fits worst first.

    For a group of rows with residuals t_i - p_i of variance V_i

        statistic = s' V^- s,   s = sum (t_i - p_i),   V = sum V_i,

    whose expectation is df = K - 1 if rows are independent. It is about chi-square only where every class is
    expected several times in the group, so p-values come from `simulations` responses drawn from the model:
    (1 + draws as large) / (1 + simulations).

    Columns: group (the values of several columns joined by ", "), rows, statistic, df, dispersion (their ratio),
    p_value, and of the class that occurs most beyond its expectation: class, observed, expected (rows).

    Parameters and errors are those of `dispersion`.
    """
    grouped = _grouped(result, rows, groups, simulations, seed)
    forms, rank = group_forms(grouped.prob, grouped.group, grouped.responses)
    count, one = len(forms), np.ones(len(grouped.prob))
    expected = sums_by_bin(grouped.group, count, one, grouped.prob)
    observed = targets_by_bin(grouped.group, count, one, grouped.responses[:, 0], len(result.classes))
    worst, each = (observed - expected).argmax(axis=1), np.arange(count)
    table = pd.DataFrame(
        {
            "group": grouped.names,
            "rows": np.bincount(grouped.group),
            "statistic": forms[:, 0],
            "df": rank,
            "dispersion": forms[:, 0] / np.where(rank > 0, rank, np.nan),
            "p_value": _share_as_large(forms.T),
            "class": np.array(result.classes, dtype=object)[worst],
            "observed": observed[each, worst].astype(int),
            "expected": expected[each, worst],
        }
    )
    return table.sort_values("statistic", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class _Grouped:
    """Rows, as often as their weights say, in groups.

    Attributes
    ----------
    names : of the groups
    group : (rows,) codes of the groups
    prob : (rows, classes)
    responses : (rows, 1 + simulations) class codes, the rows' own ones first
    between : (groups,) how many dimensions of the columns lie between the groups, those of each group
    """

    names: list[Any]
    group: Codes
    prob: Floats
    responses: Codes
    between: Floats


def _grouped(result: Result, rows: Source | None, groups: str | Sequence[str], simulations: int, seed: int) -> _Grouped:
    if simulations < 1:
        raise OptionError(f"simulations={simulations!r} must be at least 1: the p-values come from them.")
    frame = result.require_rows(None if rows is None else read_rows(rows))
    problem = problem_of(result, None if rows is None else frame)
    codes, copies = class_codes(problem, _PURPOSE), counted_rows(problem, _PURPOSE)
    names, group = _groups(frame, _listed(groups), copies)
    prob = fitted_probabilities(result, problem)[copies]
    between = np.zeros(len(names))
    if is_of_fit(result, problem):
        between = between_groups(problem.standardisation.apply(problem.x)[copies], group)
    responses = np.column_stack([codes[copies], sample_classes(prob, simulations, seed)])
    return _Grouped(names, group, prob, responses, between)


def _listed(groups: str | Sequence[str]) -> list[str]:
    return [groups] if isinstance(groups, str) else list(groups)


def _groups(frame: pd.DataFrame, columns: list[str], copies: Codes) -> tuple[list[Any], Codes]:
    """Return the names of the groups and each row's code, in the order of the rows."""
    absent = [name for name in columns if name not in frame.columns]
    if absent or not columns:
        listed = ", ".join(map(str, frame.columns))
        named = ", ".join(repr(name) for name in absent[:_NAMED]) + (", ..." if len(absent) > _NAMED else "")
        raise DataError(
            f"groups= takes names of columns; {named or 'an empty list'} is none of the table's, which are {listed}."
        )
    cells = frame[columns].iloc[copies]
    missing = int(cells.isna().any(axis=1).sum())
    if missing:
        raise DataError(f"{missing:,} rows have no group (missing values in {', '.join(columns)}). Give each row one.")
    group = np.asarray(cells.groupby(columns, sort=False, observed=True).ngroup(), dtype=np.int64)
    first = cells.drop_duplicates()
    if len(columns) == 1:
        return first[columns[0]].tolist(), group
    return [", ".join(map(str, values)) for values in first.itertuples(index=False)], group


def _share_as_large(statistics: Floats) -> Any:
    """Return the Monte Carlo p-value of the first of (1 + simulations) statistics, for each further axis."""
    return (statistics >= statistics[0]).sum(axis=0) / len(statistics)
