"""`gg.fit` on data whose answer is known, against statsmodels, and its refusals."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import genreglm as gg
from genreglm.engine import memory
from genreglm.errors import (
    ConvergenceError,
    DataError,
    EstimationError,
    FormulaError,
    InferenceError,
    OptionError,
    RankError,
    SeparationError,
)
from genreglm.options import CovarianceKind
from simulated import GENRES, KEYS, tracks

FORMULA = "genre ~ energy + valence + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return tracks()


def log_likelihood(result: gg.Result) -> float:
    return float(result.glance()["log_likelihood"].iloc[0])


def coefficients(result: gg.Result, reference: str | None = "ambient") -> pd.Series:
    return result.tidy(reference=reference).set_index(["class", "term"])["estimate"]


# Known answers


def test_intercept_alone_gives_the_shares(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ 1", rows)
    shares = rows["genre"].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(result.predict(rows.head(2)).to_numpy(), [shares, shares], rtol=1e-9)
    glance = result.glance().iloc[0]
    assert glance["log_likelihood"] == pytest.approx(glance["null_log_likelihood"], rel=1e-12)
    assert glance["mcfadden_r2"] == pytest.approx(0.0, abs=1e-12)


def test_a_saturated_table_gives_its_log_odds_and_their_errors() -> None:
    counts = pd.DataFrame([[7, 12, 20], [15, 3, 9], [4, 30, 11]], index=list("abc"), columns=list("uvw"))
    cells = counts.rename_axis("g").reset_index().melt("g", var_name="f", value_name="n")
    result = gg.fit("g ~ C(f)", cells, weights="n")
    table = result.tidy(reference="a").set_index(["class", "term"])
    for k in "bc":
        base = np.log(counts.loc[k, "u"] / counts.loc["a", "u"])
        assert table.loc[(k, "(Intercept)"), "estimate"] == pytest.approx(base, rel=1e-9)
        for level in "vw":
            own = counts.loc[[k, "a"], ["u", level]].to_numpy(float)
            ratio = np.log(own[0, 1] * own[1, 0] / (own[0, 0] * own[1, 1]))
            assert table.loc[(k, f"C(f)[T.{level}]"), "estimate"] == pytest.approx(ratio, rel=1e-9)
            error = np.sqrt((1 / own).sum())
            assert table.loc[(k, f"C(f)[T.{level}]"), "std_error"] == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_two_classes_are_statsmodels_logistic_regression(weighted: bool) -> None:
    data = tracks(genres=2, seed=3)
    w = np.arange(len(data)) % 3 + 1.0 if weighted else np.ones(len(data))
    result = gg.fit("genre ~ energy + valence", data, weights=w)
    x = sm.add_constant(data[["energy", "valence"]].to_numpy())
    y = (data["genre"] == "blues").to_numpy(float)
    binomial = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-14)
    table = result.tidy()
    np.testing.assert_allclose(table["estimate"], binomial.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(table["std_error"], binomial.bse, rtol=1e-6)
    np.testing.assert_allclose(table["p_value"], binomial.pvalues, rtol=1e-5)
    assert log_likelihood(result) == pytest.approx(binomial.llf, rel=1e-10)


def test_several_classes_are_statsmodels_mnlogit(rows: pd.DataFrame) -> None:
    result = gg.fit("genre ~ energy + valence", rows)
    x = sm.add_constant(rows[["energy", "valence"]].to_numpy())
    reference = sm.MNLogit(pd.Categorical(rows["genre"]).codes, x).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose(result.tidy()["estimate"], reference.params.T.ravel(), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(result.tidy()["std_error"], reference.bse.T.ravel(), rtol=1e-6)


def simulated(rows: int, columns: str, classes: int, strength: float) -> pd.DataFrame:
    """Rows of a multinomial model of normal columns, in which every class is there."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, len(columns)))
    eta = x @ (strength * rng.normal(size=(len(columns), classes)))
    label = (rng.gumbel(size=eta.shape) + eta).argmax(axis=1)
    label[:classes] = np.arange(classes)
    return pd.DataFrame(x, columns=list(columns)).assign(label=label)


