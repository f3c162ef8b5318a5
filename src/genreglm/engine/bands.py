"""Critical values of bands that hold a whole curve at once."""

import numpy as np

from genreglm.engine.blocks import Floats
from genreglm.engine.threads import single_threaded_blas

_DRAWS = 20_000
_SEED = 0


@single_threaded_blas()
def sup_t(covariance: Floats, level: float) -> float:
    """Return c with P(max_v |z_v| / sd_v <= c) = level for z ~ N(0, covariance), by seeded simulation.

    A band of c standard errors around each point of a curve holds all of its points at once with probability `level`,
    as far as they are jointly normal. Its Monte Carlo error is about 0.01. Points without variance do not count.

    Source: Montiel Olea and Plagborg-Moller (2019), J. Appl. Econometrics 34:1.
    """
    variance = np.diag(covariance)
    moves = variance > 0.0
    scale = np.sqrt(variance[moves])
    values, vectors = np.linalg.eigh(covariance[np.ix_(moves, moves)] / np.outer(scale, scale))
    # Neighbouring points say nearly the same: most directions have no variance to draw.
    kept = values > 1e-12 * values.max(initial=0.0)
    root = vectors[:, kept] * np.sqrt(values[kept])
    draws = np.random.default_rng(_SEED).standard_normal((_DRAWS, int(kept.sum())))
    return float(np.quantile(np.abs(draws @ root.T).max(axis=1, initial=0.0), level))
