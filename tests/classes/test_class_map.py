"""The map of classes: in all dimensions it tells all, in few the most."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

import genreglm as gg
from genreglm.errors import DataError, InferenceError, OptionError
from simulated import GENRES, tracks

FORMULA = "genre ~ energy + valence + C(key)"


def coordinates(found: pd.DataFrame, kind: str) -> np.ndarray:
    part = found[found["kind"] == kind]
    return part[[name for name in part if name.startswith("dim_")]].to_numpy()


def within(result: gg.Result, rows: pd.DataFrame) -> np.ndarray:
    """Covariance of the slopes' columns within classes, row by row and class by class."""
    x, p = result.design.matrix(rows)[:, 1:], result.predict(rows).to_numpy()
    total = np.zeros((x.shape[1], x.shape[1]))
    for k in range(p.shape[1]):
        inside = x - p[:, k] @ x / p[:, k].sum()
        total += inside.T @ (p[:, [k]] * inside)
    return total / len(x)


@pytest.mark.parametrize("kind", ["result", "ridge", "separated"])
def test_all_dimensions_hold_the_distances_and_the_coefficients(kind: str, request: pytest.FixtureRequest) -> None:
    fit: gg.Result = request.getfixturevalue(kind)
    found = gg.class_map(fit, dimensions=4)
    assert found.points.columns.tolist() == ["kind", "name", "dim_1", "dim_2", "dim_3", "dim_4", "quality"]
    classes, terms = coordinates(found.points, "class"), coordinates(found.points, "term")
    expected = gg.class_distances(fit, kind="log-odds")["distance"]
    np.testing.assert_allclose(pdist(classes), expected, rtol=1e-9)
    assert fit.source is not None
    deviation = np.sqrt(np.diag(within(fit, fit.source)))
    np.testing.assert_allclose(terms @ classes.T, fit.coefficients[1:] * deviation[:, None], atol=1e-9)
    np.testing.assert_allclose(found.points["quality"], 1.0)
    np.testing.assert_allclose(np.linalg.norm(coordinates(found.points, "correlation"), axis=1), 1.0)
    assert found.points.loc[found.points["kind"] == "class", "name"].tolist() == list(fit.classes)
    assert found.points.loc[found.points["kind"] == "term", "name"].tolist() == list(fit.design.columns[1:])


def test_all_dimensions_of_a_map_of_means_hold_their_distances_and_the_means(
    result: gg.Result, rows: pd.DataFrame
) -> None:
    found = gg.class_map(result, dimensions=4, of="means").points
    x, w = result.design.matrix(rows)[:, 1:], within(result, rows)
    means = pd.DataFrame(x).groupby(rows["genre"]).mean().to_numpy()
    means = means - means.mean(axis=0)
    apart = means[:, None] - means[None]
    expected = np.sqrt(np.einsum("kla,ab,klb->kl", apart, np.linalg.inv(w), apart))[np.triu_indices(5, 1)]
    classes = coordinates(found, "class")
    np.testing.assert_allclose(pdist(classes), expected, rtol=1e-6)
    np.testing.assert_allclose(gg.class_distances(result, kind="mahalanobis")["distance"], expected, rtol=1e-6)
    standard = means / np.sqrt(np.diag(w))
    np.testing.assert_allclose(classes @ coordinates(found, "correlation").T, standard, atol=1e-6)


