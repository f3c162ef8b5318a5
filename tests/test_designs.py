"""A design learns once, is frozen, and gives the same columns for ever after."""

import json

import numpy as np
import pandas as pd
import pytest

import genreglm as gg
from genreglm.designs import Design, learn
from genreglm.errors import DataError, FormulaError
from simulated import tracks

RIGHT_SIDES = [
    "energy",
    "energy * valence",
    "energy:C(key)",
    "C(key)",
    "key",
    "0 + C(key)",
    "C(key, contr.sum)",
    "C(key, contr.helmert)",
    "C(key, contr.poly)",
    'C(key, contr.treatment("E"))',
    "C(octave)",
    "sharp",
    "poly(energy, 2)",
    "bs(energy, df=4)",
    'cr(energy, df=4, constraints="center")',
    'cc(energy, df=4, constraints="center")',
    "scale(energy)",
    "center(energy)",
    "I(energy**2)",
    "np.log(positive)",
    "{energy + 2 * valence}",
    'Q("two words")',
]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    frame = tracks(rows=120)
    return frame.assign(
        octave=np.arange(120) % 4,
        sharp=np.arange(120) % 5 > 1,
        positive=frame["energy"].abs() + 0.1,
        **{"two words": frame["valence"] ** 2},
    )


@pytest.mark.parametrize("right", RIGHT_SIDES)
def test_the_state_goes_through_json_and_back(right: str, rows: pd.DataFrame) -> None:
    design = learn(f"genre ~ {right}", rows)
    rebuilt = Design.from_dict(json.loads(json.dumps(design.to_dict())))
    few = rows.iloc[3:9]
    np.testing.assert_array_equal(rebuilt.matrix(few), design.matrix(few))
    assert (rebuilt.columns, rebuilt.classes, rebuilt.response) == (design.columns, design.classes, "genre")
    assert dict(rebuilt.terms) == dict(design.terms)
    assert rebuilt.variables == design.variables


@pytest.mark.parametrize("right", RIGHT_SIDES)
def test_a_row_has_the_same_columns_alone_as_among_others(right: str, rows: pd.DataFrame) -> None:
    design = learn(f"genre ~ {right}", rows)
    whole = design.matrix(rows)
    assert whole.shape == (len(rows), len(design.columns))
    assert whole.dtype == np.float64
    assert whole.flags.c_contiguous
    for position in (0, 57):
        np.testing.assert_allclose(design.matrix(rows.iloc[[position]])[0], whole[position], rtol=1e-13, atol=1e-15)


def test_names_of_columns_and_terms(rows: pd.DataFrame) -> None:
    design = gg.design("genre ~ energy + C(key) + energy:valence", rows)
    assert design.columns == ("(Intercept)", "energy", "C(key)[T.D]", "C(key)[T.E]", "energy:valence")
    assert dict(design.terms) == {
        "(Intercept)": slice(0, 1),
        "energy": slice(1, 2),
        "C(key)": slice(2, 4),
        "energy:valence": slice(4, 5),
    }
    assert design.intercept == 0
    assert learn("genre ~ 0 + energy", rows).intercept is None
    assert design.variables == ["energy", "key", "valence"]


@pytest.mark.parametrize("kind", ["str", "category", "int", "bool", "float"])
def test_classes_of_any_kind_are_sorted_and_coded(kind: str, rows: pd.DataFrame) -> None:
    labels = {
        "str": rows["genre"],
        "category": rows["genre"].astype("category"),
        "int": rows["octave"],
        "bool": rows["sharp"],
        "float": rows["octave"] / 2,
    }[kind]
    frame = rows.assign(label=labels)
    design = learn("label ~ energy", frame)
    assert list(design.classes) == sorted(labels.unique().tolist())
    assert [design.classes[code] for code in design.codes(frame)] == labels.tolist()


def test_a_design_keeps_its_knots(rows: pd.DataFrame) -> None:
    design = learn('genre ~ cr(energy, df=4, constraints="center")', rows)
    narrow = rows[rows["energy"].abs() < 0.5]
    np.testing.assert_array_equal(design.matrix(narrow), design.matrix(rows)[narrow.index])


def test_the_frame_is_not_changed(rows: pd.DataFrame) -> None:
    before = rows.copy()
    learn("genre ~ energy * C(key) + scale(valence)", rows).matrix(rows)
    pd.testing.assert_frame_equal(rows, before)


@pytest.mark.parametrize("column", ["key", "octave"])
def test_an_unseen_level_is_refused(column: str, rows: pd.DataFrame) -> None:
    design = learn(f"genre ~ C({column})", rows)
    other = rows.assign(**{column: "H" if column == "key" else 99})
    with pytest.raises(DataError, match="not there when the design was learnt"):
        design.matrix(other)


