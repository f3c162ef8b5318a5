"""Scores summed over clusters, where rows are met in passes and come in the order of their clusters."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from genreglm.engine import sandwich, symmetric
from genreglm.engine.blocks import Blocks, Codes, Floats
from genreglm.engine.passes.sums import cluster_scores

# From standardised coefficients to the meat of all clusters of one way, (m, m), and how many there are.
ClusterMeat = Callable[[Floats], tuple[Floats, float]]


def meat_of_ways(ways: Sequence[ClusterMeat], standardised: Floats) -> tuple[Floats, float]:
    """Return the meat of one way of clustering, or of two, and the (smaller) number of clusters.

    Each way is taken times its own small-sample factor. Of two ways they are those of a, b, and of rows that share
    both; see `genreglm.engine.covariance.covariance_of`.

    Raises
    ------
    InferenceError
        For fewer than two clusters.
    """
    found = [way(standardised) for way in ways]
    counts = [count for _, count in found]
    signs = [1.0]
    if len(found) > 1:
        first, second, both = counts
        signs = [1.0, 0.0, 0.0] if both == second else [0.0, 1.0, 0.0] if both == first else [1.0, 1.0, -1.0]
    meat = np.zeros_like(found[0][0])
    for sign, (part, count) in zip(signs, found, strict=True):
        if sign:
            part *= sign * sandwich.small_sample_factor(count, "clusters")
            meat += part
    return meat, min(counts)


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
