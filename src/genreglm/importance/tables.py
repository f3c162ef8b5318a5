"""What a comparison of a model with those that lack a term says: of each term, and of each class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from genreglm.notebook import Shown


@dataclass(frozen=True)
class Importance(Shown):
    """Two tables that one set of fits gives.

    Attributes
    ----------
    terms : one row a term
    classes : one row a class and term: what the term does for the rows of that class
    """

    terms: pd.DataFrame
    classes: pd.DataFrame

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        return "What each term is worth", {"Terms": self.terms, "Classes": self.classes}


def class_table(classes: Sequence[Any], terms: Sequence[str], columns: Mapping[str, ArrayLike]) -> pd.DataFrame:
    """Return class, term and `columns`, class by class; a column is given as (terms, classes)."""
    table = pd.DataFrame({"class": np.repeat(np.array(classes), len(terms)), "term": list(terms) * len(classes)})
    shape = (len(terms), len(classes))
    return table.assign(**{name: np.reshape(values, shape).T.ravel() for name, values in columns.items()})
