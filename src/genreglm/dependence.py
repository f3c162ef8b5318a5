"""Rows that are not independent: weights that keep large groups from shouting, and tracks with several labels as one.

Neither touches the engine: the first gives `weights` and the second `soft_labels` for `gg.fit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import inputs
from genreglm.errors import DataError, OptionError
from genreglm.inputs import Column
from genreglm.notebook import Shown
from genreglm.sources import Source, read_rows

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def group_weights(
    rows: Source, groups: Column, power: float = 0.5, total: float | None = None, *, weights: Column | None = None
) -> Floats:
    """Return (rows,) weights that fall with the size of a row's group: w_i = c v_i N_g(i)^-power.

    v_i is a row's own weight (one without `weights`), N_g the sum of them over group g, and c makes the weights sum
    to `total`. So a group counts N_g^(1 - power): with power 0 every row counts alike, with 1 every group, and with
    0.5 a group's say grows with the root of its rows, which suits rows of one artist that are alike but not copies.

    Parameters
    ----------
    rows : a frame, or the path of one
    groups : a column's name, or (rows,) labels
    power : from 0 to 1
    total : the sum of the weights; by default the number of rows, so that their mean is one
    weights : a column's name, or (rows,) numbers >= 0, which the result multiplies

    The weights are no frequencies: `gg.fit` takes them with ``weight_kind="importance"``, or under a penalty, where no
    standard error is asked for.

    Raises
    ------
    DataError
        Where there is no such column, a row has no group, or weights cannot be used.
    OptionError
        For a power outside 0 to 1, or a total that is not finite and positive.
    """
    if not 0.0 <= power <= 1.0:
        raise OptionError(f"power={power!r} must lie between 0 (every row alike) and 1 (every group alike).")
    frame = read_rows(rows)
    codes, _ = inputs.labelled_codes(groups, frame, "groups")
    own = inputs.row_weights(weights, frame)
    total = float(len(frame)) if total is None else total
    if not (np.isfinite(total) and total > 0):
        raise OptionError(f"total={total!r} must be finite and above 0.")
    sizes = np.bincount(codes, own)[codes]
    # A group of rows without weight has none to share.
    shares = own * np.power(sizes, -power, out=np.zeros(len(own)), where=sizes > 0)
    return np.asarray(shares * (total / shares.sum()))


@dataclass(frozen=True)
class LabelShares(Shown):
    """One row for each thing, such as a track, that stood in several rows with a label each.

    Attributes
    ----------
    rows : the first row of each, with all its columns, in the order of first appearance
    shares : (things, labels) the share of a thing's rows that carry each label; the rows sum to one
    counts : (things,) how many rows it had
    """

    rows: pd.DataFrame
    shares: pd.DataFrame
    counts: Floats

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        return f"{len(self.rows):,} things with {self.shares.shape[1]} labels", {"Shares": self.shares}

    @property
    def ceiling(self) -> float:
        """The largest accuracy over the original rows of whatever gives each thing one label: sum_i n_i max_k t_ik / n.

        No features can tell the rows of one thing apart, so only one of its labels can be right.
        """
        return float(self.counts @ self.shares.to_numpy().max(axis=1) / self.counts.sum())


def label_shares(rows: Source, key: str | Sequence[str], response: str) -> LabelShares:
    """Return one row a distinct track, with the shares of its labels, for ``gg.fit(..., soft_labels=)``.

    Parameters
    ----------
    rows : a frame, or the path of one
    key : the column, or the columns together, that say which rows are the same thing; a row that lacks one of them is
        a thing of its own
    response : the column of labels

    With ``weights=found.counts`` a fit to the shares has the likelihood of all the rows, as long as rows of a key have
    equal features (what is kept of the others is the first row's); without weights, each thing counts once.

    Raises
    ------
    DataError
        Where a column is absent, or a label missing.
    """
    frame = read_rows(rows)
    names = [key] if isinstance(key, str) else list(key)
    absent = [name for name in (*names, response) if name not in frame]
    if absent or not names:
        raise DataError(f"key and response must name columns; {', '.join(absent) or 'key'} is not there.")
    labels, classes = pd.factorize(frame[response], sort=True)
    if (labels < 0).any():
        raise DataError(f"{int((labels < 0).sum()):,} rows have no {response}. Give each row one, or leave it out.")
    things, first = np.unique(same_codes(frame, names), return_inverse=True)
    counts = np.bincount(first * len(classes) + labels, minlength=len(things) * len(classes))
    counts = counts.reshape(len(things), len(classes)).astype(float)
    sizes = counts.sum(axis=1)
    kept = frame.iloc[things].reset_index(drop=True)
    return LabelShares(kept, pd.DataFrame(counts / sizes[:, None], columns=list(classes)), sizes)


def same_codes(rows: pd.DataFrame, names: Sequence[str]) -> Codes:
    """Return (rows,) the position of the first row that agrees in all of `names`; its own where one is missing."""
    groups = rows.groupby(list(names), sort=False, dropna=True).ngroup().fillna(-1).to_numpy(dtype=np.int64)
    first = np.full(groups.max(initial=-1) + 2, -1, dtype=np.int64)
    positions = np.arange(len(rows))
    first[groups[::-1]] = positions[::-1]
    return np.where(groups < 0, positions, first[groups])
