"""The information matrix of all classes and columns at once.

    I = sum_i w_i (diag(p_i) - p_i p_i') (x) z_i z_i'

Its block for classes k and l is [k = l] sum w p_k z z' - sum w p_k p_l z z'. Both p_k p_l and z_a z_b are
symmetric in their indices, so one product of the K(K+1)/2 pairs of probabilities with the p(p+1)/2 pairs of
columns gives every number once: n K(K+1) p(p+1) / 2 flops, half of what a rank-k update needs.

The last class is left out: with it the matrix is singular. Rows and columns run class by class.
"""

import os

import numpy as np

from genreglm.engine.blocks import Block, Floats
from genreglm.engine.threads import ordered_map
from genreglm.errors import InferenceError

# Long blocks make the products deep, which is what a fast matrix product needs.
_ROWS_AT_ONCE = 8192


def covariance_bytes(columns: int, classes: int) -> int:
    """Return the bytes at the peak of computing information and covariance (8 a number)."""
    parameters = columns * (classes - 1)
    pairs = classes * (classes - 1) // 2 * columns * (columns + 1) // 2
    return 8 * (2 * parameters**2 + pairs + _ROWS_AT_ONCE * columns * (columns + 1) // 2)


def available_bytes() -> int:
    """Return the memory that this machine says it can still give (all of it where it does not say)."""
    try:
        with open("/proc/meminfo") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
        return pages * os.sysconf("SC_PAGE_SIZE") if pages else 2**63


def require_memory(columns: int, classes: int) -> None:
    """Refuse a covariance that does not fit, before anything is allocated.

    Raises
    ------
    InferenceError
        With the bytes needed, the bytes there are, and what to do.
    """
    needed, available = covariance_bytes(columns, classes), available_bytes()
    if needed > available:
        raise InferenceError(
            f"The covariance of {columns} columns x {classes} classes ({columns * (classes - 1):,} parameters) "
            f"needs {needed / 2**30:.1f} GiB, and {available / 2**30:.1f} GiB are free. Use covariance=None, or "
            "fewer columns."
        )


def information(parts: list[tuple[Block, Floats]], classes: int) -> Floats:
    """Return I for (block, probabilities) pairs: (m, m) with m = (classes - 1) * columns."""
    columns = parts[0][0].x.shape[1]
    first, second = np.triu_indices(columns)
    free = classes - 1
    stacked = [np.zeros((free - k, len(first))) for k in range(free)]
    diagonal = np.zeros((free, len(first)))
    for start in _macro_blocks(parts):
        x = np.concatenate([block.x for block, _ in start])
        prob = np.concatenate([p[:, :free] for _, p in start])
        weighted = prob * np.concatenate([block.w for block, _ in start])[:, None]
        products = x[:, first] * x[:, second]

        def task(k: int, prob: Floats = prob, weighted: Floats = weighted, products: Floats = products) -> Floats:
            return (weighted[:, k, None] * prob[:, k:]).T @ products

        # One class after the other has fewer pairs left; each is a task, and sums keep the blocks' order.
        for k, block_sum in enumerate(ordered_map(task, range(free))):
            stacked[k] += block_sum
        diagonal += weighted.T @ products
    return _unpack(stacked, diagonal, columns)


def _macro_blocks(parts: list[tuple[Block, Floats]]) -> list[list[tuple[Block, Floats]]]:
    groups: list[list[tuple[Block, Floats]]] = []
    filled = _ROWS_AT_ONCE
    for part in parts:
        if filled + len(part[0]) > _ROWS_AT_ONCE:
            groups.append([])
            filled = 0
        groups[-1].append(part)
        filled += len(part[0])
    return groups


def _unpack(stacked: list[Floats], diagonal: Floats, columns: int) -> Floats:
    """Spread pair sums over the square matrix: block (k, l) = [k = l] D_k - S_kl."""
    free = len(stacked)
    position = np.empty((columns, columns), dtype=np.intp)
    first, second = np.triu_indices(columns)
    position[first, second] = position[second, first] = np.arange(len(first))
    matrix = np.empty((free, columns, free, columns))
    for k in range(free):
        for offset, pair_sums in enumerate(stacked[k]):
            block = -pair_sums[position]
            if offset == 0:
                block = block + diagonal[k][position]
            matrix[k, :, k + offset, :] = block
            matrix[k + offset, :, k, :] = block
    return matrix.reshape(free * columns, free * columns)
