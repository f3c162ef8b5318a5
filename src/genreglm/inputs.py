"""What a caller gives beside the formula, checked and turned into arrays: weights, offset, clusters, soft labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.designs import Design
from genreglm.engine.blocks import Targets
from genreglm.engine.problem import Problem
from genreglm.errors import DataError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Column = str | Sequence[Any] | NDArray[Any] | pd.Series
Clusters = Column | Sequence[Column]
# Values, or for each class the column of the frame that holds its own.
Offset = Floats | pd.DataFrame | Mapping[Any, str]
SoftLabels = pd.DataFrame | Mapping[Any, str]


def problem(
    design: Design,
    frame: pd.DataFrame,
    weights: Column | None = None,
    offset: Offset | None = None,
    soft_labels: SoftLabels | None = None,
    matrix: Floats | None = None,
) -> Problem:
    """Return the arrays of a fit of `design` to `frame`, whose `matrix` need not be made again where it is at hand.

    Raises
    ------
    DataError, FormulaError
        For rows, weights, an offset or soft labels that cannot be used, and for a class without rows.
    """
    x = design.matrix(frame) if matrix is None else matrix
    y, w = targets(soft_labels, design, frame), row_weights(weights, frame)
    found = Problem(x, y, w, len(design.classes), design.intercept, offset_values(offset, design, frame))
    seen = found.class_weights > 0
    if not seen.all():
        absent = [str(label) for label, there in zip(design.classes, seen, strict=True) if not there]
        raise DataError(f"No rows (of positive weight) for {', '.join(absent[:10])}: learn the design without them.")
    return found


def unweighted(design: Design, frame: pd.DataFrame) -> Problem:
    """Return the arrays of rows that a model was not fitted to: each counts once, and a class may be absent.

    Raises
    ------
    DataError, FormulaError
        For rows that the design cannot use.
    """
    x = design.matrix(frame)
    return Problem(x, design.codes(frame), np.ones(len(x)), len(design.classes), design.intercept)


def labels(soft_labels: SoftLabels | None) -> list[Any] | None:
    """Return the classes that soft labels name, None where there are none.

    Raises
    ------
    DataError
        Where they are no frame with one column a class, nor a column for each class.
    """
    if soft_labels is None:
        return None
    if isinstance(soft_labels, Mapping):
        return list(soft_labels)
    if not isinstance(soft_labels, pd.DataFrame) or not soft_labels.columns.is_unique:
        raise DataError(
            "soft_labels must be a DataFrame of shares, one column a class, each named once; or {class: column}."
        )
    return list(soft_labels.columns)


def cluster_codes(clusters: Clusters, frame: pd.DataFrame) -> tuple[list[Codes], str]:
    """Return each row's cluster as a code, once for each way of clustering, and the clusters' name.

    A list or tuple of two columns, by name or as values, clusters two ways: ``["artist", "album"]``, named
    "artist and album". A list of one is what it holds. Values have no name of their own: theirs is "clusters".

    Raises
    ------
    DataError
        Where there is no such column, the length is not the frame's, a row has no cluster, or more than two columns are
        named.
    """
    clusters = unlisted(clusters)
    if isinstance(clusters, list | tuple) and len(clusters) == 2:
        ways = [(way, f"clusters[{number}]") for number, way in enumerate(clusters)]
    elif isinstance(clusters, list | tuple) and len(clusters) != len(frame):
        raise DataError(
            f"clusters has {len(clusters):,} items, but the table has {len(frame):,} rows: give one column, a list of "
            f"two, or a label for each row; found {clusters!r:.60}."
        )
    else:
        ways = [(clusters, "clusters")]
    codes = [labelled_codes(way, frame, name)[0] for way, name in ways]
    return codes, " and ".join(way if isinstance(way, str) else name for way, name in ways)


def unlisted(clusters: Any) -> Any:
    """Return what a list of one holds, else what was given."""
    return clusters[0] if isinstance(clusters, list | tuple) and len(clusters) == 1 else clusters


def labelled_codes(clusters: Column, frame: pd.DataFrame, name: str) -> tuple[Codes, NDArray[Any]]:
    """Return each row's cluster, or whatever `name` calls them in the plural, as a code, and their labels.

    Raises
    ------
    DataError
        Where there is no such column, the length is not the frame's, or a row has no cluster.
    """
    codes, labels = pd.factorize(column(clusters, frame, name))
    if (codes < 0).any():
        raise DataError(f"{int((codes < 0).sum()):,} rows have no {name.removesuffix('s')}. Give each row one.")
    return codes.astype(np.int64), np.asarray(labels)


def column(given: Column, frame: pd.DataFrame, name: str) -> NDArray[Any]:
    """Return a column of `frame` by its name, or given values of the right length.

    Raises
    ------
    DataError
        Where there is no such column, or the length is not the frame's.
    """
    if isinstance(given, str):
        if given not in frame.columns:
            raise DataError(f"{name}={given!r} is no column of the table; it has {', '.join(map(str, frame.columns))}.")
        return frame[given].to_numpy()
    values = np.asarray(given)
    if values.shape != (len(frame),):
        raise DataError(f"{name} has shape {values.shape}, but the table has {len(frame):,} rows.")
    return values


def row_weights(weights: Column | None, frame: pd.DataFrame, *, part: bool = False) -> Floats:
    """Return the weights of the rows, (rows,): ones where none are given.

    Where `frame` is a `part` of all rows, its own may all be zero.

    Raises
    ------
    DataError
        Unless they are numbers, one a row, finite, >= 0, and not all zero.
    """
    if weights is None:
        return np.ones(len(frame))
    try:
        values = np.ascontiguousarray(column(weights, frame, "weights"), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"weights must be numbers: {error}") from error
    # In Python's floats an overflow is infinity, without a warning.
    if not np.isfinite(float(values.max()) * len(values)) or (values < 0).any() or not (part or values.any()):
        raise DataError("weights must be finite (their sum, too), >= 0, and not all zero.")
    return values


def offset_values(offset: Offset | None, design: Design, frame: pd.DataFrame) -> Floats | None:
    """Return the offset of rows, (rows, classes), None where there is none; 0 in a class that no column is given for.

    A frame's columns are those of the classes by name, an array's in their order.

    Raises
    ------
    DataError
        Unless they are finite numbers, for an unknown class or column, and for a frame without a column for each class.
    """
    if offset is None:
        return None
    if isinstance(offset, Mapping):
        unknown = [str(label) for label in offset if label not in design.classes]
        if unknown:
            raise DataError(f"offset names {', '.join(unknown[:10])}, which no class of the design is called.")
        none = np.zeros(len(frame))
        offset = np.column_stack(
            [column(offset[label], frame, "offset") if label in offset else none for label in design.classes]
        )
    if isinstance(offset, pd.DataFrame):
        offset = _by_class(offset, design.classes)
    try:
        values = np.ascontiguousarray(offset, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"offset must be numbers, rows x classes: {error}") from error
    if values.shape != (len(frame), len(design.classes)) or not np.isfinite(values).all():
        raise DataError(f"offset must be finite, {(len(frame), len(design.classes))}; found {values.shape}.")
    return values


def _by_class(offset: pd.DataFrame, classes: Sequence[Any]) -> pd.DataFrame:
    """Return the columns in the order of the classes: in any other they would move coefficients unseen."""
    if set(offset.columns) != set(classes) or not offset.columns.is_unique:
        found = ", ".join(map(str, offset.columns[:10]))
        raise DataError(
            f"offset must have one column for each of the {len(classes)} classes of the design, by its name; found "
            f"{found}. Give {{class: column of the rows}} for some classes only, or an array in the classes' order."
        )
    return offset[list(classes)]


def targets(soft_labels: SoftLabels | None, design: Design, frame: pd.DataFrame) -> Targets:
    """Return the class codes of rows, or their shares (rows, classes), each row divided by its sum.

    Raises
    ------
    DataError
        For a class that the design does not know, and for shares that are no numbers >= 0, or all zero in a row.
    """
    if soft_labels is None:
        return design.codes(frame)
    if set(labels(soft_labels) or ()) != set(design.classes):
        raise DataError(
            f"soft_labels must have one column for each of the {len(design.classes)} classes of the design."
        )
    if isinstance(soft_labels, Mapping):
        given = {label: column(name, frame, "soft_labels") for label, name in soft_labels.items()}
        soft_labels = pd.DataFrame(given, index=frame.index)
    try:
        shares = np.ascontiguousarray(soft_labels[list(design.classes)], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"soft_labels must be numbers: {error}") from error
    if len(shares) != len(frame):
        raise DataError(f"soft_labels has {len(shares):,} rows, but the table has {len(frame):,}.")
    total = shares.sum(axis=1, keepdims=True)
    if not np.isfinite(shares).all() or (shares < 0).any() or (total == 0).any():
        raise DataError("soft_labels must be finite and >= 0, with something above 0 in every row.")
    return np.asarray(shares / total)
