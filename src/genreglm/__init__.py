"""genreglm: an honest statistical study of music genre, on a multinomial GLM with exact inference.

Names are imported when they are first used, so that `import genreglm` is quick.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Calibration": "genreglm.uncertainty",
    "CellPrior": "genreglm.engine.penalties",
    "ClassMap": "genreglm.classes",
    "ClassTree": "genreglm.classes",
    "ConformalSets": "genreglm.uncertainty",
    "Design": "genreglm.designs",
    "ElasticNet": "genreglm.engine.sparse_penalties",
    "FamilyRidge": "genreglm.engine.penalties",
    "GroupLasso": "genreglm.engine.sparse_penalties",
    "Importance": "genreglm.importance",
    "Jeffreys": "genreglm.engine.penalties",
    "LabelShares": "genreglm.dependence",
    "Lasso": "genreglm.engine.sparse_penalties",
    "OutOfCore": "genreglm.out_of_core",
    "RegularisationPath": "genreglm.selection",
    "Replicates": "genreglm.uncertainty",
    "Result": "genreglm.result",
    "Ridge": "genreglm.engine.penalties",
    "Selection": "genreglm.selection",
    "SmoothFamilyRidge": "genreglm.engine.penalties",
    "SmoothRidge": "genreglm.engine.penalties",
    "Tagger": "genreglm.tagger",
    "TermLasso": "genreglm.engine.sparse_penalties",
    "aliased": "genreglm.diagnostics",
    "binned_residuals": "genreglm.diagnostics",
    "binned_summary": "genreglm.diagnostics",
    "bootstrap": "genreglm.uncertainty",
    "bootstrap_scores": "genreglm.evaluation",
    "calibrate": "genreglm.uncertainty",
    "calibration": "genreglm.diagnostics",
    "calibration_slopes": "genreglm.diagnostics",
    "choose": "genreglm.selection",
    "class_distances": "genreglm.classes",
    "class_map": "genreglm.classes",
    "class_tree": "genreglm.classes",
    "cluster_influence": "genreglm.diagnostics",
    "combine_classes": "genreglm.result",
    "condition_indices": "genreglm.diagnostics",
    "conformal_sets": "genreglm.uncertainty",
    "contrasts": "genreglm.effects",
    "cross_validate": "genreglm.selection",
    "curve": "genreglm.effects",
    "design": "genreglm.fitting",
    "dfbeta": "genreglm.diagnostics",
    "dispersion": "genreglm.diagnostics",
    "drift": "genreglm.tagger",
    "drop_one": "genreglm.importance",
    "envelope": "genreglm.diagnostics",
    "evaluate": "genreglm.evaluation",
    "example_tracks": "genreglm.study.example",
    "explain": "genreglm.tagger",
    "familiarity": "genreglm.uncertainty",
    "family_report": "genreglm.evaluation",
    "family_scores": "genreglm.evaluation",
    "fit": "genreglm.fitting",
    "fit_groups": "genreglm.diagnostics",
    "functional_form": "genreglm.diagnostics",
    "genre_families": "genreglm.study.families",
    "goodness_of_fit": "genreglm.diagnostics",
    "group_residuals": "genreglm.diagnostics",
    "group_weights": "genreglm.dependence",
    "independence": "genreglm.diagnostics",
    "influence": "genreglm.diagnostics",
    "interaction_search": "genreglm.selection",
    "label_shares": "genreglm.dependence",
    "leverage": "genreglm.diagnostics",
    "linear_hypothesis": "genreglm.result",
    "link_test": "genreglm.diagnostics",
    "load": "genreglm.tagger",
    "marginal_effects": "genreglm.effects",
    "nested_cross_validate": "genreglm.selection",
    "open_study": "genreglm.study.outputs",
    "permutation_importance": "genreglm.importance",
    "refit_without": "genreglm.diagnostics",
    "regularisation_path": "genreglm.selection",
    "residuals": "genreglm.diagnostics",
    "run_study": "genreglm.study.outputs",
    "save_tagger": "genreglm.tagger",
    "separation": "genreglm.diagnostics",
    "set_coverage": "genreglm.uncertainty",
    "standardised_effects": "genreglm.importance",
    "stepwise": "genreglm.selection",
    "term_effects": "genreglm.importance",
    "term_importance": "genreglm.importance",
    "tjur_r2": "genreglm.result",
    "to_onnx": "genreglm.exporting",
    "tune_group_power": "genreglm.selection",
    "typical_rows": "genreglm.classes",
    "vif": "genreglm.diagnostics",
}
_MODULES = ("errors", "plots", "sklearn")
__all__ = sorted([*_HOMES, *_MODULES])


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name in _MODULES:
        return import_module(f"genreglm.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'genreglm' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
