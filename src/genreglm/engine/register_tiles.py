"""A matrix product whose sums stay in registers while it runs over rows.

BLAS first copies both factors of a product into an order of its own, and writes the product where it must then be
added. Of the many products of an information matrix one factor is the same for thousands of pairs of classes, so it is
laid out once (`lay_out`); the other is formed where it is read; and what is summed goes straight to the sums.

A tile of `HEIGHT` sums times up to `_VECTORS` vectors fills the registers of the processor: each row costs as many
loads as there are vectors and sums on a side, and as many multiply-adds as there are in the tile. No compiler finds
this from loops, so the tile is written in LLVM's own terms. Sums run over rows in their order, whatever the
processor's vectors are.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import config, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from genreglm.engine.compiled import inner_njit

Floats = NDArray[np.float64]

# Most rows of a product: how far apart the left factor's lines lie, a constant that addresses are made with.
MOST_ROWS = 256
_VECTORS = 3


def _registers() -> tuple[int, int]:
    """Return how many numbers a vector has and how many sums a tile is high: 24 of 32 registers, or 12 of 16."""
    try:
        features = get_host_cpu_features()
    except RuntimeError:  # a processor that LLVM cannot ask
        features = {}
    if features.get("avx512f"):
        return 8, 8
    return (4, 4) if features.get("avx2") else (2, 8)


LANES, HEIGHT = _registers()
_PANEL = _VECTORS * LANES


def in_whole(count: int, unit: int) -> int:
    """Return the smallest multiple of `unit` that is not less than `count`."""
    return -(-count // unit) * unit


@inner_njit()
def lay_out(row: Floats, i: int, rows: int, panels: Floats) -> None:
    """Write row `i` of `rows` of the right factor into its `panels`, (rows * width,): panel by panel, row by row."""
    width = len(row)
    for first in range(0, width, _PANEL):
        wide = min(_PANEL, width - first)
        at = first * rows + i * wide
        for j in range(wide):
            panels[at + j] = row[first + j]


@inner_njit()
def add_product(left: Floats, count: int, panels: Floats, rows: int, sums: Floats, first: int) -> None:
    """Add left[:count, :rows] @ right to the rows of `sums` from `first` on.

    Parameters
    ----------
    left : (at least `count` in whole `HEIGHT`, MOST_ROWS), finite beyond `count`
    panels : the right factor as `lay_out` writes it, its width in whole `LANES`
    rows : at least one
    sums : (rows, width), those from `first + count` up to a whole `HEIGHT` are of no use to anyone
    """
    width = sums.shape[1]
    for column in range(0, width, _PANEL):
        vectors = min(_VECTORS, (width - column) // LANES)
        for line in range(0, count, HEIGHT):
            if vectors == 3:
                _add_three(left, line, panels, column * rows, rows, sums, first + line, column)
            elif vectors == 2:
                _add_two(left, line, panels, column * rows, rows, sums, first + line, column)
            else:
                _add_one(left, line, panels, column * rows, rows, sums, first + line, column)


def _tile(vectors: int) -> Callable[..., None]:
    """Return what adds a tile so many vectors wide, as numba compiles it where it is called; plainly without numba."""
    wide = vectors * LANES

    def add_plainly(
        left: Floats, line: int, panels: Floats, start: int, rows: int, sums: Floats, row: int, column: int
    ) -> None:
        right = panels[start : start + rows * wide].reshape(rows, wide)
        sums[row : row + HEIGHT, column : column + wide] += left[line : line + HEIGHT, :rows] @ right

    if config.DISABLE_JIT:  # type: ignore[attr-defined]  # made as numba is loaded
        return add_plainly

    @intrinsic
    def add_tile(
        _: Any, left: Any, line: Any, panels: Any, start: Any, rows: Any, sums: Any, row: Any, column: Any
    ) -> Any:
        signature = types.void(left, types.intp, panels, types.intp, types.intp, sums, types.intp, types.intp)
        return signature, lambda context, builder, sig, args: _write_tile(context, builder, sig, args, vectors)

    return add_tile


_add_one, _add_two, _add_three = _tile(1), _tile(2), _tile(3)


def _write_tile(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any, vectors: int) -> Any:
    """Write sums[row + r, column + c] += sum_i left[line + r, i] panels[start + i wide + c] for a tile of r and c."""
    _, line, _, start, rows, _, row, column = arguments
    left, panels, sums = (
        context.make_array(signature.args[place])(context, builder, arguments[place]) for place in (0, 2, 5)
    )
    integer, vector = line.type, ir.VectorType(ir.DoubleType(), LANES)
    whole = [(r, v) for r in range(HEIGHT) for v in range(vectors)]

    def constant(number: int) -> ir.Constant:
        return ir.Constant(integer, number)

    def as_vector(data: Any, offset: Any, further: int) -> Any:
        place = builder.add(offset, constant(further))
        return builder.bitcast(builder.gep(data, [place]), vector.as_pointer())

    lines = builder.gep(left.data, [builder.mul(line, constant(MOST_ROWS))])
    panel = builder.gep(panels.data, [start])
    width = builder.extract_value(sums.shape, 1)
    into = builder.gep(sums.data, [builder.add(builder.mul(row, width), column)])

    before, loop = builder.block, builder.append_basic_block("rows")
    builder.branch(loop)
    builder.position_at_end(loop)
    i = builder.phi(integer)
    i.add_incoming(constant(0), before)
    held = {place: builder.phi(vector) for place in whole}
    for one in held.values():
        one.add_incoming(ir.Constant(vector, [0.0] * LANES), before)
    of_panel = builder.mul(i, constant(vectors * LANES))
    right = [builder.load(as_vector(panel, of_panel, v * LANES), align=8) for v in range(vectors)]
    grown = {}
    for r in range(HEIGHT):
        number = builder.gep(lines, [builder.add(i, constant(r * MOST_ROWS))])
        factor = _spread_over(builder, builder.load(number), vector)
        for v in range(vectors):
            product = builder.fmul(factor, right[v], flags=("contract",))
            grown[r, v] = builder.fadd(held[r, v], product, flags=("contract",))
    following = builder.add(i, constant(1))
    i.add_incoming(following, loop)
    for place in whole:
        held[place].add_incoming(grown[place], loop)
    after = builder.append_basic_block("summed")
    builder.cbranch(builder.icmp_signed("<", following, rows), loop, after)
    builder.position_at_end(after)
    for r, v in whole:
        own = as_vector(into, builder.mul(width, constant(r)), v * LANES)
        builder.store(builder.fadd(builder.load(own, align=8), grown[r, v]), own, align=8)
    return context.get_dummy_value()


def _spread_over(builder: ir.IRBuilder, number: Any, vector: ir.VectorType) -> Any:
    """Return the vector that has `number` in each place."""
    undefined, place = ir.Constant(vector, ir.Undefined), ir.IntType(32)
    first = builder.insert_element(undefined, number, ir.Constant(place, 0))
    everywhere = ir.Constant(ir.VectorType(place, LANES), [0] * LANES)
    return builder.shuffle_vector(first, undefined, everywhere)
