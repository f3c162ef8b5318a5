"""Anderson's acceleration of a fixed-point iteration x <- g(x): the next point from the last few, by least squares."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_REMEMBERED = 6


class Anderson:
    """Remembers images g(x) and residuals g(x) - x; see Walker and Ni (2011), SIAM J. Numer. Anal. 49:1715."""

    def __init__(self) -> None:
        self._images: deque[Floats] = deque(maxlen=_REMEMBERED)
        self._residuals: deque[Floats] = deque(maxlen=_REMEMBERED)

    def forget(self) -> None:
        """Begin anew: the map has changed."""
        self._images.clear()
        self._residuals.clear()

    def next_point(self, point: Floats, image: Floats) -> Floats:
        """Return the mixture of images, weights summing to one, whose residuals nearly cancel; `image` at first.

        What `image` sets to exactly zero stays zero.
        """
        self._images.append(image.copy())
        self._residuals.append(image - point)
        if len(self._images) < 2:
            return image
        latest = self._residuals[-1].ravel()
        steps = np.array([(residual.ravel() - latest) for residual in list(self._residuals)[:-1]]).T
        weights = np.linalg.lstsq(steps, -latest, rcond=1e-10)[0]
        mixed = image + sum(
            weight * (old - image) for weight, old in zip(weights, list(self._images)[:-1], strict=True)
        )
        return np.asarray(np.where(image != 0.0, mixed, 0.0))
