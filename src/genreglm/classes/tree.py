"""The tree that joins near classes first."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cophenet, leaves_list, linkage
from scipy.spatial.distance import squareform

from genreglm.classes.distances import class_distances
from genreglm.errors import DataError
from genreglm.notebook import Shown
from genreglm.options import Linkage, check_choice
from genreglm.result import Result

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClassTree(Shown):
    """A hierarchical clustering of classes.

    Attributes
    ----------
    nodes : node, class, left, right, height, size, place, one row a node: first the classes in sorted order (height 0,
        size 1), then the merges from the lowest to the highest, which have no `class`. `left` and `right` are the
        nodes that a merge joins, `size` the classes below it; `place` is a leaf's position when the tree is drawn
        without crossings, like beside like, and a merge's lies midway between those of its two
    cophenetic : correlation of the distances with the heights at which pairs are joined: 1 where a tree tells all. NaN
        where either does not vary
    """

    nodes: pd.DataFrame = field(repr=False)
    cophenetic: float

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        return f"A tree of classes; cophenetic correlation {self.cophenetic:.3f}", {"Nodes": self.nodes}


def class_tree(distances: pd.DataFrame | Result, method: Linkage = "average") -> ClassTree:
    """Return the tree of a table of distances, or of a result's Kullback-Leibler distances; see `ClassTree`.

    Parameters
    ----------
    distances : a table with class_1, class_2, distance, one row a pair of classes (`class_distances`), or a result that
        still holds its rows
    method : the height of a merge is the "average", the largest ("complete") or the smallest ("single") distance
        between the classes of its two sides; these are defined for any distances

    Raises
    ------
    DataError
        For a table that lacks a column or a pair, or has a pair twice, and for a distance that is missing, infinite or
        negative.
    OptionError
        For an unknown method.

    Source: Sokal and Michener (1958), Univ. Kansas Sci. Bull. 38:1409; the order of the leaves: Bar-Joseph, Gifford and
    Jaakkola (2001), Bioinformatics 17:S22; cophenetic correlation: Sokal and Rohlf (1962), Taxon 11:33.
    """
    check_choice("method", method, Linkage)
    labels, condensed = _condensed(class_distances(distances) if isinstance(distances, Result) else distances)
    merges = linkage(condensed, method, optimal_ordering=True)
    heights = np.asarray(cophenet(merges))
    vary = len(condensed) > 1 and np.ptp(condensed) > 0 and np.ptp(heights) > 0
    cophenetic = float(np.corrcoef(condensed, heights)[0, 1]) if vary else float("nan")
    return ClassTree(_nodes(labels, merges), cophenetic)


def _condensed(table: pd.DataFrame) -> tuple[list[Any], Floats]:
    """Return the classes in sorted order, and the distance of each pair of them in SciPy's order."""
    missing = [name for name in ("class_1", "class_2", "distance") if name not in table]
    if missing:
        raise DataError(f"The table of distances lacks {', '.join(missing)}: pass what gg.class_distances returned.")
    labels = sorted(set(table["class_1"]) | set(table["class_2"]))
    distance = table["distance"].to_numpy(dtype=np.float64)
    if not np.isfinite(distance).all() or (distance < 0).any():
        bad = table[~(np.isfinite(distance) & (distance >= 0))].iloc[0]
        raise DataError(
            f"Distances must be finite and >= 0; that of {bad['class_1']} and {bad['class_2']} is {bad['distance']}."
        )
    first, second = (pd.Index(labels).get_indexer(pd.Index(table[name])) for name in ("class_1", "class_2"))
    square = np.full((len(labels), len(labels)), np.nan)
    square[first, second] = square[second, first] = distance
    np.fill_diagonal(square, 0.0)
    pairs = len(labels) * (len(labels) - 1) // 2
    if pairs == 0 or len(table) != pairs or np.isnan(square).any():
        raise DataError(
            f"A tree needs each pair of two or more classes once: {pairs:,} pairs of {len(labels)}; found "
            f"{len(table):,}."
        )
    return labels, np.asarray(squareform(square))


def _nodes(labels: list[Any], merges: Floats) -> pd.DataFrame:
    count = len(labels)
    children = merges[:, :2].astype(np.int64)
    place = np.empty(2 * count - 1)
    place[leaves_list(merges)] = np.arange(count)
    for merge, pair in enumerate(children):
        place[count + merge] = place[pair].mean()
    below = pd.DataFrame(children, columns=["left", "right"], index=range(count, 2 * count - 1)).astype("Int64")
    return pd.DataFrame(
        {
            "node": np.arange(2 * count - 1),
            "class": pd.Series([*labels, *[None] * len(merges)], dtype=object),
            **below.reindex(range(2 * count - 1)),
            "height": np.concatenate([np.zeros(count), merges[:, 2]]),
            "size": np.concatenate([np.ones(count), merges[:, 3]]).astype(np.int64),
            "place": place,
        }
    )
