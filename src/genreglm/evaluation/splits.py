"""Folds of rows: by group, so that no artist is on both sides, or at random, which remembers artists."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.errors import DataError

Integers = NDArray[np.int64]


def grouped_folds(groups: pd.Series, folds: int, seed: int) -> Integers:
    """Deal whole groups into folds at random; return each row's fold.

    Every group has the same chance of every fold, so a fold is a simple random sample of artists, and its
    scores estimate those on artists never heard. Its rows are about, not exactly, one in `folds`.

    Raises
    ------
    DataError
        Where there are fewer groups than folds.
    """
    codes, names = pd.factorize(groups)
    if len(names) < folds:
        raise DataError(f"{len(names)} groups cannot fill {folds} folds; there must be at least one for each.")
    return np.asarray(random_folds(len(names), folds, seed)[codes])


def random_folds(rows: int, folds: int, seed: int) -> Integers:
    """Assign rows to folds at random, as most notebooks do; rows of one artist land on both sides."""
    return np.random.default_rng(seed).permutation(np.arange(rows) % folds)
