"""Nothing leaks: planted leaks show, choices among noise earn nothing, and what is held out stays outside.

Three kinds of leak, and what shows each: rows of one artist on both sides (random rows against folds of artists), a
choice made on the rows that score it (nested against plain cross-validation), and a column that holds the answer, which
no folds show, since it holds it in unseen rows as well: there one term does nearly everything.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genreglm as gg
from genreglm.selection.dealt import Dealt
from genreglm.selection.held_out import Rows, held_out
from genreglm.selection.scope import Scope
from genreglm.selection.unseen import ByUnseen, Evidence
from genreglm.selection.whole import Whole
from simulated import tracks

CLASSES = np.array(["ambient", "blues", "country"])
VOICES = 24
CURVED = "genre ~ cr(energy, df=4, constraints='center') + scale(valence) + poly(tempo, 2) + C(key)"


def of_artists(seed: int, artists: int = 40, each: int = 12) -> pd.DataFrame:
    """Rows whose genre is their artist's own, and follows from no feature; a voice that only tells artists apart."""
    rng = np.random.default_rng(seed)
    artist = np.repeat(np.arange(artists), each)
    voice = rng.normal(size=(artists, VOICES))[artist]
    frame = pd.DataFrame(voice, columns=[f"voice{j}" for j in range(VOICES)])
    frame["genre"] = CLASSES[rng.integers(0, 3, artists)[artist]]
    return frame.assign(artist=artist.astype(str), energy=rng.normal(size=len(artist)))


def noise(seed: int, columns: int = 40, artists: int = 80) -> pd.DataFrame:
    """Two classes at random, and columns of noise."""
    rng = np.random.default_rng(seed)
    size = 2 * artists
    frame = pd.DataFrame(rng.normal(size=(size, columns)), columns=[f"x{j}" for j in range(columns)])
    return frame.assign(genre=CLASSES[rng.permutation(size) % 2], artist=(np.arange(size) % artists).astype(str))


def estimate(table: pd.DataFrame, metric: str = "log_loss") -> float:
    return float(gg.choose(table, metric)["estimate"][0])


@pytest.mark.parametrize("seed", range(2))
def test_an_artist_on_both_sides_is_exposed(seed: int) -> None:
    rows, ridge = of_artists(seed), gg.Ridge(1e-3)
    formula = "genre ~ " + " + ".join(f"voice{j}" for j in range(VOICES))
    random, honest = (gg.cross_validate(formula, rows, groups=groups, penalty=ridge) for groups in ("rows", "artist"))
    assert estimate(random, "top_1") > 0.6
    assert estimate(honest, "top_1") < 0.45
    assert estimate(honest) > max(np.log(3), 1.4 * estimate(random))
    assert random["warning"].str.contains("no measure of artists not heard").all()
    # A search is taken in as a single score is: by random rows it takes the voices, by artists it hardly does.
    fooled, sober = (
        gg.stepwise(
            "genre ~ 1", rows, upper=formula, criterion="held_out", rule="one-standard-error", groups=groups, folds=3,
            direction="forward", penalty=ridge, fits=2, max_steps=8,
        )
        for groups in ("rows", "artist")
    )  # fmt: skip
    assert len(fooled.result.design.slopes) > len(sober.result.design.slopes) + 3
    assert "rows of one artist are on both sides" in fooled.warning


