"""Half-normal plots with a simulated envelope.

Sources: Atkinson (1985), Plots, Transformations, and Regression, 4.2; Moral, Hinde and Demetrio (2017), J. Stat. Softw.
81:10.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from genreglm.diagnostics.counted import class_codes, counted_rows
from genreglm.engine.blocks import Codes, Floats
from genreglm.engine.problem import Problem
from genreglm.engine.residuals import deviance_residuals, quantile_residuals
from genreglm.engine.sampling import sample_classes
from genreglm.engine.threads import ordered_map
from genreglm.errors import EstimationError, OptionError
from genreglm.fitting import fit
from genreglm.options import EnvelopeKind, check_choice, check_level
from genreglm.result import Result
from genreglm.result.rows import fitted_probabilities, problem_of, problem_of_fit
from genreglm.sources import Source, read_rows

_PURPOSE = "Simulated envelopes"
_MOST_POINTS = 200


def envelope(
    result: Result,
    rows: Source | None = None,
    kind: EnvelopeKind = "deviance",
    *,
    simulations: int = 99,
    seed: int = 0,
    conf_level: float = 0.95,
    refit: bool = False,
) -> pd.DataFrame:
    """Return point, theoretical, observed, low, median, high, inside of a half-normal plot.

    The absolute residuals in order of size, the i-th of n (`point`) against Phi^-1((i + n - 1/8) / (2 n + 1/2)), with
    what responses drawn from the model give in the same place: their median, and the limits that hold a share
    `conf_level` of them, point by point. About 200 of the points are listed, evenly spread over the theoretical
    quantiles. The limits hold for one point: neighbours leave them together, and some of 200 do under any model.

    Parameters
    ----------
    kind : of residual, see `gg.residuals`; "quantile" runs through the classes in sorted order. The distribution
        of deviance residuals depends on the probabilities, and only the envelope shows what it should be. It shows
        whether the model is as sure as it should be, not whether it is right everywhere
    simulations : how many responses; at least 2 / (1 - conf_level) - 1, so that the limits lie among them
    refit : fit the model to each of them. Without it the probabilities are taken as known, which is right where
        rows are many for each parameter; where they are few, a fit's own residuals are smaller than the model's and
        lie low in the envelope. Only for the rows of the fit

    Rows with frequency weights are drawn as often as their weights say.

    Raises
    ------
    OptionError
        For an unknown kind, a conf_level outside (0, 1), and too few simulations.
    DataError, FormulaError
        For rows that cannot be used, soft labels, and weights that are no whole numbers.
    EstimationError
        With `refit`, where a simulated response has no estimate.
    """
    check_choice("kind", kind, EnvelopeKind)
    check_level(conf_level)
    fewest = int(np.ceil(2.0 / (1.0 - conf_level) - 1.0 - 1e-9))
    if simulations < fewest:
        raise OptionError(f"simulations={simulations!r} is too few for conf_level={conf_level:g}: at least {fewest}.")
    frame = None if rows is None else read_rows(rows)
    problem = problem_of_fit(result, frame) if refit else problem_of(result, frame)
    codes, copies = class_codes(problem, _PURPOSE), counted_rows(problem, _PURPOSE)
    prob = fitted_probabilities(result, problem)[copies]
    points, theoretical = _points(len(prob))
    own, *streams = np.random.default_rng(seed).spawn(1 + simulations)
    observed = _ordered(_residuals(prob, codes[copies], kind, own), points)
    if refit:
        drawn = sample_classes(prob, simulations, seed)
        simulated = _refitted(result, result.require_rows(frame), problem, copies, drawn, kind, streams, points)
    else:
        simulated = _taken_as_known(prob, kind, streams, points, seed)
    limits = (0.5 - conf_level / 2.0, 0.5, 0.5 + conf_level / 2.0)
    # The definition by which a new value is as likely as its level says to lie below (Hyndman and Fan's sixth).
    low, median, high = np.quantile(simulated, limits, axis=0, method="weibull")
    return pd.DataFrame(
        {
            "point": points + 1,
            "theoretical": theoretical,
            "observed": observed,
            "low": low,
            "median": median,
            "high": high,
            "inside": (low <= observed) & (observed <= high),
        }
    )


def _points(rows: int) -> tuple[Codes, Floats]:
    """Return the places, counted from 0, of the order statistics that are listed, and their half-normal quantiles."""
    quantiles = ndtri((np.arange(1, rows + 1) + rows - 0.125) / (2.0 * rows + 0.5))
    wanted = np.linspace(quantiles[0], quantiles[-1], _MOST_POINTS)
    if rows <= _MOST_POINTS:
        return np.arange(rows), quantiles
    points = np.unique(np.searchsorted(quantiles, wanted - 1e-12))
    return points, quantiles[points]


def _residuals(prob: Floats, codes: Codes, kind: EnvelopeKind, rng: np.random.Generator) -> Floats:
    if kind == "deviance":
        return deviance_residuals(prob, codes)
    return quantile_residuals(prob, codes, np.arange(prob.shape[1]), rng)


def _ordered(residuals: Floats, points: Codes) -> Floats:
    return np.asarray(np.sort(np.abs(residuals))[points])


def _taken_as_known(
    prob: Floats, kind: EnvelopeKind, streams: list[np.random.Generator], points: Codes, seed: int
) -> Floats:
    """Return ordered residuals of responses drawn from `prob`, (simulations, points)."""
    if kind == "quantile":  # standard normal whatever the probabilities: no classes need be drawn
        found = ordered_map(lambda rng: _ordered(rng.standard_normal(len(prob)), points), streams)
    else:
        drawn = sample_classes(prob, len(streams), seed)
        found = ordered_map(lambda codes: _ordered(deviance_residuals(prob, codes), points), drawn.T)
    return np.array(list(found))


def _refitted(
    result: Result,
    frame: pd.DataFrame,
    problem: Problem,
    copies: Codes,
    drawn: Codes,
    kind: EnvelopeKind,
    streams: list[np.random.Generator],
    points: Codes,
) -> Floats:
    """Return ordered residuals of responses under the models fitted to them, (simulations, points)."""
    rows = frame.iloc[copies]
    offset = None if problem.offset is None else problem.offset[copies]
    found = []
    for codes, rng in zip(drawn.T, streams, strict=True):
        again = _fitted_to(result, rows, offset, codes)
        found.append(_ordered(_residuals(fitted_probabilities(again, problem_of(again)), codes, kind, rng), points))
    return np.array(found)


def _fitted_to(result: Result, rows: pd.DataFrame, offset: Floats | None, codes: Codes) -> Result:
    """Return the same model fitted to another response of the same rows."""
    remedy = "Use refit=False, or fit under penalty=gg.Jeffreys() or gg.CellPrior()."
    absent = np.bincount(codes, minlength=len(result.classes)) == 0
    if absent.any():
        raise EstimationError(
            f"A response drawn from the model has no rows of {result.classes[int(absent.argmax())]!r}, so that the "
            "model cannot be fitted to it. Use refit=False, or combine rare classes."
        )
    again = rows.assign(**{result.design.response: np.array(result.classes)[codes]})
    try:
        return fit(result.design, again, offset=offset, penalty=result.penalty, covariance=None, start=result)
    except EstimationError as error:
        raise EstimationError(f"A response drawn from the model has no estimate. {remedy} ({error})") from error
