"""A quadratic form over columns that the classes share in unevenly: what pulls coefficients towards their family's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coupled:
    """The form (1/2) tr(B' Q B A) of B (columns, classes), its product with B, and its blocks.

    Attributes
    ----------
    form : Q, (columns, columns) symmetric, or its diagonal (columns,)
    classes : A, (classes, classes) symmetric, with the vector of ones as an eigenvector: so that where the rows of B
        sum to zero, those of Q B A do too
    """

    form: Floats
    classes: Floats

    def __matmul__(self, coefficients: Floats) -> Floats:
        """Return Q B A, the gradient of the form."""
        return np.asarray(self.form @ coefficients @ self.classes)


Quadratic = Floats | Coupled


def column_form(quadratic: Quadratic) -> Floats:
    """Return Q: what a class would feel of the form alone, were it not coupled to others."""
    return quadratic.form if isinstance(quadratic, Coupled) else quadratic


def add_class_blocks(blocks: NDArray[np.floating[Any]], quadratic: Quadratic) -> None:
    """Add the form's second derivatives within each class to `blocks`, (classes, columns, columns) of any precision."""
    own = np.diag(quadratic.classes) if isinstance(quadratic, Coupled) else np.ones(len(blocks))
    for block, share in zip(blocks, own, strict=True):
        block += share * column_form(quadratic)


def all_blocks(quadratic: Quadratic, classes: int) -> Floats:
    """Return the form's second derivatives between all classes, (classes, classes, columns, columns)."""
    shares = quadratic.classes if isinstance(quadratic, Coupled) else np.eye(classes)
    return np.asarray(shares[:, :, None, None] * column_form(quadratic))


def pooled_classes(families: NDArray[np.int64], pooling: float) -> Floats:
    """Return A = I - pooling * M (classes, classes), where M takes the mean over a class's family.

    `families` (classes,) are codes from 0 on.
    """
    member = np.eye(int(families.max()) + 1)[families]
    return np.asarray(np.eye(len(families)) - pooling * (member / member.sum(axis=0)) @ member.T)