def test_an_unseen_class_is_refused(rows: pd.DataFrame) -> None:
    design = learn("genre ~ energy", rows)
    with pytest.raises(DataError, match=r"2 rows have a 'genre' that the model does not know, e\.g\. 'polka'"):
        design.codes(rows.assign(genre=rows["genre"].where(rows.index > 1, "polka")))
    with pytest.raises(FormulaError, match="lacks the response column 'genre'"):
        design.codes(rows.drop(columns="genre"))


def test_new_rows_are_checked_too(rows: pd.DataFrame) -> None:
    design = learn("genre ~ energy + np.log(positive)", rows)
    with pytest.raises(FormulaError, match="'energy'"):
        design.matrix(rows.drop(columns="energy"))
    with pytest.raises(DataError, match=r"energy \(120\)"):
        design.matrix(rows.assign(energy=np.nan))
    with pytest.raises(DataError, match="Not finite in some row: energy"):
        design.matrix(rows.assign(energy=np.inf))


def test_a_logarithm_of_what_is_not_positive_is_refused(rows: pd.DataFrame) -> None:
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(DataError, match=r"could not be evaluated on these rows: .*log\(energy\).*not positive"),
    ):
        learn("genre ~ log(energy)", rows)


def test_levels_are_those_learnt_of_each_factor(rows: pd.DataFrame) -> None:
    frame = rows.assign(mode=np.arange(len(rows)) % 2, form=pd.Categorical(rows["key"], ["E", "C", "D"]))
    design = learn("genre ~ energy * C(mode) + key + form + C(np.abs(mode) + 1)", frame)
    expected = {"mode": (0, 1), "key": ("C", "D", "E"), "form": ("E", "C", "D")}
    assert design.levels == Design.from_dict(design.to_dict()).levels == expected
    assert learn("genre ~ energy", frame).levels == {}


def test_a_spline_does_not_extrapolate_in_silence(rows: pd.DataFrame) -> None:
    design = learn("genre ~ bs(energy, df=4)", rows)
    with pytest.raises((DataError, FormulaError)):
        design.matrix(rows.assign(energy=100.0))


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("genre ~ 0", "gives no columns"),
        ("genre ~ key + `key[T.D]`", r"come twice from the formula: key\[T\.D\]"),
    ],
)
def test_formulas_that_give_no_design(formula: str, says: str, rows: pd.DataFrame) -> None:
    with pytest.raises(FormulaError, match=says):
        learn(formula, rows.assign(**{"key[T.D]": rows["energy"]}))


def test_responses_that_give_no_classes(rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="has 1 class"):
        learn("genre ~ energy", rows.assign(genre="folk"))
    with pytest.raises(DataError, match="mixes kinds of values"):
        learn("genre ~ energy", rows.assign(genre=["folk", 1] * 60))
    with pytest.raises(DataError, match="no 'genre'"):
        learn("genre ~ energy", rows.assign(genre=None))


def test_a_state_that_does_not_fit_its_formula_is_refused(rows: pd.DataFrame) -> None:
    state = learn("genre ~ energy + C(key)", rows).to_dict()
    edited = Design.from_dict({**state, "formula": "genre ~ energy"})
    with pytest.raises(FormulaError, match="gives 2 columns, but the design knows 4"):
        edited.matrix(rows)


def test_the_callers_variables_do_not_leak_in(rows: pd.DataFrame) -> None:
    loudness = rows["energy"]
    assert len(loudness) == len(rows)
    with pytest.raises(FormulaError, match="'loudness'"):
        learn("genre ~ loudness", rows)


@pytest.mark.parametrize("loaded", [False, True])
def test_the_columns_that_read_a_variable_are_those_of_the_whole(loaded: bool) -> None:
    rows = tracks(200)
    whole = learn("genre ~ 0 + energy:C(key) + C(key) + cr(energy, df=3, constraints='center') + valence", rows)
    whole = whole.without([len(whole.columns) - 2])
    if loaded:
        whole = Design.from_dict(json.loads(json.dumps(whole.to_dict())))
    matrix = whole.matrix(rows)
    for name in ("energy", "key", "valence"):
        part = whole.reading(name, rows)
        places = [whole.columns.index(column) for column in part.columns]
        np.testing.assert_array_equal(part.matrix(rows), matrix[:, places])
        for term, cut in part.terms.items():
            assert part.columns[cut] == whole.columns[whole.terms[term]]
        moved = whole.matrix(rows.assign(**{name: rows[name].sample(frac=1, random_state=0).to_numpy()}))
        assert set(np.flatnonzero((moved != matrix).any(axis=0))) <= set(places)
