"""What a formula may say is decided on its syntax, before anything is evaluated."""

import pytest

from genreglm.errors import FormulaError
from genreglm.formula import coded_column, parse, require_columns, variables


@pytest.mark.parametrize(
    ("right", "names"),
    [
        ("1", []),
        ("energy", ["energy"]),
        ("energy * valence", ["energy", "valence"]),
        ("C(key) + np.log(tempo)", ["key", "tempo"]),
        ("cr(energy, df=4, constraints='center')", ["energy"]),
        ("C(key, contr.treatment(base='E'))", ["key"]),
        ('Q("two words") + `more words`', ["more words", "two words"]),
        ("I(energy**2) + {energy / tempo}", ["energy", "tempo"]),
        ("(energy + valence)**2", ["energy", "valence"]),
    ],
)
def test_variables_are_the_columns_that_are_read(right: str, names: list[str]) -> None:
    response, formula = parse(f"genre ~ {right}")
    assert response == "genre"
    assert variables(formula) == names


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        ("key", "key"), ("two words", "two words"), ("a-b", "a-b"), ("C(key)", "key"), ('Q("two words")', "two words"),
        ("C(key, contr.treatment(base='E'))", "key"), ('C(Q("two words"), contr.sum)', "two words"),
        ("C(np.sqrt(key))", None), ("np.sqrt(key)", None), ("key * 2", None),
    ],
)  # fmt: skip
def test_what_column_a_factor_codes(expression: str, column: str | None) -> None:
    assert coded_column(expression, ["key", "two words", "a-b"]) == column


def test_the_response_may_be_quoted() -> None:
    assert parse("`music genre` ~ energy")[0] == "music genre"


@pytest.mark.parametrize(
    "text", ["", "genre", "energy + valence", "~ energy", "genre ~", "genre ~ ", "genre ~ energy +", "genre ~ (energy",
             "genre ~ a | b", "genre ~ a ~ b", "genre ~ C(", "genre ~ 'energy"]
)  # fmt: skip
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(FormulaError, match="formula"):
        parse(text)


def test_an_endless_formula_is_refused() -> None:
    with pytest.raises(FormulaError, match="at most 20,000"):
        parse("genre ~ " + "energy + " * 3000 + "energy")


@pytest.mark.parametrize(
    "factor",
    [
        "__import__('os').system('true')",
        "C(__import__('os').system('true'))",
        "I(open('f').read())",
        "{exec('x = 1')}",
        "{eval('1')}",
        "np.load('f')",
        "np.fromfile('f')",
        "energy.to_csv('f')",
        "{energy.__class__}",
        "{().__class__.__base__.__subclasses__()}",
        "I(getattr(energy, 'values'))",
        "{[e for e in energy]}",
        "{(lambda: 1)()}",
        "{energy if energy else 1}",
        "{f'{energy}'}",
        "{energy[0]}",
        "{energy @ energy}",
        "{energy << 4}",
        "I((energy := 1))",
        "hashed(artist)",
    ],
)
def test_what_a_formula_may_not_call_is_refused(factor: str) -> None:
    with pytest.raises(FormulaError):
        parse(f"genre ~ {factor}")


@pytest.mark.parametrize("power", ["999999999", "-17", "energy", "9**9", "(9**9)"])
def test_a_power_is_a_small_number(power: str) -> None:
    with pytest.raises(FormulaError, match="at most 16"):
        parse(f"genre ~ I(energy**{power})")


@pytest.mark.parametrize("call", ["Q()", "Q(energy)", "Q('a', 'b')", "Q(variable='a')"])
def test_q_takes_one_name(call: str) -> None:
    with pytest.raises(FormulaError, match="Q takes the name of one column"):
        variables(parse(f"genre ~ {call}")[1])


def test_a_missing_column_comes_with_the_nearest_name() -> None:
    with pytest.raises(FormulaError, match=r"'dancability'.*Did you mean 'danceability'\?"):
        require_columns(["dancability"], ["energy", "danceability"])
    with pytest.raises(FormulaError) as error:
        require_columns(["zzz"], ["energy"])
    assert "Did you mean" not in str(error.value)


def test_a_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(FormulaError, match="2 columns named 'energy'"):
        require_columns(["energy"], ["energy", "valence", "energy"])
    require_columns(["valence"], ["energy", "valence", "energy"])
