"""How far a score depends on which artists were held out: groups drawn anew, with replacement."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genreglm.selection.held_out import Scored

Floats = NDArray[np.float64]


def resampled(held: Scored, metric: str, draws: int, seed: Sequence[int]) -> Floats:
    """Return the score of `draws` samples of the held-out groups, (draws,), as many groups in each as there are.

    The model stays as it is: what is left out is how another training sample would have it otherwise. Source: Efron
    and Tibshirani (1993), An Introduction to the Bootstrap, chapter 8.
    """
    names, codes = np.unique(held.groups, return_inverse=True)
    rng = np.random.default_rng(seed)
    taken = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=draws)
    return np.array([held.scores.score(metric, held.weights * times[codes]) for times in taken])
