"""Diagnostics of a design and of a fit, as tables."""

from genreglm.diagnostics.calibration import calibration, calibration_slopes
from genreglm.diagnostics.collinearity import vif
from genreglm.diagnostics.conditioning import aliased, condition_indices
from genreglm.diagnostics.functional_form import functional_form, link_test
from genreglm.diagnostics.goodness_of_fit import fit_groups, goodness_of_fit
from genreglm.diagnostics.independence import independence
from genreglm.diagnostics.separated import cells_table, separation

__all__ = [
    "aliased",
    "calibration",
    "calibration_slopes",
    "cells_table",
    "condition_indices",
    "fit_groups",
    "functional_form",
    "goodness_of_fit",
    "independence",
    "link_test",
    "separation",
    "vif",
]
