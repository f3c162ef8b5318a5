"""The model of intercepts alone where rows are met in passes."""

from dataclasses import replace

import numpy as np

from genreglm.engine.blocks import Blocks
from genreglm.engine.passes.estimate import Measured, estimate_in_passes
from genreglm.engine.passes.rows import Changed, Rows, added
from genreglm.engine.passes.sums import loss_and_gradient
from genreglm.engine.problem import Problem


def null_log_likelihood(rows: Rows, measured: Measured, sample: Problem) -> float:
    """Return the log-likelihood of intercepts alone: the classes' shares, or a small fit beside an offset.

    Parameters
    ----------
    rows, measured : all rows, and what was measured of them
    sample : some of the rows, which say whether there is an offset
    """
    counts = measured.class_weights
    if sample.offset is None:
        return float(counts @ np.log(counts / counts.sum()))
    ones = Problem(np.ones((len(sample.w), 1)), sample.y, sample.w, sample.classes, 0, sample.offset)
    alone = Changed(rows, 1, _with_ones)
    of_ones = Measured(measured.total_weight, counts, np.array([[np.sqrt(measured.total_weight)]]))
    found = estimate_in_passes(alone, of_ones, ones, [range(1)])
    return -float(alone.reduce(loss_and_gradient, added, found.standardised)[0])


def _with_ones(blocks: Blocks) -> Blocks:
    """Return rows with a column of ones in place of their own columns."""
    return Blocks([replace(part, x=np.ones((len(part), 1))) for part in blocks.parts], blocks.classes)
