r"""What Pearson's statistic of groups of rows follows when the model is true.

With d_g = sum over the rows of group g of w (t - p), in all groups and classes, and theta the estimate,

    cov d = D - C I^-1 C',   D = diag over g of sum w (diag(p) - p p'),   C_g = sum w (diag(p) - p p') (x) x',

since d = d(true theta) - C (theta - true theta) and the estimate's error is I^-1 times the score. So sum (O - E)^2 / E
is, in the limit, sum_j l_j Z_j^2 with l the eigenvalues of E^-1/2 (D - C I^-1 C') E^-1/2: ones, zeros, and whatever
lies between where rows of a group differ. Groups cut by fitted probabilities count as fixed ones in the limit.

Sources: Moore and Spruill (1975), Ann. Stat. 3:599, for groups that depend on the estimate; Hosmer and Lemeshow (1980),
Commun. Stat. A9:1043, for the case of two classes.
"""

from collections.abc import Sequence

import numpy as np

from genreglm.engine.blocks import Block, Codes, Floats
from genreglm.engine.threads import ordered_map, single_threaded_blas


@single_threaded_blas()
def pearson_weights(parts: Sequence[tuple[Block, Floats]], groups: Codes, covariance: Floats) -> Floats:
    """Return the weights l_j, (groups * classes,), ascending and none below zero.

    Parameters
    ----------
    parts : (block, probabilities) of all rows
    groups : (rows,) codes 0, 1, ...
    covariance : (m, m), the inverse of the information in the blocks' columns
    """
    x, w = (np.concatenate([getattr(block, name) for block, _ in parts]) for name in "xw")
    prob = np.concatenate([prob for _, prob in parts])
    order = np.argsort(groups, kind="stable")
    cuts = np.split(order, np.searchsorted(groups[order], np.arange(1, int(groups.max()) + 1)))
    pieces = list(ordered_map(lambda own: _piece(x[own], w[own], prob[own]), cuts))
    classes = prob.shape[1]
    loadings = np.concatenate([loading for loading, _ in pieces])
    scaled = -(loadings @ covariance) @ loadings.T
    for g, (_, own) in enumerate(pieces):
        span = slice(g * classes, (g + 1) * classes)
        scaled[span, span] += own
    return np.maximum(np.linalg.eigvalsh(0.5 * (scaled + scaled.T)), 0.0)


def _piece(x: Floats, w: Floats, prob: Floats) -> tuple[Floats, Floats]:
    """Return E^-1/2 C_g (K, m) and E^-1/2 D_g E^-1/2 (K, K) of one group."""
    classes, columns = prob.shape[1], x.shape[1]
    expected = w @ prob
    root = np.divide(1.0, np.sqrt(expected), out=np.zeros(classes), where=expected > 0)
    scaled = root * prob
    loading = np.empty((classes, classes - 1, columns))
    for j in range(columns):
        weighted = (w * x[:, j])[:, None] * scaled
        loading[:, :, j] = -weighted.T @ prob[:, :-1]
        loading[: classes - 1, :, j] += np.diag(weighted.sum(axis=0)[:-1])
    own = np.diag((root**2) * expected) - (w[:, None] * scaled).T @ scaled
    return loading.reshape(classes, -1), own
