"""Selection by what unseen groups say: cross-validation, choice among candidates, terms and their products."""

from genreglm.selection.choice import choose
from genreglm.selection.cross_validation import cross_validate

__all__ = ["choose", "cross_validate"]
