"""Folds of whole groups whose classes are in balance, and the other ways to deal rows."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from genreglm.evaluation import grouped_folds, random_folds

Integers = NDArray[np.int64]


def deal(groups: Integers | None, classes: Integers, folds: int, stratify: bool, seed: int) -> Integers:
    """Return each row's fold, (rows,): by whole `groups`, or rows at random where there are none."""
    if groups is None:
        return random_folds(len(classes), folds, seed)
    if stratify:
        return stratified_folds(groups, classes, folds, seed)
    return grouped_folds(pd.Series(groups), folds, seed)


def stratified_folds(groups: Integers, classes: Integers, folds: int, seed: int) -> Integers:
    """Deal whole groups so that each fold has nearly its share of every class and of all rows.

    Groups go in one by one, those of most rows first and equal ones in random order. With g_k the rows of class k in
    the group, c_fk those already in fold f and n_k those of all rows, a group goes where it adds least to

        sum_f sum_k c_fk^2 / n_k + sum_f c_f^2 / n,

    which is where sum_k g_k c_fk / n_k + g c_f / n is smallest. Sums of squares are least when folds are alike.
    """
    rng = np.random.default_rng(seed)
    counts = _counts(groups, classes)
    totals = np.asarray(counts.sum(axis=0)).ravel()
    held = np.zeros((folds, len(totals)))
    fold_of = np.empty(counts.shape[0], dtype=np.int64)
    size = np.bincount(groups)
    shuffled = rng.permutation(counts.shape[0])
    for group in shuffled[np.argsort(-size[shuffled], kind="stable")]:
        own = slice(counts.indptr[group], counts.indptr[group + 1])
        labels, rows = counts.indices[own], counts.data[own]
        fold = int((held[:, labels] @ (rows / totals[labels])).argmin())
        held[fold, labels] += rows
        fold_of[group] = fold
    return rng.permutation(folds)[fold_of][groups]


def _counts(groups: Integers, classes: Integers) -> sparse.csr_array:
    """Return the rows of each class in each group, with all of its rows in a last column."""
    last = int(classes.max()) + 1
    place = np.concatenate([groups, groups]), np.concatenate([classes, np.full(len(classes), last)])
    return sparse.csr_array(sparse.coo_array((np.ones(2 * len(groups)), place)))
