"""`Trained`: what is left of a model after training: probabilities on the rows held out, size, time, and choices."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genreglm.result import Result


@dataclass(frozen=True)
class Trained:
    """A model's probabilities on test rows (rows, genres), its size, its time, and what was chosen."""

    prob: NDArray[np.float32]
    parameters: int
    seconds: float
    detail: str
    result: Result | None = None
