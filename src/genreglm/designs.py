"""The design: what a formula learnt from rows, frozen, and applied to any rows after that.

Learnt are the classes, the levels of factors, and the state of transforms (knots, means, scales). A design
carries that state as plain values (`to_dict`), so a model file needs no code to be read.
"""

import threading
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from formulaic import ModelSpec
from formulaic.errors import DataMismatchWarning, FormulaicError
from formulaic.parser.types import Factor
from numpy.typing import NDArray

from genreglm.errors import DataError, FormulaError
from genreglm.formula import coded_column, coded_columns, parse, require_columns, variables
from genreglm.hinges import hinges
from genreglm.label_kinds import heard, told
from genreglm.places import places

INTERCEPT = "(Intercept)"

_filters = threading.Lock()


@dataclass(frozen=True)
class Design:
    """A frozen recipe from a frame to a matrix of columns and a vector of class codes.

    Attributes
    ----------
    formula : the text it was learnt from
    response : the column that holds the class
    classes : the classes in sorted order
    columns : names of the matrix's columns; the intercept's is "(Intercept)"
    terms : for each term of the formula, the columns that it owns
    aliased : columns of the formula that were left out, since they depend linearly on those before them
    """

    formula: str
    response: str
    classes: tuple[Any, ...]
    columns: tuple[str, ...]
    terms: Mapping[str, slice]
    _spec: ModelSpec
    aliased: tuple[str, ...] = ()

    @property
    def intercept(self) -> int | None:
        """Position of the intercept's column, None without one."""
        return self.columns.index(INTERCEPT) if INTERCEPT in self.columns else None

    @property
    def variables(self) -> list[str]:
        """Columns of the frame that the right-hand side needs, sorted."""
        return variables(self._spec.formula)

    @property
    def slopes(self) -> list[str]:
        """Terms other than the intercept, in the formula's order."""
        return [term for term in self.terms if term != INTERCEPT]

    @property
    def spans(self) -> list[range]:
        """The columns of each term, term by term."""
        return [range(cut.start, cut.stop) for cut in self.terms.values()]

    def containing(self, term: str) -> list[str]:
        """Return the terms that contain `term`, as `energy:valence` contains `energy`."""
        return [other for other in self.terms if set(term.split(":")) < set(other.split(":"))]

    def positions(self, terms: Iterable[str]) -> list[int]:
        """Return the positions of the columns that `terms` own."""
        return [j for term in terms for j in range(self.terms[term].start, self.terms[term].stop)]

    def variables_of(self, term: str) -> list[str]:
        """Return the columns of the frame that one term needs, sorted."""
        return variables(part for part in self._spec.formula if str(part) == term)

    @property
    def levels(self) -> dict[str, tuple[Any, ...]]:
        """For each column of the frame that enters as a factor, by itself or in C(...), its learnt levels in order."""
        found = {}
        for expression, (kind, state) in self._spec.encoder_state.items():
            column = coded_column(expression, self.variables)
            if kind is Factor.Kind.CATEGORICAL and column is not None:
                held = state["categories"]
                found[column] = tuple(level.item() if isinstance(level, np.generic) else level for level in held)
        return found

    def learnt(self, expression: str) -> Mapping[str, Any]:
        """Return what a transform of the formula, such as ``places(tempo)``, has learnt; empty for what is none."""
        found: Mapping[str, Any] = self._spec.transform_state.get(expression, {})
        return found

    def matrix(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """Return the (rows, columns) matrix of float64.

        Raises
        ------
        FormulaError
            Where a needed column is absent.
        DataError
            For missing or non-finite values, and for a level that was not there when the design was learnt.
        """
        require_columns(self.variables, rows.columns)
        matrix, spec = _materialise(self._spec, rows, self.variables)
        expected = len(self.columns) + len(self.aliased)
        if matrix.shape[1] != expected:
            raise FormulaError(
                f"{self.formula!r} gives {matrix.shape[1]} columns, but the design knows {expected}: it was edited "
                "after it was learnt. Learn it anew."
            )
        if self.aliased:
            kept = [j for j, name in enumerate(_names(spec)) if name not in self.aliased]
            matrix = np.ascontiguousarray(matrix[:, kept])
        return matrix

    def reading(self, variable: str, rows: pd.DataFrame) -> "Design":
        """Return the design of those columns alone that depend on one column of the frame.

        They are coded as beside all the others, so each is the column of the same name of the whole.

        Parameters
        ----------
        rows : any that the design can use; it sees how terms are coded by them, and learns nothing
        """
        spec = _materialise(self._spec, rows.iloc[:1], self.variables)[1]
        kept = [term for term in spec.formula if variable in variables([term])]
        part = spec.subset(kept)
        terms = {str(term): cut for term, cut in part.term_slices.items()}
        whole = replace(self, columns=_names(part), terms=terms, _spec=part, aliased=())
        return whole.without([j for j, name in enumerate(whole.columns) if name in self.aliased])

    def without(self, dropped: Collection[int]) -> "Design":
        """Return the design without the columns at the positions `dropped`, which become its `aliased`."""
        kept = [j for j in range(len(self.columns)) if j not in dropped]
        place = {j: position for position, j in enumerate(kept)}
        owned = {term: [place[j] for j in range(cut.start, cut.stop) if j in place] for term, cut in self.terms.items()}
        return replace(
            self,
            columns=tuple(self.columns[j] for j in kept),
            terms={term: slice(own[0], own[-1] + 1) for term, own in owned.items() if own},
            aliased=(*self.aliased, *(self.columns[j] for j in sorted(dropped))),
        )

    def codes(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        """Return each row's class as its position in `classes`.

        Raises
        ------
        DataError
            For a missing class or one that was not there when the design was learnt.
        """
        if self.response not in rows.columns:
            raise FormulaError(f"The table lacks the response column {self.response!r}.")
        codes = pd.Index(self.classes).get_indexer(pd.Index(rows[self.response]))
        if (codes < 0).any():
            unknown = rows[self.response][codes < 0]
            raise DataError(
                f"{len(unknown):,} rows have a {self.response!r} that the model does not know, e.g. "
                f"{unknown.iloc[0]!r}. Known are {len(self.classes)} classes; drop those rows or fit anew."
            )
        return np.asarray(codes, dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        """Return the design as plain values that JSON can hold, always in the same order.

        Raises
        ------
        OutputError
            For classes or levels of a kind that would not come back equal.
        """
        encoders = {
            name: {
                "kind": kind.value,
                "categories": [told(level, f"level of {name}") for level in state.get("categories", [])],
            }
            for name, (kind, state) in sorted(self._spec.encoder_state.items())
        }
        return {
            "formula": self.formula,
            "classes": [told(label, "class") for label in self.classes],
            "columns": list(self.columns),
            "aliased": list(self.aliased),
            "terms": {name: [cut.start, cut.stop] for name, cut in self.terms.items()},
            "transforms": _plain(dict(sorted(self._spec.transform_state.items()))),
            "encoders": encoders,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "Design":
        """Rebuild a design from `to_dict`; the formula is checked before anything is evaluated."""
        response, formula = parse(state["formula"])
        encoders = {}
        for name, learnt in state["encoders"].items():
            kind = Factor.Kind(learnt["kind"])
            levels = [heard(level) for level in learnt["categories"]]
            encoders[name] = (kind, {"categories": levels} if kind is Factor.Kind.CATEGORICAL else {})
        spec = ModelSpec(
            formula=formula,
            materializer="pandas",
            na_action="raise",
            transform_state=_arrays(state["transforms"]),
            encoder_state=encoders,
            output="numpy",
        )
        terms = {name: slice(*cut) for name, cut in state["terms"].items()}
        columns, aliased = tuple(state["columns"]), tuple(state.get("aliased", ()))
        classes = tuple(heard(label) for label in state["classes"])
        return cls(state["formula"], response, classes, columns, terms, spec, aliased)


def learn(formula: str, rows: pd.DataFrame, classes: Sequence[Any] | None = None) -> Design:
    """Learn classes, levels, knots and scales of `formula` from `rows`; see `learn_with_matrix`."""
    return learn_with_matrix(formula, rows, classes)[0]


def learn_with_matrix(
    formula: str, rows: pd.DataFrame, classes: Sequence[Any] | None = None
) -> tuple[Design, NDArray[np.float64]]:
    """Learn classes, levels, knots and scales of `formula` from `rows`; return the design and its matrix of them.

    With `classes` given, the response's column is not read.

    Raises
    ------
    FormulaError
        Where the formula does not parse, or names columns that are not there.
    DataError
        For missing or non-finite values, fewer than two classes, or a factor with one level.
    """
    response, right = parse(formula)
    needed = variables(right)
    require_columns(needed if classes is not None else [response, *needed], rows.columns)
    if classes is None:
        missing = int(rows[response].isna().sum())
        if missing:
            raise DataError(f"{missing:,} rows have no {response!r}. Drop or fill them before the fit.")
    labels = _sorted_classes(response, rows[response].unique().tolist() if classes is None else classes)
    spec = ModelSpec(formula=right, materializer="pandas", na_action="raise", output="numpy")
    matrix, learnt = _materialise(spec, rows, needed)
    names = _names(learnt)
    if not names:
        raise FormulaError(f"The formula {formula!r} gives no columns.")
    terms = {
        (INTERCEPT if str(term) == "1" else str(term)): cut
        for term, cut in learnt.term_slices.items()
        if cut.start != cut.stop
    }
    _refuse_duplicates(names)
    return Design(formula, response, labels, names, terms, learnt), matrix


def _names(spec: ModelSpec) -> tuple[str, ...]:
    return tuple(INTERCEPT if name == "Intercept" else name for name in spec.column_names)


def _sorted_classes(response: str, labels: Sequence[Any]) -> tuple[Any, ...]:
    try:
        classes = tuple(sorted(pd.Series(labels).tolist()))
    except TypeError as error:
        raise DataError(f"{response!r} mixes kinds of values ({error}). Make them all text or numbers.") from error
    if len(classes) < 2:
        raise DataError(f"{response!r} has {len(classes)} class; a multinomial model needs at least 2.")
    return classes


def _materialise(spec: ModelSpec, rows: pd.DataFrame, needed: list[str]) -> tuple[NDArray[np.float64], ModelSpec]:
    """Evaluate a spec on rows; what formulaic warns of or passes over becomes an error."""
    missing = rows[needed].isna().sum()
    if missing.any():
        counts = ", ".join(f"{name} ({count:,})" for name, count in missing[missing > 0].items())
        raise DataError(f"Missing values in {counts}. Drop or fill those rows before the fit; none are dropped here.")
    frame = _times_as_labels(spec, rows[needed]) if needed else pd.DataFrame(index=rows.index)
    try:
        # Filters of warnings belong to all threads: what one sets another must not take back.
        with _filters, warnings.catch_warnings():
            warnings.simplefilter("error", DataMismatchWarning)
            # The context keeps the caller's variables out of the formula.
            evaluated = spec.get_model_matrix(frame, context={"hinges": hinges, "places": places})
    except DataMismatchWarning as warning:
        raise DataError(f"A factor has a level that was not there when the design was learnt: {warning}") from None
    except FormulaicError as error:
        raise FormulaError(f"The formula could not be evaluated: {error}") from error
    except ValueError as error:
        raise DataError(
            f"The formula could not be evaluated on these rows: {error} Look for logarithms of values that are not "
            "positive."
        ) from error
    matrix = np.ascontiguousarray(evaluated, dtype=np.float64)
    bad = np.asarray(~np.isfinite(matrix).all(axis=0))
    if bad.any():
        names = [name for name, is_bad in zip(evaluated.model_spec.column_names, bad, strict=True) if is_bad]
        raise DataError(
            f"Not finite in some row: {', '.join(names[:5])}. Look for infinities, log of 0, or values far outside "
            "the range that was learnt."
        )
    return matrix, evaluated.model_spec


def _times_as_labels(spec: ModelSpec, frame: pd.DataFrame) -> pd.DataFrame:
    """Make factors of times hold their levels as they were learnt: formulaic looks for numpy's among pandas' own."""
    times = frame.select_dtypes(["datetime", "timedelta"]).columns
    if times.empty:
        return frame
    return frame.astype({name: object for name in coded_columns(spec.formula) if name in times})


def _refuse_duplicates(names: tuple[str, ...]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise FormulaError(f"Columns come twice from the formula: {', '.join(repeated)}. Write each term once.")


def _plain(value: Any) -> Any:
    """Turn NumPy values, tuples and nested containers into what JSON holds; arrays and odd keys are tagged."""
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping) and not all(isinstance(key, str) for key in value):
        return {"pairs": [[_plain(key), _plain(item)] for key, item in value.items()]}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _arrays(value: Any) -> Any:
    """Undo `_plain`: tagged arrays and mappings come back as they were."""
    if isinstance(value, Mapping):
        if set(value) == {"pairs"}:
            return {key: _arrays(item) for key, item in value["pairs"]}
        if set(value) == {"array"}:
            return np.array(value["array"])
        return {key: _arrays(item) for key, item in value.items()}
    return [_arrays(item) for item in value] if isinstance(value, list) else value
