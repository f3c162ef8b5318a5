"""What a formula may say, checked on its syntax tree before anything is evaluated.

formulaic evaluates the factors of a formula as Python. A formula may come out of a model file, so each factor
may only call the functions listed here, and may hold no other syntax than arithmetic on columns.
"""

import ast
import difflib
from collections.abc import Iterable
from functools import lru_cache

from formulaic import Formula
from formulaic.errors import FormulaicError
from formulaic.formula import SimpleFormula
from formulaic.parser.types import Factor, Term

from genreglm.errors import FormulaError

ALLOWED_CALLS = frozenset(
    "C I Q bs cc center cr cs exp exp10 exp2 hinges log log10 log2 places poly scale standardize "
    "contr.SAS contr.diff contr.helmert contr.poly contr.sum contr.treatment Diff Helmert Poly Sum Treatment "
    "np.abs np.exp np.expm1 np.log np.log10 np.log1p np.log2 np.sqrt".split()
)
_ALLOWED_SYNTAX = (
    ast.Expression, ast.Call, ast.Name, ast.Attribute, ast.Constant, ast.Load, ast.keyword, ast.List, ast.Tuple,
    ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd,
)  # fmt: skip
_LONGEST = 20_000
_LARGEST_POWER = 16


def parse(text: str) -> tuple[str, Formula]:
    """Split ``"response ~ terms"`` into the response's column name and the formula of the right-hand side.

    Raises
    ------
    FormulaError
        Where the text is no formula, the response is not one plain column, or a factor calls or holds what
        it may not.
    """
    if len(text) > _LONGEST:
        raise FormulaError(f"The formula has {len(text):,} characters; at most {_LONGEST:,} are read.")
    response, tilde, right = text.partition("~")
    response = response.strip().strip("`")
    if not tilde or not response or not right.strip():
        raise FormulaError(f"{text!r} is not a formula: write 'response ~ term + term', e.g. 'genre ~ energy'.")
    try:
        formula = Formula(right.strip())
    except (FormulaicError, SyntaxError, ValueError) as error:
        raise FormulaError(f"The formula {text!r} does not parse: {error}") from error
    if not isinstance(formula, SimpleFormula):
        raise FormulaError(f"The formula {text!r} has more than one right-hand side; write just one.")
    for term in formula:
        for factor in term.factors:
            if factor.eval_method is Factor.EvalMethod.PYTHON:
                _check_expression(factor.expr)
    return response, formula


def variables(terms: Iterable[Term]) -> list[str]:
    """Return the columns of the frame that the terms of a parsed formula read, sorted."""
    found: set[str] = set()
    for term in terms:
        for factor in term.factors:
            if factor.eval_method is Factor.EvalMethod.LOOKUP:
                found.add(factor.expr)
            elif factor.eval_method is Factor.EvalMethod.PYTHON:
                found |= _names_in(factor.expr)
    return sorted(found)


@lru_cache(maxsize=4096)  # a design asks for its variables each time it meets rows
def _names_in(expression: str) -> frozenset[str]:
    """Return the names that an expression reads: plain ones, and those quoted as Q("name")."""
    tree = ast.parse(expression, mode="eval")
    called = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Call) for part in ast.walk(node.func)}
    quoted = {
        _quoted_name(node) for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Q"
    }
    plain = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}
    return frozenset((plain - {"contr", "np"} - ALLOWED_CALLS) | quoted)


def _quoted_name(call: ast.Call) -> str:
    """Return the literal name that a call of Q holds, and refuse any other call of it."""
    if len(call.args) == 1 and not call.keywords and isinstance(call.args[0], ast.Constant):
        return str(call.args[0].value)
    raise FormulaError(f"{ast.unparse(call)}: Q takes the name of one column, as in Q('a name with spaces').")


def coded_columns(terms: Iterable[Term]) -> list[str]:
    """Return the columns that a parsed formula codes as factors by C(column, ...), sorted."""
    names = variables(terms)
    coded = {factor.expr for term in terms for factor in term.factors if factor.expr.startswith("C(")}
    return sorted({column for column in (coded_column(expression, names) for expression in coded) if column})


def coded_column(expression: str, columns: Iterable[str]) -> str | None:
    """Return which of `columns` a factor of a formula is or codes as C(column, ...); None where it is anything else."""
    if expression in columns:
        return expression
    part = ast.parse(expression, mode="eval").body
    if isinstance(part, ast.Call) and ast.unparse(part.func) == "C" and part.args:
        part = part.args[0]
    if isinstance(part, ast.Call) and ast.unparse(part.func) == "Q":
        return _quoted_name(part)
    return part.id if isinstance(part, ast.Name) else None


def require_columns(wanted: Iterable[str], available: Iterable[str]) -> None:
    """Refuse where a wanted column is not available, or is there twice.

    Raises
    ------
    FormulaError
        With the nearest name.
    """
    present = [str(name) for name in available]
    for name in wanted:
        if name not in present:
            near = difflib.get_close_matches(name, present, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise FormulaError(f"The formula names {name!r}, but the table has {', '.join(present)}.{hint}")
        if present.count(name) > 1:
            raise FormulaError(f"The table has {present.count(name)} columns named {name!r}; keep one.")


def _check_expression(expression: str) -> None:
    for node in ast.walk(ast.parse(expression, mode="eval")):
        if not isinstance(node, _ALLOWED_SYNTAX):
            raise FormulaError(f"{expression!r}: {type(node).__name__} has no place in a formula.")
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in ALLOWED_CALLS:
            listed = ", ".join(sorted(ALLOWED_CALLS))
            raise FormulaError(f"{expression!r} calls {ast.unparse(node.func)}; a formula may call {listed}.")
        if isinstance(node, ast.Attribute) and ast.unparse(node) not in ALLOWED_CALLS:
            raise FormulaError(f"{expression!r}: the attribute {ast.unparse(node)} has no place in a formula.")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            power = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
            small = isinstance(power, ast.Constant) and isinstance(power.value, int | float)
            if not small or abs(ast.literal_eval(power)) > _LARGEST_POWER:
                raise FormulaError(f"{expression!r}: a power must be a number of at most {_LARGEST_POWER}.")
