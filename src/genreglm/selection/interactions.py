"""`interaction_search`: which pairs of variables do more together than each by itself."""

from collections.abc import Iterable
from itertools import combinations

import pandas as pd

from genreglm.engine.penalties import Penalty
from genreglm.errors import FormulaError, OptionError
from genreglm.formula import parse, variables
from genreglm.inputs import Column
from genreglm.options import ChoiceRule, CovarianceKind, Criterion, Pairing, Screen, check_choice
from genreglm.selection.groups import Groups
from genreglm.selection.scope import Scope, written
from genreglm.selection.selected import Selection, Settings, select
from genreglm.sources import Source, read_rows


def interaction_search(
    formula: str,
    rows: Source,
    *,
    candidates: Iterable[tuple[str, str]] | None = None,
    pairing: Pairing = "scaled",
    criterion: Criterion = "held_out",
    level: float = 0.05,
    rule: ChoiceRule = "best",
    groups: Groups = "artist",
    folds: int = 5,
    repeats: int = 1,
    weights: Column | None = None,
    penalty: Penalty | None = None,
    covariance: CovarianceKind | None = "observed",
    fits: int | None = 3,
    screen: Screen = "exact",
    most: int = 20,
    seed: int = 0,
) -> Selection:
    """Add interactions of pairs of variables to a model, one a step, for as long as the criterion improves.

    At each step all pairs that are left are screened by the score test of their interaction beside the terms of the
    model, without a fit; the best `fits` are fitted, and the best of these is added. All terms of `formula` stay. The
    answer is that of `gg.stepwise`; in its `candidates`, step 1 is the table of all pairs beside the main effects.

    How a pair enters depends on what its variables are. Two continuous ones do as `pairing` says; a factor with
    anything does as the formula has them: `C(key)` and `cr(energy, df=4)` become `cr(energy, df=4):C(key)`, a curve of
    its own for every key.

    Parameters
    ----------
    formula : the main effects, one or more terms for each variable; interactions may be among them
    candidates : pairs of names of variables; all pairs of the formula's unless given
    pairing : for two continuous variables a and b, "scaled" is `scale(a):scale(b)`, one column, the product of how far
        each is over its mean in standard deviations (raw where a name is no identifier); "raw" is `a:b`, which says the
        same beside straight main effects, but is shrunk otherwise by a ridge; "terms" has every product of their
        columns in the formula, a surface where both are splines
    criterion : "held_out" or "bic", as in `gg.stepwise`; "aic" and "p_value" let in many of so many candidates
    most : interactions to stop after
    level, rule, groups, folds, repeats, weights, penalty, covariance, fits, screen, seed : as in `gg.stepwise`

    Raises
    ------
    FormulaError
        For a formula without an intercept, or with fewer than two variables.
    OptionError
        For a pair that names no variable of the formula, or one variable twice; for an unknown option.
    GenreglmError
        What `gg.stepwise` raises.
    """
    check_choice("pairing", pairing, Pairing)
    frame = read_rows(rows)
    base = Scope.of(None, formula)
    mains = _mains(formula)
    pairs = _pairs(mains, candidates)
    known = {frozenset(term.split(":")) for term in base.written.values()}
    added = [term for pair in pairs for term in _interactions(pair, mains, frame, pairing)]
    added = [term for term in added if frozenset(term.split(":")) not in known]
    if not added:
        raise OptionError("All pairs are in the formula already; there is nothing to search.")
    upper = f"{formula} + {' + '.join(added)}"
    settings = Settings(
        criterion, level, rule, groups, folds, repeats, weights, penalty, covariance, fits, screen, most, seed
    )
    scope = Scope.of(formula, upper)
    return select(scope, frame, scope.subset(formula, "starting"), ["add"], settings)


def _mains(formula: str) -> dict[str, list[str]]:
    """Return the terms of one factor by their variable, in the formula's order."""
    found: dict[str, list[str]] = {}
    for term in parse(formula)[1]:
        read = variables([term])
        if len(term.factors) == 1 and len(read) == 1:
            found.setdefault(read[0], []).append(written(term))
    if len(found) < 2:
        raise FormulaError(f"{formula!r} has {len(found)} variables with a term of their own; pairs need two.")
    return found


def _pairs(mains: dict[str, list[str]], candidates: Iterable[tuple[str, str]] | None) -> list[tuple[str, str]]:
    if candidates is None:
        return list(combinations(mains, 2))
    pairs = [(one, two) for one, two in candidates]
    for one, two in pairs:
        unknown = [name for name in (one, two) if name not in mains]
        if unknown or one == two:
            raise OptionError(
                f"The pair {(one, two)!r} must name two variables of the formula, which has {', '.join(mains)}."
            )
    if not pairs:
        raise OptionError("candidates= is empty; give at least one pair of variables, or leave it out for all.")
    order = list(mains)
    return list(dict.fromkeys((one, two) if order.index(one) < order.index(two) else (two, one) for one, two in pairs))


def _interactions(
    pair: tuple[str, str], mains: dict[str, list[str]], frame: pd.DataFrame, pairing: Pairing
) -> list[str]:
    """Return the terms by which a pair enters: one, unless a variable has several of its own in the formula."""
    if pairing != "terms" and all(_is_continuous(frame[name], mains[name]) for name in pair):
        if pairing == "scaled" and all(name.isidentifier() for name in pair):
            return [":".join(f"scale({name})" for name in pair)]
        return [":".join(name if name.isidentifier() else f"`{name}`" for name in pair)]
    return [f"{one}:{two}" for one in mains[pair[0]] for two in mains[pair[1]]]


def _is_continuous(values: pd.Series, terms: list[str]) -> bool:
    """Whether a variable is a number, and enters as one, not as the levels of C(...)."""
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return bool(number) and not any(term.startswith("C(") for term in terms)
