"""Is a row like those that the model was fitted to? Where it is not, no probability of it is to be believed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.designs import Design
from genreglm.errors import DataError
from genreglm.result import Result
from genreglm.sources import Source, read_rows

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

# A direction in which the training rows hardly spread tells nothing by itself; it is held to this share of the widest.
_NARROWEST = 1e-6


@dataclass(frozen=True)
class Spread:
    """How the training rows lie: what tells how unusual another row is.

    Attributes
    ----------
    centre : (columns,) their mean
    whitening : (columns, directions) so that d^2 = |(x - centre)' whitening|^2
    distances : d^2 of training rows in rising order, all of them or some
    beyond : how many training rows are at least as far out as each of these
    rows : how many there were
    """

    centre: Floats
    whitening: Floats
    distances: Floats
    beyond: Counts
    rows: int

    @classmethod
    def of(cls, known: Floats, kept: int | None = None) -> "Spread":
        """Return the spread of the columns of training rows.

        At most `kept` distances are held, the furthest out all, further in ever fewer: then familiarity is up to a few
        per cent of itself too large, and never too small.
        """
        centre, deviation = known.mean(axis=0), known.std(axis=0)
        told = deviation > 0
        scaled = (known[:, told] - centre[told]) / deviation[told]
        values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
        whitening = np.zeros((known.shape[1], int(told.sum())))
        whitening[told] = vectors / np.sqrt(np.maximum(values, _NARROWEST * values.max())) / deviation[told, None]
        distances = np.sort(np.square((known - centre) @ whitening).sum(axis=1))
        beyond = np.arange(len(distances), 0, -1)
        if kept is not None and kept < len(distances):
            places = len(distances) - np.unique(np.geomspace(1, len(distances), kept).astype(np.int64))[::-1]
            distances, beyond = distances[places], beyond[places]
        return cls(centre, whitening, distances, beyond, len(known))

    def familiarity(self, x: Floats) -> Floats:
        """Return (1 + the number of training rows at least as far out) / (1 + their number) of each row."""
        own = np.square((x - self.centre) @ self.whitening).sum(axis=1)
        # Of those that are held, the last that is no further out counts as many rows at least.
        place = np.searchsorted(self.distances, own * (1.0 - 1e-9), side="left")
        held = np.append(self.beyond, 0)[place] if len(self.distances) == self.rows else self._at_most(place)
        return np.asarray((1.0 + held) / (1.0 + self.rows))

    def _at_most(self, place: NDArray[np.intp]) -> Counts:
        """Return the most training rows that can lie as far out, from the held distance just inside."""
        inside = np.append(self.rows, self.beyond - 1)[place]
        return np.where(place == len(self.distances), 0, inside)


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
    return pd.Series(Spread.of(known).familiarity(learnt.matrix(frame)), index=index, name="familiarity")
