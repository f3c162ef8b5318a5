"""How well a model recognises rows it has not seen: splits, scores, their intervals, and calibration."""

from genreglm.evaluation.bootstrap import bootstrap_means, bootstrap_scores
from genreglm.evaluation.evaluate import evaluate
from genreglm.evaluation.families import checked_families, family_report, family_scores, grouping
from genreglm.evaluation.label_scores import row_scores, share_scores
from genreglm.evaluation.row_scores import RowScores, row_losses
from genreglm.evaluation.scores import calibration_table, confusion_table, report_table, scores, worst_confusions
from genreglm.evaluation.splits import grouped_folds, random_folds

__all__ = [
    "RowScores",
    "bootstrap_means",
    "bootstrap_scores",
    "calibration_table",
    "checked_families",
    "confusion_table",
    "evaluate",
    "family_report",
    "family_scores",
    "grouped_folds",
    "grouping",
    "random_folds",
    "report_table",
    "row_losses",
    "row_scores",
    "scores",
    "share_scores",
    "worst_confusions",
]