@pytest.mark.parametrize("kind", ["label and noise", "mean label of the artist"])
def test_a_column_that_holds_the_answer_is_the_first_term_and_does_nearly_everything(kind: str) -> None:
    """Folds cannot show it, for it holds the answer in unseen rows, too; the trace of a search does."""
    rows = tracks(rows=600, genres=2, seed=4, artists=200)
    code = pd.Series(pd.factorize(rows["genre"])[0].astype(float))
    noisy = code + np.random.default_rng(1).normal(scale=0.25, size=len(rows))
    rows["leak"] = noisy if kind == "label and noise" else code.groupby(rows["artist"]).transform("mean")
    upper = "genre ~ energy + valence + C(key) + leak"
    ridge = gg.Ridge(1e-4)
    random, honest = (gg.cross_validate(upper, rows, groups=groups, penalty=ridge) for groups in ("rows", "artist"))
    assert estimate(honest) == pytest.approx(estimate(random), abs=0.05)
    found = gg.stepwise("genre ~ 1", rows, upper=upper, criterion="held_out", direction="forward", penalty=ridge)
    fall = found.trace["before"] - found.trace["after"]
    assert found.trace["term"][1] == "leak"
    assert fall[1] > 0.5 * fall[1:].sum()
    assert fall[1] > 2.0 * fall[2:].max()


def test_nested_cross_validation_earns_nothing_by_a_choice_among_noise() -> None:
    """Over several tables, since on one of them noise may happen to tell."""
    formulas = {f"x{j}": f"genre ~ x{j}" for j in range(10)}
    plain, nested, inside = [], [], []
    for seed in range(4):
        rows = noise(seed)
        plain.append(min(estimate(gg.cross_validate(text, rows, folds=3, draws=2)) for text in formulas.values()))
        table = gg.nested_cross_validate(formulas, rows, folds=3, inner_folds=2, draws=2)
        nested.append(estimate(table))
        inside.append(table["inner"].mean())
    nothing = np.log(2)
    assert np.mean(plain) < nothing - 0.003
    assert np.mean(inside) < nothing - 0.003
    assert np.mean(nested) > nothing


def test_terms_chosen_on_all_rows_flatter_and_those_chosen_in_each_fold_do_not() -> None:
    """Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, section 7.10.2."""
    upper = "genre ~ " + " + ".join(f"x{j}" for j in range(40))

    def five(train: pd.DataFrame) -> gg.Result:
        return gg.stepwise(
            "genre ~ 1", train, upper=upper, direction="forward", fits=1, max_steps=5, covariance=None
        ).result

    wrong, right = [], []
    for seed in range(4):
        rows = noise(seed)
        wrong.append(estimate(gg.cross_validate(five(rows).design.formula, rows, draws=2)))
        right.append(estimate(gg.nested_cross_validate(upper, rows, choose_by=five, draws=2)))
    assert np.mean(wrong) < np.log(2) - 0.02
    assert np.mean(right) > np.log(2) + 0.02


@settings(max_examples=40, deadline=None)
@given(
    groups=st.lists(st.integers(0, 25), min_size=60, max_size=120),
    seed=st.integers(0, 1000),
    stratify=st.booleans(),
)
def test_folds_never_share_a_group_inside_or_out(groups: list[int], seed: int, stratify: bool) -> None:
    codes = np.concatenate([groups, np.arange(26)])
    classes = np.random.default_rng(seed).integers(0, 3, len(codes))
    rows = pd.DataFrame({"artist": codes, "genre": CLASSES[classes], "x": 0.0})
    try:
        outer = Dealt.of("genre ~ x", rows, "artist", 3, 2, stratify, None, seed)
    except gg.errors.DataError:  # one group of half the rows
        return
    for repeat, fold in outer.places:
        train, held = outer.split(repeat, fold)
        assert not set(train.frame["artist"]) & set(held.frame["artist"])
        assert len(train.frame) + len(held.frame) == len(rows)
        try:
            inner = Dealt.of("genre ~ x", train.frame, train.groups, 3, 1, stratify, None, seed)
        except gg.errors.DataError:
            continue
        for place in inner.places:
            within, without = inner.split(*place)
            assert not set(within.frame["artist"]) & set(without.frame["artist"])
            assert not (set(within.frame["artist"]) | set(without.frame["artist"])) & set(held.frame["artist"])


def curved(seed: int = 3) -> pd.DataFrame:
    rows = tracks(rows=500, genres=3, seed=seed, artists=80)
    return rows.assign(tempo=np.random.default_rng(seed + 1).normal(120, 25, len(rows)))


