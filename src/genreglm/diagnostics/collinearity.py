"""Generalised variance inflation of the terms of a design (Fox and Monette 1992, JASA 87:178)."""

import numpy as np
import pandas as pd

from genreglm.designs import INTERCEPT, Design
from genreglm.errors import OptionError
from genreglm.result import Result
from genreglm.sources import Source, read_rows


def vif(model: Result | Design, rows: Source | None = None) -> pd.DataFrame:
    """Return term, df, gvif, gvif_adjusted for the columns of a design.

    With R the correlation matrix of the columns other than the intercept, t a term's columns and -t the rest:

        GVIF_t = det R_tt det R_-t,-t / det R,   adjusted: GVIF^(1 / (2 df)),

    which for one column is the square root of its VIF, the factor by which its standard error grows. It does
    not depend on the coding of factors.

    The rows are those of the fit unless others are given. The value is infinite where a term depends
    linearly on the others.
    """
    if isinstance(model, Result):
        design, frame = model.design, model.require_rows(None if rows is None else read_rows(rows))
    elif rows is None:
        raise OptionError("vif(design) needs rows=: a design holds none.")
    else:
        design, frame = model, read_rows(rows)
    x = design.matrix(frame)
    slopes = [j for j in range(x.shape[1]) if j != design.intercept]
    deviation = x[:, slopes].std(axis=0)
    standard = (x[:, slopes] - x[:, slopes].mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    correlation = standard.T @ standard / len(x)
    correlation[:, deviation == 0] = correlation[deviation == 0] = 0.0
    records = []
    for term, cut in design.terms.items():
        if term == INTERCEPT:
            continue
        inside = np.isin(slopes, range(cut.start, cut.stop))
        gvif = float(
            np.exp(_log_det(correlation[np.ix_(inside, inside)], correlation, correlation[np.ix_(~inside, ~inside)]))
        )
        df = int(inside.sum())
        records.append((term, df, gvif, gvif ** (1.0 / (2 * df))))
    return pd.DataFrame(records, columns=["term", "df", "gvif", "gvif_adjusted"])


def _log_det(own: np.ndarray, whole: np.ndarray, rest: np.ndarray) -> float:
    """Return log(det own det rest / det whole); infinity where `whole` is singular."""
    sign, whole_log = np.linalg.slogdet(whole)
    if sign <= 0 or not np.isfinite(whole_log):
        return float("inf")
    return float(np.linalg.slogdet(own)[1] + np.linalg.slogdet(rest)[1] - whole_log)
