"""Penalties by name, as a caller gives them, turned into numbers for the columns of a design."""

import contextlib

import numpy as np
import pandas as pd

from genreglm.designs import Design
from genreglm.engine.blocks import Floats
from genreglm.engine.coupled import Coupled, Quadratic, pooled_classes
from genreglm.engine.estimate import ridge_strengths
from genreglm.engine.penalties import CellPrior, FamilyRidge, Jeffreys, Penalty, Ridge, Shrinkage, SmoothRidge
from genreglm.engine.problem import Problem
from genreglm.errors import OptionError
from genreglm.smoothness import roughness


def penalty_of(text: str) -> Penalty:
    """Return the penalty that a word names: jeffreys, cell-prior, or ridge=0.001 (of standardised columns).

    Raises
    ------
    OptionError
        For any other.
    """
    name, _, number = text.partition("=")
    with contextlib.suppress(ValueError):
        if name == "ridge" and number:
            return Ridge(float(number), standardise=True)
        if name == "cell-prior":
            return CellPrior(float(number)) if number else CellPrior()
        if text == "jeffreys":
            return Jeffreys()
    raise OptionError(f"penalty {text!r} is none of jeffreys, cell-prior, cell-prior=0.5, ridge=0.001.")


def ridge_of(
    design: Design, problem: Problem, penalty: Ridge, frame: pd.DataFrame, deviation: Floats | None = None
) -> Quadratic:
    """Return a ridge's strength for each column, factor by factor for the terms; coupled where classes are; with the
    forms of bent terms where bending costs. Where the problem is of a sample, `deviation` (columns,) is that of all
    rows.
    """
    factors = penalty_factors(design, penalty)
    form = ridge_strengths(problem, penalty.strength, factors, penalty.standardise, deviation)
    if isinstance(penalty, SmoothRidge):
        form = np.diag(form) + _bending(design, penalty, frame)
    if not isinstance(penalty, FamilyRidge):
        return form
    missing = [str(label) for label in design.classes if label not in penalty.families]
    if missing:
        raise OptionError(f"FamilyRidge: families names no family for {', '.join(missing)}.")
    families = pd.factorize(pd.Series([penalty.families[label] for label in design.classes]))[0]
    return Coupled(form, pooled_classes(families.astype(np.int64), penalty.pooling))


def penalty_factors(design: Design, penalty: Shrinkage) -> Floats:
    """Return the penalty's factor of each column, (columns,), term by term.

    Raises
    ------
    OptionError
        For factors of what is no term.
    """
    unknown = set(penalty.factors) - set(design.terms)
    if unknown:
        raise OptionError(
            f"{type(penalty).__name__} factors for {sorted(unknown)}, which are no terms; there are "
            f"{list(design.terms)}."
        )
    factors = np.ones(len(design.columns))
    for term, factor in penalty.factors.items():
        factors[design.terms[term]] = factor
    return factors


def unheld_spans(design: Design, penalty: Penalty | None) -> list[range]:
    """Return the columns of each term that no shrinkage holds back: those of no strength, or of factor 0, and the
    intercept beside them; none where that would be the intercept alone.
    """
    if not isinstance(penalty, Shrinkage):
        return design.spans
    strengths = penalty.strength * penalty_factors(design, penalty)
    free = [span for span in design.spans if span.start == design.intercept or strengths[span.start] == 0.0]
    return [] if [span.start for span in free] == [design.intercept] else free


def _bending(design: Design, penalty: SmoothRidge, frame: pd.DataFrame) -> Floats:
    """Return the quadratic form of all columns that is their terms' roughness, (columns, columns)."""
    forms = roughness(design, frame)
    if not forms:
        raise OptionError(
            "SmoothRidge bends nothing here: no term is a curve of one continuous variable, such as "
            f"cr(energy, df=8). There are {list(design.terms)}. Use gg.Ridge."
        )
    unknown = set(penalty.bends) - set(forms)
    if unknown:
        raise OptionError(f"SmoothRidge bends for {sorted(unknown)}, which are no curves; there are {list(forms)}.")
    whole = np.zeros((len(design.columns), len(design.columns)))
    for term, form in forms.items():
        cut = design.terms[term]
        whole[cut, cut] = penalty.roughness * penalty.bends.get(term, 1.0) * form
    return whole