def test_a_thousand_classes_end_where_the_score_is_zero() -> None:
    data = simulated(20_000, "abc", 1_000, 0.3)
    result = gg.fit("label ~ a + b + c", data, covariance=None)
    assert result.statistics.outcome.startswith("Converged")
    assert result.coefficients.shape == (4, 1_000)
    x = sm.add_constant(data[["a", "b", "c"]].to_numpy())
    score = x.T @ (np.eye(1_000)[data["label"]] - result.predict(data).to_numpy())
    np.testing.assert_allclose(score, 0.0, atol=1e-7)


@pytest.mark.parametrize("covariance", ["observed", "HC0"])
def test_units_of_any_size_at_once_change_nothing_but_themselves(covariance: CovarianceKind) -> None:
    plain = simulated(2_000, "abcd", 4, 0.7)
    scales = pd.Series({"a": 1e-6, "b": 1e-2, "c": 1e4, "d": 1e8})
    scaled = plain.assign(**{name: scale * plain[name] for name, scale in scales.items()})
    wanted, found = (gg.fit("label ~ a + b + c + d", rows, covariance=covariance).tidy() for rows in (plain, scaled))
    unit = found["term"].map(scales).fillna(1.0)
    np.testing.assert_allclose(found["estimate"] * unit, wanted["estimate"], rtol=1e-9)
    np.testing.assert_allclose(found["std_error"] * unit, wanted["std_error"], rtol=1e-9)
    np.testing.assert_allclose(found["statistic"], wanted["statistic"], rtol=1e-9)


def test_a_known_offset_is_not_estimated_again(rows: pd.DataFrame) -> None:
    """With the fitted predictor as offset nothing is left: every coefficient is zero."""
    result = gg.fit(FORMULA, rows)
    again = gg.fit(FORMULA, rows, offset=result.predict(rows, kind="linear").to_numpy())
    np.testing.assert_allclose(again.coefficients, 0.0, atol=1e-8)
    assert log_likelihood(again) == pytest.approx(log_likelihood(result), rel=1e-12)


def test_null_likelihood_beside_an_offset_has_the_offset(rows: pd.DataFrame) -> None:
    offset = np.random.default_rng(0).normal(size=(len(rows), 3))
    null = gg.fit("genre ~ 1", rows, offset=offset)
    found = gg.fit(FORMULA, rows, offset=offset).glance()["null_log_likelihood"].iloc[0]
    assert found == pytest.approx(log_likelihood(null), rel=1e-10)


def test_ridge_is_the_objective_that_its_page_states(rows: pd.DataFrame) -> None:
    strength = 0.03
    result = gg.fit("genre ~ energy + valence", rows, penalty=gg.Ridge(strength))
    x = np.column_stack([np.ones(len(rows)), rows[["energy", "valence"]]])
    truth = np.eye(3)[result.design.codes(rows)]
    gradient = x.T @ (result.predict(rows).to_numpy() - truth) / len(rows)
    gradient[1:] += strength * result.coefficients[1:]
    np.testing.assert_allclose(gradient, 0.0, atol=1e-9)


def test_standardised_ridge_and_factors_by_term(rows: pd.DataFrame) -> None:
    wide = rows.assign(energy=1000.0 * rows["energy"])
    penalty = gg.Ridge(0.05, standardise=True, factors={"valence": 4.0})
    both = [gg.fit("genre ~ energy + valence", frame, penalty=penalty) for frame in (rows, wide)]
    np.testing.assert_allclose(both[1].predict(wide), both[0].predict(rows), rtol=1e-7)
    loose, tight = (
        gg.fit("genre ~ energy + valence", rows, penalty=gg.Ridge(0.05, factors={"valence": f})) for f in (0.0, 1e4)
    )
    assert np.abs(tight.coefficients[2]).max() < 1e-2 < np.abs(loose.coefficients[2]).max()


def test_ridge_admits_dependent_columns_and_separated_cells(rows: pd.DataFrame) -> None:
    doubled = rows.assign(again=2.0 * rows["energy"])
    result = gg.fit("genre ~ energy + again", doubled, penalty=gg.Ridge(1e-3))
    np.testing.assert_allclose(result.coefficients[2], 2.0 * result.coefficients[1], rtol=1e-4)
    free = gg.fit("genre ~ energy + again", doubled, penalty=gg.Ridge(0.0))
    alone = gg.fit("genre ~ energy", rows)
    np.testing.assert_allclose(free.predict(doubled), alone.predict(rows), rtol=1e-4)
    assert np.isfinite(gg.fit(FORMULA, without_cell(rows), penalty=gg.Ridge(1e-3)).coefficients).all()


