"""How a predictive GLM is fitted: what its ridge is worth, how rows count, how far genres follow their family."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import inputs
from genreglm.dependence import group_weights
from genreglm.engine.penalties import FamilyRidge, Ridge, SmoothFamilyRidge, SmoothRidge
from genreglm.fitting import fit
from genreglm.formula import parse
from genreglm.result import Result

# A fit for prediction needs no digits that no score can see: within half a unit of log-likelihood.
_GRADIENT, _DECREMENT = 1e-5, 1.0
# Products are many and each of them explains little: they are held back as much more than single features.
PRODUCT_FACTOR = 20.0


@dataclass(frozen=True)
class Manner:
    """A way to fit.

    Attributes
    ----------
    strength : of the ridge in rows: what the prior is worth, per standard deviation of a column; a product of two
        features is held back twenty times as much
    power : an artist of n rows counts n^(1 - power)
    as_one : whether the rows of a song in a genre count as one row
    pooling : how freely a family of genres moves as a whole, see `FamilyRidge`; 0 for each genre by itself
    roughness : what the prior of a curve's bends is worth, in rows, see `SmoothRidge`; 0 where there are no curves
    """

    strength: float
    power: float = 0.0
    as_one: bool = False
    pooling: float = 0.0
    roughness: float = 0.0

    def weights(self, rows: pd.DataFrame) -> NDArray[np.float64] | None:
        """Return the weights of training rows, with mean one; None where all count alike."""
        if not self.power and not self.as_one:
            return None
        own = 1.0 / rows["song_rows"].to_numpy(dtype=float) if self.as_one else None
        return group_weights(rows, "artist", self.power, weights=own)

    def penalty(self, formula: str, rows: int, families: Mapping[str, str] | None) -> Ridge:
        """Return the penalty of a fit to so many rows."""
        terms = [str(term) for term in parse(formula)[1]]
        factors = {term: PRODUCT_FACTOR for term in terms if ":" in term}
        # A table whose features are all of few values has no curve to bend.
        smooth = self.roughness > 0.0 and any(term.startswith("cr(") for term in terms)
        strength = self.strength / rows
        given: dict[str, Any] = {"strength": strength, "standardise": True, "factors": factors}
        bent: dict[str, Any] = {"roughness": self.roughness / rows}
        pooled: dict[str, Any] = {"families": families, "pooling": self.pooling}
        if not self.pooling or families is None:
            return SmoothRidge(**given, **bent) if smooth else Ridge(**given)
        return SmoothFamilyRidge(**given, **bent, **pooled) if smooth else FamilyRidge(**given, **pooled)

    def __str__(self) -> str:
        parts = [f"ridge of {self.strength:g} rows"]
        if self.power or self.as_one:
            parts.append(f"an artist of n rows counts n^{1 - self.power:g}" + (", a song once" if self.as_one else ""))
        if self.pooling:
            parts.append(f"genres drawn to their family's slopes by {self.pooling:g}")
        if self.roughness:
            parts.append(f"bends of {self.roughness:g} rows")
        return "; ".join(parts)


def fit_glm(
    formula: str,
    train: pd.DataFrame,
    manner: Manner,
    families: Mapping[str, str] | None = None,
    start: Result | None = None,
) -> Result:
    """Fit the GLM to `train` as `manner` says; `start` changes the way, not the end."""
    weights = manner.weights(train)
    return fit(
        formula,
        train,
        weights=weights,
        weight_kind="frequency" if weights is None else "importance",
        penalty=manner.penalty(formula, len(train), families),
        start=start,
        gradient_tolerance=_GRADIENT,
        decrement_tolerance=_DECREMENT,
    )


def with_rows(result: Result, rows: pd.DataFrame, manner: Manner) -> Result:
    """Return a fit with the rows that `fit_glm` fitted it to, which what was trained does not hold any more."""
    rows = rows.reset_index(drop=True)
    return replace(result, source=rows, problem=inputs.problem(result.design, rows, manner.weights(rows)))
