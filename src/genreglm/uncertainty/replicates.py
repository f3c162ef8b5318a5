"""How far a model's probabilities would move with other artists: replicates of its coefficients by one step each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from genreglm import inputs
from genreglm.designs import Design
from genreglm.engine.one_step import one_step
from genreglm.engine.penalties import Ridge
from genreglm.errors import DataError, InferenceError, OptionError
from genreglm.inputs import Column
from genreglm.options import check_level
from genreglm.penalised import ridge_of
from genreglm.result import Result
from genreglm.uncertainty.calibrate import Calibration

Floats = NDArray[np.float64]

_FEWEST_GROUPS = 10
# Rows whose probabilities under all replicates are held at a time.
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Replicates:
    """Coefficients of a model under draws of whole groups.

    Attributes
    ----------
    design : of the model
    coefficients : (replicates, columns, classes) in single precision
    groups : how many were drawn from
    """

    design: Design
    coefficients: NDArray[np.float32]
    groups: int

    def intervals(
        self, rows: pd.DataFrame, conf_level: float = 0.9, calibration: Calibration | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the lower and the upper end for each probability, (rows, classes) each.

        They run between percentiles of the replicates, and say how far a probability would move had other groups been
        in the table; not how sure the class is, which the probability says, and nothing of a bias that a penalty
        brings. Thirty replicates show the size of an interval, not its second digit. With a `calibration` they are of
        the probabilities as it corrects them.

        Raises
        ------
        DataError, FormulaError
            For rows that the design cannot use.
        OptionError
            For a level outside (0, 1).
        """
        check_level(conf_level)
        x = self.design.matrix(rows)
        ends = [(1.0 - conf_level) / 2.0, (1.0 + conf_level) / 2.0]
        found = np.empty((2, len(x), len(self.design.classes)))
        for start in range(0, len(x), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            logs = log_softmax(x[part] @ self.coefficients.astype(np.float64), axis=2)
            if calibration is not None:
                logs = calibration.corrected(logs)
            found[:, part] = np.quantile(np.exp(logs), ends, axis=0)
        low, high = (pd.DataFrame(each, index=rows.index, columns=list(self.design.classes)) for each in found)
        return low, high


def bootstrap(result: Result, groups: Column = "artist", *, replicates: int = 30, seed: int = 0) -> Replicates:
    """Draw groups anew, with replacement, and take one step of Newton's from the estimate for each draw.

    A row counts w_i m_g(i), m_g being how often its group was drawn, scaled to the sum of the fit's weights; see
    `genreglm.engine.one_step` for the step. So it is a draw from the first-order law of a refit to other artists, of a
    model as large as memory lets it be fitted, at the price of some products with the Hessian each.

    Parameters
    ----------
    result : a fit without a penalty, or under a ridge, which still holds the rows of its fit
    groups : a column's name, or (rows,) labels
    replicates : draws; 2 or more

    Raises
    ------
    DataError
        For a loaded result or a fit in passes without rows, rows without a group, or fewer than 10 groups.
    InferenceError
        For a fit under `CellPrior` or `Jeffreys`.
    OptionError
        For fewer than 2 replicates.
    """
    if replicates < 2:
        raise OptionError(f"replicates={replicates!r}: an interval needs 2 at least, and 30 to mean something.")
    if result.problem is None or result.source is None:
        raise result.holds_no_rows()
    if result.penalty is not None and not isinstance(result.penalty, Ridge):
        raise InferenceError(
            f"gg.bootstrap takes a fit without a penalty or under a ridge; this one was fitted under "
            f"{type(result.penalty).__name__}, which depends on the weights in a way that one step leaves out."
        )
    codes, _ = inputs.labelled_codes(groups, result.source, "groups")
    count = int(codes.max()) + 1
    if count < _FEWEST_GROUPS:
        raise DataError(f"There are {count} groups; draws of fewer than {_FEWEST_GROUPS} say little about others.")
    problem = result.problem

    def draws() -> Iterator[Floats]:
        rng = np.random.default_rng(seed)
        for _ in range(replicates):
            times = np.bincount(rng.integers(count, size=count), minlength=count)
            weights = problem.w * times[codes]
            yield weights * (problem.w.sum() / weights.sum())

    ridge = None if result.penalty is None else ridge_of(result.design, problem, result.penalty, result.source)
    found = [each.astype(np.float32) for each in one_step(problem, result.coefficients, draws(), ridge)]
    return Replicates(result.design, np.stack(found), count)
