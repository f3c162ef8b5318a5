"""The product that stays in registers against numpy's, whatever vectors a processor has."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from genreglm.engine.register_tiles import HEIGHT, LANES, MOST_ROWS, add_product, in_whole, lay_out


@njit
def laid_out_and_added(
    left: np.ndarray, count: int, wide: np.ndarray, panels: np.ndarray, sums: np.ndarray, first: int
) -> None:
    """Call from compiled code what cannot be called from elsewhere."""
    for i in range(len(wide)):
        lay_out(wide[i], i, len(wide), panels)
    add_product(left, count, panels, len(wide), sums, first)


@pytest.mark.parametrize("width", [1, LANES, 2 * LANES + 1, 3 * LANES, 7 * LANES + 3])
@pytest.mark.parametrize(("count", "rows"), [(1, 1), (HEIGHT, 2), (3 * HEIGHT - 1, 57), (2 * HEIGHT + 1, MOST_ROWS)])
def test_adds_the_product_to_the_rows_asked_for(width: int, count: int, rows: int) -> None:
    rng = np.random.default_rng(0)
    left = np.zeros((in_whole(count, HEIGHT), MOST_ROWS))
    left[:count, :rows], right = rng.normal(size=(count, rows)), rng.normal(size=(rows, width))
    wide = np.zeros((rows, in_whole(width, LANES)))
    wide[:, :width] = right
    panels = np.full(wide.size, np.nan)
    before = rng.normal(size=(HEIGHT + len(left) + 1, wide.shape[1]))
    sums = before.copy()
    laid_out_and_added(left, count, wide, panels, sums, HEIGHT)
    own = slice(HEIGHT, HEIGHT + count)
    np.testing.assert_allclose(sums[own, :width], before[own, :width] + left[:count, :rows] @ right, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(sums[:HEIGHT], before[:HEIGHT])
    np.testing.assert_array_equal(sums[-1], before[-1])
    np.testing.assert_array_equal(sums[:, width:], before[:, width:])


@pytest.mark.parametrize(("has", "lanes", "height"), [("avx512f", 8, 8), ("avx2", 4, 4), ("neon", 2, 8), ("", 2, 8)])
def test_other_processors_get_tiles_of_their_own_vectors(has: str, lanes: int, height: int, tmp_path: Path) -> None:
    program = f"""
import numba
from llvmlite import binding
numba.njit(lambda: 0)()  # numba asks once what it makes code for: the processor that there is
def told():
    if not {has!r}:
        raise RuntimeError("no such processor is known")
    return binding.FeatureMap({{{has!r}: True}})
own, binding.get_host_cpu_features = binding.get_host_cpu_features, told
from genreglm.engine import register_tiles as tiles
binding.get_host_cpu_features = own
import numpy as np
from genreglm.engine.information import information
from genreglm.engine.blocks import Blocks
assert (tiles.LANES, tiles.HEIGHT) == ({lanes}, {height})
rng = np.random.default_rng(0)
x, prob, w = rng.normal(size=(300, 3)), rng.dirichlet(np.ones(4), 300), rng.uniform(1, 2, 300)
blocks = Blocks.of(x, rng.integers(0, 4, 300), w, 4)
found = information([(blocks.parts[0], prob)], 4)
p = prob[:, :-1]
inner = w[:, None, None] * (p[:, :, None] * np.eye(3) - p[:, :, None] * p[:, None, :])
wanted = np.einsum("ikl,ia,ib->kalb", inner, x, x).reshape(9, 9)
np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
"""
    own = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", program], env=own, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
