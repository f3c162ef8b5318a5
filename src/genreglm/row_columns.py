"""The columns that rows in files, or on workers, bring beside the formula's: weights, clusters, offset, soft labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm import inputs
from genreglm.designs import Design
from genreglm.engine.blocks import Codes, Floats, Targets
from genreglm.engine.problem import Problem
from genreglm.errors import DataError, OptionError


@dataclass(frozen=True)
class RowColumns:
    """Names of columns.

    Attributes
    ----------
    weights : that of the rows' weights
    clusters : none, one, or two for clusters of two ways
    offset : a column for each class that has an offset
    soft_labels : a column of shares for each class, in place of the response
    """

    weights: str | None = None
    clusters: tuple[str, ...] = ()
    offset: Mapping[Any, str] | None = None
    soft_labels: Mapping[Any, str] | None = None

    @classmethod
    def of(cls, weights: Any, clusters: Any, offset: Any, soft_labels: Any) -> "RowColumns":
        """Return what a caller names.

        Raises
        ------
        OptionError
            For values in place of names: they would have to be in memory.
        """
        clusters = inputs.unlisted(clusters)
        ways = (clusters,) if isinstance(clusters, str) else tuple(clusters) if _is_pair(clusters) else clusters
        for name, given, is_named, more in (
            ("weights", weights, isinstance(weights, str), ""),
            ("clusters", ways, isinstance(ways, tuple) and all(isinstance(way, str) for way in ways), ", or two,"),
        ):
            if given is not None and not is_named:
                raise OptionError(
                    f"{name} must be the name of a column{more} where rows are met in passes; found {given!r:.60}."
                )
        for name, given in (("offset", offset), ("soft_labels", soft_labels)):
            if given is not None and not isinstance(given, Mapping):
                raise OptionError(
                    f"{name} must name a column for each class, {{class: column}}, where rows are met in passes; found "
                    f"{type(given).__name__}."
                )
        return cls(weights, ways or (), offset, soft_labels)

    @property
    def names(self) -> list[str]:
        """All of them."""
        one = [] if self.weights is None else [self.weights]
        return [*one, *self.clusters, *(self.offset or {}).values(), *self.share_columns]

    @property
    def share_columns(self) -> tuple[str, ...]:
        """Those of soft labels."""
        return tuple((self.soft_labels or {}).values())

    @property
    def ways(self) -> int:
        """In how many ways rows are clustered: of two, a third is that of rows that share both."""
        return 3 if len(self.clusters) == 2 else len(self.clusters)

    def without_clusters(self) -> "RowColumns":
        """Return the others."""
        return RowColumns(self.weights, (), self.offset, self.soft_labels)

    def problem(self, design: Design, frame: pd.DataFrame) -> Problem:
        """Return the arrays of a fit to rows that are in memory; see `genreglm.inputs.problem`."""
        return inputs.problem(design, frame, self.weights, self.offset, self.soft_labels)

    def targets(self, design: Design, frame: pd.DataFrame) -> Targets:
        """Return class codes (rows,), or shares (rows, classes)."""
        return inputs.targets(self.soft_labels, design, frame)

    def weights_of(self, frame: pd.DataFrame) -> Floats:
        """Return the weights of a part of the rows."""
        return inputs.row_weights(self.weights, frame, part=True)

    def offset_of(self, design: Design, frame: pd.DataFrame) -> Floats | None:
        """Return the offset, (rows, classes), if there is one."""
        return inputs.offset_values(self.offset, design, frame)

    def cluster_hashes(self, frame: pd.DataFrame) -> Codes:
        """Return 64 bits of a hash of each row's cluster, (rows, ways): the same number wherever it is computed.

        Raises
        ------
        DataError
            For rows without a cluster.
        """
        return np.column_stack([self.cluster_hash(frame, way) for way in range(self.ways)])

    def cluster_hash(self, frame: pd.DataFrame, way: int) -> Codes:
        """Return the numbers of one way, (rows,)."""
        own = [_hashed(frame, name) for name in self.columns_of(way)]
        both = pd.util.hash_pandas_object(pd.DataFrame(dict(enumerate(own))), index=False) if len(own) > 1 else own[0]
        return np.asarray(both, dtype=np.uint64).view(np.int64)

    def columns_of(self, way: int) -> list[str]:
        """Return the columns by which one way clusters."""
        return list(self.clusters) if way == 2 else [self.clusters[way]]

    def told(self) -> list[Any]:
        """Return them as plain values, by which a fit of the same rows is known."""
        mappings = (self.offset or {}, self.soft_labels or {})
        of_classes = [sorted((str(label), name) for label, name in each.items()) for each in mappings]
        return [self.weights, list(self.clusters), *of_classes]


def _is_pair(clusters: Any) -> bool:
    return isinstance(clusters, list | tuple) and len(clusters) == 2


def _hashed(frame: pd.DataFrame, name: str) -> NDArray[np.uint64]:
    missing = int(frame[name].isna().sum())
    if missing:
        raise DataError(f"{missing:,} rows have no {name!r} to be clustered by. Give each row one.")
    return np.asarray(pd.util.hash_array(frame[name].to_numpy()))
