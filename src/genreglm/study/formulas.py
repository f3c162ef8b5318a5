"""The formulas of a study's models, from the features and factors that its table has."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

RESPONSE = "track_genre"


def factor_terms(factors: Sequence[str], rows: pd.DataFrame) -> list[str]:
    """Return one whole term a factor, each level compared with its lowest that every genre has.

    A base level that some genre lacks would leave all of that genre's coefficients without an estimate. Where
    no level is in every genre, the most frequent is the base.
    """
    terms = []
    for name in factors:
        spread = rows.groupby(name)[RESPONSE].nunique()
        everywhere = spread.index[spread == rows[RESPONSE].nunique()]
        base = everywhere.min() if len(everywhere) else rows[name].mode().iloc[0]
        first = base == spread.index.min()
        terms.append(f"C({name})" if first else f"C({name}, contr.treatment({base}))")
    return terms


def spline(feature: str, df: int, rows: pd.DataFrame) -> str:
    """Return a natural cubic spline of `df` columns, its knots at quantiles of the feature in `rows`.

    The outer knots stand at the 5th and 95th percentile (2.5th and 97.5th from 6 knots on), and beyond them the
    curve is a line: the few rows in a tail must not bend it (Harrell 2015, Regression Modeling Strategies, 2.4.6).
    A feature with a lump, such as the zeros of instrumentalness, has fewer knots; with fewer than 3 it stays a line.
    Centred, so that it leaves the intercept alone.
    """
    edge = 0.05 if df < 5 else 0.025
    quantiles = rows[feature].quantile(np.linspace(edge, 1.0 - edge, df + 1))
    knots = sorted({float(f"{knot:.4g}") for knot in quantiles})
    if len(knots) < 3:
        return feature
    inner = ", ".join(map(str, knots[1:-1]))
    return (
        f"cr({feature}, knots=[{inner}], lower_bound={knots[0]}, upper_bound={knots[-1]}, constraints='center', "
        "extrapolation='extend')"
    )


def curve(feature: str, df: int) -> str:
    """Return a feature, and a natural cubic spline of `df` columns of its place among the training rows.

    There are more knots than most genres need: a penalty on bending says how much of them is used.
    """
    return f"{feature} + cr(places({feature}), df={df}, constraints='center')"


def products(features: Sequence[str]) -> list[str]:
    """Return the products of all pairs of features, each as three columns, a line that may bend at its terciles.

    The features enter by their places. So each pair has nine columns, and each genre a surface over both features that
    is made of flat pieces.
    """
    return [f"hinges(places({first})):hinges(places({second}))" for first, second in combinations(features, 2)]


def slopes_by(variable: str, features: Sequence[str]) -> list[str]:
    """Return the products of a flag or a number with each feature, one column each: a slope that depends on it."""
    return [f"hinges({variable}, df=1):hinges(places({feature}), df=1)" for feature in features]


def formula(terms: Sequence[str]) -> str:
    """Return the formula of the genre on `terms`."""
    return f"{RESPONSE} ~ {' + '.join(terms)}"
