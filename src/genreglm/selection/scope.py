"""Which terms a search may add and drop: between a lower and an upper formula, and never against the hierarchy."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from formulaic.parser.types import Factor, Term

from genreglm.errors import FormulaError
from genreglm.formula import parse, variables

Terms = tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """The terms of a search.

    Attributes
    ----------
    response : the column that holds the class
    terms : all terms that a model may have, in the upper formula's order, the intercept not among them
    lower : those that every model has
    margins : for each term, those that a model must have before it may have this one
    written : each term as a formula has it, odd names in backticks
    """

    response: str
    terms: Terms
    lower: frozenset[str]
    margins: Mapping[str, frozenset[str]]
    written: Mapping[str, str]

    @classmethod
    def of(cls, lower: str | None, upper: str) -> "Scope":
        """Read the formulas; without a lower one the intercept alone is fixed.

        Raises
        ------
        FormulaError
            Where a formula does not parse or has no intercept, the responses differ, the lower formula has a term that
            the upper one has not, or an interaction stands in the upper one without main effects.
        """
        response, terms = _terms(upper)
        margins = {name: _margins(term, terms) for name, term in terms.items()}
        scope = cls(response, tuple(terms), frozenset(), margins, {name: written(t) for name, t in terms.items()})
        return scope if lower is None else replace(scope, lower=frozenset(scope.subset(lower, "lower")))

    def subset(self, formula: str, name: str) -> Terms:
        """Return the terms of another formula, as the upper one writes them.

        Raises
        ------
        FormulaError
            Where it has another response, or terms that the upper one has not, or an interaction without what it needs.
        """
        response, terms = _terms(formula)
        if response != self.response:
            raise FormulaError(f"The {name} formula is about {response!r}, the upper one about {self.response!r}.")
        known = {_key(term): term for term in self.terms}
        unknown = [term for term in terms if _key(term) not in known]
        if unknown:
            raise FormulaError(
                f"The {name} formula has {', '.join(unknown)}, which the upper one has not. The upper formula must "
                "hold every term that a model may have."
            )
        found = self.ordered(known[_key(term)] for term in terms)
        for term in found:
            self._require_margins(term, found, name)
        return found

    def ordered(self, terms: Iterable[str]) -> Terms:
        """Return terms in the order of the scope."""
        given = set(terms)
        return tuple(term for term in self.terms if term in given)

    def addable(self, terms: Collection[str]) -> Terms:
        """Return the terms that may be added: those whose margins are all there."""
        return tuple(term for term in self.terms if term not in terms and self.margins[term] <= set(terms))

    def droppable(self, terms: Collection[str]) -> Terms:
        """Return the terms that may be dropped: those that no other term needs, and the lower formula has not."""
        needed = self.lower.union(*(self.margins[term] for term in terms))
        return tuple(term for term in self.ordered(terms) if term not in needed)

    def formula(self, terms: Collection[str]) -> str:
        """Return the formula of a model."""
        response = self.response if self.response.isidentifier() else f"`{self.response}`"
        return f"{response} ~ {' + '.join(self.written[term] for term in self.ordered(terms)) or '1'}"

    def _require_margins(self, term: str, terms: Collection[str], name: str) -> None:
        missing = self.margins[term] - set(terms)
        if missing:
            raise FormulaError(
                f"The {name} formula has {term} without {', '.join(sorted(missing))}, so what it means would depend on "
                "the coding. Add the main effects, e.g. by a*b for a:b."
            )


def written(term: Term) -> str:
    """Return a term as a formula has it: its plain name, with backticks around columns that are no identifiers."""
    return ":".join(
        f"`{factor.expr}`"
        if factor.eval_method is Factor.EvalMethod.LOOKUP and not factor.expr.isidentifier()
        else factor.expr
        for factor in term.factors
    )


def _key(term: str) -> frozenset[str]:
    return frozenset(term.split(":"))


def _terms(formula: str) -> tuple[str, dict[str, Term]]:
    response, right = parse(formula)
    terms = {str(term): term for term in right}
    if terms.pop("1", None) is None:
        raise FormulaError(
            f"{formula!r} has no intercept. Without one the coding of factors depends on what else is in the model, so "
            "that no term can be added or dropped by itself."
        )
    return response, terms


def _margins(term: Term, terms: Mapping[str, Term]) -> frozenset[str]:
    """Return the terms that stand below an interaction: those of fewer of its factors; and, where a factor is no term
    by itself, as of `scale(a):scale(b)`, those of its variable alone.
    """
    factors = {str(factor) for factor in term.factors}
    if len(factors) < 2:
        return frozenset()
    below = {name for name, other in terms.items() if {str(factor) for factor in other.factors} < factors}
    single = {name: other for name, other in terms.items() if len(other.factors) == 1}
    for factor in term.factors:
        if str(factor) in single:
            continue
        own = variables([Term([factor])])
        mains = {name for name, other in single.items() if variables([other]) == own}
        if not mains:
            raise FormulaError(
                f"The upper formula has {term} without a main effect of {', '.join(own)}. Write a*b for a:b, or add it."
            )
        below |= mains
    return frozenset(below)
