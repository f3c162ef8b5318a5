"""`hinges(x)`: a piecewise linear basis for formulas, whose products are surfaces that bend along both variables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from formulaic.materializers.types import FactorValues
from formulaic.utils.stateful_transforms import stateful_transform
from numpy.typing import NDArray

from genreglm.errors import FormulaError

Floats = NDArray[np.float64]


@stateful_transform  # type: ignore[untyped-decorator]
def hinges(
    data: Any,
    df: int = 3,
    knots: Sequence[float] | None = None,
    *,
    _state: dict[str, Any] = {},  # noqa: B006 - formulaic puts the transform's own state here
) -> FactorValues[dict[str, Floats]]:
    r"""Return x, (x - k_1)_+, ..., (x - k_m)_+, each centred and scaled by the rows that it was learnt from.

        (x - k)_+ = max(x - k, 0)

    The knots are the m = `df` - 1 inner quantiles at equal steps, or those given; a knot that no row lies beyond, or
    that a feature with a lump has twice, is left out. Centred, the columns do not move the intercept, and a product of
    two `hinges` is nearly free of their single effects; scaled, one ridge suits all. Beyond the last knot the curve
    goes on as a line.

    Source: Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, section 9.4.

    Raises
    ------
    FormulaError
        For `df` below 1, or knots that are not finite.
    """
    if df < 1 or (knots is not None and not np.isfinite(np.asarray(knots, dtype=np.float64)).all()):
        raise FormulaError(
            f"hinges(df={df!r}, knots={knots!r}): df counts columns, 1 at least, and knots must be finite."
        )
    values = np.asarray(data, dtype=np.float64)
    if "knots" not in _state:
        wanted = np.quantile(values, np.linspace(0.0, 1.0, df + 1)[1:-1]) if knots is None else np.asarray(knots)
        inside = (wanted > values.min()) & (wanted < values.max())
        _state["knots"] = np.unique(wanted[inside])
    columns = np.column_stack([values, *(np.maximum(values - knot, 0.0) for knot in _state["knots"])])
    if "centre" not in _state:
        _state["centre"] = columns.mean(axis=0)
        deviation = columns.std(axis=0)
        _state["scale"] = np.where(deviation > 0.0, deviation, 1.0)
    columns = (columns - _state["centre"]) / _state["scale"]
    named = {str(j): columns[:, j] for j in range(columns.shape[1])}
    return FactorValues(named, kind="numerical", spans_intercept=False)
