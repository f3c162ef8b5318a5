"""Monotone transforms that make a feature's distribution less skewed, chosen on training rows.

Every transform increases with its column, so that the sign of an effect keeps its meaning. With
e = half the first percentile of the distances that are above zero:

    log            log(x + e); e = 0 if all x > 0
    sqrt           sqrt(x)
    reflected_log  -log(high - x + e), high the largest training value: for a tail to the left
    logit          log((x + e) / (1 - x + e)), for features within 0..1

The column itself stays unless a transform has a clearly smaller absolute skewness (`MARGIN`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from genreglm.errors import ModelFileError

Floats = NDArray[np.float64]
Kind = Literal["identity", "log", "sqrt", "reflected_log", "logit"]

MARGIN = 0.25
_NEAR = 0.05  # a difference in skewness that does not outweigh the simpler transform
_ORDER: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Transform:
    """A transform as learnt: `kind(column)` with its constants, and why it was chosen.

    `low` and `high` are the smallest and the largest training value: values outside are clipped to them
    first, so that a new row can never give NaN or infinity. `skewness` has every candidate's.
    """

    column: str
    kind: Kind
    shift: float
    low: float
    high: float
    skewness: Mapping[Kind, float]
    reason: str

    @property
    def name(self) -> str:
        """The name of the resulting column; the column's own where it stays as it is."""
        return self.column if self.kind == "identity" else f"{self.kind}_{self.column}"

    def apply(self, values: Floats) -> Floats:
        """Transformed values; the identity does not clip."""
        if self.kind == "identity":
            return values
        return _transformed(self.kind, np.clip(values, self.low, self.high), self.shift, self.high)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Transform":
        """The transform that `to_dict` wrote. Raises `ModelFileError` for anything else."""
        try:
            transform = cls(**stored)
        except TypeError as error:
            raise ModelFileError(f"A stored transform is damaged ({error}). Train the model again.") from None
        if transform.kind not in _ORDER:
            raise ModelFileError(
                f'A stored transform is of the kind "{transform.kind}"; this version knows '
                f"{', '.join(_ORDER)}. Install the version that wrote the model, or train it again."
            )
        return transform


def choose(column: str, values: Floats) -> Transform:
    """The transform for a column, by the skewness of its finite training values."""
    low, high = float(values.min()), float(values.max())
    shifts = _shifts(values, low, high)
    skewness: dict[Kind, float] = {kind: skew(_transformed(kind, values, c, high)) for kind, c in shifts.items()}
    kind, reason = _decide(skewness)
    return Transform(column, kind, shifts[kind], low, high, skewness, reason)


def skew(values: Floats) -> float:
    """Third standardised moment; 0 for a column without spread."""
    centred = values - values.mean()
    scale = float(np.sqrt(np.mean(centred**2)))
    return 0.0 if scale == 0 else float(np.mean((centred / scale) ** 3))


def _shifts(values: Floats, low: float, high: float) -> dict[Kind, float]:
    """The candidates that are defined on these values, each with its constant."""
    shifts: dict[Kind, float] = {"identity": 0.0}
    if low >= 0:
        shifts["log"] = 0.0 if low > 0 else _half_percentile(values)
        shifts["sqrt"] = 0.0
    shifts["reflected_log"] = _half_percentile(high - values)
    if low >= 0 and high <= 1:
        shifts["logit"] = _half_percentile(np.minimum(values, 1 - values))
    return shifts


def _half_percentile(distances: Floats) -> float:
    """Half the first percentile of the distances above zero; 1 where there are none."""
    above = distances[distances > 0]
    return float(np.quantile(above, 0.01)) / 2 if len(above) else 1.0


def _transformed(kind: Kind, values: Floats, shift: float, high: float) -> Floats:
    match kind:
        case "log":
            return np.log(values + shift)
        case "sqrt":
            return np.sqrt(values)
        case "reflected_log":
            return -np.log(high - values + shift)
        case "logit":
            return np.log((values + shift) / (1 - values + shift))
        case "identity":
            return values


def _decide(skewness: Mapping[Kind, float]) -> tuple[Kind, str]:
    """The simplest of the least skewed candidates, if it betters the column itself by the margin."""
    before = abs(skewness["identity"])
    least = min(abs(value) for value in skewness.values())
    if before - least < MARGIN:
        return "identity", f"no transform lowers the absolute skewness of {before:.2f} by {MARGIN:g} or more"
    kind = next(k for k in _ORDER if k in skewness and abs(skewness[k]) <= least + _NEAR)
    return kind, f"absolute skewness {before:.2f} -> {abs(skewness[kind]):.2f}"
