"""How far a tempo is from a whole number of beats a minute, where music made on a sequencer lies, unlike played music.

In the Spotify table four tempi in five of `minimal-techno` lie within a fiftieth of a beat a minute of a whole number,
and one in twenty-five would by chance.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NAME = "log_tempo_off_grid"
# The table has tempi to a thousandth; the estimate of a tempo on the grid is off by a few of them.
_RESOLUTION = 0.002


def log_off_grid(tempo: Floats) -> Floats:
    """Return log(d + 0.002) of each tempo, d its distance in beats a minute from the nearest whole number, 0 to 0.5."""
    return np.asarray(np.log(np.abs(tempo - np.round(tempo)) + _RESOLUTION))
