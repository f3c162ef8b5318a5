"""Is a row like those that the model was fitted to? Where it is not, no probability of it is to be believed."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.designs import Design
from genreglm.errors import DataError
from genreglm.result import Result
from genreglm.sources import Source, read_rows

Floats = NDArray[np.float64]

# A direction in which the training rows hardly spread tells nothing by itself; it is held to this share of the widest.
_NARROWEST = 1e-6


def familiarity(result: Result | Design, rows: Source, training: Source | None = None) -> pd.Series:
    r"""Return the share of the training rows that are at least as unusual as each row, (rows,) between 0 and 1.

        d^2 = (x - m)' S^-1 (x - m),    familiarity = (1 + the number of training rows with d as large) / (1 + n)

    x are the columns of the design without the intercept, scaled to deviation 1, m and S their mean and covariance over
    the training rows. So of rows like those of the fit one in twenty has less than 0.05, and a row of values that were
    never seen together is near 1 / n, however sure the model is of it: a model extrapolates without a word. To abstain
    ("cannot tell") below 0.001 costs one row in a thousand of the familiar ones.

    Parameters
    ----------
    result : a model, or a design
    rows : to be judged; they need no response
    training : the rows of the fit; those that the result holds unless given

    Source: Mahalanobis (1936); as a test of unlikeness in applicability domains, Jaworska, Nikolova-Jeliazkova and
    Aldenberg (2005), ATLA 33:445.

    Raises
    ------
    DataError, FormulaError
        For a loaded result or a design without `training`, and rows that the design cannot use.
    """
    learnt = result if isinstance(result, Design) else result.design
    if training is not None:
        known = learnt.matrix(read_rows(training))
    elif isinstance(result, Design) or result.problem is None:
        raise DataError("The rows of the fit are not at hand: pass training=.")
    else:
        known = result.problem.x
    frame = read_rows(rows)
    index = rows.index if isinstance(rows, pd.DataFrame) else frame.index
    centre, spread = known.mean(axis=0), known.std(axis=0)
    told = spread > 0
    scaled = (known[:, told] - centre[told]) / spread[told]
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    narrowed = vectors / np.sqrt(np.maximum(values, _NARROWEST * values.max()))

    def distance(z: Floats) -> Floats:
        return np.asarray(np.square(z @ narrowed).sum(axis=1))

    among = np.sort(distance(scaled))
    own = distance((learnt.matrix(frame)[:, told] - centre[told]) / spread[told])
    beyond = len(among) - np.searchsorted(among, own * (1.0 - 1e-9), side="left")
    return pd.Series((1.0 + beyond) / (1.0 + len(among)), index=index, name="familiarity")
