"""How well a model recognises rows it has not seen: splits, scores and calibration."""

from genreglm.evaluation.evaluate import evaluate
from genreglm.evaluation.row_scores import RowScores, row_losses
from genreglm.evaluation.scores import calibration_table, confusion_table, report_table, scores, worst_confusions
from genreglm.evaluation.splits import grouped_folds, random_folds

__all__ = [
    "RowScores",
    "calibration_table",
    "confusion_table",
    "evaluate",
    "grouped_folds",
    "random_folds",
    "report_table",
    "row_losses",
    "scores",
    "worst_confusions",
]
