"""How sure a prediction is: calibrated probabilities, and sets that hold the truth as often as they say."""

from genreglm.uncertainty.calibrate import Calibration, calibrate
from genreglm.uncertainty.conformal import ConformalSets, conformal_sets
from genreglm.uncertainty.coverage import set_coverage

__all__ = ["Calibration", "ConformalSets", "calibrate", "conformal_sets", "set_coverage"]
