"""Distances between classes against their definitions, and against data of which they are known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

import genreglm as gg
from genreglm.errors import DataError, InferenceError, OptionError
from simulated import GENRES, tracks

FORMULA = "genre ~ energy + valence + C(key)"
SEEDS = st.integers(0, 10_000)


def symmetric_divergence(log_p: np.ndarray, w: np.ndarray) -> np.ndarray:
    """sum_i (f_k - f_l) log(f_k / f_l) of each pair, row by row, as it is defined."""
    f = w[:, None] * np.exp(log_p)
    f /= f.sum(axis=0)
    pairs = zip(*np.triu_indices(f.shape[1], 1), strict=True)
    return np.array([np.sum((f[:, k] - f[:, m]) * np.log(f[:, k] / f[:, m])) for k, m in pairs])


def predictors(result: gg.Result, rows: pd.DataFrame) -> np.ndarray:
    return result.predict(rows, kind="linear").to_numpy()


@pytest.mark.parametrize("kind", ["result", "ridge", "separated"])
def test_divergence_is_its_definition(kind: str, request: pytest.FixtureRequest) -> None:
    fit: gg.Result = request.getfixturevalue(kind)
    table = gg.class_distances(fit)
    assert table.columns.tolist() == ["class_1", "class_2", "distance", "divergence"]
    assert table[["class_1", "class_2"]].to_numpy().tolist() == [
        [a, b] for i, a in enumerate(fit.classes) for b in fit.classes[i + 1 :]
    ]
    assert fit.source is not None
    expected = symmetric_divergence(log_softmax(predictors(fit, fit.source), axis=1), np.ones(len(fit.source)))
    np.testing.assert_allclose(table["divergence"], expected, rtol=1e-9)
    np.testing.assert_allclose(table["distance"] ** 2, table["divergence"], rtol=1e-12)
    assert (table["divergence"] > 0).all()


def test_weights_and_offset_are_in_the_divergence(rows: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    w, offset = rng.integers(1, 4, len(rows)).astype(float), 0.5 * rng.normal(size=(len(rows), 5))
    fit = gg.fit(FORMULA, rows, weights=w, offset=offset)
    expected = symmetric_divergence(log_softmax(predictors(fit, rows) + offset, axis=1), w)
    np.testing.assert_allclose(gg.class_distances(fit)["divergence"], expected, rtol=1e-9)


def test_at_the_maximum_the_model_means_are_those_of_the_observed_classes(
    result: gg.Result, rows: pd.DataFrame
) -> None:
    means = pd.DataFrame(result.design.matrix(rows)).groupby(rows["genre"]).mean().to_numpy()
    first, second = np.triu_indices(5, 1)
    b = result.coefficients.T
    expected = np.sum((means[first] - means[second]) * (b[first] - b[second]), axis=1)
    np.testing.assert_allclose(gg.class_distances(result)["divergence"], expected, rtol=1e-6)


def test_soft_labels_and_a_model_without_intercept_are_supported(rows: pd.DataFrame) -> None:
    shares = 0.8 * pd.get_dummies(rows["genre"], dtype=float) + 0.04
    soft = gg.fit(FORMULA, rows, soft_labels=shares)
    bare = gg.fit("genre ~ 0 + energy + valence", rows)
    for fit in (soft, bare):
        expected = symmetric_divergence(log_softmax(predictors(fit, rows), axis=1), np.ones(len(rows)))
        np.testing.assert_allclose(gg.class_distances(fit)["divergence"], expected, rtol=1e-8)


@pytest.mark.parametrize("kind", ["kullback-leibler", "mahalanobis", "log-odds"])
def test_of_normal_classes_it_is_the_distance_of_mahalanobis(kind: str) -> None:
    rng = np.random.default_rng(0)
    covariance = np.array([[1.0, 0.6], [0.6, 2.0]])
    centres, genre = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.5]]), np.repeat([0, 1, 2], [20_000, 10_000, 5_000])
    x = rng.multivariate_normal([0, 0], covariance, len(genre)) + centres[genre]
    rows = pd.DataFrame({"genre": np.array(GENRES)[genre], "energy": x[:, 0], "valence": x[:, 1]})
    table = gg.class_distances(gg.fit("genre ~ energy + valence", rows, covariance=None), kind=kind)  # type: ignore[arg-type]
    apart = centres[[0, 0, 1]] - centres[[1, 2, 2]]
    expected = np.sqrt(np.sum(apart @ np.linalg.inv(covariance) * apart, axis=1))
    np.testing.assert_allclose(table["distance"], expected, rtol=0.03)


def test_log_odds_is_the_deviation_of_log_odds_within_classes(result: gg.Result, rows: pd.DataFrame) -> None:
    eta = predictors(result, rows)
    p = np.exp(log_softmax(eta, axis=1))
    expected = []
    for k, m in zip(*np.triu_indices(5, 1), strict=True):
        odds = eta[:, [k]] - eta[:, [m]]
        inside = odds - np.sum(p * odds, axis=0) / p.sum(axis=0)
        expected.append(np.sqrt(np.sum(p * inside**2) / len(rows)))
    np.testing.assert_allclose(gg.class_distances(result, kind="log-odds")["distance"], expected, rtol=1e-9)


@pytest.mark.parametrize("kind", ["result", "ridge", "separated"])
def test_divergence_is_at_most_the_product_of_both_lengths(kind: str, request: pytest.FixtureRequest) -> None:
    fit: gg.Result = request.getfixturevalue(kind)
    means, odds = (gg.class_distances(fit, kind=name)["distance"] for name in ("mahalanobis", "log-odds"))  # type: ignore[arg-type]
    assert (gg.class_distances(fit)["divergence"] <= means * odds * (1 + 1e-12)).all()


@pytest.mark.parametrize("kind", ["kullback-leibler", "mahalanobis", "log-odds", "wald"])
@given(seed=SEEDS)
def test_units_and_coding_do_not_matter(kind: str, seed: int) -> None:
    rows = tracks(120, seed=seed)
    expected = gg.class_distances(gg.fit(FORMULA, rows), kind=kind)  # type: ignore[arg-type]
    recoded = rows.assign(
        energy=1e6 + 250.0 * rows["energy"] + rows["valence"], key=rows["key"].map({"C": "z", "D": "x", "E": "y"})
    )
    found = gg.class_distances(gg.fit(FORMULA, recoded), kind=kind)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5, atol=1e-7)


@given(seed=SEEDS)
def test_names_and_order_do_not_matter(seed: int) -> None:
    rows = tracks(120, seed=seed)
    other = {"ambient": "zydeco", "blues": "house", "country": "dub"}
    mixed = rows.assign(genre=rows["genre"].map(other)).sample(frac=1.0, random_state=seed)
    expected, found = (gg.class_distances(gg.fit(FORMULA, frame)) for frame in (rows, mixed))
    by_pair = {
        frozenset((a, b)): distance
        for a, b, distance in zip(found["class_1"], found["class_2"], found["distance"], strict=True)
    }
    for a, b, distance in zip(expected["class_1"], expected["class_2"], expected["distance"], strict=True):
        assert by_pair[frozenset((other[a], other[b]))] == pytest.approx(distance, rel=1e-6)


def test_weight_two_is_the_row_twice(rows: pd.DataFrame) -> None:
    w = np.random.default_rng(1).integers(1, 4, len(rows))
    twice = gg.class_distances(gg.fit(FORMULA, rows.loc[np.repeat(rows.index, w)]))
    pd.testing.assert_frame_equal(gg.class_distances(gg.fit(FORMULA, rows, weights=w)), twice, rtol=1e-6)


def test_two_classes_and_other_rows(rows: pd.DataFrame) -> None:
    two = rows[rows["genre"].isin(["ambient", "blues"])]
    fit = gg.fit(FORMULA, two)
    assert len(gg.class_distances(fit)) == 1
    other = tracks(50, seed=9).drop(columns="genre")
    expected = symmetric_divergence(log_softmax(predictors(fit, other), axis=1), np.ones(50))
    np.testing.assert_allclose(gg.class_distances(fit, other)["divergence"], expected, rtol=1e-9)


def test_a_loaded_result_asks_for_its_rows(loaded: gg.Result, result: gg.Result, rows: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(gg.class_distances(loaded, rows), gg.class_distances(result))
    pd.testing.assert_frame_equal(gg.class_distances(loaded, kind="wald"), gg.class_distances(result, kind="wald"))
    with pytest.raises(DataError, match="rows="):
        gg.class_distances(loaded)


def test_wald_is_the_test_of_combining(result: gg.Result) -> None:
    table, test = gg.class_distances(result, kind="wald"), gg.combine_classes(result)
    np.testing.assert_allclose(table["distance"], np.sqrt(test["statistic"] / 4))
    pd.testing.assert_frame_equal(
        table.drop(columns="distance"), test.rename(columns={"first": "class_1", "second": "class_2"})
    )
    holm = gg.class_distances(result, kind="wald", adjust="holm")["p_adjusted"]
    assert (holm >= table["p_adjusted"]).all()
    assert holm.max() <= 1.0


def test_wald_without_slopes_left_has_no_distance(rows: pd.DataFrame) -> None:
    seen = {
        "ambient": ["C", "D", "E"],
        "blues": ["C"],
        "country": ["C", "E"],
        "disco": ["D", "E"],
        "electro": ["C", "D", "E"],
    }
    left = rows[[row.key in seen[row.genre] for row in rows.itertuples()]]
    table = gg.class_distances(gg.fit("genre ~ C(key)", left, penalty=gg.CellPrior()), kind="wald")
    lost = table["df"] == 0
    assert lost.any()
    assert table["distance"].isna().equals(lost)


def test_refusals(result: gg.Result, ridge: gg.Result, rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="'mahalanobis'"):
        gg.class_distances(result, kind="euclid")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="'holm'"):
        gg.class_distances(result, adjust="none")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="leave out rows="):
        gg.class_distances(result, rows, kind="wald")
    with pytest.raises(InferenceError, match="no covariance"):
        gg.class_distances(ridge, kind="wald")
    with pytest.raises(InferenceError, match="no slopes"):
        gg.class_distances(gg.fit("genre ~ 1", rows))


def test_log_odds_come_with_an_interval_where_the_fit_has_a_covariance(result: gg.Result, rows: pd.DataFrame) -> None:
    table = gg.class_distances(result, kind="log-odds")
    assert table.columns.tolist() == ["class_1", "class_2", "distance", "size", "conf_low", "conf_high"]
    assert (table["size"] <= table["distance"] * (1 + 1e-12)).all()
    assert ((table["conf_low"] <= table["size"]) & (table["size"] <= table["conf_high"])).all()
    many = gg.fit(FORMULA, rows, weights=np.full(len(rows), 1_000.0))
    sure = gg.class_distances(many, kind="log-odds")
    np.testing.assert_allclose(sure["size"], sure["distance"], rtol=0.02)
    np.testing.assert_allclose(sure["distance"], table["distance"], rtol=1e-6)
    bare = gg.class_distances(gg.fit(FORMULA, rows, covariance=None), kind="log-odds")
    assert bare.columns.tolist() == ["class_1", "class_2", "distance"]


def test_a_slope_without_an_estimate_is_left_out_of_the_interval(separated: gg.Result) -> None:
    sizes = gg.class_distances(separated, kind="log-odds").set_index(["class_1", "class_2"])
    cell = separated.separated[0]
    own = [cell.label in pair for pair in sizes.index]
    assert np.isfinite(sizes[["size", "conf_low", "conf_high"]]).all(axis=None)
    assert (sizes.loc[own, "size"] < sizes.loc[own, "distance"]).all()