def test_start_and_design_of_another_fit(rows: pd.DataFrame) -> None:
    result = gg.fit(FORMULA, rows)
    warm = gg.fit(result.design, rows, start=result)
    assert warm.statistics.iterations <= 1
    np.testing.assert_allclose(warm.coefficients, result.coefficients, atol=1e-8)
    smaller = gg.fit("genre ~ energy", rows, start=result)
    np.testing.assert_allclose(smaller.coefficients, gg.fit("genre ~ energy", rows).coefficients, atol=1e-8)


def test_rows_from_files(rows: pd.DataFrame, tmp_path: Path) -> None:
    rows.to_csv(tmp_path / "t.csv", index=False)
    rows.to_parquet(tmp_path / "t.parquet")
    rows.to_feather(tmp_path / "t.feather")
    expected = gg.fit(FORMULA, rows).coefficients
    for name in ("t.csv", "t.parquet", "t.feather"):
        np.testing.assert_allclose(gg.fit(FORMULA, tmp_path / name).coefficients, expected, atol=1e-12)


# Covariances by brute force


def explicit(result: gg.Result, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Information and row scores against the last class, in the columns as given."""
    x, prob = result.design.matrix(rows), result.predict(rows).to_numpy()[:, :-1]
    truth = np.eye(len(result.classes))[result.design.codes(rows)][:, :-1]
    matrix = sum(np.kron(np.diag(p) - np.outer(p, p), np.outer(z, z)) for z, p in zip(x, prob, strict=True))
    return np.asarray(matrix), np.array([np.kron(r, z) for r, z in zip(truth - prob, x, strict=True)])


def test_observed_robust_and_clustered_covariances(rows: pd.DataFrame) -> None:
    observed = gg.fit(FORMULA, rows)
    matrix, scores = explicit(observed, rows)
    bread = np.linalg.inv(matrix)
    np.testing.assert_allclose(observed.require_inference().covariance, bread, rtol=1e-6, atol=1e-9)
    robust = gg.fit(FORMULA, rows, covariance="robust").require_inference()
    n = len(rows)
    np.testing.assert_allclose(robust.covariance, n / (n - 1) * bread @ scores.T @ scores @ bread, rtol=1e-6, atol=1e-9)
    summed = pd.DataFrame(scores).groupby(rows["artist"].to_numpy()).sum().to_numpy()
    groups = len(summed)
    expected = groups / (groups - 1) * bread @ summed.T @ summed @ bread
    by_name = gg.fit(FORMULA, rows, covariance="clustered", clusters="artist").require_inference()
    np.testing.assert_allclose(by_name.covariance, expected, rtol=1e-6, atol=1e-9)
    assert (by_name.units, by_name.clusters) == (groups, "artist")
    by_values = gg.fit(FORMULA, rows, covariance="clustered", clusters=rows["artist"]).require_inference()
    np.testing.assert_array_equal(by_values.covariance, by_name.covariance)
    assert by_values.clusters == "clusters"


def test_names_of_covariances_that_are_the_same_and_that_are_not(rows: pd.DataFrame) -> None:
    robust, hc1, hc0 = (gg.fit(FORMULA, rows, covariance=kind).require_inference() for kind in ("robust", "HC1", "HC0"))
    np.testing.assert_array_equal(hc1.covariance, robust.covariance)
    np.testing.assert_allclose(hc1.covariance, len(rows) / (len(rows) - 1) * hc0.covariance, rtol=1e-12)
    assert (robust.kind, hc1.kind, hc0.kind) == ("robust", "HC1", "HC0")
    assert robust.units == hc1.units == hc0.units == len(rows)


def test_clusters_two_ways_by_name_and_by_values(rows: pd.DataFrame) -> None:
    """Albums within artists: those of the albums cancel, and what is left is the artists' covariance."""
    albums = rows.assign(album=rows["artist"] + np.where(rows.index % 2, " live", ""))
    artists = gg.fit(FORMULA, albums, covariance="clustered", clusters="artist").require_inference()
    found = gg.fit(FORMULA, albums, covariance="clustered", clusters=["artist", "album"])
    inference = found.require_inference()
    np.testing.assert_allclose(inference.covariance, artists.covariance, rtol=1e-8, atol=1e-10)
    assert (inference.units, inference.clusters) == (artists.units, "artist and album")
    assert f"clustered by artist and album ({artists.units:.0f} clusters)" in found.summary()
    by_values = gg.fit(FORMULA, albums, covariance="clustered", clusters=(albums["artist"], albums["album"].to_numpy()))
    np.testing.assert_array_equal(by_values.require_inference().covariance, inference.covariance)
    assert by_values.require_inference().clusters == "clusters[0] and clusters[1]"
    mixed = gg.fit(FORMULA, albums, covariance="clustered", clusters=["artist", albums["album"]])
    assert mixed.require_inference().clusters == "artist and clusters[1]"


def test_a_list_of_one_clusters_one_way(rows: pd.DataFrame) -> None:
    wanted = gg.fit(FORMULA, rows, covariance="clustered", clusters="artist")
    found = gg.fit(FORMULA, rows, covariance="clustered", clusters=["artist"])
    assert found.require_inference().clusters == "artist"
    pd.testing.assert_frame_equal(found.tidy(), wanted.tidy(), check_exact=True)


def test_frequencies_and_importance_differ_in_the_robust_covariance(rows: pd.DataFrame) -> None:
    w = np.arange(len(rows)) % 3 + 1
    repeated = rows.loc[np.repeat(rows.index, w)]
    frequency = gg.fit(FORMULA, rows, weights=w, covariance="robust").tidy()
    pd.testing.assert_frame_equal(frequency, gg.fit(FORMULA, repeated, covariance="robust").tidy(), rtol=1e-7)
    importance = gg.fit(FORMULA, rows, weights=w, weight_kind="importance", covariance="robust")
    scaled = gg.fit(FORMULA, rows, weights=5.0 * w, weight_kind="importance", covariance="robust")
    np.testing.assert_allclose(scaled.tidy()["std_error"], importance.tidy()["std_error"], rtol=1e-7)
    assert not np.allclose(importance.tidy()["std_error"], frequency["std_error"], rtol=1e-3)


def test_the_scale_of_importance_weights_shows_nowhere_but_in_likelihoods(rows: pd.DataFrame) -> None:
    w = np.arange(len(rows)) % 5.0
    fits = [
        gg.fit(FORMULA, rows, weights=scale * w, weight_kind="importance", covariance="HC0") for scale in (1.0, 1000.0)
    ]
    one, other = (result.glance().iloc[0] for result in fits)
    assert one["nobs"] == np.count_nonzero(w)
    assert re.search(r"\nRows +192\n", fits[0].summary())
    assert one[["aic", "aicc", "bic", "caic", "hqic", "mcfadden_r2_adjusted"]].isna().all()
    scaled = ["log_likelihood", "null_log_likelihood", "deviance", "null_deviance", "gradient_norm", "iterations"]
    pd.testing.assert_series_equal(other.drop(scaled), one.drop(scaled), rtol=1e-9)


@pytest.mark.parametrize("penalty", [gg.CellPrior(), gg.Jeffreys()])
def test_importance_weights_have_no_prior_that_is_worth_rows(rows: pd.DataFrame, penalty: object) -> None:
    with pytest.raises(OptionError, match=r"worth rows.*weight_kind='frequency' with covariance='clustered'"):
        gg.fit(FORMULA, rows, weight_kind="importance", covariance=None, penalty=penalty)


# Separation


def without_cell(rows: pd.DataFrame, genre: str = "blues", key: str = "D") -> pd.DataFrame:
    return rows[~((rows["genre"] == genre) & (rows["key"] == key))].reset_index(drop=True)


def test_an_empty_cell_is_refused_by_name(rows: pd.DataFrame) -> None:
    with pytest.raises(SeparationError, match=r"C\(key\)\[T\.D\] never occurs in blues.*gg\.CellPrior"):
        gg.fit(FORMULA, without_cell(rows))


def test_an_empty_base_level_is_refused_by_name(rows: pd.DataFrame) -> None:
    with pytest.raises(SeparationError, match=r"the base level of C\(key\) never occurs in blues"):
        gg.fit(FORMULA, without_cell(rows, key="C"))


def test_separation_by_a_number_names_the_term(rows: pd.DataFrame) -> None:
    apart = rows.assign(energy=np.where(rows["genre"] == "blues", 1.0, -1.0) * (0.1 + rows["energy"].abs()))
    with pytest.raises(SeparationError) as error:
        gg.fit(FORMULA, apart)
    assert error.value.terms[0] == "energy"
    assert "blues" in str(error.value)


def test_separation_that_only_touches_is_found(rows: pd.DataFrame) -> None:
    """Quasi-complete: one class lies on one side, others on both, and they meet at zero."""
    sign = np.where(rows["genre"] == "blues", rows["energy"].abs(), rows["energy"])
    touching = rows.assign(energy=np.where(rows["genre"] == "folk", sign, np.where(rows["genre"] == "blues", sign, 0)))
    assert (touching.loc[touching["genre"] == "blues", "energy"] > 0).all()
    with pytest.raises(SeparationError) as error:
        gg.fit("genre ~ energy + valence", touching)
    assert error.value.terms[0] == "energy"


FREE = [
    gg.Ridge(0.0),
    gg.Ridge(0.1, factors={"energy": 0.0}),
    gg.Ridge(1e3, factors={"energy": 0.0, "valence": 1e-9}),
    gg.FamilyRidge(0.1, factors={"energy": 0.0}, families=dict.fromkeys(GENRES, "all")),
]


@pytest.mark.parametrize("penalty", FREE, ids=repr)
def test_what_a_ridge_leaves_free_may_be_separated(rows: pd.DataFrame, penalty: gg.Ridge) -> None:
    apart = rows.assign(energy=np.where(rows["genre"] == "blues", 1.0, -1.0) * (0.1 + rows["energy"].abs()))
    with pytest.raises(SeparationError, match=r"sets .*blues.* apart by energy.*Give .*Ridge a strength") as error:
        gg.fit("genre ~ energy + valence", apart, penalty=penalty)
    assert error.value.terms == ("energy",)
    assert np.isfinite(gg.fit("genre ~ energy + valence", rows, penalty=penalty).coefficients).all()


def test_a_separating_line_of_a_curve_that_only_may_not_bend(rows: pd.DataFrame) -> None:
    apart = rows.assign(energy=np.where(rows["genre"] == "blues", 1.0, -1.0) * (0.1 + rows["energy"].abs()))
    formula = "genre ~ cr(energy, df=5) + valence"
    with pytest.raises(SeparationError, match="energy"):
        gg.fit(formula, apart, penalty=gg.SmoothRidge(0.0, roughness=1.0))
    assert np.isfinite(gg.fit(formula, apart, penalty=gg.SmoothRidge(1e-3, roughness=1.0)).coefficients).all()


@pytest.mark.parametrize("penalty", [gg.Ridge(0.0), gg.Ridge(0.1, factors={"C(key)": 0.0})], ids=repr)
@pytest.mark.parametrize(("key", "level"), [("D", r"C\(key\)\[T\.D\]"), ("C", r"the base level of C\(key\)")])
def test_an_empty_cell_that_a_ridge_leaves_free_is_refused_by_name(
    rows: pd.DataFrame, penalty: gg.Ridge, key: str, level: str
) -> None:
    with pytest.raises(SeparationError, match=f"under that penalty.*{level} never occurs in blues"):
        gg.fit(FORMULA, without_cell(rows, key=key), penalty=penalty)


def test_an_empty_base_level_that_needs_a_penalised_constant_is_no_separation(rows: pd.DataFrame) -> None:
    """Without an intercept the constant is the other factor's, which the ridge holds back."""
    cut = without_cell(rows, key="C").assign(side=lambda table: np.where(table["valence"] > 0, "left", "right"))
    formula = "genre ~ 0 + C(side) + C(key)"
    fit = gg.fit(formula, cut, penalty=gg.Ridge(0.1, factors={"C(key)": 0.0}))
    assert np.isfinite(fit.coefficients).all()
    with pytest.raises(SeparationError, match="base level"):
        gg.fit(formula, cut, penalty=gg.Ridge(0.1, factors={"C(key)": 0.0, "C(side)": 0.0}))


def test_a_cell_prior_makes_the_cell_finite_and_leaves_the_rest(rows: pd.DataFrame) -> None:
    cut = without_cell(rows)
    result = gg.fit(FORMULA, cut, penalty=gg.CellPrior())
    cell, label = "C(key)[T.D]", "blues"
    assert [(c.label, c.level, c.columns) for c in result.separated] == [(label, cell, (cell,))]
    table = result.tidy().set_index(["class", "term"])
    separated = table.loc[(label, cell)]
    assert np.isfinite(separated["estimate"])
    assert separated["estimate"] < -1.0
    assert separated[["std_error", "statistic", "p_value", "log10_p", "conf_low", "conf_high"]].isna().all()
    assert table.drop(index=(label, cell)).notna().all(axis=None)
    limit = gg.fit(FORMULA, cut, penalty=gg.CellPrior(1e-4)).tidy().set_index(["class", "term"])
    others = table.index != (label, cell)
    distance = (table["estimate"] - limit["estimate"]).abs() / limit["std_error"]
    assert distance[others].max() < 0.35
    near = gg.fit(FORMULA, cut, penalty=gg.CellPrior(1e-3)).tidy().set_index(["class", "term"])
    assert ((near["estimate"] - limit["estimate"]).abs() / limit["std_error"])[others].max() < 1e-2


def test_a_cell_prior_without_empty_cells_changes_nothing(rows: pd.DataFrame) -> None:
    with_prior = gg.fit(FORMULA, rows, penalty=gg.CellPrior())
    np.testing.assert_array_equal(with_prior.coefficients, gg.fit(FORMULA, rows).coefficients)
    assert with_prior.separated == ()


def test_a_base_level_cell_leaves_the_other_contrasts_testable(rows: pd.DataFrame) -> None:
    result = gg.fit(FORMULA, without_cell(rows, key="C"), penalty=gg.CellPrior())
    table = result.tidy().set_index("class")
    unknown = table.loc["blues", ["term", "std_error"]].set_index("term")["std_error"].isna()
    assert unknown[unknown].index.tolist() == ["(Intercept)", "C(key)[T.D]", "C(key)[T.E]"]
    assert table.loc["country", "std_error"].notna().all()
    tests = result.anova().set_index("term")
    assert tests.loc["C(key)", "df"] == 2
    assert tests.loc["energy", "df"] == 2


def test_a_cell_prior_beside_an_offset_and_a_separating_number(rows: pd.DataFrame) -> None:
    cut = without_cell(rows)
    shifted = gg.fit(FORMULA, cut, penalty=gg.CellPrior(), offset=np.zeros((len(cut), 3)))
    plain = gg.fit(FORMULA, cut, penalty=gg.CellPrior())
    np.testing.assert_allclose(shifted.coefficients, plain.coefficients, atol=1e-9)
    apart = cut.assign(energy=np.where(cut["genre"] == "country", 5.0, -5.0) + cut["valence"].clip(-1, 1))
    with pytest.raises(SeparationError):
        gg.fit(FORMULA, apart, penalty=gg.CellPrior())


# Refusals


def test_dependent_columns_are_named(rows: pd.DataFrame) -> None:
    with pytest.raises(RankError, match=r"before them: again\. .*gg\.Ridge"):
        gg.fit("genre ~ energy + valence + again", rows.assign(again=rows["energy"] - 2 * rows["valence"]))
    with pytest.raises(RankError, match="constant"):
        gg.fit("genre ~ energy + constant", rows.assign(constant=0.1))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinities_are_refused(rows: pd.DataFrame, value: float) -> None:
    with pytest.raises(DataError, match="Not finite in some row: energy"):
        gg.fit(FORMULA, rows.assign(energy=rows["energy"].where(rows.index != 5, value)))


def test_missing_values_are_counted(rows: pd.DataFrame) -> None:
    holes = rows.assign(energy=rows["energy"].where(rows.index > 2), valence=rows["valence"].where(rows.index != 7))
    with pytest.raises(DataError, match=r"energy \(3\), valence \(1\)"):
        gg.fit(FORMULA, holes)
    with pytest.raises(DataError, match="4 rows have no 'genre'"):
        gg.fit(FORMULA, rows.assign(genre=rows["genre"].where(rows.index > 3)))


def test_an_unknown_column_comes_with_the_nearest_name(rows: pd.DataFrame) -> None:
    with pytest.raises(FormulaError, match=r"'enrgy'.*Did you mean 'energy'\?"):
        gg.fit("genre ~ enrgy", rows)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (np.ones(3), r"weights has shape \(3,\)"),
        ("nothing", "is no column of the table"),
        ("artist", "must be numbers"),
        (-1.0, ">= 0"),
        (np.nan, "finite"),
        (0.0, "not all zero"),
        (1e308, "their sum"),
    ],
)
def test_wrong_weights(rows: pd.DataFrame, weights: object, says: str) -> None:
    given = np.full(len(rows), weights) if isinstance(weights, float) else weights
    with pytest.raises(DataError, match=says):
        gg.fit(FORMULA, rows, weights=given)


