"""Rows of a known multinomial model, of any size: for the problems and families that no real table gives."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Columns share a part, as the features of music do: a solver that needs independent columns would be flattered.
_SHARED = 0.5
_STRENGTH = 0.5


@dataclass(frozen=True)
class Simulated:
    """A frame and the formula that uses all of it."""

    frame: pd.DataFrame
    formula: str


def simulated(rows: int, classes: int, columns: int, seed: int = 0) -> Simulated:
    """Draw `rows` rows of `classes` classes whose design has `columns` columns, the intercept's included."""
    rng = np.random.default_rng(seed)
    width = columns - 1
    x = rng.normal(size=(rows, width)) + _SHARED * rng.normal(size=(rows, 1))
    # Slopes shrink with the width, so that the classes overlap as much in every family of sizes.
    slopes = _STRENGTH * np.sqrt(7.0 / width) * rng.normal(size=(width, classes))
    eta = x @ slopes + 0.3 * rng.normal(size=classes)
    y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    names = [f"x{j}" for j in range(1, columns)]
    frame = pd.DataFrame(x, columns=names)
    frame["label"] = np.array([f"c{k:04d}" for k in range(classes)])[y]
    return Simulated(frame, "label ~ " + " + ".join(names))
