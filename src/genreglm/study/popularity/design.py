"""The design matrix: every form that a term may take, side by side, so that a model is a choice of columns.

A continuous feature may enter as a line, as a line and a square, or as a natural cubic spline (which holds
the line); a factor enters whole. One matrix with all of them is built once, by formulaic; fits, tests and
searches pick columns of it. The spline's knots and centring are learnt from the training rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from formulaic import Formula, ModelSpec
from numpy.typing import NDArray

from genreglm.study.popularity.rows import PopularityRows

Matrix = NDArray[np.float64]
Form = Literal["factor", "linear", "quadratic", "spline"]
Terms = Mapping[str, Form]

SPLINE_DF = 4
# A spline of four columns needs more distinct values than columns, or its knots coincide.
SPLINE_MIN_VALUES = 10
# A column that the columns before it explain but for this share of its variance is a copy of them.
ALIASED_SHARE = 1e-9
INTERCEPT = "(Intercept)"


@dataclass(frozen=True)
class Design:
    """The wide matrix of the training rows, its means, and the place of every form of every term in it.

    `columns[name, form]` are column numbers; column 0 is the intercept. `initial` is the model with every
    term once, continuous ones as lines; `notes` names the terms that are copies of others.
    """

    spec: ModelSpec
    matrix: Matrix
    means: NDArray[np.float64]
    labels: tuple[str, ...]
    columns: dict[tuple[str, Form], tuple[int, ...]]
    initial: dict[str, Form]
    notes: tuple[str, ...]

    def select(self, terms: Terms) -> list[int]:
        """Return the columns of a model, intercept first, terms in their order."""
        return [0, *(column for name, form in terms.items() for column in self.columns[name, form])]

    def apply(self, rows: pd.DataFrame) -> Matrix:
        """Return the wide matrix of other rows, with knots and centring as learnt."""
        return np.asarray(self.spec.get_model_matrix(rows, context={}), dtype=np.float64)


def build(rows: PopularityRows) -> Design:
    """Build the wide matrix of the training rows and leave out terms that are copies of others."""
    pieces = _pieces(rows)
    formula = Formula(["1", *dict.fromkeys(text for texts in pieces.values() for text in texts)])
    built = formula.get_model_matrix(rows.train, context={}, na_action="raise", output="numpy")
    spec = built.model_spec
    places = {str(term): range(where.start, where.stop) for term, where in spec.term_slices.items()}
    columns = {key: tuple(c for text in texts for c in places[text]) for key, texts in pieces.items()}
    matrix = np.ascontiguousarray(built, dtype=np.float64)
    initial, notes = _independent(matrix, columns, rows)
    labels = _labels(columns, rows, matrix.shape[1])
    return Design(spec, matrix, matrix.mean(axis=0), labels, columns, initial, tuple(notes))


def _pieces(rows: PopularityRows) -> dict[tuple[str, Form], list[str]]:
    """Return the formula terms that make up each form of each term."""
    pieces: dict[tuple[str, Form], list[str]] = {(name, "factor"): [name] for name in rows.factors}
    for name in rows.features:
        distinct = rows.train[name].nunique()
        pieces[name, "linear"] = [name]
        if distinct > 2:
            pieces[name, "quadratic"] = [name, f"I({name} ** 2)"]
        if distinct >= SPLINE_MIN_VALUES:
            pieces[name, "spline"] = [f"cr({name}, df={SPLINE_DF}, constraints='center')"]
    return pieces


def _labels(columns: dict[tuple[str, Form], tuple[int, ...]], rows: PopularityRows, width: int) -> tuple[str, ...]:
    """Name every column of the wide matrix: key[D], energy, energy^2, cr(energy)[1]."""
    labels = [INTERCEPT] * width
    for (name, form), where in columns.items():
        if form == "factor":
            names = [f"{name}[{level}]" for level in rows.train[name].cat.categories[1:]]
        elif form == "spline":
            names = [f"cr({name})[{number}]" for number in range(1, len(where) + 1)]
        else:
            names = [name, f"{name}^2"][: len(where)]
        for column, label in zip(where, names, strict=True):
            labels[column] = label
    return tuple(labels)


def _independent(
    matrix: Matrix, columns: dict[tuple[str, Form], tuple[int, ...]], rows: PopularityRows
) -> tuple[dict[str, Form], list[str]]:
    """Choose the terms of the initial model: one that holds a copy of earlier columns is left out, whole.

    The term with most columns goes first, so that a flag that repeats one level of a factor gives way to
    the factor, not the factor to the flag.
    """
    line: Form = "linear"
    whole: Form = "factor"
    forms = dict.fromkeys(rows.features, line) | dict.fromkeys(rows.factors, whole)
    basis = np.ones((len(matrix), 1)) / np.sqrt(len(matrix))
    kept, notes = set(), []
    for name in sorted(forms, key=lambda term: -len(columns[term, forms[term]])):
        extended = _extend(basis, matrix[:, columns[name, forms[name]]])
        if extended is None:
            notes.append(f"{name} is a copy of other terms (a linear combination of them) and cannot enter.")
        else:
            basis = extended
            kept.add(name)
    return {name: form for name, form in forms.items() if name in kept}, notes


def _extend(basis: Matrix, block: Matrix) -> Matrix | None:
    """Add the columns of `block` to an orthonormal basis; None where one of them lies within the others."""
    for column in block.T:
        rest = column - column.mean()
        total = rest @ rest
        for _ in range(2):  # twice is enough (Kahan and Parlett): one pass alone loses orthogonality
            rest = rest - basis @ (basis.T @ rest)
        if rest @ rest <= ALIASED_SHARE * total:
            return None
        basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return basis


def formula_text(terms: Terms) -> str:
    """Return the model as a formula: popularity ~ energy + energy^2 + cr(tempo, df=4) + key."""
    written = {"quadratic": "{0} + {0}^2", "spline": f"cr({{0}}, df={SPLINE_DF})"}
    pieces = [written.get(form, "{0}").format(name) for name, form in terms.items()]
    return "popularity ~ " + (" + ".join(pieces) or "1")
