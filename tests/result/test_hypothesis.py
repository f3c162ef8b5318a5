"""Linear hypotheses in words: what they mean, and what is refused. Numbers against R are in tests/reference."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import FormulaError, InferenceError, OptionError
from genreglm.result.equations import Names, parse

NAMES = Names(
    ["(Intercept)", "energy", "energy2", "C(key)[T.1]", "cr(tempo, df=4)[1]", "energy:valence", "a name, too"],
    ["twice"],
    ["pop", "indie-pop", 7],
)


def statistic(result: gg.Result, text: str, **options: Any) -> float:
    return float(gg.linear_hypothesis(result, text, **options)["statistic"].iloc[0])


@pytest.mark.parametrize(
    ("text", "weights", "constant"),
    [
        ("energy = 0", {(None, 1): 1.0}, 0.0),
        ("energy2 = energy", {(None, 2): 1.0, (None, 1): -1.0}, 0.0),
        ("2*energy - .5 * C(key)[T.1] + 1 = 3 - (Intercept)", {(None, 1): 2, (None, 3): -0.5, (None, 0): 1.0}, 2.0),
        ("cr(tempo, df=4)[1] = -1e-2", {(None, 4): 1.0}, -0.01),
        ("[pop]energy = [indie-pop]energy", {(0, 1): 1.0, (1, 1): -1.0}, 0.0),
        ("- [7] energy:valence = 2 * [pop] energy", {(2, 5): -1.0, (0, 1): -2.0}, 0.0),
        ("`a name, too` = 1", {(None, 6): 1.0}, 1.0),
        ("energy = energy2 + energy - 4", {(None, 2): -1.0}, -4.0),
    ],
)
def test_words_become_numbers(text: str, weights: dict[Any, float], constant: float) -> None:
    (equation,) = parse(text, NAMES)
    assert equation.weights == weights
    assert equation.constant == pytest.approx(constant)


def test_commas_and_chains_give_several_equations() -> None:
    made = parse("energy = energy2 = 0, cr(tempo, df=4)[1] = 1", NAMES)
    assert [equation.weights for equation in made] == [{(None, 1): 1, (None, 2): -1}, {(None, 2): 1}, {(None, 4): 1}]
    assert [equation.column_is_zero for equation in made] == [None, 2, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("enrgy = 0", "'enrgy' is no column of this model. Did you mean 'energy'"),
        ("C(key)[T.2] = 0", r"'C\(key\)\[T.2\]' is no column.*Did you mean 'C\(key\)\[T.1\]'"),
        ("energy[T.2] = 0", r"'energy\[T.2\]' is no column"),
        ("cr(tempo, df=5)[1] = 0", r"Did you mean 'cr\(tempo, df=4\)\[1\]'"),
        ("twice = 0", "left out of the fit"),
        ("[idie-pop]energy = 0", r"is no class of this model. Did you mean \[indie-pop\]"),
        ("[polka]energy = 0", "It has pop, indie-pop, 7"),
        ("`energy = 0", "is no column"),
        ("energy", "lacks an '='"),
        ("energy = 0, ", "ends too early"),
        ("", "ends too early"),
        ("energy = * 2", r"found '\*'"),
        ("2 energy = 0", "side by side"),
        ("[pop] = 0", "ends too early"),
        ("energy = energy", "says nothing"),
        ("1 = 1", "says nothing"),
        ("energy = [pop]energy2", "either about all classes or about single ones"),
    ],
)
def test_what_does_not_parse(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        parse(text, NAMES)


@pytest.mark.parametrize("test", ["wald", "lr", "score"])
def test_a_term_written_out_is_its_row_of_anova(test: Any, result: gg.Result) -> None:
    text = "C(key)[T.D] = 0, C(key)[T.E] = 0"
    table = gg.linear_hypothesis(result, text, test=test)
    expected = result.anova("III", test).set_index("term").loc["C(key)"]
    assert table.columns.tolist() == ["hypothesis", "statistic", "df", "p_value", "log10_p"]
    assert table["hypothesis"].tolist() == [text]
    np.testing.assert_allclose(table.iloc[0, 1:].astype(float), expected.astype(float), rtol=1e-8)


@pytest.mark.parametrize("test", ["lr", "score"])
def test_the_constrained_fit_agrees_with_fewer_columns(test: Any, result: gg.Result) -> None:
    """The redundant second equation keeps it from being seen as columns that are zero."""
    found = gg.linear_hypothesis(result, "energy = 0, 2 * energy = 0", test=test)
    expected = result.anova("III", test).set_index("term").loc["energy"]
    assert found["df"].iloc[0] == 2
    assert found["statistic"].iloc[0] == pytest.approx(expected["statistic"], rel=1e-6)


def test_equal_slopes_are_a_fit_on_their_sum(result: gg.Result, rows: pd.DataFrame) -> None:
    together = gg.fit("genre ~ both + C(key)", rows.assign(both=rows["energy"] + rows["valence"]))
    expected = 2 * (result.statistics.log_likelihood - together.statistics.log_likelihood)
    assert statistic(result, "energy = valence", test="lr") == pytest.approx(expected, rel=1e-7)


def test_a_constant_is_an_offset(result: gg.Result, rows: pd.DataFrame) -> None:
    offset = np.zeros((len(rows), 3))
    offset[:, [0, 2]] = 0.5 * rows[["energy"]]
    fixed = gg.fit("genre ~ valence + C(key)", rows, offset=offset)
    expected = 2 * (result.statistics.log_likelihood - fixed.statistics.log_likelihood)
    found = gg.linear_hypothesis(result, "energy = 0.5", test="lr", reference="blues")
    assert found["statistic"].iloc[0] == pytest.approx(expected, rel=1e-7)
    assert found["df"].iloc[0] == 2


@pytest.mark.parametrize("test", ["wald", "lr", "score"])
def test_without_constants_the_reference_does_not_matter(test: Any, result: gg.Result) -> None:
    found = [statistic(result, "2 * energy = valence", test=test, reference=label) for label in result.classes]
    np.testing.assert_allclose(found, found[0], rtol=1e-7)
    assert statistic(result, "energy = 1", reference="blues") != pytest.approx(
        statistic(result, "energy = 1"), rel=0.01
    )


def test_one_class_against_the_reference_is_a_row_of_tidy(result: gg.Result) -> None:
    row = result.tidy(reference="country").set_index(["class", "term"]).loc[("blues", "energy")]
    found = gg.linear_hypothesis(result, "[blues]energy = 0", reference="country").iloc[0]
    assert found["statistic"] == pytest.approx(row["statistic"] ** 2, rel=1e-9)
    assert found["p_value"] == pytest.approx(row["p_value"], rel=1e-7)
    same = statistic(result, "[blues]energy = [country]energy", reference="ambient")
    assert same == pytest.approx(found["statistic"], rel=1e-9)


def test_one_class_against_the_mean_is_a_row_of_the_symmetric_tidy(result: gg.Result) -> None:
    row = result.tidy(reference=None).set_index(["class", "term"]).loc[("ambient", "energy")]
    found = gg.linear_hypothesis(result, "[ambient]energy = 0", reference=None).iloc[0]
    assert found["statistic"] == pytest.approx(row["statistic"] ** 2, rel=1e-9)
    for test in ("lr", "score"):
        near = gg.linear_hypothesis(result, "[ambient]energy = 0", reference=None, test=test).iloc[0]
        assert (near["df"], near["statistic"]) == (1, pytest.approx(found["statistic"], rel=0.3))
    exact = f"[ambient]energy = {float(row['estimate'])!r}"
    assert statistic(result, exact, reference=None) == pytest.approx(0.0, abs=1e-12)


def test_all_classes_against_their_mean(result: gg.Result) -> None:
    assert statistic(result, "energy = 0", reference=None) == pytest.approx(statistic(result, "energy = 0"), rel=1e-9)
    with pytest.raises(FormulaError, match="cannot all be 1"):
        gg.linear_hypothesis(result, "energy = 1", reference=None)
    with pytest.raises(FormulaError, match="says nothing"):
        gg.linear_hypothesis(result, "[ambient]energy + [blues]energy + [country]energy = 0", reference=None)


def test_the_mean_leaves_a_separated_cell_out(separated: gg.Result) -> None:
    row = separated.tidy(reference=None).set_index(["class", "term"]).loc[("country", "C(key)[T.D]")]
    found = statistic(separated, "[country]C(key)[T.D] = 0", reference=None)
    assert found == pytest.approx(row["statistic"] ** 2, rel=1e-9)
    with pytest.raises(InferenceError, match="in blues against the mean of the classes"):
        gg.linear_hypothesis(separated, "[blues]C(key)[T.D] = 0", reference=None)


def test_redundant_equations_do_not_count(result: gg.Result) -> None:
    once = gg.linear_hypothesis(result, "energy = valence, valence = 0")
    more = gg.linear_hypothesis(result, "energy = valence, valence = 0, energy = 0, 3 * energy = 2 * valence")
    pd.testing.assert_frame_equal(once.drop(columns="hypothesis"), more.drop(columns="hypothesis"), rtol=1e-9)
    assert once["df"].iloc[0] == 4


@pytest.mark.parametrize("text", ["energy = 0, energy = 1", "energy = valence, valence = 1, energy = 2"])
def test_contradictions_are_refused(text: str, result: gg.Result) -> None:
    with pytest.raises(FormulaError, match="contradict"):
        gg.linear_hypothesis(result, text)


def test_an_equation_of_the_reference_alone_says_nothing(result: gg.Result) -> None:
    with pytest.raises(FormulaError, match="says nothing"):
        gg.linear_hypothesis(result, "[blues]energy = 0", reference="blues")


def test_separated_cells_are_left_out(separated: gg.Result) -> None:
    table = gg.linear_hypothesis(separated, "C(key)[T.D] = 0, C(key)[T.E] = 0", reference="blues")
    expected = separated.anova("III").set_index("term").loc["C(key)"]
    np.testing.assert_allclose(table.iloc[0, 1:].astype(float), expected.astype(float), rtol=1e-8)
    with pytest.raises(InferenceError, match="the cell is separated"):
        gg.linear_hypothesis(separated, "[blues]C(key)[T.D] = 0")
    with pytest.raises(InferenceError, match="the cell is separated"):
        gg.linear_hypothesis(separated, "C(key)[T.D] = 1", reference="blues")


def test_options(result: gg.Result, ridge: gg.Result) -> None:
    with pytest.raises(OptionError, match="'wald', 'lr', 'score'"):
        gg.linear_hypothesis(result, "energy = 0", test="rao")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="is no class of this model"):
        gg.linear_hypothesis(result, "energy = 0", reference="polka")
    for test in ("wald", "lr"):
        with pytest.raises(InferenceError, match="no covariance"):
            gg.linear_hypothesis(ridge, "energy = 0", test=test)  # type: ignore[arg-type]
