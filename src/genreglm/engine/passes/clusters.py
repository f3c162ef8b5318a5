"""Scores summed over clusters, where rows are met in passes and come in the order of their clusters."""

from collections.abc import Iterable

import numpy as np

from genreglm.engine import symmetric
from genreglm.engine.blocks import Blocks, Codes, Floats
from genreglm.engine.passes.sums import cluster_scores


def cluster_meat(clustered: Iterable[tuple[Blocks, Codes]], standardised: Floats) -> tuple[Floats, float]:
    """Return sum_g s_g s_g', s_g the scores summed over cluster g, (m, m), and the number of clusters.

    Parameters
    ----------
    clustered : some rows at a time, with the number of each one's cluster; these ascend, from 0 on, and where the rows
        of a cluster are cut its sum is carried on
    standardised : coefficients (columns, classes) of standardised columns
    """
    columns, classes = standardised.shape
    meat = np.zeros((columns * (classes - 1),) * 2)
    carried, last, count = None, -1, 0
    for blocks, numbers in clustered:
        first = int(numbers[0])
        sums = cluster_scores(blocks, numbers - first, int(numbers[-1]) - first + 1, standardised)
        if carried is not None:
            if last == first:
                sums[0] += carried
            else:
                symmetric.add_gram(carried[None, :], meat)
        carried, last, count = sums[-1].copy(), int(numbers[-1]), int(numbers[-1]) + 1
        symmetric.add_gram(sums[:-1], meat)
    if carried is not None:
        symmetric.add_gram(carried[None, :], meat)
    symmetric.mirror(meat)
    return meat, float(count)
