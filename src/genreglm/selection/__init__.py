"""Selection by what unseen groups say: cross-validation, choice among candidates, terms and their products."""

from genreglm.selection.choice import choose
from genreglm.selection.cross_validation import cross_validate
from genreglm.selection.interactions import interaction_search
from genreglm.selection.nested import nested_cross_validate
from genreglm.selection.path import RegularisationPath
from genreglm.selection.regularisation import regularisation_path
from genreglm.selection.selected import Selection
from genreglm.selection.stepwise import stepwise
from genreglm.selection.weighting import tune_group_power

__all__ = [
    "RegularisationPath",
    "Selection",
    "choose",
    "cross_validate",
    "interaction_search",
    "nested_cross_validate",
    "regularisation_path",
    "stepwise",
    "tune_group_power",
]
