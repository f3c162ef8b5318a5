"""What the training rows were like: enough to say whether new ones are like them, and nothing to rebuild one from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.uncertainty.familiarity import Spread

Floats = NDArray[np.float64]

LEVELS = tuple(np.linspace(0.0, 1.0, 21).round(2))
# A row less familiar than this is unlike anything seen: one in a thousand rows like those of the fit is.
UNLIKE = 0.001
_KEPT = 2_000  # distances of training rows; the furthest out are all there
# No quantile is a row's own value: beyond these the ends say how far training rows reach.
_ENDS = (0.0005, 0.9995)


@dataclass(frozen=True)
class TrainingSummary:
    """The training rows by feature, and together.

    Attributes
    ----------
    rows : how many
    quantiles : feature, in its own unit -> its quantiles at `LEVELS`, the ends those of 0.05 % and 99.95 %
    binned : feature -> share of the rows in each of the bins that its inner quantiles part, see `bin_shares`
    shares : factor -> level -> share of the rows
    missing : feature -> share of the rows that lacked it
    features : the transformed features that `spread` is of
    spread : how they lie together
    """

    rows: int
    quantiles: Mapping[str, Sequence[float]]
    binned: Mapping[str, Sequence[float]]
    shares: Mapping[str, Mapping[str, float]]
    missing: Mapping[str, float]
    features: tuple[str, ...]
    spread: Spread

    @classmethod
    def of(
        cls, rows: pd.DataFrame, continuous: Sequence[str], factors: Sequence[str], transformed: Sequence[str]
    ) -> "TrainingSummary":
        """Sum up prepared training rows: features in their own units, factors, and transformed features."""
        levels = np.clip(LEVELS, *_ENDS)
        known = {name: rows[name].dropna().to_numpy(dtype=float) for name in continuous}
        quantiles = {name: np.quantile(values, levels).tolist() for name, values in known.items()}
        return cls(
            len(rows),
            quantiles,
            {name: bin_shares(values, quantiles[name]).tolist() for name, values in known.items()},
            {name: _shares(rows[name]) for name in factors},
            {name: float(rows[name].isna().mean()) for name in continuous},
            tuple(transformed),
            Spread.of(rows[list(transformed)].to_numpy(dtype=float), _KEPT),
        )

    def familiarity(self, prepared: pd.DataFrame) -> Floats:
        """Return the share of the training rows that are at least as unusual as each row; see `gg.familiarity`."""
        return self.spread.familiarity(prepared[list(self.features)].to_numpy(dtype=float))

    def unlike(self, prepared: pd.DataFrame) -> NDArray[np.bool_]:
        """Say which rows are less familiar than all but one in a thousand of the training rows, or than all of them."""
        return np.asarray(self.familiarity(prepared) < max(UNLIKE, 1.5 / (1.0 + self.rows)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, all but the spread's arrays."""
        return {
            "rows": self.rows,
            "quantiles": dict(self.quantiles),
            "binned": dict(self.binned),
            "shares": {name: dict(found) for name, found in self.shares.items()},
            "missing": dict(self.missing),
            "features": list(self.features),
        }


def bin_shares(values: Floats, quantiles: Sequence[float]) -> Floats:
    """Return the share of the values in each bin between the inner quantiles; a value on an edge is above it.

    Where many rows share a value, as the zeros of instrumentalness, quantiles fall together, and are one edge.
    """
    inner = np.unique(quantiles[1:-1])
    counts = np.bincount(np.searchsorted(inner, values, side="right"), minlength=len(inner) + 1)
    return np.asarray(counts / max(len(values), 1))


def _shares(column: pd.Series) -> dict[str, float]:
    """Level, as text -> its share."""
    found = column.dropna().map(_spelt).value_counts(normalize=True).sort_index()
    return {str(level): float(share) for level, share in found.items()}


def _spelt(level: Any) -> str:
    return str(int(level)) if isinstance(level, (bool, np.bool_, float, np.floating)) else str(level)
