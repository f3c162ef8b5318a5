"""The formulas of a study's models, from the features and factors that its table has."""

from collections.abc import Sequence
from itertools import combinations

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


def spline(feature: str, df: int) -> str:
    """Return a natural cubic spline of `df` columns, centred so that it leaves the intercept alone."""
    return f"cr({feature}, df={df}, constraints='center')"


def products(features: Sequence[str]) -> list[str]:
    """Return the products of all pairs of features, each centred and scaled by the training rows."""
    return [f"scale({first}):scale({second})" for first, second in combinations(features, 2)]


def formula(terms: Sequence[str]) -> str:
    """Return the formula of the genre on `terms`."""
    return f"{RESPONSE} ~ {' + '.join(terms)}"
