"""Residuals of single rows.

Neither surrogate residuals (Liu and Zhang 2018, JASA 113:845) nor functional ones (Lin and Liu 2025) are offered. Both
are made for ordered classes. Where classes have no order, they need the same arbitrary one as the quantile residual,
and then say the same: the first is G^-1(u) in place of Phi^-1(u) for the same u, G the distribution of a latent
variable that a multinomial model does not have; the second is the interval that u is drawn from. What does not depend
on any order is in the response residuals, and `gg.binned_residuals` looks at those.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from genreglm.diagnostics.counted import class_codes
from genreglm.engine.blocks import Codes, Floats, spread
from genreglm.engine.problem import Problem
from genreglm.engine.residuals import deviance_residuals, pearson_residuals, quantile_residuals
from genreglm.errors import OptionError
from genreglm.options import ResidualKind, check_choice
from genreglm.result import Result
from genreglm.result.rows import fitted_probabilities, index_of, problem_of
from genreglm.sources import Source


def residuals(
    result: Result,
    rows: Source | None = None,
    kind: ResidualKind = "quantile",
    *,
    seed: int = 0,
    order: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Return the residuals of rows: those of the fit, or others that have the response.

    Parameters
    ----------
    kind : with p_y the probability of a row's own class,

        - "quantile": resid = Phi^-1(u), u drawn uniformly from (F(y-), F(y)), where F sums the probabilities in
          `order` (Dunn and Smyth 1996, J. Comput. Graph. Stat. 5:236). Independent standard normals if the
          model is right; another seed or order gives other ones that are just as good
        - "deviance": resid = sqrt(-2 log p_y); weighted, their squares sum to the deviance
        - "pearson": resid = sqrt((1 - p_y) / p_y), the root of the row's chi-square
        - "response": t - p, one column a class, t one-hot
    seed, order : of "quantile"; `order` lists all classes, the model's sorted ones unless given

    Deviance and Pearson residuals have no sign, since classes have no sides; see `genreglm.engine.residuals`. Single
    rows' are functions of p_y and show only which rows surprise. Their distribution says nothing about the fit.

    A table of one column, `resid` ("response": one for each class), a row each, with the index of a frame that was
    given. Its `attrs` hold kind, and for "quantile" seed and order. A row has one residual whatever its weight is.
    Soft labels give t - p with their shares t, sqrt(-2 sum t log p), and sqrt(sum t^2 / p - 1).

    Raises
    ------
    OptionError
        For an unknown kind, or an order that does not list each class once.
    DataError, FormulaError
        For rows that cannot be used, a loaded result without `rows`, and quantile residuals of soft labels.
    """
    check_choice("kind", kind, ResidualKind)
    rank = class_ranks(result, order)
    problem = problem_of(result, rows)
    prob = fitted_probabilities(result, problem)
    if kind == "response":
        table = pd.DataFrame(spread(problem.y, problem.classes) - prob, columns=list(result.classes))
    else:
        table = pd.DataFrame({"resid": _of_rows(problem, prob, kind, rank, seed)})
    table.index = index_of(result, rows)
    table.attrs["kind"] = kind
    if kind == "quantile":
        table.attrs |= {"seed": seed, "order": list(result.classes if order is None else order)}
    return table


def class_ranks(result: Result, order: Sequence[Any] | None) -> Codes:
    """Return the place of each class in `order`, (classes,).

    Raises
    ------
    OptionError
        Where `order` does not list each class of the model once.
    """
    if order is None:
        return np.arange(len(result.classes))
    listed = list(order)
    if len(listed) != len(result.classes) or set(listed) != set(result.classes):
        raise OptionError(
            f"order has {len(listed)} classes ({len(set(listed) - set(result.classes))} of them unknown): it must list "
            f"each of the {len(result.classes)} classes of the model once."
        )
    return np.array([listed.index(label) for label in result.classes])


def _of_rows(problem: Problem, prob: Floats, kind: ResidualKind, rank: Codes, seed: int) -> Floats:
    if kind == "deviance":
        return deviance_residuals(prob, problem.y)
    if kind == "pearson":
        return pearson_residuals(prob, problem.y)
    return quantile_residuals(prob, class_codes(problem, "Quantile residuals"), rank, np.random.default_rng(seed))