def test_weights_that_leave_a_class_empty(rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"No rows \(of positive weight\) for blues"):
        gg.fit(FORMULA, rows, weights=(rows["genre"] != "blues").astype(float))


@pytest.mark.parametrize("offset", [np.zeros(240), np.zeros((240, 2)), np.full((240, 3), np.nan), "energy"])
def test_wrong_offsets(rows: pd.DataFrame, offset: object) -> None:
    with pytest.raises(DataError, match="offset must be"):
        gg.fit(FORMULA, rows, offset=offset)


def test_an_offset_in_a_frame_goes_by_the_names_of_its_columns(rows: pd.DataFrame) -> None:
    values = np.random.default_rng(0).normal(size=(len(rows), 3))
    frame = pd.DataFrame(values, columns=list(GENRES[:3]))
    wanted = gg.fit(FORMULA, rows, offset=values)
    found = gg.fit(FORMULA, rows, offset=frame[frame.columns[::-1]])
    np.testing.assert_array_equal(found.coefficients, wanted.coefficients)
    for wrong in (frame.iloc[:, :2], frame.set_axis(["x", "y", "z"], axis=1), frame.iloc[:, [0, 0, 1, 2]]):
        with pytest.raises(DataError, match="offset must have one column for each of the 3 classes"):
            gg.fit(FORMULA, rows, offset=wrong)


