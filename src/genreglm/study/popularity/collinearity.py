"""Collinearity of the terms of a design: VIF, and GVIF for terms of several columns."""

import numpy as np
import pandas as pd

from genreglm.study.popularity.design import Design, Matrix, Terms


def vif_table(design: Design, terms: Terms) -> pd.DataFrame:
    """Return one row a term: term, df, vif_or_gvif, gvif_adjusted, the most collinear first.

    GVIF = det R_tt det R_oo / det R, with R the correlations of all columns but the intercept, t those of
    the term and o the others (Fox and Monette 1992, doi 10.1080/01621459.1992.10475190). For one column it
    is the VIF, 1 / (1 - R2). `gvif_adjusted` is GVIF^(1 / (2 df)): the factor by which the standard errors
    grow.
    """
    columns = design.select(terms)[1:]
    if not columns:
        return pd.DataFrame(columns=["term", "df", "vif_or_gvif", "gvif_adjusted"])
    R = np.atleast_2d(np.corrcoef(design.matrix[:, columns], rowvar=False))
    rows = []
    for name, form in terms.items():
        inside = np.isin(columns, design.columns[name, form])
        df = int(inside.sum())
        gvif = np.exp(_log_det(R, inside) + _log_det(R, ~inside) - np.linalg.slogdet(R)[1])
        rows.append({"term": name, "df": df, "vif_or_gvif": gvif, "gvif_adjusted": gvif ** (0.5 / df)})
    return pd.DataFrame(rows).sort_values("gvif_adjusted", ascending=False, ignore_index=True)


def _log_det(R: Matrix, chosen: np.ndarray) -> float:
    return float(np.linalg.slogdet(R[np.ix_(chosen, chosen)])[1])
