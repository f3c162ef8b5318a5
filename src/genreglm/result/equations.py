"""Linear hypotheses in words: from `"2 * energy = valence, [rock]loudness = [pop]loudness"` to numbers.

    hypothesis = equation {"," equation}
    equation   = side "=" side {"=" side}          a = b = c is a = b, b = c
    side       = ["+" | "-"] part {("+" | "-") part}
    part       = number | [number "*"] ["[" class "]"] column

A column is a name as `tidy` shows it, whatever signs are in it, and may stand in back-quotes. The longest known
name wins where one begins another.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from genreglm.errors import FormulaError

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ENDS_A_WORD = frozenset("=,+-*/ \t\n")


@dataclass(frozen=True)
class Equation:
    """sum of weight times coefficient = constant; a key is (class, column) as positions, class None for all."""

    weights: Mapping[tuple[int | None, int], float]
    constant: float

    @property
    def of_classes(self) -> bool:
        """Whether it is about single classes against the reference, not about all of them."""
        return any(label is not None for label, _ in self.weights)

    @property
    def column_is_zero(self) -> int | None:
        """The column that it says is zero in all classes; None where it says something else."""
        (_, column), *others = self.weights
        return None if others or self.of_classes or self.constant != 0.0 else column


@dataclass(frozen=True)
class Names:
    """What a hypothesis may name: the columns of a design, those it left out, and the classes."""

    columns: Sequence[str]
    aliased: Sequence[str]
    classes: Sequence[Any]


# A token is a sign ("=", ",", "+", "-", "*"), a number, ("class", position) or ("column", position).
Token = str | float | tuple[str, int]


def parse(text: str, names: Names) -> list[Equation]:
    """Return the equations of a hypothesis.

    Raises
    ------
    FormulaError
        For a name that is not there (with the nearest), a sign out of place, an equation that says nothing, and one
        that mixes columns with and without a class.
    """
    equations: list[Equation] = []
    for tokens in _split(list(_tokens(text, names)), ","):
        sides = [_side(side, text) for side in _split(tokens, "=")]
        if len(sides) < 2:
            raise FormulaError(f"{text!r} lacks an '=': write each equation as in 'energy = 0', with commas between.")
        equations += [_equation(left, right, text) for left, right in pairwise(sides)]
    return equations


def _equation(left: "_Side", right: "_Side", text: str) -> Equation:
    weights = dict(left.weights)
    for key, weight in right.weights.items():
        weights[key] = weights.get(key, 0.0) - weight
    weights = {key: weight for key, weight in weights.items() if weight != 0.0}
    if not weights:
        raise FormulaError(f"{text!r}: one of its equations says nothing about any coefficient.")
    if len({label is None for label, _ in weights}) > 1:
        raise FormulaError(
            f"{text!r}: an equation is either about all classes or about single ones: give [class] to each of its "
            "columns, or to none."
        )
    return Equation(weights, right.constant - left.constant)


@dataclass(frozen=True)
class _Side:
    weights: dict[tuple[int | None, int], float]
    constant: float


def _side(tokens: Sequence[Token], text: str) -> _Side:
    weights: dict[tuple[int | None, int], float] = {}
    constant, position, sign = 0.0, 0, 1.0
    while True:
        if position < len(tokens) and tokens[position] in ("+", "-"):
            sign = -1.0 if tokens[position] == "-" else 1.0
            position += 1
        elif position:
            raise FormulaError(f"{text!r}: two names or numbers stand side by side; put a sign between them.")
        number, key, position = _part(tokens, position, text)
        if key is None:
            constant += sign * number
        else:
            weights[key] = weights.get(key, 0.0) + sign * number
        if position == len(tokens):
            return _Side(weights, constant)


def _part(tokens: Sequence[Token], position: int, text: str) -> tuple[float, tuple[int | None, int] | None, int]:
    """Return the number, what it multiplies (None for a number by itself), and the position after both."""
    rest = [*tokens[position:], "", "", "", ""]
    number = 1.0
    if isinstance(rest[0], float):
        if rest[1] != "*":
            return rest[0], None, position + 1
        number, position, rest = rest[0], position + 2, rest[2:]
    label = None
    if isinstance(rest[0], tuple) and rest[0][0] == "class":
        label, position, rest = rest[0][1], position + 1, rest[1:]
    if isinstance(rest[0], tuple) and rest[0][0] == "column":
        return number, (label, rest[0][1]), position + 1
    wrong = f"found {rest[0]!r}" if isinstance(rest[0], str | float) and rest[0] != "" else "it ends too early"
    raise FormulaError(f"{text!r}: a column should stand after a sign, a number and '*', or a [class]; {wrong}.")


def _split(tokens: list[Token], sign: str) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token in tokens:
        if token == sign:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _tokens(text: str, names: Names) -> Iterator[Token]:
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token, position = _token(text, position, names)
        yield token


def _token(text: str, start: int, names: Names) -> tuple[Token, int]:
    if text[start] == "`":
        stop = text.find("`", start + 1)
        quoted = text[start + 1 : stop if stop > 0 else None]
        if quoted not in names.columns or stop < 0:
            raise _unknown(quoted, names)
        return ("column", names.columns.index(quoted)), stop + 1
    column = _longest(text, start, [name for name in names.columns if _whole(text, start, name)])
    if column is not None:
        return ("column", names.columns.index(column)), start + len(column)
    labels = [f"[{label}]" for label in names.classes]
    label = _longest(text, start, labels)
    if label is not None:
        return ("class", labels.index(label)), start + len(label)
    number = _NUMBER.match(text, start)
    if number is not None:
        return float(number[0]), number.end()
    if text[start] in "=,+-*":
        return text[start], start + 1
    raise _unknown(_word(text, start), names)


def _longest(text: str, start: int, names: Sequence[str]) -> str | None:
    return max((name for name in names if text.startswith(name, start)), key=len, default=None)


def _whole(text: str, start: int, name: str) -> bool:
    """Say whether `name` could end where it does: what follows does not make it a longer name."""
    after = text[start + len(name) : start + len(name) + 1]
    return not after or not (after.isalnum() or after in "_[(:.")


def _word(text: str, start: int) -> str:
    """Return what looks like one name: up to a sign or a space outside brackets."""
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] in "([") - (text[position] in ")]")
        if depth <= 0 and text[position] in _ENDS_A_WORD:
            return text[start:position]
    return text[start:]


def _unknown(word: str, names: Names) -> FormulaError:
    if word in names.aliased:
        return FormulaError(f"{word!r} was left out of the fit, for it depends linearly on columns before it.")
    if word.startswith("["):
        inside, known = word[1:].split("]")[0], [str(label) for label in names.classes]
        near = difflib.get_close_matches(inside, known, n=1)
        hint = f"Did you mean [{near[0]}]?" if near else f"It has {', '.join(known[:10])}."
        return FormulaError(f"{word!r}: [{inside}] is no class of this model. {hint}")
    near = difflib.get_close_matches(word, names.columns, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(names.columns[:10])}."
    return FormulaError(f"{word!r} is no column of this model. {hint}")
