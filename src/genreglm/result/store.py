"""Save and load a result: one zip of plain arrays and a JSON header. Reading it executes nothing."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genreglm.archives import read_arrays
from genreglm.designs import Design
from genreglm.engine.penalties import CellPrior, FamilyRidge, Jeffreys, Penalty, Ridge, SmoothFamilyRidge, SmoothRidge
from genreglm.engine.sparse_penalties import ElasticNet, GroupLasso, Lasso, TermLasso
from genreglm.errors import GenreglmError, ModelFileError, OutputError
from genreglm.files import whole_file
from genreglm.label_kinds import heard, told
from genreglm.options import CovarianceKind, WeightKind, check_choice
from genreglm.result.model import FitStatistics, Inference, Result, SeparatedCell

_FORMAT = "genreglm.result"
_VERSION = 1
# What reading a damaged zip, array or header can raise; RuntimeError is an encrypted or odd zip, or JSON too deep.
_DAMAGE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, RuntimeError, MemoryError,
    ArithmeticError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_NO_NUMBERS = ("iterations", "outcome", "tjur", "weight_kind", "passes")
_PENALTIES = {
    kind.__name__: kind
    for kind in (
        *(Ridge, FamilyRidge, SmoothRidge, SmoothFamilyRidge, Lasso, ElasticNet, GroupLasso, TermLasso),
        *(CellPrior, Jeffreys),
    )
}


def save(result: Result, path: str | Path, *, covariance: bool = False) -> Path:
    """Write `result` to `path` as given, with its covariance (8 m^2 bytes) only when asked.

    The file appears whole or not at all.

    Raises
    ------
    OutputError
        Where it cannot be written, or holds a class, level or option of a kind that would not come back equal.
    """
    path = Path(path)
    arrays = {"coefficients": result.coefficients}
    if covariance:
        arrays["covariance"] = result.require_inference().covariance
    header = json.dumps(_header(result, covariance), default=_number).encode()
    with whole_file(path) as partial, open(partial, "wb") as handle:
        np.savez(handle, allow_pickle=False, header=np.frombuffer(header, dtype=np.uint8), **arrays)
    return path


def load(path: str | Path) -> Result:
    """Read a result from `save`.

    Raises
    ------
    ModelFileError
        Where the file is missing, damaged, of a newer version, or no model.
    """
    path = Path(path)
    try:
        arrays = read_arrays(path)
        header = json.loads(bytes(arrays.pop("header")))
        if header.get("format") != _FORMAT:
            raise ModelFileError(f"{path} is no genreglm model: its header says {header.get('format')!r}.")
        if header["version"] > _VERSION:
            raise ModelFileError(
                f"{path} has format version {header['version']}; this genreglm reads up to {_VERSION}. Upgrade it."
            )
        return _result(header, arrays)
    except GenreglmError as error:
        raise ModelFileError(f"{path} cannot be used: {error}") from error
    except FileNotFoundError as error:
        raise ModelFileError(f"{path} does not exist; expected the file that Result.save wrote.") from error
    except _DAMAGE as error:
        raise ModelFileError(f"{path} is damaged or no genreglm model ({type(error).__name__}: {error}).") from error


def _header(result: Result, covariance: bool) -> dict[str, Any]:
    inference = result.inference if covariance else None
    penalty = result.penalty
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "design": result.design.to_dict(),
        "statistics": result.statistics.__dict__,
        "separated": [[told(cell.label, "class"), cell.level, list(cell.columns)] for cell in result.separated],
        "penalty": None if penalty is None else [type(penalty).__name__, _options(penalty)],
        "inference": None if inference is None else [inference.kind, inference.units, inference.clusters],
    }


def _options(penalty: Penalty) -> dict[str, Any]:
    """Return a penalty's options; families by pairs, since keys of JSON are text and classes need not be."""
    options = {name: dict(held) if isinstance(held, Mapping) else held for name, held in penalty.__dict__.items()}
    if isinstance(penalty, FamilyRidge):
        options["families"] = [[told(label, "class"), family] for label, family in penalty.families.items()]
    return options


def _penalty(name: str, options: dict[str, Any]) -> Penalty:
    families = options.get("families")
    if isinstance(families, list):  # before classes were kept with their kind, a mapping
        options["families"] = {heard(label): family for label, family in families}
    return _PENALTIES[name](**options)


def _number(held: Any) -> float:
    """Return as JSON holds it a number that is none of Python's own."""
    try:
        return float(held)
    except (TypeError, ValueError) as error:
        raise OutputError(
            f"The model holds {held!r:.60} of the kind {type(held).__name__}, which cannot be written so that it comes "
            "back equal. Make it text or a number, and fit anew."
        ) from error


def _result(header: dict[str, Any], arrays: dict[str, Any]) -> Result:
    design = Design.from_dict(header["design"])
    width, classes = len(design.columns), len(design.classes)
    if not all(0 <= cut.start < cut.stop <= width for cut in design.terms.values()):
        raise ModelFileError(f"its terms go beyond its {width} columns.")
    inference = None
    if header["inference"] is not None:
        kind, units, clusters = header["inference"]
        check_choice("covariance", kind, CovarianceKind)
        free = width * (classes - 1)
        inference = Inference(kind, _numbers(arrays, "covariance", (free, free)), float(units), clusters)
    penalty: Penalty | None = None
    if header["penalty"] is not None:
        penalty = _penalty(*header["penalty"])
    cells = tuple(SeparatedCell(heard(label), level, tuple(names)) for label, level, names in header["separated"])
    if not all(cell.label in design.classes and set(cell.columns) <= set(design.columns) for cell in cells):
        raise ModelFileError("it names separated cells of classes or columns that it does not have.")
    statistics = _statistics(header["statistics"])
    if len(statistics.tjur) not in (0, classes):
        raise ModelFileError(f"it has {len(statistics.tjur)} coefficients of Tjur's for {classes} classes.")
    return Result(
        design,
        _numbers(arrays, "coefficients", (width, classes)),
        statistics,
        inference,
        cells,
        penalty,
    )


def _statistics(state: dict[str, Any]) -> FitStatistics:
    numbers = {name: float(value) for name, value in state.items() if name not in _NO_NUMBERS}
    kind: WeightKind = state.get("weight_kind", "frequency")
    check_choice("weight_kind", kind, WeightKind)
    return FitStatistics(
        **numbers,
        iterations=int(state["iterations"]),
        outcome=str(state["outcome"]),
        tjur=tuple(float(value) for value in state.get("tjur", ())),
        weight_kind=kind,
        passes=int(state.get("passes", 0)),
    )


def _numbers(arrays: dict[str, Any], name: str, shape: tuple[int, int]) -> np.ndarray:
    values = np.asarray(arrays[name])
    if values.dtype != np.float64 or values.shape != shape or not np.isfinite(values).all():
        raise ModelFileError(f"its {name} should be {shape} finite numbers, found {values.dtype} {values.shape}.")
    return values
