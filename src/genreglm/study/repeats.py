"""Which rows of a long table are exact repeats of earlier ones, met batch by batch: 8 bytes a row."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


class Repeats:
    """Remembers 64 bits of a hash of every row it was shown.

    They lie in sorted runs, each longer than the next, as in a binary counter: so a batch of n rows costs n log^2 N
    steps, however many rows N came before.
    """

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def among(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        """Say of each row, whether it is a repeat of one shown before or above it, and remember it."""
        hashes = np.asarray(pd.util.hash_pandas_object(rows, index=False), dtype=np.uint64)
        repeated = pd.Series(hashes).duplicated().to_numpy(copy=True)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            repeated |= run[place] == hashes
        self._remember(np.sort(hashes[~repeated]))
        return repeated

    def _remember(self, run: Hashes) -> None:
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        if len(run):
            self._runs.append(run)
