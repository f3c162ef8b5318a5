"""`places(x)`: where each value stands among those of the fit, for curves that bend where the rows are."""

from typing import Any

import numpy as np
from formulaic.utils.stateful_transforms import stateful_transform
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_POINTS = 400


@stateful_transform  # type: ignore[untyped-decorator]
def places(
    data: Any,
    *,
    _state: dict[str, Any] = {},  # noqa: B006 - formulaic puts the transform's own state here
) -> Floats:
    r"""Return the share of the rows of the fit that lie below a value, half of those that equal it counted, (rows,).

    The distribution function is kept at some 400 of its points and drawn on between them; beyond the smallest and the
    largest value it stays where it is. On this scale rows lie evenly, so that a spline of it, `cr(places(x), df=10)`,
    can follow what happens in a crowded corner of `x`, as acousticness near 1 or tempi about 128, and stays calm
    where rows are few.
    """
    values = np.asarray(data, dtype=np.float64)
    if "values" not in _state:
        _state["values"], _state["shares"] = distribution(values)
    return np.asarray(np.interp(values, _state["values"], _state["shares"]))


def distribution(values: Floats) -> tuple[Floats, Floats]:
    """Return different values in order, and of each the share of values below it and half of those equal to it.

    Where there are many, the first, the last and one in each four-hundredth of the rows.
    """
    found, counts = np.unique(values, return_counts=True)
    shares = (np.cumsum(counts) - 0.5 * counts) / len(values)
    if len(found) <= _POINTS:
        return found, shares
    kept = np.unique(np.searchsorted(shares, np.linspace(shares[0], shares[-1], _POINTS + 1)))
    return found[kept], shares[kept]
