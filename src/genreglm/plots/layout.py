"""Where a figure's axes stand: laid out by matplotlib, then to the same bits in every process."""

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox

# Of the figure's width and height. Irrational, lest a place found by arithmetic lie halfway between two steps.
_STEP = math.pi * 1e-9


class SteadyLayout(ConstrainedLayoutEngine):
    """matplotlib's constrained layout with places rounded to a step far below a pixel.

    The last bits that its solver finds differ between processes, and with them names and rounded numbers in an SVG.
    """

    def execute(self, fig: Figure) -> None:
        """Lay out `fig`, then round the place of every axes in the layout."""
        super().execute(fig)
        for axes in fig.axes:
            if axes.get_in_layout():
                corners = axes.get_position(original=True).get_points()
                axes.set_position(Bbox(np.round(corners / _STEP) * _STEP), which="original")
                axes.set_in_layout(True)  # `set_position` takes axes out of the layout