def test_wrong_clusters(rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="clusters has shape"):
        gg.fit(FORMULA, rows, covariance="clustered", clusters=np.zeros(3))
    with pytest.raises(DataError, match="1 rows have no cluster"):
        gg.fit(FORMULA, rows, covariance="clustered", clusters=rows["artist"].where(rows.index > 0))
    with pytest.raises(InferenceError, match="at least 2 clusters"):
        gg.fit(FORMULA, rows, covariance="clustered", clusters=np.zeros(len(rows)))
    with pytest.raises(DataError, match="clusters\\[1\\]='album' is no column"):
        gg.fit(FORMULA, rows, covariance="clustered", clusters=["artist", "album"])
    with pytest.raises(DataError, match=r"clusters has 3 items.*one column, a list of two"):
        gg.fit(FORMULA, rows, covariance="clustered", clusters=["artist", "key", "genre"])


def test_options_that_do_not_go_together(rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="go together"):
        gg.fit(FORMULA, rows, covariance="clustered")
    with pytest.raises(OptionError, match="go together"):
        gg.fit(FORMULA, rows, clusters="artist")
    with pytest.raises(OptionError, match="'observed', 'robust', 'clustered'"):
        gg.fit(FORMULA, rows, covariance="exact")
    with pytest.raises(OptionError, match="'observed', 'robust', 'clustered'"):
        gg.fit(FORMULA, rows, covariance="exact", penalty=gg.Ridge(0.1), clusters="nope")
    with pytest.raises(OptionError, match="'frequency', 'importance'"):
        gg.fit(FORMULA, rows, weight_kind="odd")
    with pytest.raises(OptionError, match="covariance='robust'"):
        gg.fit(FORMULA, rows, weight_kind="importance")
    with pytest.raises(OptionError, match="no terms"):
        gg.fit(FORMULA, rows, penalty=gg.Ridge(1.0, factors={"loudness": 2.0}))


