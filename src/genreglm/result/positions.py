"""Classes as a caller names them, as their places in the model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreglm.errors import OptionError
from genreglm.result.model import Result


def class_positions(result: Result, classes: Sequence[Any] | None, name: str = "classes") -> NDArray[np.intp]:
    """Return the places of `classes` among the model's, in the order given; of all of them for None.

    `name` is what the caller's argument is called.

    Raises
    ------
    OptionError
        For text, which is no list of names, for an empty list, and for a class that is not of the model.
    """
    if classes is None:
        return np.arange(len(result.classes))
    unknown = [] if isinstance(classes, str) else [label for label in classes if label not in result.classes]
    if unknown or isinstance(classes, str) or not len(classes):
        said = f"; unknown: {', '.join(map(repr, unknown[:10]))}" if unknown else ""
        raise OptionError(f"{name}={classes!r} must be a list of classes of the model{said}.")
    return np.array([result.classes.index(label) for label in classes], dtype=np.intp)