def changed(rows: pd.DataFrame, held: np.ndarray) -> pd.DataFrame:
    """The same rows with other values in those held out: far off, in another order, and with other genres."""
    other, rng = rows.copy(), np.random.default_rng(9)
    for name, shift in (("energy", 50.0), ("valence", -7.0), ("tempo", 4000.0)):
        other.loc[held, name] = shift + 30.0 * rng.permutation(rows.loc[held, name])
    for name in ("key", "genre"):
        other.loc[held, name] = rng.permutation(rows.loc[held, name])
    return other


def test_rows_held_out_change_no_bit_of_a_fit() -> None:
    """Knots, means, scales, levels and coefficients are those of the training rows."""
    rows = curved()
    artist = pd.factorize(rows["artist"])[0].astype(np.int64)
    held = artist % 4 == 0
    penalties = {"none": None, "ridge": gg.Ridge(1e-2)}
    fits = [
        held_out(CURVED, Rows(frame, np.ones(len(frame)), artist), held, penalties)
        for frame in (rows, changed(rows, held))
    ]
    for name in penalties:
        one, two = (found[name].result for found in fits)
        assert one.design.to_dict() == two.design.to_dict()
        np.testing.assert_array_equal(one.coefficients, two.coefficients)
        assert one.statistics == two.statistics
    # It is the test that is strict, not the rows that are alike: trained on, they change everything.
    assert gg.design(CURVED, rows).to_dict() != gg.design(CURVED, changed(rows, held)).to_dict()


def test_rows_held_out_change_no_bit_of_any_fold() -> None:
    """In a whole cross-validation, where other folds train on those rows."""
    rows = curved()
    dealt = Dealt.of(CURVED, rows, "artist", 4, 1, False, None, 0)
    for fold in range(4):
        held = dealt.fold_of[0] == fold
        other = Dealt.of(CURVED, changed(rows, held), "artist", 4, 1, False, None, 0)
        np.testing.assert_array_equal(other.fold_of, dealt.fold_of)
        one, two = (list(d.scored(CURVED, {"": None}))[fold][2][""].result for d in (dealt, other))
        np.testing.assert_array_equal(one.coefficients, two.coefficients)
        assert one.design.to_dict() == two.design.to_dict()


def test_rows_held_out_change_no_bit_of_the_fits_of_a_search() -> None:
    rows = curved()
    scope = Scope.of(None, CURVED)
    held = Dealt.of(CURVED, rows, "artist", 3, 1, False, None, 0).fold_of[0] == 1
    found = []
    for frame in (rows, changed(rows, held)):
        dealt = Dealt.of(CURVED, frame, "artist", 3, 1, False, None, 0)
        judge = ByUnseen.of(scope, Whole.of(scope, frame, np.ones(len(frame)), None), dealt, "best")
        first = judge.judge(("scale(valence)",))
        second = judge.judge(scope.ordered(["scale(valence)", "C(key)"]), first)
        assert isinstance(first.evidence, Evidence)
        assert isinstance(second.evidence, Evidence)
        found.append([first.evidence.results[1].coefficients, second.evidence.results[1].coefficients])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_rows_that_a_choice_sees_are_those_of_its_training_sample() -> None:
    rows = curved()
    held = Dealt.of(CURVED, rows, "artist", 3, 1, False, None, 0).fold_of[0] == 2
    seen: list[list[pd.DataFrame]] = []
    for frame in (rows, changed(rows, held)):
        given: list[pd.DataFrame] = []

        def choose_by(train: pd.DataFrame, given: list[pd.DataFrame] = given) -> gg.Result:
            given.append(train)
            return gg.fit("genre ~ energy", train, covariance=None)

        gg.nested_cross_validate("genre ~ energy", frame, choose_by=choose_by, folds=3, stratify=False, draws=2)
        seen.append(given)
    pd.testing.assert_frame_equal(seen[0][2], seen[1][2], check_exact=True)
    assert not seen[0][0].equals(seen[1][0])