@pytest.mark.parametrize("penalty", ["jeffreys", 0.1, object])
def test_what_is_no_penalty_is_refused(rows: pd.DataFrame, penalty: object) -> None:
    with pytest.raises(OptionError, match=r"is no penalty.*gg\.Ridge.*gg\.TermLasso, gg\.CellPrior, gg\.Jeffreys"):
        gg.fit(FORMULA, rows, penalty=penalty)


def test_a_penalty_that_was_not_called_is_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"call it, as in gg\.Jeffreys\(\.\.\.\)"):
        gg.fit(FORMULA, rows, penalty=gg.Jeffreys)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        *[("gradient_tolerance", value, "finite number > 0") for value in (np.nan, np.inf, -1.0, 0.0, "small")],
        *[("decrement_tolerance", value, "finite number > 0") for value in (np.nan, -1.0, 0.0)],
        *[("max_steps", value, "whole number >= 1") for value in (-1, 0, 1.5)],
        ("callback", 5, "function of a Step"),
    ],
)
def test_stopping_options_that_are_none(rows: pd.DataFrame, option: str, value: object, says: str) -> None:
    with pytest.raises(OptionError, match=f"{option}={value!r} must be a {says}"):
        gg.fit(FORMULA, rows, **{option: value})


def test_an_end_that_is_no_maximum_is_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(ConvergenceError, match=r"step limit.*after 1 steps.*Its last step moved .* by ") as refused:
        gg.fit(FORMULA, rows, max_steps=1)
    assert refused.value.terms
    assert set(refused.value.terms) <= set(gg.design(FORMULA, rows).terms)
    huge = np.zeros((len(rows), 3))
    huge[:, 0] = 1e308
    with pytest.raises(ConvergenceError, match="stopped being finite"), np.errstate(over="ignore"):
        gg.fit(FORMULA, rows, offset=huge)


