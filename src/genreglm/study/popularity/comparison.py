"""How well the models do on artists they never heard, and how well a leak makes them look."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genreglm.study.popularity.design import Design, Matrix
from genreglm.study.popularity.model import (
    PopularityFit,
    Vector,
    fit_columns,
    response,
    sm_family,
)
from genreglm.study.popularity.rows import POPULARITY_MAX

BAND_EDGES = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)


def comparison_table(
    fits: Mapping[tuple[str, str], PopularityFit],
    design: Design,
    wide_test: Matrix,
    train: Vector,
    test: Vector,
) -> pd.DataFrame:
    """One row a model and family, after the baseline that predicts the mean of the training tracks.

    Columns: model, family, columns, deviance_explained_train, deviance_explained_test (of the family's own
    deviance, against the training mean), r2_test, rmse_train, rmse_test, mae_test (popularity points),
    outside_share (fitted values outside 0..100, training and test), aic (NaN where undefined).
    """
    mean = train.mean()
    flat = np.full_like(train, mean), np.full_like(test, mean)
    rows = [_row("mean only", "none", 1, flat, train, test) | dict.fromkeys(_EXPLAINED, 0.0)]
    for (model, family), fitted in fits.items():
        predicted = fitted.predict(design.matrix), fitted.predict(wide_test)
        row = _row(model, family, len(fitted.params), predicted, train, test)
        explained = fitted.deviance_explained, _explained(fitted, predicted[1], train, test)
        rows.append(row | dict(zip(_EXPLAINED, explained, strict=True)) | {"aic": fitted.aic})
    return pd.DataFrame(rows)


_EXPLAINED = ("deviance_explained_train", "deviance_explained_test")


def _row(
    model: str, family: str, columns: int, predicted: tuple[Vector, Vector], train: Vector, test: Vector
) -> dict[str, object]:
    both = np.concatenate(predicted)
    return {
        "model": model,
        "family": family,
        "columns": columns,
        "deviance_explained_train": np.nan,
        "deviance_explained_test": np.nan,
        "r2_test": r_squared(test, predicted[1], train.mean()),
        "rmse_train": rmse(train, predicted[0]),
        "rmse_test": rmse(test, predicted[1]),
        "mae_test": float(np.abs(test - predicted[1]).mean()),
        "outside_share": float(((both < 0.0) | (both > POPULARITY_MAX)).mean()),
        "aic": np.nan,
    }


def rmse(observed: Vector, predicted: Vector) -> float:
    """Root of the mean squared error, in popularity points."""
    return float(np.sqrt(np.mean((observed - predicted) ** 2)))


def r_squared(observed: Vector, predicted: Vector, mean: float) -> float:
    """Return 1 - SSE / SSE of always predicting `mean`; NaN where that error is zero."""
    total = float(((observed - mean) ** 2).sum())
    return 1.0 - float(((observed - predicted) ** 2).sum()) / total if total > 0 else np.nan


def _explained(fitted: PopularityFit, predicted: Vector, train: Vector, test: Vector) -> float:
    family = sm_family(fitted.family)
    y, mu = response(fitted.family, test), response(fitted.family, predicted)
    null = family.deviance(y, np.full_like(y, response(fitted.family, train).mean()))
    return 1.0 - float(family.deviance(y, mu) / null) if null > 0 else np.nan


def leak_table(
    honest: PopularityFit,
    design: Design,
    wide_test: Matrix,
    train: Vector,
    test: Vector,
    clusters: NDArray[np.int64],
) -> pd.DataFrame:
    """Show what popularity bands among the predictors of popularity do: the answer is read off itself.

    One row a model: the honest one, the bands alone, and both. Columns: model, columns, r2_train, r2_test,
    rmse_test. Where all training tracks are in one band, there is no leak to show, and one row.
    """
    X = design.matrix[:, honest.columns], wide_test[:, honest.columns]
    bands = _bands(train, test)
    rows = [_leak_row("honest", honest.params, X, train, test)]
    if bands[0].shape[1]:
        alone = (_beside(X[0][:, :1], bands[0]), _beside(X[1][:, :1], bands[1]))
        both = (_beside(X[0], bands[0]), _beside(X[1], bands[1]))
        for model, sides in (("popularity bands alone", alone), ("honest + popularity bands", both)):
            params = np.asarray(fit_columns(sides[0], train, clusters, "gaussian").params)
            rows.append(_leak_row(model, params, sides, train, test))
    return pd.DataFrame(rows)


def _beside(left: Matrix, right: Matrix) -> Matrix:
    return np.ascontiguousarray(np.column_stack([left, right]))


def _bands(train: Vector, test: Vector) -> tuple[Matrix, Matrix]:
    """One-hot bands (0 to 20, above 20 to 40, ...), those that training tracks have but the first."""
    inner = BAND_EDGES[1:-1]
    of_train, of_test = np.searchsorted(inner, train), np.searchsorted(inner, test)
    present = np.unique(of_train)[1:]
    return (of_train[:, None] == present).astype(float), (of_test[:, None] == present).astype(float)


def _leak_row(model: str, params: Vector, X: tuple[Matrix, Matrix], train: Vector, test: Vector) -> dict[str, object]:
    mean = float(train.mean())
    return {
        "model": model,
        "columns": len(params),
        "r2_train": r_squared(train, X[0] @ params, mean),
        "r2_test": r_squared(test, X[1] @ params, mean),
        "rmse_test": rmse(test, X[1] @ params),
    }
