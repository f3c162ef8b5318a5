"""Which terms shape the classes as a whole, and each of them.

Four questions, and none is answered by the size of one class's coefficients: what a term adds to the likelihood
(`term_importance`), what it is worth on groups not seen (`drop_one`), how much the fitted model leans on a variable
(`permutation_importance`), and how far a term moves the log-odds of each class (`standardised_effects`) and of all
together (`term_effects`).
"""

from genreglm.importance.likelihood import term_importance
from genreglm.importance.overall import term_effects
from genreglm.importance.permutation import permutation_importance
from genreglm.importance.standardised import standardised_effects
from genreglm.importance.tables import Importance
from genreglm.importance.unseen import drop_one

__all__ = [
    "Importance",
    "drop_one",
    "permutation_importance",
    "standardised_effects",
    "term_effects",
    "term_importance",
]
