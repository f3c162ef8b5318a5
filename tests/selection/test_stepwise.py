"""Stepwise selection: built data with a known answer, the hierarchy, and each number against a fit by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genreglm as gg
from genreglm.engine import memory
from genreglm.errors import FormulaError, InferenceError, OptionError, SeparationError
from genreglm.options import Criterion, Direction
from genreglm.selection.scope import Scope
from simulated import tracks

UPPER = "genre ~ energy * valence + C(key) + cr(n0, df=3, constraints='center') + n1 + n2"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """The genre depends on energy, valence and, less, on the key; on none of n0, n1, n2."""
    made, rng = tracks(rows=800, genres=4, seed=1, strength=1.0, artists=90), np.random.default_rng(5)
    return made.assign(**{f"n{j}": rng.normal(size=len(made)) for j in range(3)})


@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
@pytest.mark.parametrize("criterion", ["bic", "p_value", "held_out"])
def test_noise_is_left_out_and_what_matters_is_found(
    rows: pd.DataFrame, criterion: Criterion, direction: Direction
) -> None:
    start = "genre ~ 1" if direction == "forward" else UPPER
    found = gg.stepwise(
        start, rows, upper=UPPER, direction=direction, criterion=criterion, folds=3, level=0.01, covariance=None
    )
    terms = set(found.result.design.slopes)
    assert {"energy", "valence"} <= terms
    # The loss on unseen rows may let in what gains next to nothing.
    assert len({"cr(n0, df=3, constraints='center')", "n1", "n2"} & terms) <= (criterion == "held_out")
    assert found.formula == found.result.design.formula
    # What one step leaves is what the next begins with.
    assert found.trace["before"][1:].tolist() == found.trace["after"][:-1].tolist()
    if criterion == "held_out":
        assert (np.diff(found.trace["after"]) < 0).all()


def test_each_number_of_the_trace_is_that_of_two_fits(rows: pd.DataFrame) -> None:
    found = gg.stepwise("genre ~ energy", rows, upper=UPPER, criterion="aic", fits=None, covariance=None)
    current = ["energy"]
    for row in found.trace.iloc[1:].to_dict("records"):
        before = gg.fit(f"genre ~ {' + '.join(current)}", rows)
        current = [t for t in current if t != row["term"]] if row["action"] == "drop" else [*current, row["term"]]
        after = gg.fit(f"genre ~ {' + '.join(current)}", rows)
        lr = 2 * abs(after.statistics.log_likelihood - before.statistics.log_likelihood)
        assert row["before"] == pytest.approx(before.glance()["aic"][0], rel=1e-9)
        assert row["after"] == pytest.approx(after.glance()["aic"][0], rel=1e-9)
        assert row["lr"] == pytest.approx(lr, rel=1e-6)
        assert row["df"] == abs(after.df_model - before.df_model)
        larger, test = (after, "score") if row["action"] == "add" else (before, "wald")
        table = larger.anova(type="III", test=test).set_index("term")
        assert row["statistic"] == pytest.approx(table.loc[row["term"], "statistic"], rel=1e-5)
    assert found.result.design.slopes == [t for t in gg.design(UPPER, rows).slopes if t in current]


def test_held_out_losses_are_those_of_cross_validation(rows: pd.DataFrame) -> None:
    found = gg.stepwise("genre ~ energy", rows, upper="genre ~ energy + valence", criterion="held_out", folds=4, seed=3)
    for row, formula in zip(
        found.trace.to_dict("records"), ("genre ~ energy", "genre ~ energy + valence"), strict=True
    ):
        table = gg.cross_validate(formula, rows, folds=4, seed=3)
        assert row["after"] == pytest.approx(np.average(table["log_loss"], weights=table["weight"]), abs=1e-5)
    assert found.trace["std_error"][1] > 0
    assert "flatters" in found.warning
    assert "not honest" in found.warning


def test_one_standard_error_keeps_out_what_chance_would_let_in(rows: pd.DataFrame) -> None:
    options = {"upper": UPPER, "criterion": "held_out", "folds": 3, "direction": "forward", "covariance": None}
    best, strict = (gg.stepwise("genre ~ 1", rows, rule=rule, **options) for rule in ("best", "one-standard-error"))
    gain = strict.trace["before"] - strict.trace["after"]
    assert (gain[1:] > strict.trace["std_error"][1:]).all()
    assert set(strict.result.design.slopes) <= set(best.result.design.slopes)
    assert {"energy", "valence"} <= set(strict.result.design.slopes)


def test_screening_by_bounds_takes_the_same_way(rows: pd.DataFrame) -> None:
    exact, bound = (
        gg.stepwise("genre ~ 1", rows, upper=UPPER, fits=2, screen=screen, covariance=None)
        for screen in ("exact", "bound")
    )
    assert exact.trace["term"].tolist() == bound.trace["term"].tolist()
    np.testing.assert_allclose(exact.trace["after"], bound.trace["after"], rtol=1e-9)
    added = exact.trace["action"] == "add"
    assert (bound.trace["statistic"][added] <= exact.trace["statistic"][added] * (1 + 1e-9)).all()


def test_candidates_are_listed_and_only_the_best_are_fitted(rows: pd.DataFrame) -> None:
    found = gg.stepwise("genre ~ 1", rows, upper=UPPER, direction="forward", fits=2, covariance=None)
    first = found.candidates[found.candidates["step"] == 1]
    assert set(first["term"]) == {"energy", "valence", "C(key)", "cr(n0, df=3, constraints='center')", "n1", "n2"}
    assert first["value"].notna().sum() == 2
    assert found.candidates["taken"].sum() == len(found.trace) - 1
    assert found.trace["considered"][1] == 6
    assert found.trace["fitted"][1] == 2


def test_an_interaction_comes_after_its_main_effects_and_keeps_them() -> None:
    scope = Scope.of(None, "genre ~ a * b + C(key) + a:C(key) + cr(e, df=4) + scale(a):scale(e) + a:b:C(key)")
    assert scope.addable(["a"]) == ("b", "C(key)", "cr(e, df=4)")
    assert scope.addable(["a", "cr(e, df=4)", "b"]) == ("C(key)", "a:b", "scale(a):scale(e)")
    assert scope.droppable(["a", "b", "a:b", "C(key)"]) == ("C(key)", "a:b")
    assert scope.droppable(["a", "cr(e, df=4)", "scale(a):scale(e)"]) == ("scale(a):scale(e)",)
    assert "a:b:C(key)" not in scope.addable(["a", "b", "C(key)", "a:b"])


def test_the_lower_formula_stays(rows: pd.DataFrame) -> None:
    found = gg.stepwise(UPPER, rows, lower="genre ~ n1", criterion="bic", covariance=None)
    assert "n1" in found.result.design.slopes


def test_empty_cells_need_a_prior_whose_rows_count(rows: pd.DataFrame) -> None:
    thin = rows[~((rows["genre"] == "blues") & (rows["key"] == "D"))].reset_index(drop=True)
    with pytest.raises(SeparationError, match="never occurs in blues"):
        gg.stepwise("genre ~ energy", thin, upper=UPPER)
    found = gg.stepwise("genre ~ energy", thin, upper=UPPER, penalty=gg.CellPrior(), criterion="bic")
    assert {"energy", "valence", "C(key)"} <= set(found.result.design.slopes)
    assert found.result.inference is not None
    assert [str(cell) for cell in found.result.separated] == ["C(key)[T.D] never occurs in blues"]


def test_a_ridge_goes_by_unseen_rows_alone(rows: pd.DataFrame) -> None:
    ridge = gg.Ridge(1e-3, factors={"n1": 4.0})
    found = gg.stepwise("genre ~ energy", rows, upper=UPPER, criterion="held_out", folds=3, penalty=ridge)
    assert {"energy", "valence"} <= set(found.result.design.slopes)
    assert found.trace["lr"].isna().all()
    with pytest.raises(InferenceError, match="Use criterion='held_out'"):
        gg.stepwise(UPPER, rows, penalty=ridge)
    with pytest.raises(InferenceError, match="Jeffreys"):
        gg.stepwise(UPPER, rows, penalty=gg.Jeffreys())


def test_rows_of_a_level_of_one_artist_are_scored_by_no_model(rows: pd.DataFrame) -> None:
    odd = rows.copy()
    odd.loc[odd["artist"] == "artist 3", "key"] = "F"
    options = {"criterion": "held_out", "folds": 3, "penalty": gg.Ridge(1e-3)}
    found = gg.stepwise("genre ~ energy", odd, upper="genre ~ energy + valence + C(key)", **options)
    assert {"energy", "valence"} <= set(found.result.design.slopes)


def test_random_rows_are_labelled(rows: pd.DataFrame) -> None:
    found = gg.stepwise("genre ~ energy + n1", rows, criterion="held_out", groups="rows", folds=2)
    assert "rows of one artist are on both sides" in found.warning


def test_it_reads_well(rows: pd.DataFrame) -> None:
    found = gg.stepwise("genre ~ energy + valence + n1 + n2", rows, criterion="bic")
    lines = repr(found).splitlines()
    assert lines[0].startswith("Terms chosen by BIC: 2 steps, BIC ")
    assert lines[1].startswith("  - n")
    assert lines[3] == "genre ~ energy + valence"
    assert "not honest" in lines[4]
    assert repr(gg.stepwise("genre ~ energy", rows)).startswith("Terms chosen by AIC: 0 steps")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"formula": "genre ~ 0 + energy"}, FormulaError, "has no intercept"),
        ({"formula": "genre ~ n1", "upper": "genre ~ energy"}, FormulaError, "which the upper one has not"),
        ({"formula": "key ~ energy", "upper": "genre ~ energy"}, FormulaError, "is about 'key'"),
        ({"formula": "genre ~ energy:valence"}, FormulaError, "without a main effect of energy"),
        ({"formula": "genre ~ energy + energy:valence"}, FormulaError, "without a main effect of valence"),
        ({"formula": "genre ~ n1 + energy:valence", "upper": UPPER}, FormulaError, "without energy, valence"),
        ({"formula": "genre ~ n1", "lower": "genre ~ n2", "upper": UPPER}, OptionError, "lacks n2"),
        ({"formula": UPPER, "direction": "forward"}, OptionError, "needs upper="),
        ({"formula": UPPER, "direction": "up"}, OptionError, "must be one of 'forward'"),
        ({"formula": UPPER, "criterion": "r2"}, OptionError, "must be one of 'aic'"),
        ({"formula": UPPER, "screen": "fast"}, OptionError, "must be one of 'exact'"),
        ({"formula": UPPER, "covariance": "clustered"}, OptionError, "takes no clusters"),
        ({"formula": UPPER, "covariance": "hc9"}, OptionError, "must be one of 'observed'"),
        ({"formula": UPPER, "level": 0.0}, OptionError, "between 0 and 1"),
        ({"formula": UPPER, "fits": 0}, OptionError, "1 or more"),
        ({"formula": UPPER, "penalty": gg.CellPrior}, OptionError, "call it"),
    ],
)
def test_what_cannot_be_asked_is_refused(rows: pd.DataFrame, arguments: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        gg.stepwise(rows=rows, **arguments)


def test_a_covariance_that_does_not_fit_does_not_cost_the_search(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "covariance_bytes", lambda *_, **__: 2**60)
    found = gg.stepwise("genre ~ energy + n1", rows, criterion="bic", screen="bound")
    assert found.result.inference is None
    assert "The result has no covariance." in found.warning
    with pytest.raises(InferenceError, match="GiB") as caught:
        gg.stepwise("genre ~ energy + n1", rows, criterion="bic")
    assert "screen='bound'" in caught.value.__notes__[0]


TERMS = ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c", "scale(d):e", "d", "e"]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=25))
def test_no_way_through_a_scope_breaks_the_hierarchy(moves: list[tuple[bool, int]]) -> None:
    scope = Scope.of("y ~ a", f"y ~ {' + '.join(TERMS)}")
    terms: tuple[str, ...] = ("a",)
    for add, number in moves:
        able = scope.addable(terms) if add else scope.droppable(terms)
        if able:
            term = able[number % len(able)]
            terms = scope.ordered([*terms, term]) if add else tuple(other for other in terms if other != term)
        assert "a" in terms
        for term in terms:
            parts = set(term.replace("scale(d)", "d").split(":"))
            assert all(part in terms for part in parts)
            if parts == {"a", "b", "c"}:
                assert {"a:b", "a:c", "b:c"} <= set(terms)
        assert scope.subset(scope.formula(terms), "own") == terms


def test_a_model_that_cannot_be_fitted_is_named(rows: pd.DataFrame) -> None:
    twice = rows.assign(same=rows["energy"] + rows["valence"])
    with pytest.raises(gg.errors.RankError) as caught:
        gg.stepwise("genre ~ energy + valence + same", twice)
    assert caught.value.__notes__ == ["This was the model with the terms energy, valence, same."]
    # As a candidate it says nothing new, and is passed over.
    found = gg.stepwise("genre ~ energy + valence", twice, upper="genre ~ energy + valence + same", direction="forward")
    assert found.candidates["df"].tolist() == [0]
