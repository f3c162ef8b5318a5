"""Which rows must stay together: those of a group, or those that any of several columns links."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from genreglm.errors import DataError
from genreglm.inputs import column

Integers = NDArray[np.int64]
Groups = str | Sequence[str] | NDArray[Any] | pd.Series

# A fold with half as many rows again as its share still tests what the others do.
_LARGEST_FOLD = 1.5


def group_codes(groups: Groups, frame: pd.DataFrame) -> Integers:
    """Return each row's group as a code, (rows,).

    Parameters
    ----------
    groups : a column's name; several names in a list, where rows that share a value of any of them are linked, and so
        are those linked to them; or values (rows,). Where the values are lists, as of all artists of a track, each
        entry links

    Raises
    ------
    DataError
        Where there is no such column, the length is not the frame's, or a row has no group.
    """
    several = isinstance(groups, list | tuple)
    columns = [_values(name, frame) for name in groups] if several else [_values(groups, frame)]
    if len(columns) == 1 and not _holds_lists(columns[0]):
        return _codes(columns[0])[1]
    return _linked(columns, len(frame))


def require_divisible(codes: Integers, folds: int, name: str) -> None:
    """Refuse groups of which one is so large that the folds would not be alike.

    Raises
    ------
    DataError
        With the share of the rows that it has.
    """
    sizes = np.bincount(codes)
    share = sizes.max() / len(codes)
    if share * folds > _LARGEST_FOLD:
        raise DataError(
            f"Grouped by {name}, {share:.1%} of the rows are in one group, which cannot be divided over {folds} folds "
            f"of {1 / folds:.0%} each. Group by fewer columns, e.g. the first named artist alone, or ask for fewer "
            "folds."
        )
    if len(sizes) < folds:
        raise DataError(f"{len(sizes)} groups cannot fill {folds} folds; there must be at least one for each.")


def _values(groups: Any, frame: pd.DataFrame) -> pd.Series:
    return pd.Series(column(groups, frame, "groups"))


def _holds_lists(values: pd.Series) -> bool:
    return values.dtype == object and any(isinstance(value, list | tuple) for value in values)


def _codes(values: pd.Series) -> tuple[Integers, Integers]:
    """Return the rows of all entries, and the codes of their labels."""
    entries = values.explode() if _holds_lists(values) else values
    codes, _ = pd.factorize(entries)
    if (codes < 0).any():
        raise DataError(f"{int((codes < 0).sum()):,} rows have no group. Give each row one.")
    return entries.index.to_numpy(dtype=np.int64), codes.astype(np.int64)


def _linked(columns: Sequence[pd.Series], rows: int) -> Integers:
    """Return the connected components of rows and labels, as codes of the rows."""
    starts, ends, nodes = [], [], rows
    for values in columns:
        row, label = _codes(values)
        starts.append(row)
        ends.append(nodes + label)
        nodes += int(label.max()) + 1
    start, end = np.concatenate(starts), np.concatenate(ends)
    graph = sparse.coo_array((np.ones(len(start), dtype=bool), (start, end)), shape=(nodes, nodes))
    _, component = connected_components(graph, directed=False)
    return pd.factorize(component[:rows])[0].astype(np.int64)
