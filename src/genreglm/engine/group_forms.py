r"""Pearson's chi-square of groups of rows, each judged as a whole.

With t_i - p_i the response residual of row i and V_i = diag(p_i) - p_i p_i' its variance, group g has

    Q_g = s_g' V_g^- s_g,    s_g = sum_i (t_i - p_i),    V_g = sum_i V_i,

whose expectation is K - 1 if rows are independent, whatever the size of the group, and larger where rows of a group
go together. Computed without any K x K matrix for small groups: with P_g = sum_i p_i, D = diag(P_g) and

    z = D^-1/2 s_g,    u = D^1/2 1 / sqrt(n_g),    B = D^-1/2 (p_1, ..., p_n) (I - 1 1' / n_g)     (K, n_g),

D^-1/2 V_g D^-1/2 = I - B B' - u u', and z is orthogonal to u. So with sigma_j and b_j the singular values and left
vectors of B

    Q_g = z'z + sum_j (b_j'z)^2 sigma_j^2 / (1 - sigma_j^2).

A direction in which the model leaves no variance (sigma_j = 1) is left out, and counts for nothing in K - 1.

The sums s_g of a fit's own rows vary less than V_g says, since coefficients were fitted to them. With x_i constant
within groups, or with the same probabilities in all rows, the expectation of sum_g Q_g is

    (K - 1) (G - c),    c = sum_g n_g xbar_g' (X'X)^-1 xbar_g,

where c, between 0 and the number of columns, is how many of the columns' dimensions lie between groups.

Source: McCullagh and Nelder (1989), Generalized Linear Models, 4.5 and 5.5.
"""

import numpy as np
from scipy import sparse

from genreglm.engine.binning import sums_by_bin
from genreglm.engine.blocks import Codes, Floats
from genreglm.engine.threads import ordered_map, single_threaded_blas

# A direction whose variance is a smaller part of its multinomial variance has none: rounding alone leaves 1e-13.
_NO_VARIANCE = 1e-10
_GROUPS_A_TASK = 64


@single_threaded_blas()
def group_forms(prob: Floats, groups: Codes, responses: Codes) -> tuple[Floats, Codes]:
    """Return Q_g of each group for each column of `responses`, (groups, responses), and the rank of V_g, (groups,).

    Parameters
    ----------
    prob : (rows, classes)
    groups : (rows,) codes 0, 1, ..., each of which occurs
    responses : (rows, responses) class codes
    """
    order = np.argsort(groups, kind="stable")
    count = int(groups.max()) + 1
    first_row = np.searchsorted(groups[order], np.arange(count + 1))
    forms, rank = np.empty((count, responses.shape[1])), np.empty(count, dtype=np.int64)

    def task(start: int) -> None:
        for group in range(start, min(start + _GROUPS_A_TASK, count)):
            own = order[first_row[group] : first_row[group + 1]]
            forms[group], rank[group] = _forms(prob[own], responses[own])

    list(ordered_map(task, range(0, count, _GROUPS_A_TASK)))
    return forms, rank


def _forms(prob: Floats, responses: Codes) -> tuple[Floats, int]:
    """Return Q of one group for each column of `responses` (rows, responses), and the rank of V."""
    rows, classes = prob.shape
    total = prob.sum(axis=0)
    scale = 1.0 / np.sqrt(total)
    z = scale * (_counts(responses, classes) - total)
    vectors, shared = _directions(scale * (prob - total / rows))
    along = (z @ vectors) ** 2
    varies = 1.0 - shared > _NO_VARIANCE
    factor = np.where(varies, shared / np.where(varies, 1.0 - shared, 1.0), -1.0)
    return np.einsum("sk,sk->s", z, z) + along @ factor, classes - 1 - int((~varies).sum())


def _directions(b: Floats) -> tuple[Floats, Floats]:
    """Return the left vectors b_j (K, ...) and sigma_j^2 of B, given as its transpose (n_g, K)."""
    rows, classes = b.shape
    if rows > classes:
        values, vectors = np.linalg.eigh(b.T @ b)
        return vectors, values
    vectors, singular, _ = np.linalg.svd(b.T, full_matrices=False)
    return vectors, singular**2


def _counts(responses: Codes, classes: int) -> Floats:
    """Return how often each class occurs in each column of `responses`, (responses, classes)."""
    columns = responses.shape[1]
    flat = np.bincount((responses + classes * np.arange(columns)).ravel(), minlength=columns * classes)
    return flat.reshape(columns, classes).astype(np.float64)


@single_threaded_blas()
def variance_ratios(prob: Floats, groups: Codes, responses: Codes) -> Floats:
    """Return how much more the groups' sums vary than those of independent rows do, for each column of `responses`.

        R = sum_g s_g' V^- s_g / (n (K - 1)),    V = sum_i V_i / n:

    all groups by one measure, (responses,). Its expectation is one under independence, and 1 + rho (sum_g n_g^2 / n
    - 1) where any two rows of a group have correlation rho. No class is rare in V, so that this is steady where Q_g
    is not: a class of p = 1e-6 adds a million to Q_g when it occurs, and nothing otherwise.
    """
    rows, classes, count = len(prob), prob.shape[1], int(groups.max()) + 1
    values, vectors = np.linalg.eigh(np.diag(prob.mean(axis=0)) - prob.T @ prob / rows)
    known = values > _NO_VARIANCE * values.max()
    root, rank = vectors[:, known] / np.sqrt(values[known]), int(known.sum())
    expected = sums_by_bin(groups, count, np.ones(rows), prob) @ root

    def task(codes: Codes) -> float:
        observed = sparse.csr_array((np.ones(rows), (groups, codes)), shape=(count, classes))
        deviation: Floats = observed @ root - expected
        return float(np.square(deviation).sum()) / (rows * rank)

    return np.array(list(ordered_map(task, responses.T)))


def between_groups(x: Floats, groups: Codes) -> Floats:
    """Return n_g xbar_g' (X'X)^-1 xbar_g of each group, (groups,), for `x` (rows, columns) of full rank."""
    count = int(groups.max()) + 1
    sums = sums_by_bin(groups, count, np.ones(len(x)), np.linalg.qr(x)[0])
    return np.asarray((sums**2).sum(axis=1) / np.bincount(groups))
