"""Figures: each function takes a tidy table and returns a matplotlib `Figure` in the house style.

The title of a figure is its finding, computed from the table by the function's companion `..._finding`,
which serves as the caption too. Nothing here computes a statistic that is not in the table, and nothing
touches pyplot, so no figure stays open.
"""

from genreglm.plots.association import correlations, correlations_finding, density, density_finding
from genreglm.plots.bin_residuals import (
    binned_residuals,
    binned_residuals_finding,
    group_residuals,
    group_residuals_finding,
)
from genreglm.plots.cards import model_cards, model_cards_finding
from genreglm.plots.comparison import model_comparison, model_comparison_finding
from genreglm.plots.conditioning import condition_indices, condition_indices_finding
from genreglm.plots.contributions import contributions, contributions_finding
from genreglm.plots.curves import effect_curves, effect_curves_finding
from genreglm.plots.distances import class_distances, class_distances_finding, class_tree, class_tree_finding
from genreglm.plots.effects import (
    marginal_effects,
    marginal_effects_finding,
    strongest_marginal_effects,
    strongest_marginal_effects_finding,
)
from genreglm.plots.estimates import coefficients, coefficients_finding, strongest_effects, strongest_effects_finding
from genreglm.plots.families import family_report, family_report_finding
from genreglm.plots.fit import fit_groups, fit_groups_finding, functional_form, functional_form_finding
from genreglm.plots.genre import genre_distribution, genre_distribution_finding, genre_profiles, genre_profiles_finding
from genreglm.plots.histograms import distributions, distributions_finding, transform_effect, transform_effect_finding
from genreglm.plots.importance import (
    class_importance,
    class_importance_finding,
    term_importance,
    term_importance_finding,
)
from genreglm.plots.influence import (
    cluster_influence,
    cluster_influence_finding,
    influence_index,
    influence_index_finding,
    leverage_residuals,
    leverage_residuals_finding,
)
from genreglm.plots.keys import popularity_by_key_mode, popularity_by_key_mode_finding
from genreglm.plots.maps import class_map, class_map_finding
from genreglm.plots.mistakes import (
    confusion,
    confusion_finding,
    recall_by_genre,
    recall_by_genre_finding,
    worst_confusions,
    worst_confusions_finding,
)
from genreglm.plots.paths import coefficient_path, coefficient_path_finding, path_scores, path_scores_finding
from genreglm.plots.popularity import (
    leak_comparison,
    leak_comparison_finding,
    popularity_effects,
    popularity_effects_finding,
)
from genreglm.plots.reliability import top_label_calibration, top_label_calibration_finding
from genreglm.plots.reliability_grid import calibration, calibration_finding
from genreglm.plots.residuals import residual_panel, residual_panel_finding
from genreglm.plots.ridges import family_distributions, family_distributions_finding
from genreglm.plots.row_residuals import envelope, envelope_finding, quantile_residuals, quantile_residuals_finding
from genreglm.plots.save import render, save
from genreglm.plots.selection import selection_trace, selection_trace_finding
from genreglm.plots.sets import set_coverage, set_coverage_finding
from genreglm.plots.style import house_style
from genreglm.plots.terms import gvif, gvif_finding, term_strength, term_strength_finding

__all__ = [
    "binned_residuals",
    "binned_residuals_finding",
    "calibration",
    "calibration_finding",
    "class_distances",
    "class_distances_finding",
    "class_importance",
    "class_importance_finding",
    "class_map",
    "class_map_finding",
    "class_tree",
    "class_tree_finding",
    "cluster_influence",
    "cluster_influence_finding",
    "coefficient_path",
    "coefficient_path_finding",
    "coefficients",
    "coefficients_finding",
    "condition_indices",
    "condition_indices_finding",
    "confusion",
    "confusion_finding",
    "contributions",
    "contributions_finding",
    "correlations",
    "correlations_finding",
    "density",
    "density_finding",
    "distributions",
    "distributions_finding",
    "effect_curves",
    "effect_curves_finding",
    "envelope",
    "envelope_finding",
    "family_distributions",
    "family_distributions_finding",
    "family_report",
    "family_report_finding",
    "fit_groups",
    "fit_groups_finding",
    "functional_form",
    "functional_form_finding",
    "genre_distribution",
    "genre_distribution_finding",
    "genre_profiles",
    "genre_profiles_finding",
    "group_residuals",
    "group_residuals_finding",
    "gvif",
    "gvif_finding",
    "house_style",
    "influence_index",
    "influence_index_finding",
    "leak_comparison",
    "leak_comparison_finding",
    "leverage_residuals",
    "leverage_residuals_finding",
    "marginal_effects",
    "marginal_effects_finding",
    "model_cards",
    "model_cards_finding",
    "model_comparison",
    "model_comparison_finding",
    "path_scores",
    "path_scores_finding",
    "popularity_by_key_mode",
    "popularity_by_key_mode_finding",
    "popularity_effects",
    "popularity_effects_finding",
    "quantile_residuals",
    "quantile_residuals_finding",
    "recall_by_genre",
    "recall_by_genre_finding",
    "render",
    "residual_panel",
    "residual_panel_finding",
    "save",
    "selection_trace",
    "selection_trace_finding",
    "set_coverage",
    "set_coverage_finding",
    "strongest_effects",
    "strongest_effects_finding",
    "strongest_marginal_effects",
    "strongest_marginal_effects_finding",
    "term_importance",
    "term_importance_finding",
    "term_strength",
    "term_strength_finding",
    "top_label_calibration",
    "top_label_calibration_finding",
    "transform_effect",
    "transform_effect_finding",
    "worst_confusions",
    "worst_confusions_finding",
]
