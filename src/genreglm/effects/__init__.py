"""Effects in probabilities: slopes, contrasts and curves over rows, with standard errors, as tables."""

from genreglm.effects.changes import contrasts
from genreglm.effects.curves import curve
from genreglm.effects.slopes import marginal_effects

__all__ = ["contrasts", "curve", "marginal_effects"]
