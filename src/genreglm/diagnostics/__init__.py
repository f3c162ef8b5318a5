"""Diagnostics of a design and of a fit, as tables."""

from genreglm.diagnostics.binned import binned_residuals, binned_summary
from genreglm.diagnostics.collinearity import vif
from genreglm.diagnostics.dispersion import dispersion, group_residuals
from genreglm.diagnostics.envelope import envelope
from genreglm.diagnostics.residuals import residuals
from genreglm.diagnostics.separated import cells_table, separation

__all__ = [
    "binned_residuals",
    "binned_summary",
    "cells_table",
    "dispersion",
    "envelope",
    "group_residuals",
    "residuals",
    "separation",
    "vif",
]
