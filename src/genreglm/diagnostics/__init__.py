"""Diagnostics of a design and of a fit, as tables."""

from genreglm.diagnostics.collinearity import vif
from genreglm.diagnostics.separated import separation

__all__ = ["separation", "vif"]
