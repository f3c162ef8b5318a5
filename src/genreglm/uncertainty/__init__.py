"""How sure a prediction is: calibrated probabilities, and sets that hold the truth as often as they say."""

from genreglm.uncertainty.calibrate import Calibration, calibrate
from genreglm.uncertainty.conformal import ConformalSets, conformal_sets
from genreglm.uncertainty.coverage import set_coverage
from genreglm.uncertainty.familiarity import familiarity
from genreglm.uncertainty.replicates import Replicates, bootstrap

__all__ = [
    "Calibration",
    "ConformalSets",
    "Replicates",
    "bootstrap",
    "calibrate",
    "conformal_sets",
    "familiarity",
    "set_coverage",
]
