"""The summary says what was fitted, what was tested, and what no test can say."""

import re
from xml.etree import ElementTree

import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import OptionError
from genreglm.result.latex import as_latex
from genreglm.result.summary import Panel, Summary, summarise


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


def test_all_coefficients_on_request(result: gg.Result) -> None:
    text = result.summary(strongest=None)
    assert "All 12 coefficients, against the mean of the classes" in text
    panel = summarise(result, None).panels[-1]
    slopes = result.tidy(reference=None).query("term != '(Intercept)'")
    assert [row[:2] for row in panel.rows] == list(slopes[["class", "term"]].itertuples(index=False, name=None))
    assert panel.rows[0][2] == f"{slopes['estimate'].iloc[0]:.4g}"


def test_some_classes_on_request(result: gg.Result) -> None:
    panel = summarise(result, strongest=3, classes=["blues", "country"]).panels[-1]
    assert panel.title == "The 3 strongest of 8 coefficients of blues, country, against the mean of the classes"
    assert {row[0] for row in panel.rows} <= {"blues", "country"}
    for classes in (["polka"], "blues"):
        with pytest.raises(OptionError, match="a list of classes of the model"):
            result.summary(classes=classes)
    with pytest.raises(OptionError, match="strongest=-1"):
        result.summary(-1)


def test_three_renderings_show_the_same(result: gg.Result, separated: gg.Result) -> None:
    for fitted in (result, separated):
        summary = summarise(fitted)
        text, page, latex = fitted.summary(), fitted._repr_html_(), fitted.to_latex()
        for cell in [cell for panel in summary.panels for row in panel.rows for cell in row]:
            assert cell in text
            assert f">{cell}</td>" in page
            assert re.sub(r"-(?=\d)", "$-$", cell) in latex


def test_html_is_well_formed_escaped_and_loads_nothing(rows: pd.DataFrame) -> None:
    odd = rows.assign(genre=rows["genre"].replace("blues", "<b>R&B</b>"))
    page = gg.fit("genre ~ energy", odd)._repr_html_()
    found = ElementTree.fromstring(page)
    assert found.tag == "div"
    assert "<b>" not in page
    assert "&lt;b&gt;R&amp;B&lt;/b&gt;" in page
    assert not re.search(r"https?:|src=|url\(|@import|<script", page)
    assert "color: #" not in page
    tables = found.findall("table")
    assert [len(table.findall("thead")) for table in tables] == [0, 1, 1]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("1.131e-09", r"$1.131\times 10^{-9}$"),
        ("-2e+15", r"$-2\times 10^{15}$"),
        ("-0.25", "$-$0.25"),
        ("-inf", "$-$inf"),
        ("nan", "nan"),
        ("1,234.5", "1,234.5"),
    ],
)
def test_latex_sets_numbers_as_mathematics(cell: str, shown: str) -> None:
    panel = Panel("Numbers", ("term", "estimate"), (("1e-09", cell),), 1)
    assert rf"1e-09 & {shown} \\" in as_latex(Summary("Title", (), (panel,), ()))


def test_latex_is_escaped(rows: pd.DataFrame) -> None:
    odd = rows.assign(genre=rows["genre"].replace("blues", "R&B_50%")).rename(columns={"energy": "loud_energy"})
    latex = gg.fit("genre ~ loud_energy + valence:loud_energy", odd).to_latex()
    assert r"R\&B\_50\%" in latex
    assert r"loud\_energy" in latex
    assert r"genre \textasciitilde{} loud\_energy" in latex
    assert latex.count(r"\toprule") == latex.count(r"\bottomrule") == latex.count(r"\end{tabular}") == 3
    widths = {line.count(" & ") for line in latex.splitlines() if line.startswith("R")}
    assert widths == {1, 5} or widths == {5}