def test_fewer_dimensions_are_the_first_ones_and_the_best(result: gg.Result) -> None:
    whole, plane = gg.class_map(result, dimensions=4), gg.class_map(result)
    assert plane.dimensions.columns.tolist() == ["dimension", "inertia", "share", "cumulative"]
    pd.testing.assert_frame_equal(plane.dimensions, whole.dimensions.head(2))
    shared = ["kind", "name", "dim_1", "dim_2"]
    pd.testing.assert_frame_equal(plane.points[shared], whole.points[shared])
    assert whole.dimensions["cumulative"].iloc[-1] == pytest.approx(1.0)
    assert (np.diff(whole.dimensions["inertia"]) < 0).all()
    classes = coordinates(whole.points, "class")
    np.testing.assert_allclose(classes.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(whole.dimensions["inertia"], (classes**2).mean(axis=0))
    quality = plane.points.loc[plane.points["kind"] == "class", "quality"]
    np.testing.assert_allclose(quality, (classes[:, :2] ** 2).sum(axis=1) / (classes**2).sum(axis=1))


def test_the_correlations_are_those_of_the_rows_within_classes(result: gg.Result, rows: pd.DataFrame) -> None:
    found = gg.class_map(result, dimensions=4).points
    w = within(result, rows)
    # A row's coordinates are linear in its columns, with unit covariance within classes; class k is at W b_k there.
    scores = np.linalg.lstsq(
        (w @ (result.coefficients[1:] - result.coefficients[1:].mean(axis=1, keepdims=True))).T,
        coordinates(found, "class"),
    )[0]
    np.testing.assert_allclose(scores.T @ w @ scores, np.eye(4), atol=1e-8)
    expected = (w @ scores) / np.sqrt(np.diag(w))[:, None]
    np.testing.assert_allclose(coordinates(found, "correlation"), expected, atol=1e-8)


def test_one_column_that_matters_is_the_first_dimension() -> None:
    rng = np.random.default_rng(0)
    genre = np.arange(3000) % 3
    rows = pd.DataFrame(
        {"genre": np.array(GENRES)[genre], "energy": rng.normal(size=3000), "noise": rng.normal(size=3000)}
    )
    rows["energy"] += genre
    found = gg.class_map(gg.fit("genre ~ energy + noise", rows))
    assert found.dimensions["share"].iloc[0] > 0.99
    correlation = found.points[found.points["kind"] == "correlation"].set_index("name")["dim_1"]
    assert correlation["energy"] > 0.99
    assert abs(correlation["noise"]) < 0.1
    assert found.points["dim_1"][:3].is_monotonic_increasing


@pytest.mark.parametrize("of", ["coefficients", "means"])
@given(seed=st.integers(0, 10_000))
def test_units_coding_and_order_do_not_matter(of: str, seed: int) -> None:
    rows = tracks(150, genres=4, seed=seed)
    other = rows.assign(energy=300.0 + 40.0 * rows["energy"], key=rows["key"].map({"C": "z", "D": "x", "E": "y"}))
    expected, found = (
        gg.class_map(gg.fit(FORMULA, frame), of=of)  # type: ignore[arg-type]
        for frame in (rows, other.sample(frac=1.0, random_state=seed))
    )
    pd.testing.assert_frame_equal(found.dimensions, expected.dimensions, rtol=1e-5)
    np.testing.assert_allclose(
        pdist(coordinates(found.points, "class")), pdist(coordinates(expected.points, "class")), atol=1e-5
    )
    features = ["energy", "valence"]
    for kind in ("term", "correlation"):
        before, after = (
            t[(t["kind"] == kind) & t["name"].isin(features)][["dim_1", "dim_2"]].to_numpy()
            for t in (expected.points, found.points)
        )
        np.testing.assert_allclose(np.abs(after), np.abs(before), atol=1e-5)


def test_two_classes_lie_on_a_line(rows: pd.DataFrame) -> None:
    found = gg.class_map(gg.fit(FORMULA, rows[rows["genre"].isin(["ambient", "blues"])]))
    assert (found.points["dim_2"] == 0).all()
    assert found.dimensions["share"].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(found.points.loc[found.points["kind"] == "class", "quality"], 1.0)


def test_a_column_that_does_not_vary_in_other_rows_is_at_the_centre(result: gg.Result, rows: pd.DataFrame) -> None:
    found = gg.class_map(result, rows.assign(valence=0.5)).points
    valence = found[(found["name"] == "valence")]
    assert (valence[["dim_1", "dim_2"]].to_numpy() == 0).all()
    assert valence["quality"].isna().all()


def test_rows_that_do_not_vary_show_no_map(result: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="No column"):
        gg.class_map(result, rows.head(1))


def test_a_loaded_result_asks_for_its_rows(loaded: gg.Result, result: gg.Result, rows: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(gg.class_map(loaded, rows).points, gg.class_map(result).points)
    with pytest.raises(DataError, match="rows="):
        gg.class_map(loaded)


@pytest.mark.parametrize("dimensions", [0, -1, 1.5, True])
def test_dimensions_are_whole_numbers(result: gg.Result, dimensions: int) -> None:
    with pytest.raises(OptionError, match="whole number"):
        gg.class_map(result, dimensions=dimensions)


def test_a_map_is_of_coefficients_or_means(result: gg.Result) -> None:
    with pytest.raises(OptionError, match="'means'"):
        gg.class_map(result, of="odds")  # type: ignore[arg-type]


def test_intercepts_alone_have_no_map(rows: pd.DataFrame) -> None:
    with pytest.raises(InferenceError, match="no slopes"):
        gg.class_map(gg.fit("genre ~ 1", rows))
