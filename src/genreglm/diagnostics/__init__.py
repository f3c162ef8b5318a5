"""Diagnostics of a design and of a fit, as tables."""

from genreglm.diagnostics.binned import binned_residuals, binned_summary
from genreglm.diagnostics.calibration import calibration, calibration_slopes
from genreglm.diagnostics.collinearity import vif
from genreglm.diagnostics.conditioning import aliased, condition_indices
from genreglm.diagnostics.dispersion import dispersion, group_residuals
from genreglm.diagnostics.envelope import envelope
from genreglm.diagnostics.functional_form import functional_form, link_test
from genreglm.diagnostics.goodness_of_fit import fit_groups, goodness_of_fit
from genreglm.diagnostics.independence import independence
from genreglm.diagnostics.influence import cluster_influence, dfbeta, influence, leverage
from genreglm.diagnostics.refit import refit_without
from genreglm.diagnostics.residuals import residuals
from genreglm.diagnostics.separated import cells_table, separation

__all__ = [
    "aliased",
    "binned_residuals",
    "binned_summary",
    "calibration",
    "calibration_slopes",
    "cells_table",
    "cluster_influence",
    "condition_indices",
    "dfbeta",
    "dispersion",
    "envelope",
    "fit_groups",
    "functional_form",
    "goodness_of_fit",
    "group_residuals",
    "independence",
    "influence",
    "leverage",
    "link_test",
    "refit_without",
    "residuals",
    "separation",
    "vif",
]
