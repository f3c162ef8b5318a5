"""The numbers against other ways to compute them: least squares, sandwiches, determinants, regressions."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from genreglm.errors import ConvergenceError, InferenceError, OptionError
from genreglm.study.popularity import residuals
from genreglm.study.popularity.collinearity import vif_table
from genreglm.study.popularity.comparison import leak_table, rmse
from genreglm.study.popularity.design import formula_text
from genreglm.study.popularity.effects import coefficient_table, curve_table, level_table, profiles, term_table
from genreglm.study.popularity.higher_order import Moments, add_curves, curve_test
from genreglm.study.popularity.model import fit, fit_columns, wald, wald_term
from genreglm.study.popularity.stepwise import removals, simplify


@pytest.fixture(scope="module")
def y(rows):
    return rows.train["popularity"].to_numpy()


@pytest.fixture(scope="module")
def gaussian(design, rows, y):
    return fit(design, design.initial, y, rows.clusters, "gaussian")


@pytest.fixture(scope="module")
def fractional(design, rows, y):
    return fit(design, design.initial, y, rows.clusters, "fractional")


def sandwich(X, scores, bread, clusters):
    n, p = X.shape
    sums = np.zeros((clusters.max() + 1, p))
    np.add.at(sums, clusters, scores)
    G = len(sums)
    return bread @ (sums.T @ sums) @ bread * G / (G - 1) * (n - 1) / (n - p)


def test_gaussian_is_least_squares_with_a_clustered_sandwich(design, rows, y, gaussian):
    X = design.matrix[:, gaussian.columns]
    params, *_ = np.linalg.lstsq(X, y)
    np.testing.assert_allclose(gaussian.params, params, rtol=1e-9, atol=1e-10)
    scores = X * (y - X @ params)[:, None]
    V = sandwich(X, scores, np.linalg.inv(X.T @ X), rows.clusters)
    np.testing.assert_allclose(gaussian.covariance, V, rtol=1e-7, atol=1e-10)
    assert gaussian.deviance_explained == pytest.approx(1 - ((y - X @ params) ** 2).sum() / (len(y) * y.var()))


def test_fractional_equals_statsmodels_default_and_a_clustered_sandwich(design, rows, y, fractional):
    X = design.matrix[:, fractional.columns]
    reference = sm.GLM(y / 100, X, family=sm.families.Binomial()).fit(scale="X2")
    np.testing.assert_allclose(fractional.params, reference.params, rtol=1e-7, atol=1e-9)
    assert fractional.scale == pytest.approx(reference.scale, rel=1e-8)
    assert fractional.deviance_explained == pytest.approx(1 - reference.deviance / reference.null_deviance)
    mu = reference.mu
    bread = np.linalg.inv(X.T @ (X * (mu * (1 - mu))[:, None]))
    V = sandwich(X, X * (y / 100 - mu)[:, None], bread, rows.clusters)
    np.testing.assert_allclose(fractional.covariance, V, rtol=1e-6, atol=1e-12)
    assert np.isnan(fractional.aic)


def test_known_effects_lie_within_their_intervals(gaussian):
    table = coefficient_table(gaussian).set_index("term")
    for term, truth in {"energy": 6.0, "valence": -3.0, "explicit[yes]": 5.0}.items():
        # 0.4 beyond the interval: holding popularity within 0..100 shrinks effects a little
        assert table.loc[term, "conf_low"] - 0.4 < truth < table.loc[term, "conf_high"] + 0.4
    assert table.loc["tempo", "p_value"] > 0.001


def test_clustering_widens_the_errors_of_what_artists_share(design, rows, y):
    terms = {"energy": "linear"}
    pretended = fit(design, terms, y, np.arange(len(y)), "gaussian")
    clustered = fit(design, terms, y, rows.clusters, "gaussian")
    assert clustered.std_errors[0] > 1.2 * pretended.std_errors[0]


def test_wald_term_is_the_quadratic_form(design, gaussian):
    where = gaussian.positions("key", design)
    b, V = gaussian.params[where], gaussian.covariance[np.ix_(where, where)]
    test = wald_term(gaussian, "key", design)
    assert test.df == 11
    assert test.statistic == pytest.approx(b @ np.linalg.inv(V) @ b / 11)
    assert test.p_value == pytest.approx(stats.f.sf(test.statistic, 11, gaussian.artists - 1))


def test_a_singular_test_is_refused(gaussian):
    with pytest.raises(InferenceError, match="no clustered covariance"):
        wald(gaussian, np.zeros((2, len(gaussian.params))))


def test_a_singular_covariance_is_tested_on_its_rank(gaussian):
    once = np.eye(len(gaussian.params))[[1]]
    twice = wald(gaussian, np.vstack([once, 2 * once]))
    assert twice.df == 1
    assert twice.statistic == pytest.approx(wald(gaussian, once).statistic)


def test_a_level_without_popularity_is_drawn_in(design, rows, y):
    silent = np.where(rows.train["key"] == "D", 0.0, y)
    X, terms = design.matrix[:, design.select({"key": "factor"})], {"key": "factor"}
    with pytest.raises(ConvergenceError, match="no finite estimate"):
        fit_columns(X, silent / 100, rows.clusters, "fractional")
    fitted = fit(design, terms, silent, rows.clusters, "fractional")
    assert fitted.drawn_in
    n = len(y)
    estimate = dict(zip(fitted.labels, fitted.params, strict=True))
    reference = next(level for level in rows.train["key"].cat.categories)
    shares = (silent / 100 * (n - 1) + 0.5) / n
    of = {level: shares[rows.train["key"] == level].mean() for level in ("D", reference)}
    logits = {level: np.log(share / (1 - share)) for level, share in of.items()}
    assert estimate["key[D]"] == pytest.approx(logits["D"] - logits[reference], abs=0.05)
    assert not fit(design, terms, y, rows.clusters, "fractional").drawn_in


def test_a_gaussian_without_an_estimate_is_refused(design, rows, y):
    with pytest.raises(ConvergenceError, match="gaussian model"):
        fit(design, {"energy": "linear"}, y * 1e200, rows.clusters, "gaussian")


def test_removals_say_what_a_refit_says(design, rows, y, gaussian):
    for name, removal in removals(gaussian, design).items():
        rest = {key: form for key, form in gaussian.terms.items() if key != name}
        refit = fit(design, rest, y, rows.clusters, "gaussian")
        assert removal.aic == pytest.approx(refit.aic, rel=1e-10)
        assert removal.bic == pytest.approx(refit.bic, rel=1e-10)


def test_moments_give_the_aic_of_statsmodels(design, rows, y, gaussian):
    moments = Moments.of(design.matrix, y)
    assert moments.aic(list(gaussian.columns)) == pytest.approx(gaussian.aic, rel=1e-12)
    curved = {"energy": "quadratic", "loudness": "spline", "key": "factor"}
    refit = fit(design, curved, y, rows.clusters, "gaussian")
    assert moments.aic(design.select(curved)) == pytest.approx(refit.aic, rel=1e-12)
    assert moments.aic([0]) == pytest.approx(sm.OLS(y, np.ones(len(y))).fit().aic, rel=1e-12)
    assert moments.aic([0, 1, 1]) == np.inf


@pytest.mark.parametrize("criterion", ["aic", "bic"])
def test_information_criteria_fall_at_each_step_and_no_step_is_left(design, rows, y, gaussian, criterion):
    simple = simplify(gaussian, design, y, rows.clusters, criterion)
    trace = simple.trace[f"{criterion}_after"].to_numpy()
    assert len(trace) > 1
    assert (np.diff(trace) < 0).all()
    left = [getattr(removal, criterion) for removal in removals(simple.fitted, design).values()]
    assert min(left) >= trace[-1]


def test_wald_drops_what_does_nothing_and_keeps_factors_whole(design, rows, y, gaussian):
    simple = simplify(gaussian, design, y, rows.clusters)
    assert {"energy", "valence", "explicit"} <= set(simple.fitted.terms)
    assert "key" in simple.dropped
    assert (simple.trace["p_value"].iloc[1:] > 0.05).all()
    assert (simple.trace["p_adjusted"] >= simple.trace["p_value"]).iloc[1:].all()
    lost = gaussian.deviance_explained - simple.fitted.deviance_explained
    assert simple.trace["r2_change"].sum() == pytest.approx(-lost)
    assert max(wald_term(simple.fitted, name, design).p_value for name in simple.fitted.terms) <= 0.05
    kept = {label.split("[")[0] for label in simple.fitted.labels}
    assert not kept & set(simple.dropped)
    with pytest.raises(OptionError, match="criterion='p'"):
        simplify(gaussian, design, y, rows.clusters, "p")


def test_the_hump_is_found_and_the_lines_stay_lines(design, rows, y, gaussian):
    simple = simplify(gaussian, design, y, rows.clusters)
    bent = add_curves(simple.fitted, design, y, rows.clusters)
    assert bent.fitted.terms["loudness"] == "quadratic"
    assert bent.fitted.terms["energy"] == "linear"
    table = coefficient_table(bent.fitted).set_index("term")
    assert table.loc["loudness^2", "estimate"] == pytest.approx(-4.0, abs=0.6)
    search = bent.trace[bent.trace["phase"] == "search"]
    assert (search["aic_after"] < search["aic_before"]).all()
    assert (search["aic_after"].iloc[:-1].to_numpy() == search["aic_before"].iloc[1:].to_numpy()).all()
    check = bent.trace[bent.trace["phase"] == "check"].set_index("term")
    stays = check["from"] == check["to"]
    assert (stays == (check["p_value"] <= 0.05)).all()
    assert bent.curved == list(check.index[stays])
    assert bent.trace["aic_after"].iloc[-1] == pytest.approx(bent.fitted.aic)
    gained = bent.fitted.deviance_explained - simple.fitted.deviance_explained
    assert bent.trace["r2_change"].sum() == pytest.approx(gained)


def test_a_feature_dropped_as_a_line_may_come_back_as_a_curve(design, rows, y):
    start = fit(design, {"energy": "linear"}, y, rows.clusters, "gaussian")
    bent = add_curves(start, design, y, rows.clusters)
    assert bent.fitted.terms["loudness"] in ("quadratic", "spline")
    assert set(bent.fitted.terms) >= {"energy", "loudness"}
    first = bent.trace.iloc[0]
    assert (first["term"], first["from"]) == ("loudness", "absent")


def test_curves_that_artists_do_not_confirm_go_back(design, rows):
    # One artist's tracks carry the whole hump: AIC takes them for independent witnesses.
    popularity = rows.train["energy"].to_numpy() + np.random.default_rng(1).normal(size=len(rows.train))
    loudest = rows.train["tempo"] > 1.0
    witness = (rows.train["artist"] == rows.train.loc[loudest, "artist"].mode()[0]) & loudest
    popularity = 50 + popularity + 8.0 * witness.to_numpy()
    start = fit(design, {"energy": "linear"}, popularity, rows.clusters, "gaussian")
    bent = add_curves(start, design, popularity, rows.clusters)
    tempo = bent.trace[bent.trace["term"] == "tempo"]
    assert list(tempo["phase"]) == ["search", "check"]
    assert tempo["to"].iloc[-1] == "absent"
    assert "tempo" not in bent.fitted.terms


def test_curve_test_is_the_test_of_the_columns_beyond_the_line(design, rows, y):
    fitted = fit(design, {"loudness": "spline"}, y, rows.clusters, "gaussian")
    line = design.matrix[:, design.columns["loudness", "linear"]]
    spline = design.matrix[:, design.columns["loudness", "spline"]]
    X = np.column_stack([np.ones(len(y)), line, spline[:, :3]])
    other = sm.GLM(y, X).fit(cov_type="cluster", cov_kwds={"groups": rows.clusters})
    b, V = other.params[2:], other.cov_params()[2:, 2:]
    test = curve_test(fitted, "loudness", design, against="linear")
    assert test.df == 3
    assert test.statistic == pytest.approx(b @ np.linalg.solve(V, b) / 3, rel=1e-5)
    whole = curve_test(fitted, "loudness", design, against="absent")
    assert whole.statistic == pytest.approx(wald_term(fitted, "loudness", design).statistic)


def test_gvif_equals_determinants_and_vif_regressions(design):
    table = vif_table(design, design.initial).set_index("term")
    X = design.matrix[:, design.select(design.initial)[1:]]
    labels = [design.labels[column] for column in design.select(design.initial)[1:]]
    R = np.corrcoef(X, rowvar=False)
    keys = np.array([label.startswith("key[") for label in labels])
    by_hand = np.linalg.det(R[np.ix_(keys, keys)]) * np.linalg.det(R[np.ix_(~keys, ~keys)]) / np.linalg.det(R)
    assert table.loc["key", "vif_or_gvif"] == pytest.approx(by_hand, rel=1e-9)
    assert table.loc["key", "gvif_adjusted"] == pytest.approx(by_hand ** (1 / 22), rel=1e-9)
    column = labels.index("energy")
    regression = sm.OLS(X[:, column], sm.add_constant(np.delete(X, column, axis=1))).fit()
    assert table.loc["energy", "vif_or_gvif"] == pytest.approx(1 / (1 - regression.rsquared), rel=1e-9)
    assert table["gvif_adjusted"].is_monotonic_decreasing
    assert vif_table(design, {}).empty


def test_curves_of_lines_are_lines_through_the_mean(design, rows, y, gaussian, fractional):
    where = profiles(design, rows)
    curve = curve_table(gaussian, design, rows, where)
    energy = curve[curve["feature"] == "energy"]
    scale = rows.scales["energy"]
    slope = coefficient_table(gaussian).set_index("term").loc["energy", "estimate"]
    expected = y.mean() + slope * (energy["value"] - scale.mean) / scale.sd
    np.testing.assert_allclose(energy["estimate"], expected)
    assert (curve["conf_low"] < curve["estimate"]).all()
    assert (curve["estimate"] < curve["conf_high"]).all()
    bounded = curve_table(fractional, design, rows, where)
    assert bounded[["conf_low", "conf_high"]].stack().between(0, 100).all()
    assert set(bounded["feature"]) == set(rows.features)


def test_level_effects_differ_by_the_coefficient_and_average_to_the_mean(design, rows, y, gaussian):
    levels = level_table(gaussian, design, rows, profiles(design, rows))
    explicit = levels[levels["term"] == "explicit"].set_index("level")
    coefficients = coefficient_table(gaussian).set_index("term")["estimate"]
    gap = explicit.loc["yes", "estimate"] - explicit.loc["no", "estimate"]
    assert gap == pytest.approx(coefficients["explicit[yes]"])
    key = levels[levels["term"] == "key"]
    assert np.average(key["estimate"], weights=key["tracks"]) == pytest.approx(y.mean())
    assert key["tracks"].sum() == len(y)


def test_the_contribution_of_a_line_is_its_coefficient(design, gaussian):
    table = term_table(gaussian, design).set_index("term")
    coefficients = coefficient_table(gaussian).set_index("term")["estimate"]
    assert table.loc["energy", "contribution_sd"] == pytest.approx(abs(coefficients["energy"]))
    assert table["contribution_sd"].is_monotonic_decreasing


def test_residual_tables_hold_every_track(design, y, gaussian):
    predicted = gaussian.predict(design.matrix)
    bins = residuals.against_fitted("gaussian", y, predicted)
    assert bins["tracks"].sum() == len(y)
    assert np.average(bins["mean"], weights=bins["tracks"]) == pytest.approx(0, abs=1e-8)
    assert (bins["q05"] <= bins["median"]).all()
    assert bins["fitted"].is_monotonic_increasing
    scaled = residuals.standardised(gaussian, y, predicted)
    np.testing.assert_allclose(scaled, (y - predicted) / np.sqrt(gaussian.scale))
    counts = residuals.histogram("gaussian", scaled)
    assert counts["count"].sum() == len(y)
    assert (counts["density"] * (counts["high"] - counts["low"])).sum() == pytest.approx(1)


def test_quantile_pairs_of_a_normal_sample_lie_on_the_diagonal():
    sample = np.random.default_rng(0).normal(size=20_000)
    pairs = residuals.quantile_pairs("gaussian", sample)
    assert len(pairs) <= 500
    assert (pairs["sample"].iloc[0], pairs["sample"].iloc[-1]) == (sample.min(), sample.max())
    middle = pairs[pairs["theoretical"].abs() < 2]
    np.testing.assert_allclose(middle["sample"], middle["theoretical"], atol=0.06)
    assert len(residuals.quantile_pairs("gaussian", sample[:30])) == 30


def test_a_constant_fit_has_one_bin():
    table = residuals.against_fitted("gaussian", np.array([1.0, 2.0, 3.0]), np.full(3, 2.0))
    assert list(table["tracks"]) == [3]


def test_bands_of_popularity_leak_the_answer(design, rows, y, gaussian):
    wide, held_out = design.apply(rows.test), rows.test["popularity"].to_numpy()
    table = leak_table(gaussian, design, wide, y, held_out, rows.clusters).set_index("model")
    honest = 1 - rmse(held_out, gaussian.predict(wide)) ** 2 / np.mean((held_out - y.mean()) ** 2)
    assert table.loc["honest", "r2_test"] == pytest.approx(honest)
    band = np.searchsorted([20.0, 40.0, 60.0, 80.0], y)
    within = sum(((y[band == b] - y[band == b].mean()) ** 2).sum() for b in np.unique(band))
    alone = table.loc["popularity bands alone", "r2_train"]
    assert alone == pytest.approx(1 - within / (len(y) * y.var()))
    assert table.loc["honest + popularity bands", "r2_train"] > alone > table.loc["honest", "r2_train"] + 0.3


def test_one_band_has_no_leak_to_show(design, rows, y, gaussian):
    narrow, held_out = 45 + y / 10, rows.test["popularity"].to_numpy()
    honest = fit(design, gaussian.terms, narrow, rows.clusters, "gaussian")
    table = leak_table(honest, design, design.apply(rows.test), narrow, held_out, rows.clusters)
    assert list(table["model"]) == ["honest"]


def test_formulas_are_written_out():
    terms = {"energy": "linear", "tempo": "quadratic", "loudness": "spline", "key": "factor"}
    assert formula_text(terms) == "popularity ~ energy + tempo + tempo^2 + cr(loudness, df=4) + key"
    assert formula_text({}) == "popularity ~ 1"
