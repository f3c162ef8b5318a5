"""The search for interactions: planted ones are found, and enter as they should."""

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.errors import FormulaError, OptionError

VARIABLES = ["a", "b", "c", "d"]
FORMULA = "genre ~ a + b + c + d + C(key)"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Beside main effects of a and b, the product of a and c tells the genre, and key 1 turns the slope of d round."""
    rng = np.random.default_rng(2)
    size = 1200
    made = pd.DataFrame(rng.normal([0.0, 5.0, -3.0, 1.0], size=(size, 4)), columns=VARIABLES)
    made["key"] = rng.integers(0, 3, size)
    made["artist"] = [f"artist {number}" for number in rng.integers(0, 150, size)]
    own = np.column_stack(
        [
            made["a"],
            made["b"] - 5.0,
            1.2 * made["a"] * (made["c"] + 3.0),
            (made["d"] - 1.0) * (2.0 * (made["key"] == 1) - 1.0),
        ]
    )
    eta = own @ rng.choice([-0.8, 0.8], size=(4, 3))
    made["genre"] = np.array(["ambient", "blues", "country"])[(rng.gumbel(size=eta.shape) + eta).argmax(axis=1)]
    return made


@pytest.mark.parametrize("criterion", ["held_out", "bic"])
def test_planted_interactions_are_found(rows: pd.DataFrame, criterion: str) -> None:
    rule = "one-standard-error" if criterion == "held_out" else "best"
    found = gg.interaction_search(FORMULA, rows, criterion=criterion, rule=rule, folds=3, covariance=None)
    assert set(found.trace["term"][1:]) == {"scale(a):scale(c)", "d:C(key)"}
    first = found.candidates[found.candidates["step"] == 1]
    assert len(first) == 10
    assert set(first["term"].head(2)) == {"scale(a):scale(c)", "d:C(key)"}
    assert first["df"].tolist().count(4) == 4
    assert found.formula.startswith("genre ~ a + b + c + d + C(key)")


def test_raw_and_scaled_products_say_the_same_beside_straight_lines(rows: pd.DataFrame) -> None:
    scaled, raw = (
        gg.interaction_search(FORMULA, rows, pairing=pairing, criterion="bic", covariance=None)
        for pairing in ("scaled", "raw")
    )
    assert set(raw.trace["term"][1:]) == {"a:c", "d:C(key)"}
    np.testing.assert_allclose(scaled.trace["after"], raw.trace["after"], rtol=1e-9)
    np.testing.assert_allclose(np.sort(scaled.candidates["statistic"]), np.sort(raw.candidates["statistic"]), rtol=1e-5)


def test_terms_pair_as_the_formula_has_them(rows: pd.DataFrame) -> None:
    formula = "genre ~ cr(a, df=3, constraints='center') + c + C(key)"
    found = gg.interaction_search(formula, rows, pairing="terms", criterion="bic", most=1, covariance=None)
    curve = "cr(a, df=3, constraints='center')"
    assert set(found.candidates["term"]) >= {f"{curve}:c", "c:C(key)", f"{curve}:C(key)"}
    assert found.trace["term"].tolist() == ["", f"{curve}:c"]
    scaled = gg.interaction_search(formula, rows, criterion="bic", most=1, covariance=None)
    assert scaled.trace["term"].tolist() == ["", "scale(a):scale(c)"]


def test_only_the_pairs_asked_for_are_looked_at(rows: pd.DataFrame) -> None:
    found = gg.interaction_search(
        FORMULA + " + a:b", rows, candidates=[("c", "a"), ("a", "b")], pairing="raw", criterion="aic"
    )
    assert found.candidates["term"].unique().tolist() == ["a:c"]
    assert "a:b" in found.formula


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"formula": "genre ~ a"}, FormulaError, "pairs need two"),
        ({"formula": FORMULA, "candidates": []}, OptionError, "candidates= is empty"),
        ({"formula": FORMULA, "candidates": [("a", "energy")]}, OptionError, "must name two variables"),
        ({"formula": FORMULA, "candidates": [("a", "a")]}, OptionError, "must name two variables"),
        ({"formula": FORMULA, "pairing": "all"}, OptionError, "must be one of 'scaled'"),
        (
            {"formula": FORMULA + " + a:b", "candidates": [("a", "b")], "pairing": "raw"},
            OptionError,
            "nothing to search",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(rows: pd.DataFrame, arguments: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        gg.interaction_search(rows=rows, **arguments)


def test_names_that_are_no_identifiers_are_quoted(rows: pd.DataFrame) -> None:
    odd = rows.rename(columns={"a": "a b"})
    found = gg.interaction_search("genre ~ `a b` + c", odd, criterion="bic", covariance=None)
    assert len(found.trace) == 2
