"""Diagnostics of a design and of a fit, as tables."""

from genreglm.diagnostics.collinearity import vif
from genreglm.diagnostics.influence import cluster_influence, dfbeta, influence, leverage
from genreglm.diagnostics.separated import cells_table, separation

__all__ = ["cells_table", "cluster_influence", "dfbeta", "influence", "leverage", "separation", "vif"]
