"""Diagnostics of a design and of a fit, as tables."""

from genreglm.diagnostics.binned import binned_residuals, binned_summary
from genreglm.diagnostics.collinearity import vif
from genreglm.diagnostics.dispersion import dispersion, group_residuals
from genreglm.diagnostics.envelope import envelope
from genreglm.diagnostics.influence import cluster_influence, dfbeta, influence, leverage
from genreglm.diagnostics.refit import refit_without
from genreglm.diagnostics.residuals import residuals
from genreglm.diagnostics.separated import cells_table, separation

__all__ = [
    "binned_residuals",
    "binned_summary",
    "cells_table",
    "cluster_influence",
    "dfbeta",
    "dispersion",
    "envelope",
    "group_residuals",
    "influence",
    "leverage",
    "refit_without",
    "residuals",
    "separation",
    "vif",
]
