"""What one step of Newton's says of the deletion of each cluster of rows, such as all tracks of an artist.

With s_g the sum of the scores w r (x) z of cluster g, and I_g its part of the information I,

    b - b_(g) = (I - I_g)^-1 s_g = Sigma q,    q = (1 - I_g Sigma)^-1 s_g.

1 - I_g Sigma is self-adjoint in the inner product a' Sigma b, and its eigenvalues lie between 1 minus the cluster's
leverage and 1. So conjugate gradients solve for q; many clusters go through them side by side, and each of their
steps is one product of Sigma with a matrix. Nothing larger than Sigma is stored.

Sources: Pregibon (1981), Ann. Stat. 9:705; Preisser and Qaqish (1996), Biometrika 83:551.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from genreglm.engine.blocks import Block, Codes, Floats
from genreglm.engine.cells import Integers
from genreglm.engine.softmax import cluster_sums
from genreglm.engine.threads import ordered_map, single_threaded_blas

# Clusters that go through the steps together, and those of one task within a step.
_AT_ONCE = 1024
_A_TASK = 32
_RELATIVE_ERROR = 1e-6
_NOTHING_LEFT = 1e-10
_MOST_STEPS = 200


@dataclass(frozen=True)
class ClusterDeletion:
    """What each cluster's deletion changes, (clusters,) each; infinite where the others do not determine the estimate.

    `cooks_distance` is (b - b_(g))' I (b - b_(g)) / m; `deviance` is by how much the deviance of the others' fit is
    smaller, -2 sum_g w log p + s_g' (b - b_(g)).
    """

    cooks_distance: Floats
    deviance: Floats


@single_threaded_blas()
def delete_clusters(
    parts: Sequence[tuple[Block, Floats]], covariance: Floats, classes: int, clusters: Codes
) -> ClusterDeletion:
    """Return what one step says of the deletion of each cluster.

    Parameters
    ----------
    parts : (block, probabilities) of all rows
    covariance : Sigma, (m, m), the inverse of the information, in the blocks' columns
    clusters : (rows,) codes 0, 1, ... of each row's cluster
    """
    rows = _Rows.sorted(parts, classes, clusters)
    count, parameters = len(rows.first) - 1, len(covariance)
    squared, gained = np.empty(count), np.empty(count)
    for start in range(0, count, _AT_ONCE):
        own = np.arange(start, min(start + _AT_ONCE, count))
        score = rows.scores(own)
        change, weighted, determined = _solve(rows, covariance, own, score)
        squared[own] = np.where(determined, np.einsum("gj,gj->g", change, weighted), np.inf)
        gained[own] = np.where(determined, np.einsum("gj,gj->g", change, score), np.inf)
    deviance = np.add.reduceat(rows.deviance, rows.first[:-1]) + gained
    return ClusterDeletion(squared / parameters, deviance)


@dataclass(frozen=True)
class _Rows:
    """All rows sorted by cluster; cluster g has the rows from first[g] to first[g + 1]."""

    x: Floats
    prob: Floats
    residual: Floats
    w: Floats
    deviance: Floats
    first: Integers

    @classmethod
    def sorted(cls, parts: Sequence[tuple[Block, Floats]], classes: int, clusters: Codes) -> "_Rows":
        order = np.argsort(clusters, kind="stable")
        prob = np.concatenate([p for _, p in parts])
        targets = np.concatenate([block.shares(classes) for block, _ in parts])
        w = np.concatenate([block.w for block, _ in parts])
        logs = np.log(prob, out=np.zeros_like(prob), where=targets > 0)
        deviance = -2.0 * w * np.einsum("ik,ik->i", targets, logs)
        residual = w[:, None] * (targets - prob)
        first = np.searchsorted(clusters[order], np.arange(int(clusters.max()) + 2))
        x = np.concatenate([block.x for block, _ in parts])
        free = slice(0, classes - 1)
        return cls(x[order], prob[order, free], residual[order, free], w[order], deviance[order], first)

    def scores(self, own: Integers) -> Floats:
        """Return s_g of some clusters in a row, (clusters, m)."""
        sums = np.zeros((len(own), self.x.shape[1] * self.prob.shape[1]))
        rows = slice(self.first[own[0]], self.first[own[-1] + 1])
        lengths = np.diff(self.first[own[0] : own[-1] + 2])
        cluster_sums(self.x[rows], self.residual[rows], np.repeat(np.arange(len(own)), lengths), sums)
        return sums

    def curved(self, own: Integers, directions: Floats) -> Floats:
        """Return I_g d of some clusters and a direction d for each, (clusters, m)."""
        found = np.empty_like(directions)

        def task(start: int) -> None:
            some = slice(start, start + _A_TASK)
            _curved(self.x, self.prob, self.w, self.first, own[some], directions[some], found[some])

        list(ordered_map(task, range(0, len(own), _A_TASK)))
        return found


def _solve(rows: _Rows, covariance: Floats, own: Integers, score: Floats) -> tuple[Floats, Floats, np.ndarray]:
    """Return Sigma q, q, and whether the others determine the estimate, for some clusters in a row.

    Conjugate gradients in the product a' Sigma b; a cluster leaves the round as soon as it is solved.
    """
    q, change = np.zeros_like(score), np.zeros_like(score)
    determined, open_ = np.ones(len(own), dtype=bool), np.arange(len(own))
    residual = score.copy()
    image = _product(residual, covariance)
    direction, lifted = residual.copy(), image.copy()
    size = np.einsum("gj,gj->g", residual, image)
    enough = _RELATIVE_ERROR**2 * size
    for _ in range(_MOST_STEPS):
        going = size > enough
        if not going.all():
            open_, residual, direction, lifted, size, enough = (
                kept[going] for kept in (open_, residual, direction, lifted, size, enough)
            )
        if not len(open_):
            break
        mapped = direction - rows.curved(own[open_], lifted)
        bend = np.einsum("gj,gj->g", lifted, mapped)
        lost = bend <= _NOTHING_LEFT * np.einsum("gj,gj->g", lifted, direction)
        determined[open_[lost]] = False
        step = np.where(lost, 0.0, size / np.where(lost, 1.0, bend))[:, None]
        q[open_] += step * direction
        change[open_] += step * lifted
        residual -= step * mapped
        image = _product(residual, covariance)
        before, size = size, np.where(lost, 0.0, np.einsum("gj,gj->g", residual, image))
        share = (size / before)[:, None]
        direction = residual + share * direction
        lifted = image + share * lifted
    determined[open_[size > enough]] = False
    return change, q, determined


def _product(left: Floats, covariance: Floats) -> Floats:
    """Return left Sigma, in bands of rows whose number does not depend on the threads."""
    found = np.empty_like(left)

    def task(start: int) -> None:
        some = slice(start, start + 4 * _A_TASK)
        np.matmul(left[some], covariance, out=found[some])

    list(ordered_map(task, range(0, len(left), 4 * _A_TASK)))
    return found


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _curved(
    x: Floats, prob: Floats, w: Floats, first: Integers, own: Integers, directions: Floats, found: Floats
) -> None:
    """Write I_g d = sum_i w_i (V_i (x) z_i z_i') d for each of the clusters `own`."""
    columns, free = x.shape[1], prob.shape[1]
    for place in range(len(own)):
        start, stop = first[own[place]], first[own[place] + 1]
        direction = directions[place].reshape(free, columns)
        tangent = np.dot(x[start:stop], direction.T)
        for i in range(stop - start):
            p, t = prob[start + i], tangent[i]
            mean = 0.0
            for k in range(free):
                mean += p[k] * t[k]
            for k in range(free):
                t[k] = w[start + i] * p[k] * (t[k] - mean)
        found[place] = np.dot(tangent.T, x[start:stop]).reshape(free * columns)
