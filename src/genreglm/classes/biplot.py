"""A map of classes and columns: the biplot of the matrix of coefficients."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from genreglm.classes.geometry import RANK, Geometry, geometry
from genreglm.errors import OptionError
from genreglm.notebook import Shown
from genreglm.options import MapOf, check_choice
from genreglm.result import Result
from genreglm.sources import Source

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClassMap(Shown):
    """Points of classes and columns in few dimensions, and what the dimensions hold.

    Attributes
    ----------
    points : kind, name, dim_1, dim_2, ..., quality, where kind is

        - "class": a class. Distances between classes are, in all dimensions, those of `class_distances` of kind
          "log-odds" (a map of coefficients) or "mahalanobis" (a map of means)
        - "term": a column's point. In a map of coefficients its inner product with a class's is, in all dimensions,
          that class's symmetric coefficient for one standard deviation (within classes) of the column
        - "correlation": the correlation, within classes, of the column with each dimension: what a row that lies
          that way sounds like, whatever the other columns in the model are. In a map of means its inner product with
          a class's point is, in all dimensions, the class's mean, in standard deviations within classes

        `quality` is the share of the point's squared length that these dimensions hold, NaN for a point at the centre
    dimensions : dimension, inertia (the classes' mean squared distance from their centre along it), share, cumulative
    """

    points: pd.DataFrame = field(repr=False)
    dimensions: pd.DataFrame

    def _shown(self) -> tuple[str, dict[str, pd.DataFrame]]:
        return "A map of classes and columns", {"Points": self.points, "Dimensions": self.dimensions}


def class_map(
    result: Result, rows: Source | None = None, dimensions: int = 2, *, of: MapOf = "coefficients"
) -> ClassMap:
    """Return the best map in `dimensions` dimensions of how the model tells classes apart; see `ClassMap`.

    With B (s, classes) the coefficients without intercepts, M (s, classes) the means of the columns in each class by
    the fitted probabilities, both centred over the classes (each class counts the same, however frequent), and W = R'R
    the covariance of the columns within classes, the singular value decomposition is

        R B = U S V'  or  R'^-1 M = U S V',
        classes V S,   terms diag(W)^(1/2) R^-1 U,   correlations diag(W)^(-1/2) R' U.

    The metric makes the distance of two classes the standard deviation, within classes, of their log-odds, or that of
    Mahalanobis between their means: so units, the coding of factors and the reference class do not matter. Were the
    columns normal with one covariance, both would be the map of canonical discriminant analysis. Each dimension points
    to where its strongest correlation is positive. A model of lower rank has zeros in the rest.

    Parameters
    ----------
    rows : rows to take W from, which need no response; those of the fit for None
    dimensions : how many, at least 1
    of : "coefficients", or "means", which suits columns that hardly vary in some class: their coefficient there can be
        so large that it takes a whole dimension

    Raises
    ------
    OptionError
        For an unknown `of`, and for `dimensions` that are no whole number of at least 1.
    InferenceError
        For a model of intercepts alone.
    DataError, FormulaError
        For rows that the design cannot use, and for a loaded result without `rows`.

    Source: Gabriel (1971), Biometrika 58:453; Gower and Hand (1996), Biplots, chapter 5; the model of that rank: Yee
    and Hastie (2003), Statistical Modelling 3:15.
    """
    if not isinstance(dimensions, int) or isinstance(dimensions, bool) or dimensions < 1:
        raise OptionError(f"dimensions={dimensions!r} must be a whole number of at least 1.")
    check_choice("of", of, MapOf)
    found = geometry(result, rows)
    classes, terms, correlations = _coordinates(found, of)
    inertia = np.square(classes).mean(axis=0)
    parts = [
        _points("class", list(result.classes), classes, dimensions),
        _points("term", list(found.terms), terms, dimensions),
        _points("correlation", list(found.terms), correlations, dimensions),
    ]
    return ClassMap(pd.concat(parts, ignore_index=True), _dimensions(inertia, dimensions))


def _coordinates(found: Geometry, of: MapOf) -> tuple[Floats, Floats, Floats]:
    """Return classes (K, r), terms (s, r) and correlations (s, r) in all r dimensions that are more than rounding."""
    points = found.configuration(of)
    left, lengths, right = linalg.svd(points - points.mean(axis=0), full_matrices=False)
    real = lengths > RANK * max(lengths[0], np.finfo(float).tiny)
    classes, axes = left[:, real] * lengths[real], right[real].T
    vectors, scale = found.within_axes()
    deviation = found.within_deviation()[:, None]
    covariances = vectors @ (scale[:, None] * axes)
    correlations = np.divide(covariances, deviation, out=np.zeros_like(covariances), where=deviation > 0)
    terms = deviation * (vectors @ (axes / scale[:, None]))
    strongest = np.abs(correlations).argmax(axis=0), np.arange(classes.shape[1])
    sign = np.where(correlations[strongest] < 0, -1.0, 1.0)
    return sign * classes, sign * terms, sign * correlations


def _points(kind: str, names: list[object], coordinates: Floats, dimensions: int) -> pd.DataFrame:
    shown = _padded(coordinates, dimensions)
    length = np.square(coordinates).sum(axis=1)
    held = np.square(shown).sum(axis=1)
    columns = {f"dim_{d + 1}": shown[:, d] for d in range(dimensions)}
    quality = np.divide(held, length, out=np.full(len(length), np.nan), where=length > 0)
    return pd.DataFrame({"kind": kind, "name": pd.Series(names, dtype=object), **columns, "quality": quality})


def _padded(coordinates: Floats, dimensions: int) -> Floats:
    shown = np.zeros((len(coordinates), dimensions))
    known = coordinates[:, :dimensions]
    shown[:, : known.shape[1]] = known
    return shown


def _dimensions(inertia: Floats, dimensions: int) -> pd.DataFrame:
    shown = _padded(inertia[None, :], dimensions)[0]
    share = shown / max(inertia.sum(), np.finfo(float).tiny)
    return pd.DataFrame(
        {"dimension": np.arange(1, dimensions + 1), "inertia": shown, "share": share, "cumulative": np.cumsum(share)}
    )
