"""How nearly, and how exactly, the columns of a design depend on each other."""

import numpy as np
import pandas as pd

from genreglm import designs
from genreglm.designs import Design
from genreglm.diagnostics.columns import counted_columns
from genreglm.engine.coordinates import aliased_columns, triangle
from genreglm.engine.problem import Problem
from genreglm.errors import OptionError
from genreglm.result import Result
from genreglm.result.rows import covariates_of
from genreglm.sources import Source, read_rows

# A weight this small beside the largest of its column, both per standard deviation, is rounding.
_ROUNDING = 1e-8


def condition_indices(model: Result | Design, rows: Source | None = None) -> pd.DataFrame:
    """Return dimension, singular_value, condition_index, term, proportion: how near to dependent the columns are.

    Columns, the intercept's too, are scaled to length one and not centred; X = U D V' then gives

        condition index of dimension d   max D / D_d
        proportion of column j in d      (V_jd / D_d)^2 / sum_e (V_je / D_e)^2,

    the share of the variance of j's coefficient that dimension d brings about, in a linear model with these columns.
    An index above 30 in which two columns or more have a proportion above a half is a dependency that harms them
    (Belsley, Kuh and Welsch 1980, Regression Diagnostics, section 3.2). Dimensions run from the largest singular
    value to the smallest; `term` is a column's name, as in `tidy`.

    Where columns are exactly dependent the last index is infinite, or as large as rounding lets it be; see `aliased`.
    The rows are those of the fit unless others are given. A weight is that many rows: x becomes sqrt(w) x.

    Raises
    ------
    OptionError
        For a design without rows.
    DataError
        For a loaded result without rows.
    """
    design, columns_of_rows, w = counted_columns(model, rows, "condition_indices")
    x = np.sqrt(w)[:, None] * columns_of_rows
    lengths = np.linalg.norm(x, axis=0)
    scaled = x / np.where(lengths > 0, lengths, 1.0)
    _, values, directions = np.linalg.svd(np.linalg.qr(scaled, mode="r"))
    values = np.maximum(values, np.finfo(np.float64).tiny)
    parts = (directions / values[:, None]) ** 2
    dimensions, columns = np.arange(1, len(values) + 1), len(design.columns)
    return pd.DataFrame(
        {
            "dimension": np.repeat(dimensions, columns),
            "singular_value": np.repeat(values, columns),
            "condition_index": np.repeat(values[0] / values, columns),
            "term": list(design.columns) * len(values),
            "proportion": (parts / parts.sum(axis=0)).ravel(),
        }
    )


def aliased(model: Result | str, rows: Source | None = None) -> pd.DataFrame:
    """Return term, depends_on, weight: which columns of a formula are exact combinations of columns before them.

    term = sum of weight times depends_on, on all rows (of positive weight in the fit), as R's `alias()` has it; a term
    without rows in the table stands on its own. It is what a fit with `aliased="drop"` leaves out. An empty table: no
    column depends on others.
    A column that is always zero depends on nothing, and has one row with depends_on None and weight 0.

    Parameters
    ----------
    model : a formula, or a result, whose own formula and rows are taken
    rows : a frame or a path; a formula needs them

    Raises
    ------
    OptionError
        For a formula without rows.
    DataError, FormulaError
        For rows that the formula cannot use.
    """
    if isinstance(model, Result):
        formula, frame = model.design.formula, model.require_rows(None if rows is None else read_rows(rows))
        labels, w = model.classes, covariates_of(model, rows)[1]
    elif rows is None:
        raise OptionError("aliased(formula) needs rows=: which columns depend on others is a matter of the rows.")
    else:
        formula, frame = model, read_rows(rows)
        labels, w = None, np.ones(len(frame))
    design, x = designs.learn_with_matrix(formula, frame, labels)
    live = w > 0
    # Which columns depend on others is no matter of the response.
    problem = Problem(x[live], np.zeros(live.sum(), dtype=np.int64), w[live], len(design.classes), design.intercept)
    dropped = aliased_columns(triangle(problem.blocks()))
    weights = _weights(problem, dropped)
    records: list[tuple[str, str | None, float]] = []
    for j, own in zip(dropped, weights, strict=True):
        used = np.flatnonzero(own)
        records += [(design.columns[j], design.columns[i], float(own[i])) for i in used]
        records += [(design.columns[j], None, 0.0)] if not len(used) else []
    return pd.DataFrame(records, columns=["term", "depends_on", "weight"])


def _weights(problem: Problem, dropped: list[int]) -> np.ndarray:
    """Return (dropped, columns): how each dropped column is made of those kept, in the columns' own units.

    Found in standardised columns z = (x - centre) / scale, in which rounding can be told from a weight: with
    z_j = sum_i c_i z_i and x = centre + scale z.
    """
    learnt = problem.standardisation
    z = learnt.apply(problem.x)
    kept = [i for i in range(z.shape[1]) if i not in dropped]
    shares = np.zeros((z.shape[1], len(dropped)))
    shares[kept] = np.linalg.lstsq(z[:, kept], z[:, dropped])[0]
    shares[np.abs(shares) < _ROUNDING * np.maximum(np.abs(shares).max(axis=0, initial=0.0), 1.0)] = 0.0
    weights = learnt.back() @ shares * learnt.scale[dropped]
    if problem.intercept is not None:
        weights[problem.intercept] += learnt.centre[dropped]
        moved = np.abs(shares * learnt.scale[dropped] / learnt.scale[:, None] * learnt.centre[:, None]).sum(axis=0)
        size = moved + np.abs(learnt.centre[dropped]) + learnt.scale[dropped]
        weights[problem.intercept][np.abs(weights[problem.intercept]) < _ROUNDING * size] = 0.0
    return np.asarray(weights.T)
