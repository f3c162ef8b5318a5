"""Rows spread over several classes: the same as the row once for each, weighted by its share."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import DataError
from simulated import tracks

FORMULA = "genre ~ energy + valence"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks()


@pytest.fixture(scope="module")
def shares(rows: pd.DataFrame) -> pd.DataFrame:
    own = pd.get_dummies(rows["genre"], dtype=float)
    return 0.7 * own + 0.3 * own.sample(frac=1.0, random_state=1).to_numpy()


def repeated(rows: pd.DataFrame, shares: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    row, label = np.nonzero(shares.to_numpy())
    expanded = rows.drop(columns="genre").iloc[row].reset_index(drop=True)
    return expanded.assign(genre=shares.columns.to_numpy()[label]), shares.to_numpy()[row, label]


def test_estimates_and_errors_are_those_of_weighted_rows(rows: pd.DataFrame, shares: pd.DataFrame) -> None:
    soft = gg.fit(FORMULA, rows, soft_labels=shares)
    expanded, weights = repeated(rows, shares)
    hard = gg.fit(FORMULA, expanded, weights=weights)
    pd.testing.assert_frame_equal(soft.tidy(), hard.tidy(), rtol=1e-6, atol=1e-9)
    pd.testing.assert_frame_equal(
        soft.glance()[["nobs", "log_likelihood", "null_log_likelihood"]],
        hard.glance()[["nobs", "log_likelihood", "null_log_likelihood"]],
        rtol=1e-10,
    )


def test_a_row_has_one_score(rows: pd.DataFrame, shares: pd.DataFrame) -> None:
    soft = gg.fit(FORMULA, rows, soft_labels=shares, covariance="HC0")
    expanded, weights = repeated(rows, shares)
    owner = np.repeat(np.arange(len(rows)), (shares > 0).sum(axis=1))
    hard = gg.fit(FORMULA, expanded, weights=weights, covariance="clustered", clusters=owner)
    factor = np.sqrt(len(rows) / (len(rows) - 1))
    np.testing.assert_allclose(factor * soft.tidy()["std_error"], hard.tidy()["std_error"], rtol=1e-6)


def test_one_hot_shares_are_labels_and_need_no_response_column(rows: pd.DataFrame) -> None:
    hot = pd.get_dummies(rows["genre"], dtype=float)
    soft = gg.fit(FORMULA, rows.drop(columns="genre"), soft_labels=3.0 * hot)
    pd.testing.assert_frame_equal(soft.tidy(), gg.fit(FORMULA, rows).tidy(), rtol=1e-6, atol=1e-9)


def test_separation_of_soft_labels(rows: pd.DataFrame) -> None:
    apart = pd.DataFrame({"a": (rows["energy"] > 0).astype(float), "b": (rows["energy"] <= 0).astype(float)})
    with pytest.raises(gg.errors.SeparationError):
        gg.fit("g ~ energy", rows, soft_labels=apart)
    mixed = 0.9 * apart + 0.05
    assert np.isfinite(gg.fit("g ~ energy", rows, soft_labels=mixed).coefficients).all()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda shares: shares.drop(columns="blues"), "one column for each"),
        (lambda shares: shares.head(3), "has 3 rows"),
        (lambda shares: -shares, ">= 0"),
        (lambda shares: 0.0 * shares, "above 0 in every row"),
        (lambda shares: shares.assign(blues="x"), "must be numbers"),
        (lambda shares: shares.to_numpy(), "must be a DataFrame"),
    ],
)
def test_refusals(rows: pd.DataFrame, shares: pd.DataFrame, spoil: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        gg.fit(gg.design(FORMULA, rows), rows, soft_labels=spoil(shares))
