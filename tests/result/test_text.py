"""The summary says what was fitted, what was tested, and what no test can say."""

import genreglm as gg


def test_summary_shows_statistics_terms_and_coefficients(result: gg.Result) -> None:
    text = result.summary()
    assert "genre ~ energy + valence + C(key)" in text
    assert "Converged" in text
    assert "Wald test of each term" in text
    assert "The 12 strongest of 12 coefficients" in text
    assert text.endswith("\n")
    assert max(map(len, text.splitlines())) <= 120


def test_summary_is_cut_to_the_strongest(result: gg.Result) -> None:
    lines = result.summary(strongest=3).splitlines()
    table = lines[lines.index("The 3 strongest of 12 coefficients, against the mean of the classes") + 3 :]
    strongest = result.tidy(reference=None).query("term != '(Intercept)'")
    strongest = strongest.loc[strongest["statistic"].abs().sort_values(ascending=False).index[:3]]
    assert [line.split()[:2] for line in table] == strongest[["class", "term"]].to_numpy().tolist()


def test_summary_names_the_clusters(clustered: gg.Result) -> None:
    assert f"clustered by artist ({clustered.require_inference().units:.0f} clusters)" in clustered.summary()


def test_summary_names_separated_cells(separated: gg.Result) -> None:
    text = separated.summary()
    assert "1 separated cells" in text
    assert "C(key)[T.D] never occurs in: blues" in text


def test_summary_of_a_ridge_fit_has_no_tests(ridge: gg.Result) -> None:
    text = ridge.summary()
    assert "Wald" not in text
    assert "Ridge(strength=0.01" in text
    assert "Covariance" in text


def test_html_is_escaped(result: gg.Result) -> None:
    page = result._repr_html_()
    assert page.startswith("<pre>Multinomial GLM")
    assert "chi2 / df" in page
