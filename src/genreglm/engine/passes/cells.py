"""Empty cells of class x level where rows are met in passes, found by counting; see `genreglm.engine.separation`."""

from collections.abc import Sequence

import numpy as np

from genreglm.engine.blocks import Blocks, Floats
from genreglm.engine.passes.rows import Rows, added
from genreglm.engine.separation import EmptyCell


def empty_cells(rows: Rows, factors: Sequence[range], intercept: int | None) -> list[EmptyCell]:
    """Return the empty cells of class x level; see `genreglm.engine.separation.empty_cells`.

    For a level without a column of its own that needs an intercept, or another factor with a column for each level.
    """
    of_class, odd, ones, none, several, having = rows.reduce(level_counts, added, list(factors))
    count, with_level, without = having[0], having[1 : 1 + rows.columns], having[1 + rows.columns :]
    factor = [not odd[span.start : span.stop].any() for span in factors]
    whole = any(is_one and not none[s].any() and not several[s] for s, is_one in enumerate(factor))
    found: list[EmptyCell] = []
    for s, span in enumerate(factors):
        if not factor[s] or with_level[span.start : span.stop].sum() == count * len(span):
            continue
        levels: list[tuple[tuple[int, ...], int, Floats, float]]
        levels = [((column,), 1, ones[column], with_level[column]) for column in span]
        if (intercept is not None or whole) and not several[s]:
            levels.append((tuple(span), 0, none[s], without[s]))
        for columns, value, seen, held in levels:
            if 0 < held < count:
                empty = np.flatnonzero((seen == 0) & (of_class > 0))
                found += [EmptyCell(int(k), columns, value) for k in empty]
    return found


def level_counts(blocks: Blocks, spans: Sequence[range]) -> tuple[Floats, ...]:
    """Count rows of positive weight, of a class by their shares of it.

    Returns
    -------
    of_class : (classes,)
    odd : (columns,), those in which a column is neither 0 nor 1
    ones : (columns, classes), those in which it is 1
    none, several : (spans, classes), (spans,), those in which none of a span's columns is 1, or more than one is
    having : (1 + columns + spans,), all, those in which a column is 1, and those in which none of a span's is
    """
    columns, classes = blocks.columns, blocks.classes
    of_class, odd, ones = np.zeros(classes), np.zeros(columns), np.zeros((columns, classes))
    none, several, having = np.zeros((len(spans), classes)), np.zeros(len(spans)), np.zeros(1 + columns + len(spans))
    for block in blocks.parts:
        live = block.w > 0
        member = block.shares(classes)[live]
        x = block.x[live]
        is_one = x == 1.0
        of_class += member.sum(axis=0)
        odd += (~is_one & (x != 0.0)).sum(axis=0)
        ones += is_one.T @ member
        having[0] += len(x)
        having[1 : 1 + columns] += is_one.sum(axis=0)
        for s, span in enumerate(spans):
            held = is_one[:, span.start : span.stop].sum(axis=1)
            none[s] += (held == 0) @ member
            having[1 + columns + s] += float((held == 0).sum())
            several[s] += float((held > 1).sum())
    return of_class, odd, ones, none, several, having


def prior_blocks(rows: Rows, cells: Sequence[EmptyCell], count: float) -> Blocks:
    """Return rows worth `count` for each cell: its class at the weighted mean of its level's rows."""
    weights, sums = rows.reduce(level_sums, added, list(cells))
    y = np.array([cell.class_code for cell in cells], dtype=np.int64)
    return Blocks.of(sums / weights[:, None], y, np.full(len(y), count), rows.classes)


def level_sums(blocks: Blocks, cells: Sequence[EmptyCell]) -> tuple[Floats, Floats]:
    """Return the weight of the rows that have each cell's level, (cells,), and the sums of w z, (cells, columns)."""
    weights, sums = np.zeros(len(cells)), np.zeros((len(cells), blocks.columns))
    for block in blocks.parts:
        for number, cell in enumerate(cells):
            own = block.w * cell.has_level(block.x)
            weights[number] += own.sum()
            sums[number] += own @ block.x
    return weights, sums
