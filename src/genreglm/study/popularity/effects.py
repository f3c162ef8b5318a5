"""What each term does to expected popularity, with 95 % bands clustered by artist: tables for curves.

Everything else is held at its mean over the training tracks (factors at their shares). Bands are symmetric
on the linear predictor, so within 0..100 for the fractional model.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from genreglm.result.adjust import adjusted
from genreglm.study.popularity.design import INTERCEPT, Design, Matrix
from genreglm.study.popularity.model import PopularityFit, Vector, wald_term
from genreglm.study.popularity.rows import PopularityRows

GRID = 41


@dataclass(frozen=True)
class Profiles:
    """Where effects are evaluated: the values of each feature and the wide matrix that belongs to them.

    The columns of a term depend on that term alone, so one matrix carries the grids of all features at
    once, and another the levels of all factors.
    """

    grids: dict[str, Vector]
    at_grids: Matrix
    at_levels: Matrix


def profiles(design: Design, rows: PopularityRows) -> Profiles:
    """Lay out the grids (1st to 99th percentile, in standard deviations) and the levels."""
    grids = {}
    for name in rows.features:
        low, high = np.quantile(rows.train[name].to_numpy(), [0.01, 0.99])
        grids[name] = np.linspace(low, high, GRID)
    levels = {name: rows.train[name].cat.categories for name in rows.factors}
    length = max((len(names) for names in levels.values()), default=1)
    cycled = {
        name: pd.Categorical(names.take(np.arange(length) % len(names)), categories=names)
        for name, names in levels.items()
    }
    filler = rows.train.iloc[np.zeros(max(length, GRID), dtype=int)].reset_index(drop=True)
    at_grids = design.apply(filler.iloc[:GRID].assign(**grids))
    return Profiles(grids, at_grids, design.apply(filler.iloc[:length].assign(**cycled)))


def curve_table(fitted: PopularityFit, design: Design, rows: PopularityRows, where: Profiles) -> pd.DataFrame:
    """Curves of the continuous terms over their 1st to 99th percentile of the training tracks.

    Columns: family, feature, value (in the units of the column), estimate, conf_low, conf_high (points).
    """
    tables = []
    for name, form in fitted.terms.items():
        if form == "factor":
            continue
        value = where.grids[name] * rows.scales[name].sd + rows.scales[name].mean
        estimates = _estimates(fitted, design, name, where.at_grids)
        tables.append(estimates.assign(family=fitted.family, feature=name, value=value))
    columns = ["family", "feature", "value", *_ESTIMATE]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def level_table(fitted: PopularityFit, design: Design, rows: PopularityRows, where: Profiles) -> pd.DataFrame:
    """Expected popularity at every level of each factor.

    Columns: family, term, level, tracks (training), estimate, conf_low, conf_high (points).
    """
    tables = []
    for name, form in fitted.terms.items():
        if form != "factor":
            continue
        tracks = rows.train[name].value_counts(sort=False)
        estimates = _estimates(fitted, design, name, where.at_levels[: len(tracks)])
        tables.append(
            estimates.assign(family=fitted.family, term=name, level=list(tracks.index), tracks=tracks.to_numpy())
        )
    columns = ["family", "term", "level", "tracks", *_ESTIMATE]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


_ESTIMATE = ["estimate", "conf_low", "conf_high"]


def _estimates(fitted: PopularityFit, design: Design, name: str, wide: Matrix) -> pd.DataFrame:
    """Predict with every column at its mean but those of the term, which come from `wide`."""
    X = np.tile(design.means[list(fitted.columns)], (len(wide), 1))
    X[:, fitted.positions(name, design)] = wide[:, design.columns[name, fitted.terms[name]]]
    eta = X @ fitted.params
    spread = fitted.critical * np.sqrt(((X @ fitted.covariance) * X).sum(axis=1))
    sides = {"estimate": eta, "conf_low": eta - spread, "conf_high": eta + spread}
    return pd.DataFrame({side: fitted.respond(values) for side, values in sides.items()})


def term_table(fitted: PopularityFit, design: Design) -> pd.DataFrame:
    """Return one row a term, the strongest first.

    Columns: term, form, df, statistic, p_value, p_adjusted (Benjamini and Hochberg's, over the terms), contribution_sd.
    `statistic` is the Wald F clustered by artist. `contribution_sd` is the standard deviation, over training
    tracks, of what the term adds to the linear predictor: comparable across lines, curves and factors, and
    for a line the absolute coefficient per standard deviation.
    """
    rows = []
    for name, form in fitted.terms.items():
        test = wald_term(fitted, name, design)
        block = design.matrix[:, design.columns[name, form]]
        added = block @ fitted.params[fitted.positions(name, design)]
        rows.append(
            {
                "term": name,
                "form": form,
                "df": test.df,
                "statistic": test.statistic,
                "p_value": test.p_value,
                "contribution_sd": float(added.std()),
            }
        )
    columns = ["term", "form", "df", "statistic", "p_value", "contribution_sd"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(5, "p_adjusted", adjusted(table["p_value"].to_numpy(dtype=float), "bh"))
    return table.sort_values("contribution_sd", ascending=False, kind="stable", ignore_index=True)


def coefficient_table(fitted: PopularityFit) -> pd.DataFrame:
    """Coefficients: term, estimate, std_error, statistic, p_value, p_adjusted, conf_low, conf_high (95 %).

    Continuous features are in standard deviations; standard errors are clustered by artist; p-values are adjusted over
    the slopes by Benjamini and Hochberg.
    """
    errors = fitted.std_errors
    statistic = fitted.params / errors
    p_values = 2.0 * stats.t.sf(np.abs(statistic), fitted.artists - 1)
    slopes = np.array([label != INTERCEPT for label in fitted.labels])
    return pd.DataFrame(
        {
            "term": fitted.labels,
            "estimate": fitted.params,
            "std_error": errors,
            "statistic": statistic,
            "p_value": p_values,
            "p_adjusted": adjusted(np.where(slopes, p_values, np.nan), "bh"),
            "conf_low": fitted.params - fitted.critical * errors,
            "conf_high": fitted.params + fitted.critical * errors,
        }
    )
