"""What one step of Newton's says of each row's deletion, for all rows.

With M the covariance of a row's linear predictor (see row_forms.py), V = diag(p) - p p', r = t - p, w its weight
and m the number of parameters, the row brings w V (x) z z' to the information and w r (x) z to the score, which is
zero at the estimate. Without the row, one step from the estimate b leads to b_(i), with

    b - b_(i) = Sigma (I (x) z) w u,    u = (I - w V M)^-1 r = r + w V s,    s = (I - w M V)^-1 M r.

From u and s come

    hat                     w tr(V M); the sum over all rows is m
    Cook's distance         (b - b_(i))' I (b - b_(i)) / m = w^2 u's / m
    change in deviance      -2 w sum_k t_k log p_k + w^2 r's, by which the deviance of the others' fit is smaller
    change in chi-square    w sum_k t_k u_k / p_k, which is w r' (V - w V M V)^- r

I - w M V is self-adjoint in the inner product a'V b and its eigenvalues lie between 1 - hat and 1, so that
conjugate gradients from M r solve for s in a few products with M, which is formed for some rows at a time by one
matrix product and never stored. V is applied to differences from the most probable class, so that nothing cancels
where a row is all but certain of a class that is not its own.

Sources: Pregibon (1981), Ann. Stat. 9:705; Lesaffre and Albert (1989), J. R. Stat. Soc. B 51:85.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numba import njit

from genreglm.engine.batches import Batch, batches
from genreglm.engine.blocks import Block, Floats
from genreglm.engine.cells import Cells, Integers, find_cells
from genreglm.engine.row_forms import packed_forms
from genreglm.engine.threads import ordered_map, single_threaded_blas

_CHUNKS_A_TASK = 4
# Rows whose forms are at hand together: enough for a matrix product, few enough for the caches.
_ROWS_AT_ONCE = 64
_PULLED_AT_ONCE = 256
_RELATIVE_ERROR = 1e-11
# A row without which the others do not determine the estimate has an eigenvalue this near to zero.
_NOTHING_LEFT = 1e-10


@dataclass(frozen=True)
class RowDeletion:
    """What each row's deletion changes, (rows,) each; infinite where the others do not determine the estimate.

    `pull` is w u of the first K - 1 classes, (rows, classes - 1): b - b_(i) = Sigma (pull_i (x) z_i); NaN there.
    """

    hat: Floats
    cooks_distance: Floats
    deviance: Floats
    chi_square: Floats
    pull: Floats = field(repr=False)


@single_threaded_blas()
def delete_rows(
    parts: Sequence[tuple[Block, Floats]], covariance: Floats, classes: int, cells: Cells | None = None
) -> RowDeletion:
    """Return what one step says of the deletion of each row.

    Parameters
    ----------
    parts : (block, probabilities) of all rows
    covariance : Sigma, (m, m), the inverse of the information, in the blocks' columns
    cells : those of the rows, found here unless given
    """
    columns, free = parts[0][0].x.shape[1], classes - 1
    rows = sum(len(block) for block, _ in parts)
    cells = cells or find_cells([block.x for block, _ in parts])
    spread = cells.targets(columns)
    packed = np.ascontiguousarray(packed_forms(covariance, columns).T)
    targets = np.concatenate([block.shares(classes) for block, _ in parts])
    weights = np.concatenate([block.w for block, _ in parts])
    last_class = np.concatenate([prob[:, -1] for _, prob in parts])
    found, pull = np.empty((rows, 4)), np.empty((rows, free))
    for batch in batches(parts, cells, classes, weighted=False):

        def task(first: int, batch: Batch = batch) -> None:
            last = min(first + _CHUNKS_A_TASK, len(batch.cell_of_chunk))
            own = slice(batch.chunks[first], batch.chunks[last])
            at = batch.rows[own]
            prob = np.vstack([batch.prob[:-1, own], last_class[at]]).T.copy()
            own_found, own_pull = np.empty((len(at), 4)), np.empty((len(at), free))
            chunks = batch.chunks[first : last + 1] - batch.chunks[first]
            laid_out = (batch.moments[own], chunks, batch.cell_of_chunk[first:last], *spread)
            _deletions(prob, targets[at], weights[at], *laid_out, packed, own_found, own_pull)
            found[at], pull[at] = own_found, own_pull

        list(ordered_map(task, range(0, len(batch.cell_of_chunk), _CHUNKS_A_TASK)))
    found[:, 1] /= free * columns
    hat, cooks_distance, deviance, chi_square = np.ascontiguousarray(found.T)
    return RowDeletion(hat, cooks_distance, deviance, chi_square, pull)


def linear_changes(
    parts: Sequence[tuple[Block, Floats]],
    pull: Floats,
    of: Floats,
    keep: Callable[[Floats], Floats] = lambda changes: changes,
) -> Floats:
    """Return `of` (pull_i (x) z_i), (rows, q), for linear maps `of` (q, m) of what is pulled: rows q m flops, twice.

    With `of` some rows of Sigma it is how much the deletion of each row lowers those coefficients. `keep` says what of
    them is kept, some rows at a time, where all of it would be too much.
    """
    starts = np.cumsum([0, *(len(block) for block, _ in parts)])

    def task(number: int) -> Floats:
        x, kept = parts[number][0].x, []
        for start in range(0, len(x), _PULLED_AT_ONCE):
            own = x[start : start + _PULLED_AT_ONCE]
            first = starts[number] + start
            pulled = pull[first : first + len(own), :, None] * own[:, None, :]
            kept.append(keep(pulled.reshape(len(own), -1) @ of.T))
        return np.concatenate(kept)

    return np.concatenate(list(ordered_map(task, range(len(parts)))))


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _deletions(
    prob: Floats,
    targets: Floats,
    weights: Floats,
    moments: Floats,
    chunks: Integers,
    cell_of_chunk: Integers,
    starts: Integers,
    pairs: Integers,
    squares: Integers,
    packed: Floats,
    found: Floats,
    pull: Floats,
) -> None:
    """Write hat, w^2 u's, the two changes and w u of rows sorted by cell.

    Parameters
    ----------
    prob, targets : (rows, classes)
    moments, chunks, cell_of_chunk : see `genreglm.engine.batches.Batch`
    starts, pairs, squares : see `genreglm.engine.cells.Cells.targets`
    packed : (pairs of columns, pairs of classes); see `genreglm.engine.row_forms.packed_forms`
    found : (rows, 4)
    pull : (rows, classes - 1)
    """
    linear = starts.shape[1] - 1
    form = np.empty((linear + len(squares), packed.shape[1]))
    forms, room = np.empty((_ROWS_AT_ONCE, packed.shape[1])), np.empty((7, pull.shape[1]))
    for chunk in range(len(cell_of_chunk)):
        cell = cell_of_chunk[chunk]
        if chunk == 0 or cell != cell_of_chunk[chunk - 1]:
            for j in range(linear):
                for c in range(form.shape[1]):
                    form[j, c] = 0.0
                for t in range(starts[cell, j], starts[cell, j + 1]):
                    for c in range(form.shape[1]):
                        form[j, c] += packed[pairs[t], c]
            for j in range(len(squares)):
                for c in range(form.shape[1]):
                    form[linear + j, c] = packed[squares[j], c]
        for start in range(chunks[chunk], chunks[chunk + 1], _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, chunks[chunk + 1])
            np.dot(moments[start:stop], form, forms[: stop - start])
            for i in range(start, stop):
                _deletion(prob[i], targets[i], weights[i], forms[i - start], room, found[i], pull[i])


@njit(nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _deletion(p: Floats, t: Floats, w: float, form: Floats, room: Floats, found: Floats, pull: Floats) -> None:
    """Write one row's answers; `form` is M's upper triangle by rows. Conjugate gradients in the product a'V b.

    `room` (7, classes - 1) is overwritten: arrays made row by row would cost more than the row's own work.
    """
    free, top = len(p) - 1, 0
    r, s, image, curved, residual, direction, u = room[0], room[1], room[2], room[3], room[4], room[5], room[6]
    for k in range(free):
        r[k] = t[k] - p[k]
    for k in range(free + 1):
        top = k if p[k] > p[top] else top
    _multiply(form, p, image)
    hat, diagonal = 0.0, 0
    for k in range(free):
        hat += p[k] * (form[diagonal] - image[k])
        diagonal += free - k
    _multiply(form, r, s)
    _curve(p, s, top, curved)
    enough = _RELATIVE_ERROR**2 * _dot(s, curved)
    _multiply(form, curved, residual)
    for k in range(free):
        residual[k] *= w
        direction[k] = residual[k]
    size, determined = 0.0, True
    for step in range(2 * free + 1):
        _curve(p, residual, top, curved)
        before, size = size, _dot(residual, curved)
        if size <= enough or _dot(residual, residual) <= _RELATIVE_ERROR**2 * _dot(s, s):
            break
        if step:
            for k in range(free):
                direction[k] = residual[k] + size / before * direction[k]
            _curve(p, direction, top, curved)
        length = _dot(direction, curved)
        _multiply(form, curved, image)
        for k in range(free):
            image[k] = direction[k] - w * image[k]
        bend = _dot(curved, image)
        if bend <= _NOTHING_LEFT * length:
            determined = False
            break
        for k in range(free):
            s[k] += size / bend * direction[k]
            residual[k] -= size / bend * image[k]
    _curve(p, s, top, u)
    deviance, change, rest = 0.0, 0.0, 0.0
    for k in range(free):
        u[k] = r[k] + w * u[k]
        rest -= u[k]
        pull[k] = w * u[k] if determined else np.nan
        if t[k] > 0.0:
            deviance -= 2.0 * w * t[k] * np.log(p[k])
            change += w * t[k] * u[k] / p[k]
    if t[free] > 0.0:
        deviance -= 2.0 * w * t[free] * np.log(p[free])
        change += w * t[free] * rest / p[free]
    found[0] = w * hat
    found[1] = w * w * _dot(u, s) if determined else np.inf
    found[2] = deviance + w * w * _dot(r, s) if determined else np.inf
    found[3] = change if determined else np.inf


@njit(nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _multiply(form: Floats, values: Floats, image: Floats) -> None:
    """Write M `values` for M's upper triangle by rows; values beyond its size count for nothing."""
    free, start = len(image), 0
    for k in range(free):
        image[k] = 0.0
    for k in range(free):
        own, here = form[start : start + free - k], values[k]
        total = own[0] * here
        for j in range(1, free - k):
            total += own[j] * values[k + j]
            image[k + j] += own[j] * here
        image[k] += total
        start += free - k


@njit(nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _curve(p: Floats, values: Floats, top: int, curved: Floats) -> None:
    """Write (diag(p) - p p') `values` without the last class, whose value is zero; `top` is the most probable one."""
    free = len(values)
    peak = values[top] if top < free else 0.0
    mean = -p[free] * peak
    for k in range(free):
        mean += p[k] * (values[k] - peak)
    for k in range(free):
        curved[k] = p[k] * ((values[k] - peak) - mean)


@njit(nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _dot(first: Floats, second: Floats) -> float:
    total = 0.0
    for k in range(len(first)):
        total += first[k] * second[k]
    return total