def test_a_covariance_beyond_memory_is_refused_before_the_fit(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "covariance_bytes", lambda *_, **__: 2**80)
    with pytest.raises(InferenceError, match=r"5 columns x 3 classes \(10 parameters\).*covariance=None"):
        gg.fit(FORMULA, rows)
    assert gg.fit(FORMULA, rows, covariance=None).inference is None
    with pytest.raises(EstimationError, match=r"\(10 parameters\) under Jeffreys' prior.*whatever its covariance"):
        gg.fit(FORMULA, rows, penalty=gg.Jeffreys(), covariance=None)


def test_a_fit_of_a_design_beyond_memory_is_refused_before_its_matrix_is_made(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = gg.design(FORMULA, rows)
    monkeypatch.setattr(memory, "available_bytes", lambda: 1_000)
    monkeypatch.setattr(gg.Design, "matrix", lambda *_: pytest.fail("the matrix was made"))
    with pytest.raises(EstimationError, match="240 rows x 5 columns x 3 classes needs"):
        gg.fit(design, rows)


def test_tables_without_rows_or_of_unknown_kind(rows: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no rows"):
        gg.fit(FORMULA, rows.head(0))
    with pytest.raises(DataError, match="rows are int; give a DataFrame, a path"):
        gg.separation(FORMULA, 5)
    with pytest.raises(DataError, match="must end in"):
        gg.fit(FORMULA, f"{tmp_path}/tracks.xlsx")
    with pytest.raises(DataError, match="could not be read"):
        gg.fit(FORMULA, f"{tmp_path}/absent.csv")


def test_simulated_rows_have_every_cell() -> None:
    table = pd.crosstab(tracks(genres=6)["genre"], tracks(genres=6)["key"])
    assert table.shape == (len(GENRES), len(KEYS))
    assert (table > 0).all(axis=None)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("rows", "classes", "columns"), [(600, 8, 10), (3000, 20, 8)])
def test_finds_separation_by_a_column_without_empty_cells(rows: int, classes: int, columns: int, seed: int) -> None:
    """Class g00 never has x0 > 0: rough steps must not pass off the vanishing slope towards it as an optimum."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    eta = 0.5 * x @ rng.normal(size=(columns, classes))
    label = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(columns)])
    frame["x0"] = np.maximum(frame["x0"] - 0.3, 0.0)
    frame["genre"] = [f"g{k:02d}" for k in label]
    frame = frame[(label != 0) | (frame["x0"] == 0.0)]
    with pytest.raises(SeparationError, match="x0"):
        gg.fit("genre ~ " + " + ".join(f"x{j}" for j in range(columns)), frame, covariance=None)
